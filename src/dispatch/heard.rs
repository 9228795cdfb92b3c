//! What an event says, read when it comes into its lane: who has the session and what belongs together must be known
//! before its turn.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    Services,
    burst::Gather,
    desk,
    ownership::{Evidence, Sessions, line_chat},
    supervising::{self, Taken},
    timer::{self, Fired},
    watch,
    withheld::{Report, WITHHELD},
};
use crate::{
    codec,
    store::JournalRow,
    wire::{Author, BotId, ChatId, Event, Incoming, PortalKey, UserId},
};

/// An event in its lane.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) row: JournalRow,
    /// What it says, until its turn takes that; a later try reads it again.
    pub(super) heard: Option<Heard>,
    /// Of what bursts it may be.
    pub(super) gather: Option<Gather>,
    /// What a client wrote, told by the channel: the bot is told of the same, and that is what its bursts are of.
    pub(super) echo: bool,
}

/// What an event of the journal turned out to be.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    /// Something happened on the portal, or a timer came due: its id and which setting of it.
    Event { incoming: Box<Incoming>, fired: Option<(String, Uuid)> },
    /// Something was asked for outside of an event.
    Send,
    /// The session of this chat was given back to the bot outside of an event.
    TakeBack(ChatId),
    /// A person has taken the session, as was told outside of an event.
    TakenOver(Taken),
    /// It cannot be read, and why.
    Unreadable(String),
}

impl Arrival {
    pub(super) fn read(services: &Services, portal: &PortalKey, mut row: JournalRow) -> Self {
        let heard = Heard::read(services, portal, &mut row);
        let gather = match &heard {
            Heard::Event { incoming, .. } => Gather::asked(services, portal, incoming),
            _ => None,
        };
        let echo = matches!(&heard, Heard::Event { incoming, .. }
            if matches!(&incoming.event, Event::LineMessage(message) if !message.outbound));
        Self { row, heard: Some(heard), gather, echo }
    }

    /// The same, and `sessions` hears of it.
    pub(super) fn heard(
        services: &Services,
        portal: &PortalKey,
        sessions: &Sessions,
        row: JournalRow,
    ) -> Self {
        let arrival = Self::read(services, portal, row);
        arrival.testify(services, portal, sessions);
        arrival
    }

    /// Tells `sessions` what it says of who has one.
    fn testify(&self, services: &Services, portal: &PortalKey, sessions: &Sessions) {
        let (chat, evidence) = match &self.heard {
            Some(Heard::Event { incoming, .. }) => {
                let Some(chat) = line_chat(&incoming.event) else { return };
                sessions.tell(chat, || watch::wrote(incoming, self.row.accepted));
                (chat, Evidence::of(services, portal, incoming, &self.row))
            }
            Some(Heard::TakeBack(chat)) => (*chat, Some(Evidence::returned(self.row.accepted))),
            Some(Heard::TakenOver(Taken { chat, by, message })) => {
                (*chat, Some(Evidence::taken(*by, *message, self.row.accepted)))
            }
            _ => return,
        };
        sessions.arrived(&self.row.lane, self.row.seq, chat, evidence);
    }
}

impl Heard {
    pub(super) fn read(services: &Services, portal: &PortalKey, row: &mut JournalRow) -> Self {
        let read = match row.code.as_str() {
            desk::SEND => return Self::Send,
            supervising::TAKE_BACK => {
                return supervising::chat_of(&row.body)
                    .map_or_else(|error| Self::Unreadable(error.to_string()), Self::TakeBack);
            }
            supervising::TAKEN_OVER => {
                return serde_json::from_slice(&row.body)
                    .map_or_else(|error| Self::Unreadable(error.to_string()), Self::TakenOver);
            }
            WITHHELD => {
                Report::read(&row.body).map(|incoming| (incoming, None)).map_err(|error| error.to_string())
            }
            timer::FIRED => Fired::read(&row.body)
                .map(|fired| (fired.incoming, Some((fired.id, fired.arming))))
                .map_err(|error| error.to_string()),
            _ => match row.read.take() {
                Some(incoming) => Ok((Arc::unwrap_or_clone(incoming), None)),
                None => codec::event_of_stored(&row.body)
                    .map(|incoming| (incoming, None))
                    .map_err(|error| error.to_string()),
            },
        };
        match read {
            Ok((mut incoming, fired)) => {
                classify_again(services, portal, &mut incoming);
                Self::Event { incoming: Box::new(incoming), fired }
            }
            Err(error) => Self::Unreadable(error),
        }
    }
}

/// An event names only the bot it is for; another of ours in the same chat would pass for an operator.
fn classify_again(services: &Services, portal: &PortalKey, incoming: &mut Incoming) {
    let ours = |id: UserId| services.registry.bot(portal, BotId::new(id.get())).is_some();
    let (author, id) = match &mut incoming.event {
        Event::Message(message) => (&mut message.author, message.author_id),
        Event::MessageUpdated(updated) => (&mut updated.message.author, updated.message.author_id),
        Event::MessageDeleted(deleted) => (&mut deleted.author, deleted.author_id.unwrap_or_default()),
        Event::Command(command) => (&mut command.author, command.author_id),
        Event::LineMessage(message) => (&mut message.author, message.user_id),
        _ => return,
    };
    if matches!(author, Author::Operator | Author::Employee) && ours(id) {
        *author = Author::Bot;
    }
}
