//! What a handler answers with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Attach, BuildError, ContextMenu, Keyboard, TEXT_LIMIT, trim::trimmed};

/// A message of the bot: text with BB code, and what goes with it.
///
/// ```
/// use openlines::message::Reply;
///
/// let note = Reply::text("Client asked for a person").internal_note();
/// assert_eq!(note.to_v2_fields()["skipConnector"], true);
/// assert_eq!(note.to_v1_params()["SKIP_CONNECTOR"], "Y");
/// assert_eq!(Reply::text("x".repeat(20_003)).check().unwrap_err().over(), Some(3));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[must_use = "a reply is said once it is given to the context"]
pub struct Reply {
    /// Text with BB code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyboard: Option<Keyboard>,
    /// Blocks below the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<Attach>,
    /// What the message's context menu offers besides; methods of `imbot.v2` ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_menu: Option<ContextMenu>,
    /// Shown as a message of the system; never leaves the portal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub system: bool,
    /// No preview of the first link.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_preview: bool,
    /// For operators only; never leaves the portal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internal_note: bool,
}

impl Reply {
    /// A text with BB code. User text inside goes through [`literal()`](super::literal()).
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Adds buttons.
    pub fn keyboard(mut self, keyboard: Keyboard) -> Self {
        self.keyboard = Some(keyboard);
        self
    }

    /// Adds blocks below the text.
    pub fn attach(mut self, attach: Attach) -> Self {
        self.attach = Some(attach);
        self
    }

    /// Adds a context menu, which methods of `imbot.v2` ignore (protocol 5.4).
    pub fn context_menu(mut self, menu: ContextMenu) -> Self {
        self.context_menu = Some(menu);
        self
    }

    /// Shown as a message of the system; never leaves the portal (protocol 3.5), and has no idempotency key.
    pub fn system(mut self) -> Self {
        self.system = true;
        self
    }

    /// No preview of the first link.
    pub fn without_preview(mut self) -> Self {
        self.without_preview = true;
        self
    }

    /// For operators only: the client does not see it.
    pub fn internal_note(mut self) -> Self {
        self.internal_note = true;
        self
    }

    /// Whether a client can see it.
    pub fn reaches_client(&self) -> bool {
        !self.system && !self.internal_note
    }

    /// Whether the portal would take it whole: it says something, and its text is not cut.
    pub fn check(&self) -> Result<(), BuildError> {
        if trimmed(&self.text).is_empty() && self.attach.is_none() {
            return Err(BuildError::blank("MESSAGE", "4.8"));
        }
        let size = self.text.chars().count();
        if size > TEXT_LIMIT {
            return Err(BuildError::too_long("MESSAGE", "7", size, TEXT_LIMIT));
        }
        Ok(())
    }

    /// As `fields` of `imbot.v2.Chat.Message.send` (protocol 4.8), without `templateId`.
    pub fn to_v2_fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("message".to_owned(), json!(self.text));
        self.put_parts(&mut fields, "attach", "keyboard");
        for (name, set, value) in [
            ("system", self.system, true),
            ("urlPreview", self.without_preview, false),
            ("skipConnector", self.internal_note, true),
        ] {
            if set {
                fields.insert(name.to_owned(), json!(value));
            }
        }
        fields
    }

    /// As parameters of `imbot.message.add` (protocol 4.6), without the address.
    pub fn to_v1_params(&self) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("MESSAGE".to_owned(), json!(self.text));
        self.put_parts(&mut params, "ATTACH", "KEYBOARD");
        if let Some(menu) = &self.context_menu {
            params.insert("MENU".to_owned(), menu.to_value());
        }
        for (name, set, value) in [
            ("SYSTEM", self.system, "Y"),
            ("URL_PREVIEW", self.without_preview, "N"),
            ("SKIP_CONNECTOR", self.internal_note, "Y"),
        ] {
            if set {
                params.insert(name.to_owned(), json!(value));
            }
        }
        params
    }

    fn put_parts(&self, into: &mut Map<String, Value>, attach: &str, keyboard: &str) {
        if let Some(given) = &self.attach {
            into.insert(attach.to_owned(), given.to_value());
        }
        if let Some(given) = &self.keyboard {
            into.insert(keyboard.to_owned(), given.to_value());
        }
    }
}

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl<T: AsRef<str>> From<super::Literal<T>> for Reply {
    fn from(text: super::Literal<T>) -> Self {
        Self::text(text.to_string())
    }
}
