//! Effects as rows of the outbox: which call, by which route, with which guarantee (design: guarantees).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::HandlerError;
use crate::{
    message::{Reply, RtMessage},
    portal::{BotGeneration, RegisteredBot},
    rest::{
        Method, Repeat,
        methods::{
            imbot::MessageAdd,
            imbot_v2::MessageSend,
            imopenlines::{CrmEntity, CrmMessageAdd, NetworkMessageAdd},
            pull::EventAdd,
        },
    },
    store::{NewOutboxRow, Priority, TurnId},
    wire::{ChatId, DialogId, UserId},
};

/// By which way a call reaches people; decides what an unknown outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Route {
    /// A bot message with a key by which the portal knows a repeat: exactly once.
    KeyedMessage,
    /// A bot message without one (v1, or a system message): at most once.
    PlainMessage,
    /// `imopenlines.network.message.add`: at most once.
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

impl Route {
    /// Whether a call of this route may be made again although it was perhaps executed.
    pub(crate) fn repeat(self) -> Repeat {
        match self {
            Self::KeyedMessage => Repeat::Keyed,
            Self::Idempotent | Self::Rt => Repeat::Idempotent,
            Self::PlainMessage | Self::Network | Self::Crm | Self::Other => Repeat::Once,
        }
    }
}

/// A call as the outbox keeps it. Holds no token: those are added when it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) route: Route,
    pub(crate) method: String,
    pub(crate) params: Value,
}

impl Outgoing {
    fn of<M: Method>(route: Route, method: &M) -> Result<Self, HandlerError> {
        Ok(Self { route, method: M::NAME.into(), params: serde_json::to_value(method)? })
    }

    /// A bot message to `dialog`, under `key` where the bot's generation has keys.
    pub(crate) fn message(
        bot: &RegisteredBot,
        dialog: &DialogId,
        reply: &Reply,
        key: Uuid,
    ) -> Result<Self, HandlerError> {
        reply.check()?;
        match bot.generation {
            BotGeneration::V2 => {
                let send = MessageSend::reply(bot.id, dialog.clone(), key, reply);
                Self::of(if send.is_keyed() { Route::KeyedMessage } else { Route::PlainMessage }, &send)
            }
            BotGeneration::V1 => {
                Self::of(Route::PlainMessage, &MessageAdd::reply(bot.id, dialog.clone(), reply))
            }
        }
    }
}

/// One effect that a handler asked for: a call, its key, and where it queues.
#[derive(Debug, Clone)]
pub(crate) struct Effect {
    call: Outgoing,
    queue: String,
    priority: Priority,
}

impl Effect {
    /// A bot message.
    pub(crate) fn message(call: Outgoing, queue: String) -> Self {
        Self { call, queue, priority: Priority::Reply }
    }

    /// A message through the chat of a CRM item.
    pub(crate) fn crm(
        item: CrmItem,
        chat: ChatId,
        sender: UserId,
        text: &str,
        queue: String,
    ) -> Result<Self, HandlerError> {
        let (entity, id) = item.parts();
        let call = Outgoing::of(Route::Crm, &CrmMessageAdd::new(entity, id, sender, chat, text))?;
        Ok(Self { call, queue, priority: Priority::Reply })
    }

    /// A message through a network line.
    pub(crate) fn network(
        code: &str,
        user: UserId,
        reply: &Reply,
        bot: Option<&RegisteredBot>,
    ) -> Result<Self, HandlerError> {
        reply.check()?;
        let mut add = NetworkMessageAdd::reply(code, user, reply);
        add.bot_id = bot.map(|bot| bot.id);
        let call = Outgoing::of(Route::Network, &add)?;
        Ok(Self { call, queue: format!("network:{code}:{user}"), priority: Priority::Bulk })
    }

    /// An RT event.
    pub(crate) fn rt(event: &RtMessage, queue: &str) -> Result<Self, HandlerError> {
        let call = Outgoing::of(Route::Rt, &EventAdd::event(event))?;
        Ok(Self { call, queue: format!("rt:{queue}"), priority: Priority::Rt })
    }

    /// A call that changes who has the session.
    pub(crate) fn hand_over<M: Method>(method: &M, queue: String) -> Result<Self, HandlerError> {
        Ok(Self { call: Outgoing::of(Route::Idempotent, method)?, queue, priority: Priority::HandOver })
    }

    /// Any other call.
    pub(crate) fn other(method: String, params: Value, queue: String) -> Self {
        Self { call: Outgoing { route: Route::Other, method, params }, queue, priority: Priority::Bulk }
    }

    /// The row for the outbox.
    pub(crate) fn into_row(self, key: Uuid) -> Result<NewOutboxRow, HandlerError> {
        let call = serde_json::to_string(&self.call)?;
        Ok(NewOutboxRow { dialog: self.queue, priority: self.priority, call, uuid: key })
    }
}

/// The key of the effect at this place of a turn: the same again when the turn runs again.
pub(crate) fn key_of(turn: TurnId, index: usize) -> Uuid {
    uuid_of(turn, &format!("effect:{index}"))
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
    fn parts(self) -> (CrmEntity, i64) {
        match self {
            Self::Lead(id) => (CrmEntity::Lead, id),
            Self::Deal(id) => (CrmEntity::Deal, id),
            Self::Contact(id) => (CrmEntity::Contact, id),
            Self::Company(id) => (CrmEntity::Company, id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uuid_of_an_effect_is_stable_and_of_version_4_shape() {
        let turn = TurnId(Uuid::from_u128(7));
        let uuid = key_of(turn, 0);
        assert_eq!(uuid, key_of(turn, 0));
        assert_ne!(uuid, key_of(turn, 1));
        assert_ne!(uuid, key_of(TurnId(Uuid::from_u128(8)), 0));
        assert_eq!(uuid.get_version_num(), 4);
        assert_eq!(uuid.to_string(), uuid.to_string().to_lowercase());
    }
}
