//! Effects as rows of the outbox: which call, by which route, with which guarantee (design: guarantees).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::HandlerError;
use crate::{
    message::{Reply, RtEvent},
    portal::{BotGeneration, RegisteredBot},
    rest::Repeat,
    store::{NewOutboxRow, Priority, TurnId},
    wire::{ChatId, DialogId, UserId},
};

/// By which way a call reaches people; decides what an unknown outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Route {
    /// `imbot.v2.Chat.Message.send` with a key: exactly once.
    BotV2,
    /// `imbot.message.add`: at most once.
    BotV1,
    /// `imopenlines.network.message.add`: exactly once where the weekly limit holds.
    Network,
    /// `imopenlines.crm.message.add`: at most once.
    Crm,
    /// Hand-over, edits, deletions: doing it twice is doing it once.
    Idempotent,
    /// `pull.application.event.add`: at least once.
    Rt,
    /// Any other call a bot asked for: at most once.
    Other,
}

/// A call as the outbox keeps it. Holds no token: those are added when it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) params: Value,
}

impl Route {
    /// Whether a call of this route may be made again although it was perhaps executed.
    pub(crate) fn repeat(self) -> Repeat {
        match self {
            Self::BotV2 => Repeat::Keyed,
            Self::Idempotent | Self::Rt => Repeat::Idempotent,
            Self::BotV1 | Self::Network | Self::Crm | Self::Other => Repeat::Once,
        }
    }
}

/// One effect that a handler asked for: a call, and where it queues.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    pub(crate) call: Outgoing,
    pub(crate) dialog: String,
    pub(crate) priority: Priority,
}

impl Effect {
    /// A bot message to `dialog`.
    pub(crate) fn reply(
        bot: &RegisteredBot,
        dialog: &DialogId,
        reply: &Reply,
        queue: &str,
    ) -> Result<Self, HandlerError> {
        reply.check()?;
        let call = match bot.generation {
            BotGeneration::V2 => Outgoing {
                route: Route::BotV2,
                method: "imbot.v2.Chat.Message.send".into(),
                params: json!({ "botId": bot.id, "dialogId": dialog, "fields": reply.to_v2_fields() }),
            },
            BotGeneration::V1 => {
                let mut params = reply.to_v1_params();
                params.insert("BOT_ID".into(), json!(bot.id));
                params.insert("DIALOG_ID".into(), json!(dialog));
                Outgoing { route: Route::BotV1, method: "imbot.message.add".into(), params: params.into() }
            }
        };
        Ok(Self { call, dialog: queue.to_owned(), priority: Priority::Reply })
    }

    /// A message through the chat of a CRM item.
    pub(crate) fn crm(entity: CrmItem, chat: ChatId, sender: UserId, text: &str, queue: &str) -> Self {
        let params = json!({
            "CRM_ENTITY_TYPE": entity.kind(),
            "CRM_ENTITY": entity.id(),
            "USER_ID": sender,
            "CHAT_ID": chat,
            "MESSAGE": text,
        });
        let method = "imopenlines.crm.message.add".into();
        Self {
            call: Outgoing { route: Route::Crm, method, params },
            dialog: queue.to_owned(),
            priority: Priority::Reply,
        }
    }

    /// A message through a network line.
    pub(crate) fn network(
        code: &str,
        user: UserId,
        reply: &Reply,
        bot: Option<&RegisteredBot>,
    ) -> Result<Self, HandlerError> {
        reply.check()?;
        let mut params = reply.to_v1_params();
        params.extend([("CODE".to_owned(), json!(code)), ("USER_ID".to_owned(), json!(user))]);
        if let Some(bot) = bot {
            params.insert("BOT_ID".into(), json!(bot.id));
        }
        let params = params.into();
        let method = "imopenlines.network.message.add".into();
        Ok(Self {
            call: Outgoing { route: Route::Network, method, params },
            dialog: format!("network:{code}:{user}"),
            priority: Priority::Bulk,
        })
    }

    /// An RT event.
    pub(crate) fn rt(event: &RtEvent, queue: &str) -> Self {
        let method = "pull.application.event.add".into();
        Self {
            call: Outgoing { route: Route::Rt, method, params: event.to_params().into() },
            dialog: format!("rt:{queue}"),
            priority: Priority::Rt,
        }
    }

    /// A call that changes who has the session.
    pub(crate) fn hand_over(method: &str, params: Value, queue: &str) -> Self {
        Self {
            call: Outgoing { route: Route::Idempotent, method: method.into(), params },
            dialog: queue.to_owned(),
            priority: Priority::HandOver,
        }
    }

    /// Any other call.
    pub(crate) fn other(method: String, params: Value, queue: &str) -> Self {
        Self {
            call: Outgoing { route: Route::Other, method, params },
            dialog: queue.to_owned(),
            priority: Priority::Bulk,
        }
    }

    /// The row for the outbox; the same effect of the same turn always gets the same UUID.
    pub(crate) fn into_row(mut self, turn: TurnId, index: usize) -> Result<NewOutboxRow, HandlerError> {
        let uuid = uuid_of(turn, &format!("effect:{index}"));
        if self.call.route == Route::BotV2 {
            self.call.params["fields"]["templateId"] = json!(uuid);
        }
        let call = serde_json::to_string(&self.call)?;
        Ok(NewOutboxRow { dialog: self.dialog, priority: self.priority, call, uuid })
    }
}

/// A UUID of version-4 shape, lower case, that only depends on the turn and `what`.
pub(crate) fn uuid_of(turn: TurnId, what: &str) -> Uuid {
    let digest = Sha256::new().chain_update(turn.0.as_bytes()).chain_update(what.as_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The CRM item a message is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CrmItem {
    /// A lead.
    Lead(i64),
    /// A deal.
    Deal(i64),
    /// A contact.
    Contact(i64),
    /// A company.
    Company(i64),
}

impl CrmItem {
    /// `CRM_ENTITY_TYPE`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Lead(_) => "lead",
            Self::Deal(_) => "deal",
            Self::Contact(_) => "contact",
            Self::Company(_) => "company",
        }
    }

    /// `CRM_ENTITY`.
    pub fn id(self) -> i64 {
        match self {
            Self::Lead(id) | Self::Deal(id) | Self::Contact(id) | Self::Company(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uuid_of_an_effect_is_stable_and_of_version_4_shape() {
        let turn = TurnId(Uuid::from_u128(7));
        let uuid = uuid_of(turn, "effect:0");
        assert_eq!(uuid, uuid_of(turn, "effect:0"));
        assert_ne!(uuid, uuid_of(turn, "effect:1"));
        assert_ne!(uuid, uuid_of(TurnId(Uuid::from_u128(8)), "effect:0"));
        assert_eq!(uuid.get_version_num(), 4);
        assert_eq!(uuid.to_string(), uuid.to_string().to_lowercase());
    }
}
