//! What was not said to a client, as an event of its lane: the bot's author hears of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::timer::Place;
use crate::{
    store::{DedupeKey, DedupeKind, LaneKey, NewEvent},
    wire::{
        BotId, BotRef, Chat, ChatId, ChatKind, DialogId, Event, Incoming, MessageId, Origin, PortalKey,
        Timestamp, UserId, Withheld,
    },
};

/// The code of the event.
pub(super) const WITHHELD: &str = "OPENLINES.WITHHELD";

/// What is kept of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Report {
    /// Of the row or of the turn that it is about: told once for each.
    pub(super) key: Uuid,
    /// Committed then, or accepted.
    pub(super) since: Timestamp,
    pub(super) bot: Option<(BotId, String)>,
    pub(super) place: Option<Place>,
    pub(super) text: Option<String>,
    pub(super) answers: Option<MessageId>,
    pub(super) why: String,
    pub(super) operator: Option<UserId>,
}

/// The chat of an open line of which no more is known.
pub(super) fn line_place(chat: ChatId) -> Place {
    Place::of(&Chat { id: chat, dialog: DialogId::of_chat(chat), kind: ChatKind::Line, ..Chat::default() })
}

impl Report {
    pub(super) fn event(&self, portal: &PortalKey, lane: &LaneKey) -> Result<NewEvent, serde_json::Error> {
        let sum = Sha256::new().chain_update(WITHHELD).chain_update(self.key.as_bytes()).finalize();
        let mut digest = [0; 16];
        digest.copy_from_slice(&sum[..16]);
        Ok(NewEvent {
            portal: portal.clone(),
            lane: lane.clone(),
            dedupe: DedupeKey {
                bot: BotId::new(0),
                kind: DedupeKind::Other,
                ordinal: self.since.seconds(),
                digest,
            },
            code: WITHHELD.into(),
            message: None,
            body: serde_json::to_vec(self)?.into(),
            park: None,
            read: None,
        })
    }

    /// The event as its turn reads it.
    pub(super) fn read(body: &[u8]) -> Result<Incoming, serde_json::Error> {
        let Self { since, bot, place, text, answers, why, operator, .. } = serde_json::from_slice(body)?;
        let mut withheld = Withheld::new(why);
        withheld.chat = place.map(Place::chat);
        withheld.text = text;
        withheld.answers = answers;
        withheld.operator = operator;
        let mut incoming = Incoming::new(WITHHELD, Event::Withheld(withheld), Origin::Own);
        incoming.bot = bot.map(|(id, code)| BotRef::new(id, code));
        incoming.ts = since.seconds();
        Ok(incoming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_back_as_it_was_and_is_one_fact() {
        let report = Report {
            key: Uuid::from_u128(7),
            since: Timestamp::from_seconds(70),
            bot: Some((BotId::new(567), "shop".into())),
            place: Some(line_place(ChatId::new(1777))),
            text: Some("Good day".into()),
            answers: Some(MessageId::new(9)),
            why: "operator 27 has the session".into(),
            operator: Some(UserId::new(27)),
        };
        let (portal, lane) = (PortalKey::new("app", "p"), LaneKey::new("line|livechat|22|599"));
        let event = report.event(&portal, &lane).unwrap();
        assert_eq!(event.dedupe, report.event(&portal, &lane).unwrap().dedupe);
        let other = Report { key: Uuid::from_u128(8), ..report };
        assert_ne!(event.dedupe, other.event(&portal, &lane).unwrap().dedupe);
        let incoming = Report::read(&event.body).unwrap();
        assert_eq!(incoming.bot, Some(BotRef::new(BotId::new(567), "shop")));
        let Event::Withheld(withheld) = incoming.event else { panic!("a report") };
        let chat = withheld.chat.unwrap();
        assert!(chat.is_line() && chat.dialog.as_str() == "chat1777");
        assert_eq!((withheld.text.as_deref(), withheld.operator), (Some("Good day"), Some(UserId::new(27))));
        assert!(Report::read(b"{").is_err());
    }
}
