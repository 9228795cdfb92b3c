//! Calls over HTTP: one attempt, and a second one after a renewed token or a renamed portal.
//!
//! ```
//! use std::time::Duration;
//! use openlines::rest::HttpOptions;
//!
//! let options = HttpOptions::default().timeout(Duration::from_secs(20)).max_body(1024 * 1024);
//! assert!(format!("{options:?}").contains("20s"));
//! ```
//!
//! **Trap:** a call whose time ran out may have been carried out.

mod address;
mod addresses;
mod answer;
mod options;
mod scrub;
mod transport;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use reqwest::header;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tracing::{Instrument as _, Span, field};

pub(super) use address::Address;
use addresses::Addresses;
pub(super) use answer::{failure, secret_free};
pub use options::{HttpOptions, SetupError};
pub(super) use scrub::Scrub;
pub(super) use transport::{Failure, Transport};

use super::{
    Access, Api, Authorization, Call, CallError, CallErrorKind, TokenError, TokenErrorKind, TokenSource,
};
use crate::{rest::files::Trouble, wire::PortalKey};
use answer::Verdict;

/// After a renewal that brought no new address, how long a moved portal is not asked for one again: refreshing
/// before every call is what the vendor blocks applications for.
const MOVED_PAUSE: Duration = Duration::from_secs(600);

/// Makes calls over HTTP: JSON in a POST, the token in the header or, by incoming webhook, in the address.
///
/// One attempt a call. A refused token is renewed once and the call made again; a portal that has moved is asked
/// for at the authorisation server, and an incoming webhook followed to the same path on the new host, with a
/// warning. Plain HTTP goes to loopback only. Limits and further tries are for [`Limited`](super::Limited) and
/// [`Retrying`](super::Retrying) around it.
pub struct HttpApi {
    tokens: Arc<dyn TokenSource>,
    transport: Transport,
    addresses: Addresses,
    /// Portals whose move the authorisation server did not know of, and when it was asked.
    moved: Mutex<HashMap<PortalKey, Instant>>,
}

impl HttpApi {
    /// Calls portals with what `tokens` knows of them.
    pub fn new(tokens: Arc<dyn TokenSource>, options: HttpOptions) -> Result<Self, SetupError> {
        Ok(Self {
            tokens,
            transport: Transport::new(&options)?,
            addresses: Addresses::default(),
            moved: Mutex::default(),
        })
    }

    async fn attempt(&self, call: &Call) -> Result<Value, CallError> {
        check(call)?;
        let mut access = self.access(call, self.tokens.access(&call.portal).await)?;
        if let Some(token) = &call.acting {
            if matches!(access.authorization, Authorization::InAddress) {
                return Err(CallError::new(CallErrorKind::BadParams, call.method.clone())
                    .describe("on a portal by incoming webhook every call acts as the webhook's owner"));
            }
            access.authorization = Authorization::Bearer(token.clone());
        }
        match self.post(call, &access, None).await? {
            Verdict::Done(result) => result,
            // Only our own token can be renewed.
            Verdict::Stale(error)
                if call.acting.is_some() || matches!(access.authorization, Authorization::InAddress) =>
            {
                Err(error)
            }
            Verdict::Moved(new) if call.acting.is_some() => {
                Err(moved(call, &new, "a user's token stays here"))
            }
            // Boxed, for they are rare and would make every call as large as three.
            Verdict::Stale(_) => Box::pin(self.again(call, access.generation)).await,
            Verdict::Moved(new) => Box::pin(self.follow(call, &access, new)).await,
        }
    }

    /// Once more, with a token renewed.
    async fn again(&self, call: &Call, stale: u64) -> Result<Value, CallError> {
        let access = self.access(call, self.tokens.renew(&call.portal, stale).await)?;
        match self.post(call, &access, None).await? {
            Verdict::Done(result) => {
                self.asked().remove(&call.portal);
                result
            }
            Verdict::Stale(error) => Err(error),
            Verdict::Moved(new) => {
                self.asked().insert(call.portal.clone(), Instant::now());
                Err(moved(call, &new, "the authorisation server still names the old host"))
            }
        }
    }

    /// To where the portal is now. A token goes there only if the authorisation server names the host.
    async fn follow(&self, call: &Call, access: &Access, new: Address) -> Result<Value, CallError> {
        if matches!(access.authorization, Authorization::Bearer(_)) {
            if self.asked().get(&call.portal).is_some_and(|when| when.elapsed() < MOVED_PAUSE) {
                return Err(moved(call, &new, "the authorisation server was asked and names the old host"));
            }
            tracing::warn!(portal = %call.portal, host = new.host(), "the portal has moved; asking where to");
            return self.again(call, access.generation).await;
        }
        tracing::warn!(
            portal = %call.portal,
            host = new.host(),
            "the portal has moved; set the address of the incoming webhook anew"
        );
        match self.post(call, access, Some(&new)).await? {
            Verdict::Done(result) => result,
            Verdict::Stale(error) => Err(error),
            Verdict::Moved(next) => Err(moved(call, &next, "it redirects again")),
        }
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<PortalKey, Instant>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn post(&self, call: &Call, access: &Access, to: Option<&Address>) -> Result<Verdict, CallError> {
        let bad = |what: String| CallError::new(CallErrorKind::BadParams, call.method.clone()).describe(what);
        let address = match to {
            Some(root) => root.method(&call.method),
            None => self.addresses.of(&call.portal, &access.endpoint, &call.method),
        };
        let address = address.map_err(bad)?;
        let mut request = self.transport.client(&address).post(address.url().clone());
        if let Authorization::Bearer(token) = &access.authorization {
            request = request.bearer_auth(token.expose_secret());
        }
        let (request, trouble) = self.with_body(request, call).await?;
        let scrub = Scrub::of(access, &call.params);
        call.begin().await?;
        match self.transport.send(request).await {
            Ok(answer) => {
                Span::current().record("status", answer.status);
                Ok(answer::judge(call, &address, &answer, &scrub))
            }
            Err(failure) => match trouble.take() {
                // The portal got half a JSON.
                Some(trouble) => Err(bad(trouble)),
                None => Err(failure.into_error(&call.method, &scrub)),
            },
        }
    }

    /// Adds the parameters, and streams the content of a file if there is one.
    async fn with_body(
        &self,
        request: reqwest::RequestBuilder,
        call: &Call,
    ) -> Result<(reqwest::RequestBuilder, Trouble), CallError> {
        let bad = |what: &str| CallError::new(CallErrorKind::BadParams, call.method.clone()).describe(what);
        let Some(content) = &call.content else {
            let nothing = json!({});
            let params = if call.params.is_null() { &nothing } else { &call.params };
            return Ok((request.json(params), Trouble::default()));
        };
        let body = content.body(&call.params).await.map_err(|error| bad(&error.to_string()))?;
        let body = body.ok_or_else(|| bad("a file goes with parameters that have `fields`"))?;
        let (length, trouble) = (body.length(), body.trouble());
        let request = request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, length)
            .timeout(self.transport.time_for(length))
            .body(reqwest::Body::wrap_stream(body.stream()));
        Ok((request, trouble))
    }

    fn access(&self, call: &Call, access: Result<Access, TokenError>) -> Result<Access, CallError> {
        access.map_err(|error| {
            let kind = match error.kind() {
                TokenErrorKind::UnknownPortal | TokenErrorKind::Revoked => CallErrorKind::Unauthorised,
                TokenErrorKind::Unavailable => CallErrorKind::Unreachable,
            };
            CallError::new(kind, call.method.clone()).describe(error.to_string())
        })
    }
}

#[async_trait]
impl Api for HttpApi {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let span = tracing::debug_span!(
            "rest.call",
            method = %call.method,
            portal = %call.portal,
            status = field::Empty,
        );
        let begun = Instant::now();
        async {
            let result = self.attempt(&call).await;
            let duration = begun.elapsed();
            match &result {
                Ok(_) => tracing::debug!(?duration, "done"),
                Err(error) => tracing::debug!(?duration, %error, "failed"),
            }
            result
        }
        .instrument(span)
        .await
    }
}

impl fmt::Debug for HttpApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpApi").finish_non_exhaustive()
    }
}

fn check(call: &Call) -> Result<(), CallError> {
    let bad = |what: &str| Err(CallError::new(CallErrorKind::BadParams, call.method.clone()).describe(what));
    let allowed = |sign: u8| sign.is_ascii_alphanumeric() || b"._".contains(&sign);
    if call.method.is_empty() || !call.method.bytes().all(allowed) {
        return bad("a method's name is letters, digits, dots and underscores");
    }
    if !call.params.is_object() && !call.params.is_null() {
        return bad("parameters must be a JSON object");
    }
    Ok(())
}

fn moved(call: &Call, new: &Address, why: &str) -> CallError {
    CallError::new(CallErrorKind::Unreachable, call.method.clone())
        .describe(format!("the portal has moved to {}, but {why}", new.host()))
}
