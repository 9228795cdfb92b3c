//! Effects as rows of the outbox: which call, by which route, with which guarantee (design: guarantees).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{HandlerError, network, room::may_be_marked};
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
    wire::{BotId, ChatId, DialogId, MessageId, UserId},
};

/// By which way a call reaches people; decides what an unknown outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Route {
    /// A bot message with a key by which the portal knows a repeat: exactly once.
    KeyedMessage,
    /// A bot message without one (v1, or a system message): at most once; looked up in the session's history.
    PlainMessage,
    /// `imopenlines.network.message.add`: exactly once where the portal has its weekly limit, else at most once.
    Network,
    /// `imopenlines.crm.message.add`: at most once; looked up in the session's history.
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
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) params: Value,
    /// The message it answers, in the same dialog: what it says came after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<MessageId>,
    /// Of a message for a CRM item, in place of parameters: those are complete when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) crm: Option<CrmPlan>,
    /// Of an RT event without recipients: whose members they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) viewers: Option<Viewers>,
    /// Of what is withheld from a client whose session a person has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<ToClient>,
}

/// The chat in which a client may hear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToClient {
    /// 0 until it is found.
    pub(crate) chat: ChatId,
    /// It is the chat of the lane that the row queues in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own: bool,
    /// Asked for in answer to such a report: nobody is told again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) untold: bool,
}

/// The employees in a chat, to be asked for when an RT event is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Viewers {
    pub(crate) dialog: DialogId,
    pub(crate) bot: BotId,
    pub(crate) generation: BotGeneration,
    /// Known to be the client.
    pub(crate) client: Option<UserId>,
}

/// A message for a CRM item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CrmPlan {
    pub(crate) entity: CrmEntity,
    pub(crate) id: i64,
    pub(crate) sender: UserId,
    /// The chat wished for.
    pub(crate) chat: Option<ChatId>,
    /// Into that chat or none.
    pub(crate) only: bool,
    pub(crate) text: String,
}

impl Outgoing {
    /// Any call by its name.
    pub(crate) fn named(route: Route, method: &str, params: Value) -> Self {
        Self { route, method: method.into(), params, after: None, crm: None, viewers: None, to: None }
    }

    /// A typed call.
    pub(crate) fn of<M: Method>(route: Route, method: &M) -> Result<Self, HandlerError> {
        Ok(Self::named(route, M::NAME, serde_json::to_value(method)?))
    }

    /// Tells the message it answers.
    pub(crate) fn after(self, message: Option<MessageId>) -> Self {
        Self { after: message, ..self }
    }

    /// Tells that a client may hear it.
    pub(crate) fn to(self, to: Option<ToClient>) -> Self {
        Self { to, ..self }
    }

    /// The text of a message, as its route has it.
    pub(crate) fn text(&self) -> Option<&str> {
        let stored = self.params.get("MESSAGE").or_else(|| self.params.pointer("/fields/message"));
        self.crm.as_ref().map(|plan| plan.text.as_str()).or_else(|| stored?.as_str())
    }

    /// The bot that says it.
    pub(crate) fn bot(&self) -> Option<BotId> {
        let id = self.params.get("botId").or_else(|| self.params.get("BOT_ID")).and_then(Value::as_i64);
        id.or_else(|| self.crm.as_ref().map(|plan| plan.sender.get())).map(BotId::new)
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

    /// A message through the chat of a CRM item: the one wished for, or no other.
    pub(crate) fn crm(
        item: CrmItem,
        chat: Option<ChatId>,
        only: bool,
        sender: UserId,
        text: &str,
        queue: String,
        to: ToClient,
    ) -> Result<Self, HandlerError> {
        if text.is_empty() || text == "0" {
            return Err(HandlerError::msg(
                "crm_reply: the portal refuses an empty text and the text `0` (protocol 4.1); send other words",
            ));
        }
        let (entity, id) = item.parts();
        let plan = CrmPlan { entity, id, sender, chat, only, text: text.to_owned() };
        let call = Outgoing::named(Route::Crm, CrmMessageAdd::NAME, Value::Null);
        let call = Outgoing { crm: Some(plan), to: Some(to), ..call };
        Ok(Self { call, queue, priority: Priority::Reply })
    }

    /// A message through a network line.
    pub(crate) fn network(code: &str, user: UserId, reply: &Reply) -> Result<Self, HandlerError> {
        network::check(code, reply)?;
        let call = Outgoing::of(Route::Network, &NetworkMessageAdd::reply(code, user, reply))?;
        Ok(Self { call, queue: network::queue(code, user), priority: Priority::Bulk })
    }

    /// A change of a message or of a chat: made twice it is as made once.
    pub(crate) fn act(call: Outgoing, queue: String) -> Self {
        Self { call, queue, priority: Priority::Edit }
    }

    /// An RT event.
    pub(crate) fn rt(event: &RtMessage, queue: &str) -> Result<Self, HandlerError> {
        let call = Outgoing::of(Route::Rt, &EventAdd::event(event))?;
        Ok(Self { call, queue: format!("rt:{queue}"), priority: Priority::Rt })
    }

    /// An RT event for those who are in a chat when it is sent.
    pub(crate) fn rt_of_chat(event: &RtMessage, viewers: Viewers, queue: &str) -> Result<Self, HandlerError> {
        let effect = Self::rt(event, queue)?;
        Ok(Self { call: Outgoing { viewers: Some(viewers), ..effect.call }, ..effect })
    }

    /// A call that changes who has the session.
    pub(crate) fn hand_over<M: Method>(method: &M, queue: String) -> Result<Self, HandlerError> {
        Ok(Self { call: Outgoing::of(Route::Idempotent, method)?, queue, priority: Priority::HandOver })
    }

    /// Any other call.
    pub(crate) fn other(method: String, params: Value, queue: String) -> Self {
        Self { call: Outgoing::named(Route::Other, &method, params), queue, priority: Priority::Bulk }
    }

    /// The row for the outbox.
    pub(crate) fn into_row(self, key: Uuid) -> Result<NewOutboxRow, HandlerError> {
        let call = serde_json::to_string(&self.call)?;
        let marked = may_be_marked(self.call.route);
        Ok(NewOutboxRow { dialog: self.queue, priority: self.priority, call, uuid: key, marked })
    }

    /// Where it queues.
    pub(crate) fn queue(&self) -> &str {
        &self.queue
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

/// `deal 15`.
pub(crate) fn item_name(entity: CrmEntity, id: i64) -> String {
    let kind = match entity {
        CrmEntity::Lead => "lead",
        CrmEntity::Deal => "deal",
        CrmEntity::Contact => "contact",
        CrmEntity::Company => "company",
    };
    format!("{kind} {id}")
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
