//! The kinds of events, as types that a handler names: `async |cx, joined: Joined| …`.
//!
//! ```
//! use openlines::{dispatch::SessionStarted, prelude::*};
//!
//! let router = Router::new()
//!     .on(async |_cx: Context, _joined: Joined| "Good day!")
//!     .on(async |_cx: Context, session: SessionStarted| {
//!         Reply::text(format!("A client on line {}", session.address.line)).internal_note()
//!     });
//! # let _ = router;
//! ```
//!
//! **Trap:** a bot hears what its portal was asked to tell: `ONOPENLINE*` events need [`App::event`], operators'
//! messages [`BotProfile::hears_operators`].
//!
//! [`App::event`]: crate::app::App::event
//! [`BotProfile::hears_operators`]: crate::dispatch::BotProfile::hears_operators

use std::ops::Deref;

use crate::{
    dispatch::Context,
    wire::{
        AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, BotDeleted, Command, ConnectorDialog,
        ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated, ConnectorRemoved, ContextOpened,
        Event, Incoming, Joined, LineMessage, LineMessageDeleted, LineMessageUpdated, LineRemoved,
        LineSessionEvent, Message, MessageDeleted, MessageUpdated, MethodConfirmation, OfflineEvents,
        Reaction, SubscriptionRenewed, TimerFired, Withheld,
    },
};

macro_rules! moments {
    ($($(#[$doc:meta])* $name:ident of $event:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name(pub $event);

        impl Deref for $name {
            type Target = $event;

            fn deref(&self) -> &$event {
                &self.0
            }
        }
    )+};
}

moments! {
    /// A session of an open line began.
    SessionStarted of LineSessionEvent;
    /// A session of an open line ended.
    SessionFinished of LineSessionEvent;
    /// A session of the application's own channel began.
    ConnectorDialogStarted of ConnectorDialog;
    /// A session of the application's own channel ended.
    ConnectorDialogFinished of ConnectorDialog;
}

/// A kind of event, as the type that holds it. [`Incoming`] stands for any event, those without a type included.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event that a route can hear",
    note = "let the handler take one: Message, MessageUpdated, MessageDeleted, Command, Joined, BotDeleted, ContextOpened, Reaction, LineMessage, LineMessageUpdated, LineMessageDeleted, SessionStarted, SessionFinished, TimerFired, Withheld, an event of a connector or of the application by the name of its type, or Incoming for any"
)]
pub trait EventType: sealed::OfKind + Send + Sized + 'static {
    /// The event, if it is of this kind.
    fn of(incoming: &Incoming) -> Option<Self>;
}

/// Kept out of reach, so that new kinds can come.
pub(super) mod sealed {
    #[allow(unreachable_pub)]
    pub trait OfKind {
        /// `None` for any.
        const KIND: Option<super::Kind>;
    }
}

macro_rules! kinds {
    ($($kind:ident($event:ident) $(as $wrapped:ident)?),+ $(,)?) => {
        /// What tells events apart before anything else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(unreachable_pub)]
        pub enum Kind {
            $($kind,)+
            Other,
        }

        impl Kind {
            pub(super) const COUNT: usize = Self::Other as usize + 1;

            pub(super) fn of(event: &Event) -> Self {
                match event {
                    $(Event::$kind(_) => Self::$kind,)+
                    Event::Other => Self::Other,
                }
            }
        }

        $(kinds!(@of $kind $event $($wrapped)?);)+
    };
    (@of $kind:ident $event:ident) => { kinds!(@impl $kind $event, |event| event.clone()); };
    (@of $kind:ident $event:ident $wrapped:ident) => { kinds!(@impl $kind $wrapped, |event| $wrapped(event.clone())); };
    (@impl $kind:ident $event:ident, |$found:ident| $take:expr) => {
        impl sealed::OfKind for $event {
            const KIND: Option<Kind> = Some(Kind::$kind);
        }

        impl EventType for $event {
            fn of(incoming: &Incoming) -> Option<Self> {
                match &incoming.event {
                    Event::$kind($found) => Some($take),
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Message(Message),
    MessageUpdated(MessageUpdated),
    MessageDeleted(MessageDeleted),
    Command(Command),
    Joined(Joined),
    BotDeleted(BotDeleted),
    ContextOpened(ContextOpened),
    Reaction(Reaction),
    LineMessage(LineMessage),
    LineMessageUpdated(LineMessageUpdated),
    LineMessageDeleted(LineMessageDeleted),
    SessionStarted(LineSessionEvent) as SessionStarted,
    SessionFinished(LineSessionEvent) as SessionFinished,
    ConnectorMessage(ConnectorMessage),
    ConnectorMessageUpdated(ConnectorMessageUpdated),
    ConnectorMessageDeleted(ConnectorMessageDeleted),
    ConnectorDialogStarted(ConnectorDialog) as ConnectorDialogStarted,
    ConnectorDialogFinished(ConnectorDialog) as ConnectorDialogFinished,
    ConnectorRemoved(ConnectorRemoved),
    LineRemoved(LineRemoved),
    AppInstalled(AppInstall),
    AppUpdated(AppUpdate),
    AppUninstalled(AppUninstall),
    AppPaid(AppPayment),
    SubscriptionRenewed(SubscriptionRenewed),
    MethodConfirmed(MethodConfirmation),
    AppTested(AppTest),
    OfflineEvents(OfflineEvents),
    Timer(TimerFired),
    Withheld(Withheld),
}

impl sealed::OfKind for Incoming {
    const KIND: Option<Kind> = None;
}

impl EventType for Incoming {
    fn of(incoming: &Incoming) -> Option<Self> {
        Some(incoming.clone())
    }
}

impl Context {
    /// The event of this turn as its type, if it is of that kind: in a handler that got its arguments,
    /// `cx.event::<Command>()` is the command they came with.
    pub fn event<E: EventType>(&self) -> Option<E> {
        E::of(self.incoming())
    }
}
