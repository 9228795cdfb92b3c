//! Asking an authorisation server for a new pair of tokens.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{PortalError, PortalErrorKind, Registry, credentials::require_safe_transport, record::Sealed};
use crate::{
    rest::{
        Access, ApiExt, Authorization, HttpApi, HttpOptions, TokenError, TokenErrorKind, TokenSource,
        methods::basic,
        oauth::{Grant, OAuthClient, OAuthErrorKind},
    },
    wire::{AppId, MemberId, PortalKey, UserId},
};

/// A refresh grant (protocol 9).
#[derive(Debug)]
#[non_exhaustive]
pub struct RefreshGrant<'a> {
    /// Token address of an authorisation server of the allow-list.
    pub endpoint: &'a str,
    /// The application.
    pub client_id: &'a str,
    /// Its secret.
    pub client_secret: &'a SecretString,
    /// The token to be exchanged.
    pub refresh_token: &'a SecretString,
}

/// Why there is no new pair. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The refresh token is spent, expired or of another application: never again.
    #[error("{0}")]
    Rejected(String),
    /// The authorisation server found the request itself malformed: this token never was one.
    #[error("{0}")]
    Malformed(String),
    /// The application itself was refused: its secret is wrong, or it is not installed or not paid.
    #[error("{0}")]
    Misconfigured(String),
    /// No answer, or none that can be read: later it may work.
    #[error("{0}")]
    Unavailable(String),
}

/// Carries out refresh grants. [`OAuthClient`] does.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Makes one attempt.
    async fn refresh(&self, grant: RefreshGrant<'_>) -> Result<Grant, GrantError>;

    /// Whether the user whom a granted token acts for administers the portal at `client_endpoint`.
    async fn administers(
        &self,
        client_endpoint: &str,
        access_token: &SecretString,
    ) -> Result<bool, GrantError>;
}

#[async_trait]
impl Grants for OAuthClient {
    async fn refresh(&self, grant: RefreshGrant<'_>) -> Result<Grant, GrantError> {
        let RefreshGrant { endpoint, client_id, client_secret, refresh_token } = grant;
        let granted = OAuthClient::refresh(self, endpoint, client_id, client_secret, refresh_token).await;
        granted.map_err(|error| {
            let what = error.to_string();
            match error.kind() {
                OAuthErrorKind::InvalidGrant => GrantError::Rejected(what),
                OAuthErrorKind::InvalidRequest => GrantError::Malformed(what),
                OAuthErrorKind::InvalidClient
                | OAuthErrorKind::InvalidScope
                | OAuthErrorKind::PaymentRequired
                | OAuthErrorKind::BadAddress => GrantError::Misconfigured(what),
                _ => GrantError::Unavailable(what),
            }
        })
    }

    async fn administers(
        &self,
        client_endpoint: &str,
        access_token: &SecretString,
    ) -> Result<bool, GrantError> {
        let access = Access {
            endpoint: client_endpoint.to_owned().into(),
            authorization: Authorization::Bearer(access_token.clone()),
            generation: 0,
        };
        let unavailable = |what: String| GrantError::Unavailable(what);
        let api = HttpApi::new(Arc::new(Granting(access)), HttpOptions::default())
            .map_err(|error| unavailable(error.to_string()))?;
        let asker = PortalKey::new("", "");
        let profile = api.invoke(&asker, &basic::Profile::new()).await;
        profile.map(|profile| profile.admin).map_err(|error| unavailable(error.to_string()))
    }
}

/// A token that was granted and is not stored yet.
struct Granting(Access);

#[async_trait]
impl TokenSource for Granting {
    async fn access(&self, _: &PortalKey) -> Result<Access, TokenError> {
        Ok(self.0.clone())
    }

    async fn renew(&self, _: &PortalKey, _: u64) -> Result<Access, TokenError> {
        Err(TokenError::new(TokenErrorKind::Unavailable, "the granted token was refused by its portal"))
    }
}

/// Refuses every grant: for a program whose only portal is reached by incoming webhook.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoGrants;

#[async_trait]
impl Grants for NoGrants {
    async fn refresh(&self, _: RefreshGrant<'_>) -> Result<Grant, GrantError> {
        Err(GrantError::Misconfigured("no OAuth application is configured".into()))
    }

    async fn administers(&self, _: &str, _: &SecretString) -> Result<bool, GrantError> {
        Ok(false)
    }
}

/// An answer that was looked through.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) access: Sealed,
    pub(super) refresh: Option<Sealed>,
    pub(super) expires: i64,
    pub(super) member: Option<MemberId>,
    pub(super) client_endpoint: Option<String>,
    pub(super) user: Option<UserId>,
    pub(super) scope: Vec<String>,
}

impl Registry {
    /// One refresh grant of `app` at `endpoint`.
    pub(super) async fn grant(
        &self,
        app: &AppId,
        endpoint: &str,
        refresh: &Sealed,
    ) -> Result<Granted, GrantError> {
        let oauth = self.oauth_app(app).ok_or_else(|| {
            GrantError::Misconfigured(format!(
                "no OAuth application {app} is configured; set BITRIX24_CLIENT_ID and BITRIX24_CLIENT_SECRET"
            ))
        })?;
        // The list may have become shorter since the portal was installed.
        oauth.token_endpoint(endpoint).map_err(|error| GrantError::Misconfigured(error.to_string()))?;
        let answer = self
            .0
            .grants
            .refresh(RefreshGrant {
                endpoint,
                client_id: app.as_str(),
                client_secret: oauth.client_secret(),
                refresh_token: refresh.secret(),
            })
            .await?;
        // An unusable address is none: a renewal keeps the one it has, a proof fails.
        let named = Some(answer.client_endpoint.as_str()).filter(|named| !named.is_empty());
        let client_endpoint = named.and_then(|named| {
            rest_root(named)
                .inspect_err(|error| tracing::warn!(%app, %error, "the portal's address is not used"))
                .ok()
        });
        let filled = |secret: &SecretString| !secret.expose_secret().is_empty();
        if !filled(&answer.access_token) {
            return Err(GrantError::Unavailable("the authorisation server answered without a token".into()));
        }
        let lives = i64::try_from(answer.expires_in.as_secs()).unwrap_or(i64::MAX).min(86_400);
        Ok(Granted {
            access: answer.access_token.into(),
            refresh: Some(answer.refresh_token).filter(filled).map(Into::into),
            expires: self.0.clock.now().seconds().saturating_add(lives),
            member: Some(answer.member_id).filter(|member| !member.as_str().is_empty()),
            client_endpoint,
            user: answer.user_id,
            scope: answer.scope,
        })
    }
}

/// The portal's REST root as the authorisation server names it: HTTPS or loopback, with a slash at its end.
fn rest_root(text: &str) -> Result<String, PortalError> {
    let what = "client_endpoint in the answer of the authorisation server";
    let bad = |why: &str| PortalError::new(PortalErrorKind::Insecure, format!("{what} {why}"));
    let mut url = Url::parse(text).map_err(|_| bad("is no URL"))?;
    require_safe_transport(&url, what)?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(bad("holds more than a host and a path"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_root_is_https_or_loopback_and_ends_with_a_slash() {
        assert_eq!(rest_root("https://p.example/rest").unwrap(), "https://p.example/rest/");
        assert_eq!(rest_root("http://127.0.0.1:8024/rest/").unwrap(), "http://127.0.0.1:8024/rest/");
        for bad in [
            "http://p.example/rest/",
            "p.example",
            "https://a:b@p.example/rest/",
            "https://p.example/rest/?x=1",
            "file:///etc",
        ] {
            assert!(rest_root(bad).is_err(), "{bad}");
        }
    }
}
