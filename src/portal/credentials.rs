//! What the program knows before any portal: its application, or the one webhook.
//!
//! ```
//! use openlines::portal::{Credentials, OAuthApp};
//!
//! let app = OAuthApp::new("local.65f0.1234", "secret")?.hosts("oauth.bitrix.info")?;
//! assert!(app.token_endpoint("https://oauth.bitrix.info/rest/").is_ok());
//! assert!(app.token_endpoint("https://oauth.bitrix.info.evil.example/rest/").is_err());
//! let credentials = Credentials::from(app);
//! assert_eq!(credentials.app().as_str(), "local.65f0.1234");
//! # Ok::<(), openlines::portal::PortalError>(())
//! ```
//!
//! **Trap:** the list of authorisation servers is the list of hosts that see the client secret.

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::{PortalError, PortalErrorKind};
use crate::wire::{AppId, MemberId, PortalKey};

/// The vendor's authorisation servers (protocol 9).
const VENDOR_HOSTS: [&str; 2] = ["oauth.bitrix.info", "oauth.bitrix24.tech"];

/// Longest bot token (protocol 4.8).
const BOT_TOKEN_MAX: usize = 40;

/// How portals are reached: as an OAuth application, or one portal by its incoming webhook.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// An OAuth application, installed on any number of portals.
    OAuth(OAuthApp),
    /// One portal by incoming webhook.
    Webhook(IncomingWebhook),
}

impl Credentials {
    /// The application that everything stored is kept under.
    pub fn app(&self) -> AppId {
        match self {
            Self::OAuth(app) => app.client_id.clone(),
            Self::Webhook(webhook) => webhook.key.app.clone(),
        }
    }
}

impl From<OAuthApp> for Credentials {
    fn from(app: OAuthApp) -> Self {
        Self::OAuth(app)
    }
}

impl From<IncomingWebhook> for Credentials {
    fn from(webhook: IncomingWebhook) -> Self {
        Self::Webhook(webhook)
    }
}

/// An OAuth application.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    client_id: AppId,
    client_secret: SecretString,
    hosts: Vec<String>,
}

impl OAuthApp {
    /// The application `client_id`; the vendor's authorisation servers are allowed.
    pub fn new(client_id: &str, client_secret: impl Into<SecretString>) -> Result<Self, PortalError> {
        let client_secret = client_secret.into();
        for (name, empty) in [
            ("BITRIX24_CLIENT_ID", client_id.trim().is_empty()),
            ("BITRIX24_CLIENT_SECRET", client_secret.expose_secret().trim().is_empty()),
        ] {
            if empty {
                return Err(setting(format!(
                    "{name} is empty; copy both values from the application's settings"
                )));
            }
        }
        Ok(Self {
            client_id: client_id.trim().into(),
            client_secret,
            hosts: VENDOR_HOSTS.map(str::to_owned).to_vec(),
        })
    }

    /// Allows these authorisation servers and no others: `host[:port]`, separated by commas or spaces.
    pub fn hosts(mut self, list: &str) -> Result<Self, PortalError> {
        let separated = |c: char| c == ',' || c.is_whitespace();
        let mut hosts = Vec::new();
        for entry in list.split(separated).filter(|entry| !entry.is_empty()) {
            hosts.push(host_of_entry(entry)?);
        }
        if hosts.is_empty() {
            return Err(setting(
                "BITRIX24_OAUTH_HOSTS names no host; leave it out to allow the vendor's two",
            ));
        }
        self.hosts = hosts;
        Ok(self)
    }

    /// The client id.
    pub fn client_id(&self) -> &AppId {
        &self.client_id
    }

    pub(super) fn client_secret(&self) -> &SecretString {
        &self.client_secret
    }

    /// The authorisation servers that are allowed, as addresses: `https://host[:port]`, plain HTTP on loopback.
    pub fn origins(&self) -> Vec<String> {
        let scheme = |host: &str| match host.starts_with("127.") || host.starts_with("[::1]") {
            true => "http",
            false => "https",
        };
        self.hosts.iter().map(|host| format!("{}://{host}", scheme(host))).collect()
    }

    /// Where tokens of the authorisation server at `server_endpoint` are asked for, if that server is allowed: same
    /// origin, `/oauth/token/`. HTTPS, or plain HTTP on loopback.
    pub fn token_endpoint(&self, server_endpoint: &str) -> Result<String, PortalError> {
        let refused = |why: String| PortalError::new(PortalErrorKind::HostNotAllowed, why);
        let url = Url::parse(server_endpoint.trim())
            .map_err(|_| refused("server_endpoint is no URL; it names the authorisation server".into()))?;
        let authority = authority(&url).filter(|_| url.username().is_empty() && url.password().is_none());
        let Some(authority) = authority else {
            return Err(refused("server_endpoint is not an http or https address".into()));
        };
        if !self.hosts.contains(&authority) {
            return Err(refused(format!(
                "server_endpoint names the authorisation server {authority}, which is not allowed; if it is yours, \
                 add it to BITRIX24_OAUTH_HOSTS (allowed now: {})",
                self.hosts.join(", ")
            )));
        }
        require_safe_transport(&url, "server_endpoint")?;
        Ok(format!("{}/oauth/token/", url.origin().ascii_serialization()))
    }
}

/// One portal by incoming webhook, with the token its bots are registered under.
#[derive(Debug, Clone)]
pub struct IncomingWebhook {
    url: SecretString,
    bot_token: SecretString,
    key: PortalKey,
}

impl IncomingWebhook {
    /// The webhook `https://portal/rest/<user>/<code>/` and a bot token of at most 40 characters.
    pub fn new(
        url: impl Into<SecretString>,
        bot_token: impl Into<SecretString>,
    ) -> Result<Self, PortalError> {
        let (url, bot_token) = (url.into(), bot_token.into());
        let example = "it looks like https://portal.example/rest/1/abcdef/";
        let mut parsed = Url::parse(url.expose_secret().trim())
            .map_err(|_| setting(format!("BITRIX24_WEBHOOK_URL is no URL; {example}")))?;
        let Some(host) = authority(&parsed) else {
            return Err(setting(format!("BITRIX24_WEBHOOK_URL is no http or https address; {example}")));
        };
        require_safe_transport(&parsed, "BITRIX24_WEBHOOK_URL")?;
        let segments = parsed.path().split('/').filter(|segment| !segment.is_empty()).count();
        if segments < 3 || parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(setting(format!("BITRIX24_WEBHOOK_URL is not the root of a webhook; {example}")));
        }
        if !parsed.path().ends_with('/') {
            parsed.set_path(&format!("{}/", parsed.path()));
        }
        let token = bot_token.expose_secret();
        let length = token.chars().count();
        if length == 0 || length > BOT_TOKEN_MAX || token.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err(setting(format!(
                "BITRIX24_BOT_TOKEN has {length} characters; it is any text of your own of 1 to {BOT_TOKEN_MAX} characters without spaces, and must stay the same"
            )));
        }
        Ok(Self {
            url: String::from(parsed).into(),
            bot_token,
            key: PortalKey::new(AppId::from("webhook"), MemberId::from(host)),
        })
    }

    /// The portal: `webhook` at its host, since a webhook does not know its member id.
    pub fn key(&self) -> &PortalKey {
        &self.key
    }

    /// REST root, with a slash at its end.
    pub(super) fn url(&self) -> &SecretString {
        &self.url
    }

    /// The token that bots of this portal are registered under: `botToken` in v2, `CLIENT_ID` in v1.
    pub fn bot_token(&self) -> &SecretString {
        &self.bot_token
    }

    /// The application tokens its callbacks carry: v1, v2 (protocol 1.7).
    pub(super) fn application_tokens(&self) -> [SecretString; 2] {
        let token = self.bot_token.expose_secret();
        [token.into(), format!("custom{token}").into()]
    }
}

/// `host[:port]` as it is compared: lower case, the scheme's own port left out.
fn authority(url: &Url) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = url.host_str()?.to_ascii_lowercase();
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

fn host_of_entry(entry: &str) -> Result<String, PortalError> {
    let url = Url::parse(&format!("https://{entry}/")).ok();
    url.filter(|url| {
        url.path() == "/" && url.username().is_empty() && url.query().is_none() && url.fragment().is_none()
    })
    .and_then(|url| authority(&url))
    .ok_or_else(|| setting(format!("BITRIX24_OAUTH_HOSTS: `{entry}` is not `host` or `host:port`")))
}

/// HTTPS everywhere, plain HTTP for loopback only.
pub(super) fn require_safe_transport(url: &Url, name: &str) -> Result<(), PortalError> {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(domain)) => domain.eq_ignore_ascii_case("localhost"),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && loopback) {
        return Ok(());
    }
    Err(PortalError::new(
        PortalErrorKind::Insecure,
        format!("{name} must be https: plain http is accepted for loopback addresses only"),
    ))
}

fn setting(what: impl Into<String>) -> PortalError {
    PortalError::new(PortalErrorKind::Setting, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(hosts: &str) -> OAuthApp {
        OAuthApp::new("local.1", "top secret").unwrap().hosts(hosts).unwrap()
    }

    #[test]
    fn only_the_exact_authority_of_the_list_is_an_authorisation_server() {
        let app = app("oauth.bitrix.info, 127.0.0.1:8025");
        for (claimed, endpoint) in [
            ("https://oauth.bitrix.info/rest/", "https://oauth.bitrix.info/oauth/token/"),
            ("https://OAUTH.bitrix.info:443/rest/", "https://oauth.bitrix.info/oauth/token/"),
            ("http://127.0.0.1:8025/rest/", "http://127.0.0.1:8025/oauth/token/"),
        ] {
            assert_eq!(app.token_endpoint(claimed).unwrap(), endpoint);
        }
        for claimed in [
            "http://oauth.bitrix.info/rest/",
            "https://oauth.bitrix.info:8443/rest/",
            "https://oauth.bitrix.info.evil.example/rest/",
            "https://oauth.bitrix.info@evil.example/rest/",
            "https://evil@oauth.bitrix.info/rest/",
            "https://evil.example/?oauth.bitrix.info",
            "http://127.0.0.1:8026/rest/",
            "http://localhost:8025/rest/",
            "ftp://oauth.bitrix.info/",
            "//oauth.bitrix.info/rest/",
            "",
        ] {
            assert!(app.token_endpoint(claimed).is_err(), "{claimed}");
        }
    }

    #[test]
    fn a_list_entry_that_is_no_host_is_named() {
        for entry in ["https://oauth.bitrix.info", "oauth.bitrix.info/rest", "a@b"] {
            let error = OAuthApp::new("a", "b").unwrap().hosts(entry).unwrap_err();
            assert!(error.to_string().contains(entry), "{error}");
        }
    }

    #[test]
    fn a_webhook_is_https_or_loopback_and_its_secrets_are_not_shown() {
        let good = IncomingWebhook::new("https://p.example/rest/1/c0de", "bot-token").unwrap();
        assert_eq!(good.url().expose_secret(), "https://p.example/rest/1/c0de/");
        assert_eq!(good.key().member.as_str(), "p.example");
        let shown = format!("{good:?}");
        assert!(!shown.contains("c0de") && !shown.contains("bot-token"), "{shown}");
        for bad in
            ["http://p.example/rest/1/c0de/", "https://p.example/", "c0de", "ftp://p.example/rest/1/c0de/"]
        {
            let error = IncomingWebhook::new(bad, "t").unwrap_err();
            assert!(!error.to_string().contains("c0de"), "{error}");
        }
    }

    #[test]
    fn a_bot_token_over_forty_characters_is_refused() {
        let url = "http://127.0.0.1:8024/rest/1/c0de/";
        assert!(IncomingWebhook::new(url, "x".repeat(40)).is_ok());
        assert!(IncomingWebhook::new(url, "x".repeat(41)).is_err());
        assert!(IncomingWebhook::new(url, "").is_err());
    }
}
