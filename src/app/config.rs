//! The settings of a bot: environment, flags of the same names, or code.

use std::{fmt, net::SocketAddr};

use secrecy::SecretString;

use super::{AppError, AppErrorKind};
use crate::{
    portal::{Credentials, IncomingWebhook, OAuthApp, Vault},
    store::Retention,
};

/// The settings of a bot. [`Config::new`] has the defaults; the command line fills it from the environment.
///
/// ```
/// use openlines::app::Config;
///
/// let config = Config::new().database_url("memory:").public_url("https://bot.example");
/// assert_eq!(config.database(), "memory:");
/// ```
#[derive(Clone)]
#[must_use = "give it to `App::new`"]
pub struct Config {
    pub(super) listen: SocketAddr,
    pub(super) admin_listen: Option<SocketAddr>,
    pub(super) public_url: Option<String>,
    pub(super) database_url: String,
    pub(super) master_key: Option<SecretString>,
    pub(super) client: Option<(String, SecretString)>,
    pub(super) oauth_hosts: Option<String>,
    pub(super) webhook_url: Option<SecretString>,
    pub(super) bot_token: Option<SecretString>,
    pub(super) retention: Retention,
}

impl Config {
    /// The defaults: loopback addresses, `sqlite://openlines.db`, no portal.
    pub fn new() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: Some(SocketAddr::from(([127, 0, 0, 1], 9180))),
            public_url: None,
            database_url: "sqlite://openlines.db".into(),
            master_key: None,
            client: None,
            oauth_hosts: None,
            webhook_url: None,
            bot_token: None,
            retention: Retention::default(),
        }
    }

    /// `OPENLINES_LISTEN`: the public address to listen on; port 0 takes a free one.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// `OPENLINES_ADMIN_LISTEN`: health and readiness.
    pub fn admin_listen(mut self, address: SocketAddr) -> Self {
        self.admin_listen = Some(address);
        self
    }

    /// Does not listen on an admin address.
    pub fn without_admin(mut self) -> Self {
        self.admin_listen = None;
        self
    }

    /// `OPENLINES_PUBLIC_URL`: how the portal reaches [`listen`](Self::listen). Without it events are fetched.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// `OPENLINES_DATABASE_URL`: `sqlite://PATH`, or `memory:` for what may be lost.
    pub fn database_url(mut self, url: impl Into<String>) -> Self {
        self.database_url = url.into();
        self
    }

    /// `OPENLINES_MASTER_KEY`: 32 bytes in base64; encrypts tokens at rest.
    pub fn master_key(mut self, key: impl Into<SecretString>) -> Self {
        self.master_key = Some(key.into());
        self
    }

    /// `BITRIX24_CLIENT_ID` and `BITRIX24_CLIENT_SECRET`: the OAuth application.
    pub fn oauth_app(mut self, client_id: impl Into<String>, client_secret: impl Into<SecretString>) -> Self {
        self.client = Some((client_id.into(), client_secret.into()));
        self
    }

    /// `BITRIX24_OAUTH_HOSTS`: authorisation servers that may see the client secret, `host[:port]` by commas.
    pub fn oauth_hosts(mut self, hosts: impl Into<String>) -> Self {
        self.oauth_hosts = Some(hosts.into());
        self
    }

    /// `BITRIX24_WEBHOOK_URL` and `BITRIX24_BOT_TOKEN`: one portal by incoming webhook.
    pub fn webhook(mut self, url: impl Into<SecretString>, bot_token: impl Into<SecretString>) -> Self {
        self.webhook_url = Some(url.into());
        self.bot_token = Some(bot_token.into());
        self
    }

    /// How long rows are kept once they are done with.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// The database's address.
    pub fn database(&self) -> &str {
        &self.database_url
    }

    /// The application or the webhook, checked.
    pub(super) fn credentials(&self) -> Result<Credentials, AppError> {
        match (&self.client, &self.webhook_url) {
            (Some((id, secret)), None) => {
                let app = OAuthApp::new(id, secret.clone()).map_err(AppError::setting)?;
                let app = match &self.oauth_hosts {
                    Some(hosts) => app.hosts(hosts).map_err(AppError::setting)?,
                    None => app,
                };
                Ok(app.into())
            }
            (None, Some(url)) => {
                let Some(token) = self.bot_token.clone() else {
                    return Err(AppError::new(
                        AppErrorKind::Setting,
                        "BITRIX24_BOT_TOKEN is not set; choose any text of up to 40 characters and keep it, the portal knows the bot by it",
                    ));
                };
                Ok(IncomingWebhook::new(url.clone(), token).map_err(AppError::setting)?.into())
            }
            (Some(_), Some(_)) => Err(AppError::new(
                AppErrorKind::Setting,
                "BITRIX24_CLIENT_ID and BITRIX24_WEBHOOK_URL are both set; a bot runs for an OAuth application or for one webhook, so unset one",
            )),
            (None, None) => Err(AppError::new(
                AppErrorKind::Setting,
                "no portal is configured: set BITRIX24_CLIENT_ID and BITRIX24_CLIENT_SECRET (an OAuth application), or BITRIX24_WEBHOOK_URL and BITRIX24_BOT_TOKEN (one portal); to try the bot without a portal run it with `demo`",
            )),
        }
    }

    /// What seals tokens at rest: the master key, or for a webhook, which stores no token, a key that is thrown away.
    pub(super) fn vault(&self, credentials: &Credentials) -> Result<Vault, AppError> {
        match (&self.master_key, credentials) {
            (Some(key), _) => Vault::from_base64(key).map_err(AppError::setting),
            (None, Credentials::Webhook(_)) => Ok(Vault::keyless()),
            (None, _) => Err(AppError::new(
                AppErrorKind::Setting,
                "OPENLINES_MASTER_KEY is not set; it encrypts the portals' tokens. Make one with `openssl rand -base64 32`, keep it secret and keep it: without it every portal has to be installed again",
            )),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("admin_listen", &self.admin_listen)
            .field("public_url", &self.public_url)
            .field("database_url", &self.database_url)
            .field("oauth_app", &self.client.as_ref().map(|(id, _)| id))
            .field("oauth_hosts", &self.oauth_hosts)
            .field("webhook", &self.webhook_url.is_some())
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
