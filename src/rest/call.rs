//! A call, and the trait of whatever carries it out.
//!
//! ```
//! use openlines::{rest::{Method, Repeat, methods::imopenlines::SessionFinish}, wire::{ChatId, PortalKey}};
//!
//! let call = SessionFinish::new(ChatId::new(1777)).to_call(&PortalKey::new("app", "7c1f"))?;
//! assert_eq!((&*call.method, call.repeat), ("imopenlines.bot.session.finish", Repeat::Idempotent));
//! # Ok::<(), openlines::rest::CallError>(())
//! ```
//!
//! **Trap:** a call made by name goes out once; after an unknown outcome nobody repeats it.

use std::{borrow::Cow, fmt, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{CallError, CallErrorKind, CallPriority, FileContent, Operating, limiter::Told};
use crate::wire::PortalKey;

/// Whether a call may be made again after an unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// It carries a key by which the portal recognises a repeat.
    Keyed,
    /// Doing it twice is the same as doing it once.
    Idempotent,
    /// Twice is twice: never again unless it is certain that it was not done.
    Once,
}

/// One REST call to one portal. Its `Debug` tells the names of its parameters only: they may hold a bot token and
/// what a client wrote.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// The portal.
    pub portal: PortalKey,
    /// Method name, `imbot.v2.Chat.Message.send`.
    pub method: Cow<'static, str>,
    /// Its parameters, a JSON object.
    pub params: Value,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// Token of the user it acts as; without one it acts as the user who installed the application.
    pub acting: Option<SecretString>,
    /// The content of a file, sent as `fields.content` of the parameters.
    pub content: Option<FileContent>,
    /// How urgent it is.
    pub priority: CallPriority,
    /// Who wants to know of operating time.
    told: Option<Told>,
    departures: Vec<Arc<dyn Departure>>,
    /// Does not wait for the operating limit of its method.
    pub(in crate::rest) unheld: bool,
}

impl Call {
    /// Calls `method` with `params` on `portal`; [`Repeat::Once`] until said otherwise.
    pub fn new(portal: PortalKey, method: impl Into<Cow<'static, str>>, params: Value) -> Self {
        Self {
            portal,
            method: method.into(),
            params,
            repeat: Repeat::Once,
            acting: None,
            content: None,
            priority: CallPriority::Reply,
            told: None,
            departures: Vec::new(),
            unheld: false,
        }
    }

    /// Sets whether it may be repeated.
    #[must_use]
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Acts as the owner of `token`, such as the user who has a page open. The token is not renewed when it is refused
    /// and not kept. It goes to the address of the portal that is known here, whoever gave it.
    #[must_use]
    pub fn acting_as(mut self, token: SecretString) -> Self {
        self.acting = Some(token);
        self
    }

    /// Adds the content of a file, read while it is sent.
    #[must_use]
    pub fn content(mut self, content: FileContent) -> Self {
        self.content = Some(content);
        self
    }

    /// Sets how urgent it is; [`CallPriority::Reply`] unless said otherwise.
    #[must_use]
    pub fn priority(mut self, priority: CallPriority) -> Self {
        self.priority = priority;
        self
    }

    /// Tells the limiter, if one is around, what the answer says of operating time. For whoever implements [`Api`];
    /// the calls of a batch are read from its result.
    pub fn tell(&self, operating: Operating) {
        if let Some(told) = &self.told {
            told.put(operating);
        }
    }

    /// Does not wait for the operating limit of its method, which may take minutes: it fails with
    /// [`CallErrorKind::Limited`] and the code `OPERATION_TIME_LIMIT`, and says after which time it is worth a try. For
    /// who has other things to do until then. It waits for the rate as others do.
    #[must_use]
    pub fn unheld(mut self) -> Self {
        self.unheld = true;
        self
    }

    /// Asks `departure` each time before it goes out, after those that were given before.
    #[must_use]
    pub fn departing(mut self, departure: Arc<dyn Departure>) -> Self {
        self.departures.push(departure);
        self
    }

    /// For whoever implements [`Api`]: to be awaited right before the call goes out, each time it does. After an error
    /// it must not.
    pub async fn begin(&self) -> Result<(), CallError> {
        for departure in &self.departures {
            departure.leaving(self).await?;
        }
        Ok(())
    }

    /// What answers say of operating time is left at `told`.
    pub(in crate::rest) fn telling(mut self, told: Told) -> Self {
        self.told = Some(told);
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<&str> = self
            .params
            .as_object()
            .into_iter()
            .flat_map(|params| params.keys().map(String::as_str))
            .collect();
        f.debug_struct("Call")
            .field("portal", &self.portal)
            .field("method", &self.method)
            .field("params", &params)
            .field("repeat", &self.repeat)
            .field("priority", &self.priority)
            .finish()
    }
}

/// Has the last word before a call goes out: when its slot is there, its token, and nothing is left to wait for. The
/// moment to write down that it is being sent, or to find that it must not be any more.
#[async_trait]
pub trait Departure: Send + Sync {
    /// `call` is about to go out, for the first time or again. An error keeps it here, of the kind
    /// [`Withheld`](CallErrorKind::Withheld) unless there is a better one.
    async fn leaving(&self, call: &Call) -> Result<(), CallError>;
}

/// Carries calls to portals.
#[async_trait]
pub trait Api: Send + Sync + 'static {
    /// Makes the call and gives the `result` of the answer.
    async fn call(&self, call: Call) -> Result<Value, CallError>;
}

#[async_trait]
impl<A: Api + ?Sized> Api for Arc<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        (**self).call(call).await
    }
}

/// A typed method: its parameters are the fields of the type that implements this.
pub trait Method: Serialize + Send + Sync {
    /// Name as documented.
    const NAME: &'static str;
    /// Whether it may be repeated.
    const REPEAT: Repeat;
    /// Codes of its own that it refuses with; compare [`CallError::is`].
    const ERRORS: &'static [&'static str] = &[];
    /// The type of `result`.
    type Answer: DeserializeOwned + Send;

    /// Whether this very call may be repeated; [`REPEAT`](Self::REPEAT) unless its parameters say otherwise.
    fn repeat(&self) -> Repeat {
        Self::REPEAT
    }

    /// As a call to `portal`, to be made now or stored.
    fn to_call(&self, portal: &PortalKey) -> Result<Call, CallError>
    where
        Self: Sized,
    {
        let params = serde_json::to_value(self).map_err(|error| {
            CallError::new(CallErrorKind::BadParams, Self::NAME).describe(error.to_string())
        })?;
        Ok(Call::new(portal.clone(), Self::NAME, params).repeat(self.repeat()))
    }

    /// Reads the `result` of the answer.
    fn read_answer(result: Value) -> Result<Self::Answer, CallError> {
        serde_json::from_value(result)
            .map_err(|error| CallError::new(CallErrorKind::BadAnswer, Self::NAME).describe(error.to_string()))
    }
}

/// Typed calls over any [`Api`].
#[async_trait]
pub trait ApiExt: Api {
    /// Makes a typed call.
    async fn invoke<M: Method>(&self, portal: &PortalKey, method: &M) -> Result<M::Answer, CallError> {
        M::read_answer(self.call(method.to_call(portal)?).await?)
    }

    /// Calls any method by its name, also one that is not declared, and gives its `result` as it came.
    ///
    /// ```
    /// # use openlines::{rest::{Api, ApiExt, Call, CallError}, wire::PortalKey};
    /// # struct Answers;
    /// # #[async_trait::async_trait]
    /// # impl Api for Answers {
    /// #     async fn call(&self, call: Call) -> Result<serde_json::Value, CallError> {
    /// #         Ok(call.params["id"].clone())
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CallError> {
    /// # let (api, portal) = (Answers, PortalKey::new("app", "7c1f"));
    /// let deal = api.call_by_name(&portal, "crm.deal.get", serde_json::json!({"id": 15})).await?;
    /// assert_eq!(deal, 15);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// **Trap:** what may be repeated is not known of it, so it goes out once; say otherwise with [`Call::repeat`].
    async fn call_by_name(
        &self,
        portal: &PortalKey,
        method: &'static str,
        params: Value,
    ) -> Result<Value, CallError> {
        self.call(Call::new(portal.clone(), method, params)).await
    }
}

impl<A: Api + ?Sized> ApiExt for A {}
