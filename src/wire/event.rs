//! One event, whatever source and generation it came from.
//!
//! ```
//! use openlines::wire::{Event, Incoming, Origin};
//!
//! let event = Incoming::new("ONCRMDEALUPDATE", Event::Other, Origin::Other);
//! assert!(event.bot.is_none() && !event.late);
//! ```
//!
//! **Trap:** `ts` is when the portal queued the event, in seconds; it does not order events.

use std::sync::Arc;

use super::{
    AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, BotId, Command, ConnectorDialog,
    ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated, ConnectorRemoved, ContextOpened,
    Joined, LineMessage, LineMessageDeleted, LineMessageUpdated, LineRemoved, LineSessionEvent, Message,
    MessageDeleted, MessageUpdated, MethodConfirmation, OfflineEvents, Raw, Reaction, SubscriptionRenewed,
    TimerFired, Withheld,
};

/// Everything a portal can tell. What is not typed yet arrives as [`Event::Other`] with its raw value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A message for the bot: `ONIMBOTMESSAGEADD`, `ONIMBOTV2MESSAGEADD`.
    Message(Message),
    /// A message was edited: `ONIMBOT[V2]MESSAGEUPDATE`.
    MessageUpdated(MessageUpdated),
    /// A message was deleted: `ONIMBOT[V2]MESSAGEDELETE`.
    MessageDeleted(MessageDeleted),
    /// A typed slash command or a pressed button: `ONIMCOMMANDADD`, `ONIMBOTV2COMMANDADD`.
    Command(Command),
    /// The bot joined a chat, or a private dialog was opened: `ONIMBOT[V2]JOINCHAT`.
    Joined(Joined),
    /// The bot was removed: `ONIMBOT[V2]DELETE`.
    BotDeleted(BotDeleted),
    /// The chat was opened by a link with a context: `ONIMBOT[V2]CONTEXTGET`.
    ContextOpened(ContextOpened),
    /// A reaction on one of the bot's own messages: `ONIMBOTV2REACTIONCHANGE`.
    Reaction(Reaction),
    /// A message went through an open line: `ONOPENLINEMESSAGEADD`.
    LineMessage(LineMessage),
    /// `ONOPENLINEMESSAGEUPDATE`.
    LineMessageUpdated(LineMessageUpdated),
    /// `ONOPENLINEMESSAGEDELETE`.
    LineMessageDeleted(LineMessageDeleted),
    /// A session began: `ONSESSIONSTART`.
    SessionStarted(LineSessionEvent),
    /// A session ended: `ONSESSIONFINISH`.
    SessionFinished(LineSessionEvent),
    /// Somebody in a line wrote to the application's own channel: `ONIMCONNECTORMESSAGEADD`.
    ConnectorMessage(ConnectorMessage),
    /// `ONIMCONNECTORMESSAGEUPDATE`.
    ConnectorMessageUpdated(ConnectorMessageUpdated),
    /// `ONIMCONNECTORMESSAGEDELETE`.
    ConnectorMessageDeleted(ConnectorMessageDeleted),
    /// `ONIMCONNECTORDIALOGSTART`.
    ConnectorDialogStarted(ConnectorDialog),
    /// `ONIMCONNECTORDIALOGFINISH`.
    ConnectorDialogFinished(ConnectorDialog),
    /// The channel was taken from a line: `ONIMCONNECTORSTATUSDELETE`.
    ConnectorRemoved(ConnectorRemoved),
    /// A line was removed: `ONIMCONNECTORLINEDELETE`.
    LineRemoved(LineRemoved),
    /// `ONAPPINSTALL`.
    AppInstalled(AppInstall),
    /// `ONAPPUPDATE`.
    AppUpdated(AppUpdate),
    /// `ONAPPUNINSTALL`.
    AppUninstalled(AppUninstall),
    /// `ONAPPPAYMENT`.
    AppPaid(AppPayment),
    /// `ONSUBSCRIPTIONRENEW`.
    SubscriptionRenewed(SubscriptionRenewed),
    /// `ONAPPMETHODCONFIRM`.
    MethodConfirmed(MethodConfirmation),
    /// `ONAPPTEST`.
    AppTested(AppTest),
    /// Events wait to be fetched: `ONOFFLINEEVENT`.
    OfflineEvents(OfflineEvents),
    /// A timer of the bot's own has come due; of no portal, but of the lane it was set in.
    Timer(TimerFired),
    /// A message of the bot's own was not sent, because a person has the session.
    Withheld(Withheld),
    /// Any other event: its upper-case code is in [`Incoming::code`], its payload in [`Incoming::raw`].
    Other,
}

/// Which generation of the platform sent an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// `ONIMBOT*` and `ONIMCOMMANDADD`.
    BotV1,
    /// `ONIMBOTV2*`.
    BotV2,
    /// Open-line events.
    Line,
    /// Connector events.
    Connector,
    /// Application events.
    App,
    /// A timer of the bot's own.
    Timer,
    /// What became of a message of the bot's own.
    Own,
    /// Anything else.
    Other,
}

/// One event for one bot (or for the application), with what surrounds it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Incoming {
    /// Upper-case event code.
    pub code: String,
    /// The bot it is for; `None` for open-line, connector and application events.
    pub bot: Option<BotRef>,
    /// The event.
    pub event: Event,
    /// Where it came from.
    pub origin: Origin,
    /// Unix seconds when the portal queued it.
    pub ts: i64,
    /// The whole callback as decoded; what is not typed is found here. Read back from the journal, as handlers get it, it
    /// holds no token, and of several bots or commands only the one this event is for.
    pub raw: Arc<Raw>,
    /// Overtaken by a later message of the dialog before it was accepted.
    pub late: bool,
}

impl Incoming {
    /// An event as a codec or a test makes it; set the public fields for the rest.
    pub fn new(code: impl Into<String>, event: Event, origin: Origin) -> Self {
        Self { code: code.into(), bot: None, event, origin, ts: 0, raw: Arc::default(), late: false }
    }
}

/// The bot an event is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BotRef {
    /// Id, which is also its user id.
    pub id: BotId,
    /// Code it was registered under.
    pub code: String,
}

impl BotRef {
    /// The bot `id`, registered as `code`.
    pub fn new(id: BotId, code: impl Into<String>) -> Self {
        Self { id, code: code.into() }
    }
}

/// The bot was removed from the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BotDeleted {
    /// Which one.
    pub bot: BotRef,
}

impl BotDeleted {
    /// `bot` was removed.
    pub fn new(bot: BotRef) -> Self {
        Self { bot }
    }
}
