//! The authorisation server: codes and refresh tokens for tokens (protocol 9).
//!
//! ```
//! use openlines::rest::{HttpOptions, oauth::OAuthClient};
//! use secrecy::SecretString;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = OAuthClient::new(HttpOptions::default())?;
//! let (secret, refresh) = (SecretString::from("s3cret"), SecretString::from("f2ba"));
//! // Nobody listens there: certainly not executed, the refresh token is still good.
//! let error = client.refresh("http://127.0.0.1:9/rest/", "local.1", &secret, &refresh).await.unwrap_err();
//! assert_eq!(error.outcome(), openlines::rest::Outcome::NotExecuted);
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** the secrets travel in the query, so no address of a call is ever shown; and a refresh with an unknown
//! outcome may have used up its refresh token.

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Outcome,
    http::{Address, Failure, HttpOptions, Scrub, SetupError, Transport, secret_free},
    loose,
};
use crate::wire::{MemberId, Timestamp, UserId};

/// What the authorisation server grants.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Grant {
    /// For calls.
    pub access_token: SecretString,
    /// For the next grant; the one used is to be thought of as gone.
    pub refresh_token: SecretString,
    /// How long the access token works.
    pub expires_in: Duration,
    /// When it stops working, if told.
    pub expires: Option<Timestamp>,
    /// REST root of the portal, with a slash at its end. The only address of it to be trusted.
    pub client_endpoint: String,
    /// REST root of the authorisation server.
    pub server_endpoint: String,
    /// The portal.
    pub member_id: MemberId,
    /// The user whom the token acts for, if told.
    pub user_id: Option<UserId>,
    /// Scopes granted.
    pub scope: Vec<String>,
    /// `L F D T P S`.
    pub status: String,
}

impl Grant {
    /// An access token of an hour, as another source of grants or a test makes it; set the public fields for the rest.
    /// What is empty was not told.
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: SecretString::default(),
            expires_in: Duration::from_secs(3600),
            expires: None,
            client_endpoint: String::new(),
            server_endpoint: String::new(),
            member_id: MemberId::default(),
            user_id: None,
            scope: Vec::new(),
            status: String::new(),
        }
    }
}

/// The kinds of [`OAuthError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OAuthErrorKind {
    /// The code or refresh token is used up, too old or foreign. Read the store again before giving up: another
    /// refresh may have won.
    InvalidGrant,
    /// Client id or secret is wrong, or the application is not installed there.
    InvalidClient,
    /// The request is malformed.
    InvalidRequest,
    /// A scope was refused.
    InvalidScope,
    /// The application is not paid for.
    PaymentRequired,
    /// Refused with another code.
    Refused,
    /// The server is too busy; later it may work.
    Busy,
    /// No connection was made.
    Unreachable,
    /// The connection broke or timed out after the request went out, or the answer was none: the refresh token may
    /// be used up.
    Unknown,
    /// It granted something that cannot be used.
    BadAnswer,
    /// The server's address cannot be called: it must be https, or http on loopback.
    BadAddress,
}

/// No grant. Holds no secret.
#[derive(Debug, Clone)]
pub struct OAuthError {
    kind: OAuthErrorKind,
    code: String,
    description: String,
    status: Option<u16>,
}

impl OAuthError {
    fn new(kind: OAuthErrorKind, description: impl Into<String>) -> Self {
        Self { kind, code: String::new(), description: description.into(), status: None }
    }

    /// The kind, to match on.
    pub fn kind(&self) -> OAuthErrorKind {
        self.kind
    }

    /// The server's error code; may be empty.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// What is known of the outcome, which is: of the refresh token.
    pub fn outcome(&self) -> Outcome {
        match self.kind {
            OAuthErrorKind::Unknown => Outcome::Unknown,
            OAuthErrorKind::BadAnswer => Outcome::Executed,
            _ => Outcome::NotExecuted,
        }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            OAuthErrorKind::InvalidGrant => "the authorisation server refused the code or refresh token",
            OAuthErrorKind::InvalidClient => "the authorisation server refused the client id or secret",
            OAuthErrorKind::InvalidRequest => "the authorisation server found the request malformed",
            OAuthErrorKind::InvalidScope => "the authorisation server refused the scope",
            OAuthErrorKind::PaymentRequired => "the application is not paid for on this portal",
            OAuthErrorKind::Refused => "the authorisation server refused",
            OAuthErrorKind::Busy => "the authorisation server is too busy",
            OAuthErrorKind::Unreachable => "the authorisation server could not be reached",
            OAuthErrorKind::Unknown => "the outcome of the grant is unknown",
            OAuthErrorKind::BadAnswer => "the grant cannot be used",
            OAuthErrorKind::BadAddress => "the authorisation server's address cannot be called",
        })?;
        if let Some(status) = self.status {
            write!(f, ", HTTP {status}")?;
        }
        if !self.code.is_empty() {
            write!(f, ", {}", self.code)?;
        }
        if !self.description.is_empty() {
            write!(f, ": {}", self.description)?;
        }
        Ok(())
    }
}

impl std::error::Error for OAuthError {}

/// Talks to authorisation servers. Which ones may see the client secret is for the caller to decide.
#[derive(Debug)]
pub struct OAuthClient {
    transport: Transport,
}

impl OAuthClient {
    /// A client with these settings.
    pub fn new(options: HttpOptions) -> Result<Self, SetupError> {
        Ok(Self { transport: Transport::new(&options)? })
    }

    /// A new pair of tokens for a refresh token. `server` is any address of the authorisation server; its scheme,
    /// host and port count.
    pub async fn refresh(
        &self,
        server: &str,
        client_id: &str,
        client_secret: &SecretString,
        refresh_token: &SecretString,
    ) -> Result<Grant, OAuthError> {
        self.grant(server, "refresh_token", client_id, client_secret, ("refresh_token", refresh_token)).await
    }

    /// The first pair of tokens for a code, which lives 30 s and works once.
    pub async fn exchange(
        &self,
        server: &str,
        client_id: &str,
        client_secret: &SecretString,
        code: &SecretString,
    ) -> Result<Grant, OAuthError> {
        self.grant(server, "authorization_code", client_id, client_secret, ("code", code)).await
    }

    async fn grant(
        &self,
        server: &str,
        grant_type: &str,
        client_id: &str,
        client_secret: &SecretString,
        (name, proof): (&str, &SecretString),
    ) -> Result<Grant, OAuthError> {
        let bad = |what| OAuthError::new(OAuthErrorKind::BadAddress, what);
        let mut address =
            Address::parse(server).and_then(|server| server.at("/oauth/token/")).map_err(bad)?;
        let request = {
            address
                .url_mut()
                .query_pairs_mut()
                .append_pair("grant_type", grant_type)
                .append_pair("client_id", client_id)
                .append_pair("client_secret", client_secret.expose_secret())
                .append_pair(name, proof.expose_secret());
            self.transport.client(&address).get(address.url().clone())
        };
        let scrub = Scrub::these(vec![client_secret.clone(), proof.clone()]);
        let answer = self.transport.send(request).await.map_err(|failure| {
            let (kind, what) = match failure {
                Failure::Unsendable(what) => (OAuthErrorKind::BadAddress, what),
                Failure::Unreachable(what) => (OAuthErrorKind::Unreachable, what),
                Failure::Broken(what) => (OAuthErrorKind::Unknown, what),
            };
            OAuthError::new(kind, scrub.clean(&what))
        })?;
        let mut result = read(answer.status, &answer.body, &scrub);
        if let Err(error) = &mut result {
            error.status = Some(answer.status);
        }
        tracing::debug!(
            grant_type,
            status = answer.status,
            granted = result.is_ok(),
            "asked the authorisation server"
        );
        result
    }
}

fn read(status: u16, body: &[u8], scrub: &Scrub) -> Result<Grant, OAuthError> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        let kind = match status {
            429 | 503 => OAuthErrorKind::Busy,
            // Another page of some server; the token endpoint was not reached.
            300..400 => OAuthErrorKind::Refused,
            _ => OAuthErrorKind::Unknown,
        };
        return Err(OAuthError::new(kind, "the answer is no JSON object"));
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = text("error");
    if !code.is_empty() || !(200..300).contains(&status) {
        let kind = match code.to_ascii_lowercase().as_str() {
            "invalid_grant" => OAuthErrorKind::InvalidGrant,
            "invalid_client" => OAuthErrorKind::InvalidClient,
            "invalid_request" => OAuthErrorKind::InvalidRequest,
            "invalid_scope" | "insufficient_scope" => OAuthErrorKind::InvalidScope,
            "payment_required" => OAuthErrorKind::PaymentRequired,
            "query_limit_exceeded" => OAuthErrorKind::Busy,
            "internal_server_error" => OAuthErrorKind::Unknown,
            "" if status >= 500 => OAuthErrorKind::Unknown,
            _ => OAuthErrorKind::Refused,
        };
        let mut error = OAuthError::new(kind, secret_free(text("error_description"), scrub));
        error.code = secret_free(code, scrub);
        return Err(error);
    }
    usable(fields)
}

fn usable(fields: Map<String, Value>) -> Result<Grant, OAuthError> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Granted {
        #[serde(deserialize_with = "loose::text")]
        access_token: Secret,
        #[serde(deserialize_with = "loose::text")]
        refresh_token: Secret,
        #[serde(deserialize_with = "loose::int")]
        expires_in: i64,
        #[serde(deserialize_with = "loose::int")]
        expires: i64,
        #[serde(deserialize_with = "loose::text")]
        client_endpoint: String,
        #[serde(deserialize_with = "loose::text")]
        server_endpoint: String,
        #[serde(deserialize_with = "loose::text")]
        member_id: String,
        #[serde(deserialize_with = "loose::int")]
        user_id: i64,
        #[serde(deserialize_with = "loose::text")]
        scope: String,
        #[serde(deserialize_with = "loose::text")]
        status: String,
    }
    let bad = |what: String| OAuthError::new(OAuthErrorKind::BadAnswer, what);
    let granted: Granted =
        serde_json::from_value(Value::Object(fields)).map_err(|error| bad(error.to_string()))?;
    for (name, empty) in [
        ("access_token", granted.access_token.0.expose_secret().is_empty()),
        ("refresh_token", granted.refresh_token.0.expose_secret().is_empty()),
        ("client_endpoint", granted.client_endpoint.is_empty()),
        ("member_id", granted.member_id.is_empty()),
    ] {
        if empty {
            return Err(bad(format!("{name} is missing")));
        }
    }
    Address::parse(&granted.client_endpoint).map_err(|what| bad(format!("client_endpoint: {what}")))?;
    let mut client_endpoint = granted.client_endpoint;
    if !client_endpoint.ends_with('/') {
        client_endpoint.push('/');
    }
    Ok(Grant {
        access_token: granted.access_token.0,
        refresh_token: granted.refresh_token.0,
        expires_in: Duration::from_secs(
            u64::try_from(granted.expires_in).ok().filter(|s| *s > 0).unwrap_or(3600),
        ),
        expires: (granted.expires > 0).then(|| Timestamp::from_seconds(granted.expires)),
        client_endpoint,
        server_endpoint: granted.server_endpoint,
        member_id: granted.member_id.into(),
        user_id: (granted.user_id > 0).then(|| UserId::new(granted.user_id)),
        scope: granted
            .scope
            .split([',', ' '])
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        status: granted.status,
    })
}

#[derive(Default)]
struct Secret(SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}
