//! Timers: how they lie in the store, and the event of their lane that one becomes when its moment has come.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    store::{DedupeKey, DedupeKind, DueTimer, NewEvent},
    wire::{
        BotId, BotRef, Chat, ChatEntity, ChatId, ChatKind, DialogId, Event, Incoming, LineAddress, Origin,
        PortalKey, TimerFired, Timestamp,
    },
};

/// The code of the event that a fired timer is.
pub(super) const FIRED: &str = "OPENLINES.TIMER";

/// What is stored with a timer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) arming: Uuid,
    /// The bot of the event that it was set in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bot: Option<(BotId, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) payload: Value,
}

/// Name and payload of a timer as it is stored.
pub(crate) fn setting_in(payload: &[u8]) -> Option<(String, Value)> {
    let setting: Setting = serde_json::from_slice(payload).ok()?;
    Some((setting.name, setting.payload))
}

/// What stays true of a chat.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Place {
    id: ChatId,
    dialog: DialogId,
    kind: String,
    entity: (String, String),
}

impl Place {
    pub(super) fn of(chat: &Chat) -> Self {
        let kind = match &chat.kind {
            ChatKind::Private => "P",
            ChatKind::Group => "C",
            ChatKind::Open => "O",
            ChatKind::Line => "L",
            ChatKind::Other(letter) => letter,
            _ => "",
        };
        let entity = match &chat.entity {
            ChatEntity::None => Default::default(),
            ChatEntity::Lines(address) => {
                let LineAddress { connector, line, external_chat, user } = address;
                ("LINES".to_owned(), format!("{connector}|{line}|{external_chat}|{user}"))
            }
            ChatEntity::Livechat { line, user } => ("LIVECHAT".to_owned(), format!("{line}|{user}")),
            ChatEntity::Other { kind, id } => (kind.clone(), id.clone()),
        };
        Self { id: chat.id, dialog: chat.dialog.clone(), kind: kind.to_owned(), entity }
    }

    /// The chat of an event that names its client and not more.
    pub(super) fn of_line(address: &LineAddress, chat: ChatId) -> Self {
        Self::of(&Chat {
            id: chat,
            dialog: DialogId::of_chat(chat),
            kind: ChatKind::Line,
            entity: ChatEntity::Lines(address.clone()),
            ..Chat::default()
        })
    }

    pub(super) fn chat(self) -> Chat {
        let kind = match self.kind.as_str() {
            "P" => ChatKind::Private,
            "C" => ChatKind::Group,
            "O" => ChatKind::Open,
            "L" => ChatKind::Line,
            "" => ChatKind::Unknown,
            _ => ChatKind::Other(self.kind),
        };
        let entity = ChatEntity::parse(&self.entity.0, &self.entity.1);
        Chat { id: self.id, dialog: self.dialog, kind, entity, ..Chat::default() }
    }
}

/// The body of the event.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    id: String,
    generation: u64,
    due: Timestamp,
    setting: String,
}

/// The event that a timer becomes: of its lane, and accepted once for its id and generation.
pub(super) fn event_of(portal: &PortalKey, timer: &DueTimer) -> Result<NewEvent, serde_json::Error> {
    let body = Body {
        id: timer.id.clone(),
        generation: timer.generation,
        due: timer.at,
        setting: String::from_utf8_lossy(&timer.payload).into_owned(),
    };
    let mut digest = Sha256::new();
    for part in [FIRED, timer.lane.as_str(), &timer.id] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let sum = digest.chain_update(timer.generation.to_be_bytes()).finalize();
    let mut digest = [0; 16];
    digest.copy_from_slice(&sum[..16]);
    Ok(NewEvent {
        portal: portal.clone(),
        lane: timer.lane.clone(),
        dedupe: DedupeKey {
            bot: BotId::new(0),
            kind: DedupeKind::Other,
            ordinal: timer.at.seconds(),
            digest,
        },
        code: FIRED.into(),
        message: None,
        body: serde_json::to_vec(&body)?.into(),
        park: None,
        read: None,
    })
}

/// A timer that fired, as its turn reads it.
pub(super) struct Fired {
    pub(super) id: String,
    pub(super) arming: Uuid,
    pub(super) incoming: Incoming,
}

impl Fired {
    pub(super) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        let body: Body = serde_json::from_slice(body)?;
        let setting: Setting = serde_json::from_str(&body.setting)?;
        let mut fired = TimerFired::new(setting.name);
        fired.chat = setting.place.map(Place::chat);
        fired.due = body.due;
        fired.generation = body.generation;
        fired.payload = setting.payload;
        let mut incoming = Incoming::new(FIRED, Event::Timer(fired), Origin::Timer);
        incoming.bot = setting.bot.map(|(id, code)| BotRef::new(id, code));
        incoming.ts = body.due.seconds();
        Ok(Self { id: body.id, arming: setting.arming, incoming })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LaneKey;
    use proptest::prelude::*;

    fn due(id: &str, generation: u64, setting: &Setting) -> DueTimer {
        DueTimer {
            lane: LaneKey::new("line|livechat|22|599"),
            id: id.into(),
            generation,
            at: Timestamp::from_seconds(70),
            payload: serde_json::to_vec(setting).unwrap().into(),
        }
    }

    fn setting(chat: &Chat) -> Setting {
        Setting {
            name: "reminder".into(),
            arming: Uuid::from_u128(9),
            bot: Some((BotId::new(567), "shop".into())),
            place: Some(Place::of(chat)),
            payload: serde_json::json!({"order": 15}),
        }
    }

    #[test]
    fn a_fired_timer_brings_back_its_chat_its_bot_and_its_payload() {
        let entities =
            [("LINES", "livechat|22|a|b|599"), ("LIVECHAT", "22|599"), ("", ""), ("CRM", "DEAL|5")];
        let kinds = [ChatKind::Line, ChatKind::Private, ChatKind::Other("X".into()), ChatKind::Unknown];
        for ((kind, id), chat_kind) in entities.into_iter().zip(kinds) {
            let (id, entity) = (ChatId::new(1777), ChatEntity::parse(kind, id));
            let dialog = DialogId::of_chat(id);
            let chat = Chat { id, dialog, kind: chat_kind, entity, ..Chat::default() };
            let event =
                event_of(&PortalKey::new("app", "p"), &due("shop/reminder", 3, &setting(&chat))).unwrap();
            let Fired { id, arming, incoming } = Fired::read(&event.body).unwrap();
            assert_eq!((id.as_str(), arming), ("shop/reminder", Uuid::from_u128(9)));
            assert_eq!(incoming.bot, Some(BotRef::new(BotId::new(567), "shop")));
            let Event::Timer(fired) = incoming.event else { panic!("a timer") };
            assert_eq!((fired.name.as_str(), fired.generation, fired.due.seconds()), ("reminder", 3, 70));
            assert_eq!((fired.chat, fired.payload["order"].as_i64()), (Some(chat), Some(15)));
        }
    }

    #[test]
    fn another_generation_name_or_lane_is_another_fact() {
        let portal = PortalKey::new("app", "p");
        let of = |timer: &DueTimer| event_of(&portal, timer).unwrap().dedupe;
        let timer = due("a", 1, &setting(&Chat::default()));
        assert_eq!(of(&timer), of(&timer.clone()));
        assert_ne!(of(&timer), of(&DueTimer { generation: 2, ..timer.clone() }));
        assert_ne!(of(&timer), of(&DueTimer { id: "b".into(), ..timer.clone() }));
        assert_ne!(of(&timer), of(&DueTimer { lane: LaneKey::new("other"), ..timer.clone() }));
    }

    proptest! {
        #[test]
        fn whatever_bytes_lie_there_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let timer = DueTimer { payload: bytes.clone().into(), ..due("a", 1, &setting(&Chat::default())) };
            let event = event_of(&PortalKey::new("app", "p"), &timer).unwrap();
            prop_assert!(Fired::read(&event.body).is_err() && Fired::read(&bytes).is_err());
        }
    }
}
