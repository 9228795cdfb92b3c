//! Takes secrets out of what a portal or the transport says.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::rest::{Access, Authorization};

/// Secrets of one call. Shorter ones than this are left: every text holds them.
const SHORTEST: usize = 4;

/// Parameters that are secrets.
const PARAMS: [&str; 6] = ["botToken", "BOT_TOKEN", "clientId", "CLIENT_ID", "auth", "access_token"];

/// Replaces the secrets of one call by `***`. They are looked for when there is something to clean, which is seldom.
pub(crate) enum Scrub<'a> {
    /// Those of the access and of the parameters.
    Call { access: &'a Access, params: &'a Value },
    /// These.
    These(Vec<SecretString>),
}

impl<'a> Scrub<'a> {
    /// Those of the access and of the parameters.
    pub(super) fn of(access: &'a Access, params: &'a Value) -> Self {
        Self::Call { access, params }
    }

    /// These secrets.
    pub(crate) fn these(secrets: Vec<SecretString>) -> Self {
        Self::These(secrets)
    }

    /// The text without them.
    pub(crate) fn clean(&self, text: &str) -> String {
        let found;
        let secrets = match self {
            Self::Call { access, params } => {
                found = secrets(access, params);
                &found
            }
            Self::These(secrets) => secrets,
        };
        let secrets = secrets.iter().map(|secret| secret.expose_secret());
        secrets
            .filter(|secret| secret.len() >= SHORTEST)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

fn secrets(access: &Access, params: &Value) -> Vec<SecretString> {
    let mut secrets = Vec::new();
    match &access.authorization {
        Authorization::Bearer(token) => secrets.push(token.clone()),
        Authorization::InAddress => {
            let endpoint = access.endpoint.expose_secret();
            secrets.push(access.endpoint.clone());
            let segments = endpoint.split('/').skip(3).filter(|part| part.len() > SHORTEST);
            secrets.extend(segments.map(SecretString::from));
        }
    }
    let nested = params.get("fields").unwrap_or(&Value::Null);
    for from in [params, nested] {
        secrets.extend(
            PARAMS.iter().filter_map(|name| from.get(name).and_then(Value::as_str)).map(SecretString::from),
        );
    }
    for command in params.get("cmd").and_then(Value::as_object).into_iter().flat_map(|cmd| cmd.values()) {
        let query = command.as_str().and_then(|command| command.split_once('?')).unwrap_or_default().1;
        secrets.extend(form_urlencoded::parse(query.as_bytes()).filter_map(|(name, value)| {
            PARAMS.iter().any(|secret| name.contains(secret)).then(|| SecretString::from(value.into_owned()))
        }));
    }
    secrets
}

impl fmt::Debug for Scrub<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrub(***)")
    }
}
