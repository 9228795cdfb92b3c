//! The envelope of a callback (protocol 1.4).
//!
//! ```
//! use std::sync::Arc;
//! use openlines::codec::{Callback, form};
//!
//! let raw = form::decode(b"event=OnAppTest&ts=5&auth[scope]=imbot,+crm", &Default::default())?;
//! let callback = Callback::read(Arc::new(raw))?;
//! assert_eq!((callback.code.as_str(), callback.auth.scope.len()), ("ONAPPTEST", 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** an envelope that reads well is not proven: compare the application token first.

use std::sync::Arc;

use secrecy::SecretString;

use super::{TypeError, fields::Fields};
use crate::wire::{AuthBlock, MemberId, Node, Raw, UserId};

/// One callback: its envelope read, its payload still raw.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Callback {
    /// Upper-case event code.
    pub code: String,
    /// Unix seconds when the portal queued it; 0 when it does not say.
    pub ts: i64,
    /// Row of the handler registration that it was sent for.
    pub handler_id: Option<i64>,
    /// The `auth` block.
    pub auth: AuthBlock,
    /// Everything.
    pub raw: Arc<Raw>,
}

impl Callback {
    /// Reads the envelope. Only `event` is essential.
    pub fn read(raw: Arc<Raw>) -> Result<Self, TypeError> {
        let mut top = Fields::new(raw.root(), "");
        let event = top.get("event");
        let code = event
            .and_then(Node::as_str)
            .filter(|code| !code.is_empty())
            .ok_or_else(|| top.wrong("event", "an event code", event))?
            .to_ascii_uppercase();
        let handler_id = top.int("event_handler_id");
        let ts = top.int("ts").unwrap_or(0);
        let auth = top.get("auth").map(auth).unwrap_or_default();
        Ok(Self { code, ts, handler_id, auth, raw })
    }
}

/// Reads an `auth` block, the callback's or a bot's.
fn auth(node: Node<'_>) -> AuthBlock {
    let mut fields = Fields::new(node, "auth");
    let secret = |text: Option<String>| text.map(SecretString::from);
    AuthBlock {
        access_token: secret(fields.some_text("access_token")),
        expires: fields.int("expires"),
        scope: fields
            .text("scope")
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
        domain: fields.some_text("domain"),
        server_endpoint: fields.some_text("server_endpoint"),
        status: fields.some_text("status"),
        client_endpoint: fields.some_text("client_endpoint"),
        member_id: fields.some_text("member_id").map(MemberId::from),
        refresh_token: secret(fields.some_text("refresh_token")),
        user_id: fields.int("user_id").map(UserId::new),
        application_token: secret(fields.some_text("application_token")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::form::{Limits, decode};

    fn read(body: &str) -> Result<Callback, TypeError> {
        Callback::read(Arc::new(decode(body.as_bytes(), &Limits::default()).unwrap()))
    }

    #[test]
    fn event_codes_are_upper_cased() {
        let callback = read("event=OnImBotMessageAdd&event_handler_id=403&ts=1773682918").unwrap();
        assert_eq!((callback.code.as_str(), callback.ts), ("ONIMBOTMESSAGEADD", 1_773_682_918));
        assert_eq!(callback.handler_id, Some(403));
    }

    #[test]
    fn a_callback_without_an_event_says_so() {
        for body in ["", "ts=1", "event=", "event[x]=1"] {
            assert_eq!(read(body).unwrap_err().path(), "event", "{body}");
        }
    }

    #[test]
    fn scopes_are_split_at_commas_and_spaces() {
        let callback = read("event=X&auth[scope]=imbot,+imopenlines+im%2Ccrm").unwrap();
        assert_eq!(callback.auth.scope, ["imbot", "imopenlines", "im", "crm"]);
    }

    #[test]
    fn no_token_is_printed() {
        let body =
            "event=X&auth[access_token]=s3cret&auth[refresh_token]=s3cret&auth[application_token]=s3cret";
        let callback = read(body).unwrap();
        assert!(callback.auth.access_token.is_some());
        assert!(!format!("{callback:?}").contains("s3cret"));
    }
}
