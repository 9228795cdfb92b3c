//! What an event says, read when it comes into its lane: who has the session and what belongs together must be known
//! before its turn.

use uuid::Uuid;

use super::{
    Services,
    burst::Gather,
    desk,
    timer::{self, Fired},
};
use crate::{
    codec,
    store::JournalRow,
    wire::{Author, BotId, Event, Incoming, PortalKey, UserId},
};

/// An event in its lane.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) row: JournalRow,
    /// What it says, until its turn takes that; a later try reads it again.
    pub(super) heard: Option<Heard>,
    /// Of what bursts it may be.
    pub(super) gather: Option<Gather>,
}

/// What an event of the journal turned out to be.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    /// Something happened on the portal, or a timer came due: its id and which setting of it.
    Event { incoming: Box<Incoming>, fired: Option<(String, Uuid)> },
    /// Something was asked for outside of an event.
    Send,
    /// It cannot be read, and why.
    Unreadable(String),
}

impl Arrival {
    pub(super) fn read(services: &Services, portal: &PortalKey, row: JournalRow) -> Self {
        let heard = Heard::read(services, portal, &row);
        let gather = match &heard {
            Heard::Event { incoming, .. } => Gather::asked(services, portal, incoming),
            _ => None,
        };
        Self { row, heard: Some(heard), gather }
    }
}

impl Heard {
    pub(super) fn read(services: &Services, portal: &PortalKey, row: &JournalRow) -> Self {
        let read = match row.code.as_str() {
            desk::SEND => return Self::Send,
            timer::FIRED => Fired::read(&row.body)
                .map(|fired| (fired.incoming, Some((fired.id, fired.arming))))
                .map_err(|error| error.to_string()),
            _ => codec::event_of_stored(&row.body)
                .map(|incoming| (incoming, None))
                .map_err(|error| error.to_string()),
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
