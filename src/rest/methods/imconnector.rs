//! Applications that bring a channel of their own, scope `imopenlines` (protocol 2.4).
//!
//! Only what such an application owes the portal for each message is declared; the rest goes by name.
//!
//! ```
//! use openlines::rest::{Method, methods::imconnector::{Delivered, SendStatusDelivery}};
//!
//! let seen = Delivered::new(1807, 86497, vec!["ext-1".to_owned()], "channel-123");
//! let call = SendStatusDelivery::new("myconnector", 107, vec![seen]);
//! assert_eq!(
//!     serde_json::to_value(&call)?["MESSAGES"][0],
//!     serde_json::json!({
//!         "im": {"chat_id": 1807, "message_id": 86497}, "message": {"id": ["ext-1"]}, "chat": {"id": "channel-123"},
//!     })
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! **Trap:** without it the operator sees each message as undelivered; and these methods refuse with status 200 and
//! `error` inside `result`.

use serde::{Serialize, Serializer};
use serde_json::json;

use super::Untyped;
use crate::wire::{ChatId, ConnectorId, LineId, MessageId};

methods! {
    scope "imopenlines";

    /// Tells the portal that messages of `OnImConnectorMessageAdd` reached the channel.
    SendStatusDelivery = "imconnector.send.status.delivery", "2.4", Idempotent, Idempotent -> Untyped,
        refuses ["WRONG_AUTH_TYPE"];
    needs { connector "CONNECTOR": ConnectorId, line "LINE": LineId, messages "MESSAGES": Vec<Delivered> }
    takes {}
}

/// A message that reached the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Portal chat, from `im`.
    pub chat: ChatId,
    /// Portal message, from `im`.
    pub message: MessageId,
    /// Its ids in the channel; one message may have become several.
    pub external_ids: Vec<String>,
    /// The chat in the channel.
    pub external_chat: String,
}

impl Delivered {
    /// The message of a portal chat is known in the channel by these ids.
    pub fn new(
        chat: impl Into<ChatId>,
        message: impl Into<MessageId>,
        external_ids: Vec<String>,
        external_chat: impl Into<String>,
    ) -> Self {
        Self { chat: chat.into(), message: message.into(), external_ids, external_chat: external_chat.into() }
    }
}

impl Serialize for Delivered {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let whole = json!({
            "im": {"chat_id": self.chat, "message_id": self.message},
            "message": {"id": self.external_ids},
            "chat": {"id": self.external_chat},
        });
        whole.serialize(to)
    }
}
