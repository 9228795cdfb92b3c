//! What a bot author writes: [`BotHandler`], and [`Handle`], the one method that lies under every front door.

use std::{any::Any, fmt, sync::Arc};

use async_trait::async_trait;

use super::{Context, TurnPolicy};
use crate::message::BuildError;
use crate::rest::{CallError, CallErrorKind, DownloadError, DownloadErrorKind};
use crate::wire::{
    AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, BotDeleted, Command, ConnectorDialog,
    ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated, ConnectorRemoved, ContextOpened,
    Event, Incoming, Joined, LineMessage, LineMessageDeleted, LineMessageUpdated, LineRemoved,
    LineSessionEvent, Message, MessageDeleted, MessageUpdated, MethodConfirmation, OfflineEvents, Reaction,
    SubscriptionRenewed, TimerFired, Withheld,
};

/// A handler is through with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done;

/// What a handler gives back: `Ok(Done)`, or an error that makes the turn fail and run again.
pub type Handled = Result<Done, HandlerError>;

/// Why a turn failed. Anything that is an error becomes one by `?`; what it says is kept for the inbox, so put no
/// secret into it.
pub struct HandlerError {
    error: Box<dyn std::error::Error + Send + Sync>,
    permanent: bool,
    withheld: bool,
    /// What it lacks is on its way.
    early: bool,
}

impl HandlerError {
    /// An error that only has a text.
    pub fn msg(text: impl Into<String>) -> Self {
        Self { error: text.into().into(), permanent: false, withheld: false, early: false }
    }

    /// What was asked for cannot be done yet; a repeat finds what it lacks.
    pub(crate) fn too_early(text: impl Into<String>) -> Self {
        Self { early: true, ..Self::msg(text) }
    }

    /// Something was not said because a person has the session.
    pub(crate) fn withheld(text: &str) -> Self {
        Self { withheld: true, ..Self::msg(text) }
    }

    /// The same error, as one that no repeat mends: its event is parked at once.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.permanent = true;
        self
    }

    /// The same error of an effect that cannot be had: asking again would not help, unless it was asked for too early.
    pub(crate) fn of_effect(self) -> Self {
        if self.early { self } else { self.permanent() }
    }

    /// Whether a repeat is of no use.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// Whether something was not sent because a person has the session. A turn that ends with it is not tried again and
    /// not parked: it counts as cancelled.
    pub fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// The text with those of its causes.
    pub fn chain(&self) -> String {
        let mut text = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// What cannot be sent, what the portal refused by a code, and a file of the wrong kind are as wrong the next time:
/// those errors are [`permanent`](HandlerError::permanent) from the start.
impl<E: std::error::Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let permanent = is_permanent(&error);
        let any: &dyn Any = &error;
        let withheld =
            any.downcast_ref::<CallError>().is_some_and(|error| error.kind() == CallErrorKind::Withheld);
        Self { error: Box::new(error), permanent, withheld, early: false }
    }
}

fn is_permanent(error: &(dyn Any + Send + Sync)) -> bool {
    let refused =
        |error: &CallError| matches!(error.kind(), CallErrorKind::Refused | CallErrorKind::BadParams);
    let unwanted = |error: &DownloadError| {
        use DownloadErrorKind::{Elsewhere, NoAddress, TooLarge, WrongType};
        let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<CallError>());
        match error.kind() {
            TooLarge | WrongType | Elsewhere => true,
            NoAddress => cause.is_some_and(refused),
            _ => false,
        }
    };
    error.is::<BuildError>()
        || error.downcast_ref().is_some_and(refused)
        || error.downcast_ref().is_some_and(unwanted)
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.error, f)
    }
}

/// What is to become of an event whose handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// Run it again by the retry policy; after the last try it is parked. Replies asked for in
    /// [`BotHandler::on_error`] are not sent.
    Retry,
    /// The event is done; replies asked for in [`BotHandler::on_error`] are sent.
    Settle,
}

/// One event, one answer: the object-safe form of every handler.
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot handle events",
    note = "implement `BotHandler` for it, or pass a `Router` or an async closure `|cx, message| async move {{ … }}`"
)]
pub trait Handle: Send + Sync + 'static {
    /// Commands it waits for, without the slash; registered with the bot, hidden, unless its profile names them.
    fn commands(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether this message is a turn of its own; asked once, when it comes into its lane. It runs for every message, so
    /// it must be quick.
    fn turn_policy(&self, incoming: &Incoming) -> TurnPolicy {
        let _ = incoming;
        TurnPolicy::Each
    }

    /// Handles `incoming`.
    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled;

    /// Decides what becomes of an event that failed; see [`BotHandler::on_error`].
    async fn recover(&self, cx: &Context, error: &HandlerError, last: bool) -> Recovery {
        let _ = (cx, error, last);
        Recovery::Retry
    }
}

/// A bot. Every method has a default that passes, so implement what the bot cares for.
///
/// A handler runs once per event and one event of a dialog at a time; it runs again when it fails or the process
/// ends before its commit, so do things through the [`Context`] (they are committed with the event), or inside
/// [`Context::step`].
///
/// It may hold a [`Router`](crate::dispatch::Router) for what is routed, and hand it what it gets:
///
/// ```
/// use openlines::prelude::*;
///
/// struct Shop { routes: Router }
///
/// #[async_trait]
/// impl BotHandler for Shop {
///     fn commands(&self) -> Vec<String> {
///         self.routes.commands()
///     }
///     async fn on_message(&self, cx: &Context, _message: &Message) -> Handled {
///         self.routes.handle(cx, cx.incoming()).await
///     }
///     async fn on_command(&self, cx: &Context, _command: &Command) -> Handled {
///         self.routes.handle(cx, cx.incoming()).await
///     }
/// }
/// ```
#[async_trait]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no bot",
    note = "`#[async_trait] impl BotHandler for {Self} {{ … }}`, with a method for each event it cares for"
)]
pub trait BotHandler: Send + Sync + 'static {
    /// Commands it waits for, without the slash; registered with the bot, hidden, unless its profile names them.
    fn commands(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether this message is a turn of its own, or waits for more of a burst; asked when it comes into its lane.
    fn turn_policy(&self, message: &Message) -> TurnPolicy {
        let _ = message;
        TurnPolicy::Each
    }

    /// A client wrote (in open lines), or an employee (in a private chat). Others are heard when the
    /// [`BotProfile`](crate::dispatch::BotProfile) says so.
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        pass(cx, message)
    }

    /// A message was edited.
    async fn on_message_updated(&self, cx: &Context, updated: &MessageUpdated) -> Handled {
        pass(cx, updated)
    }

    /// A message was deleted.
    async fn on_message_deleted(&self, cx: &Context, deleted: &MessageDeleted) -> Handled {
        pass(cx, deleted)
    }

    /// A slash command was typed or a button pressed.
    async fn on_command(&self, cx: &Context, command: &Command) -> Handled {
        pass(cx, command)
    }

    /// The bot joined a chat.
    async fn on_joined(&self, cx: &Context, joined: &Joined) -> Handled {
        pass(cx, joined)
    }

    /// The bot was removed from the portal.
    async fn on_bot_deleted(&self, cx: &Context, deleted: &BotDeleted) -> Handled {
        pass(cx, deleted)
    }

    /// The chat was opened by a link with a context.
    async fn on_context(&self, cx: &Context, opened: &ContextOpened) -> Handled {
        pass(cx, opened)
    }

    /// Somebody reacted to one of the bot's messages.
    async fn on_reaction(&self, cx: &Context, reaction: &Reaction) -> Handled {
        pass(cx, reaction)
    }

    /// A message went through an open line, in either direction.
    async fn on_line_message(&self, cx: &Context, message: &LineMessage) -> Handled {
        pass(cx, message)
    }

    /// A message of a line was edited.
    async fn on_line_message_updated(&self, cx: &Context, updated: &LineMessageUpdated) -> Handled {
        pass(cx, updated)
    }

    /// A message of a line was deleted.
    async fn on_line_message_deleted(&self, cx: &Context, deleted: &LineMessageDeleted) -> Handled {
        pass(cx, deleted)
    }

    /// A session of an open line began.
    async fn on_session_start(&self, cx: &Context, session: &LineSessionEvent) -> Handled {
        pass(cx, session)
    }

    /// A session of an open line ended.
    async fn on_session_finish(&self, cx: &Context, session: &LineSessionEvent) -> Handled {
        pass(cx, session)
    }

    /// Somebody in a line wrote to the application's own channel. Tell the portal when it is delivered:
    /// [`SendStatusDelivery`](crate::rest::methods::imconnector::SendStatusDelivery).
    async fn on_connector_message(&self, cx: &Context, message: &ConnectorMessage) -> Handled {
        pass(cx, message)
    }

    /// A message to the application's own channel was edited.
    async fn on_connector_message_updated(&self, cx: &Context, updated: &ConnectorMessageUpdated) -> Handled {
        pass(cx, updated)
    }

    /// A message to the application's own channel was deleted.
    async fn on_connector_message_deleted(&self, cx: &Context, deleted: &ConnectorMessageDeleted) -> Handled {
        pass(cx, deleted)
    }

    /// A session of the application's own channel began.
    async fn on_connector_dialog_start(&self, cx: &Context, dialog: &ConnectorDialog) -> Handled {
        pass(cx, dialog)
    }

    /// A session of the application's own channel ended.
    async fn on_connector_dialog_finish(&self, cx: &Context, dialog: &ConnectorDialog) -> Handled {
        pass(cx, dialog)
    }

    /// The application's own channel was taken from a line.
    async fn on_connector_removed(&self, cx: &Context, removed: &ConnectorRemoved) -> Handled {
        pass(cx, removed)
    }

    /// A line was removed.
    async fn on_line_removed(&self, cx: &Context, removed: &LineRemoved) -> Handled {
        pass(cx, removed)
    }

    /// The application was installed on a portal and proven; its bots are registered by now.
    async fn on_install(&self, cx: &Context, install: &AppInstall) -> Handled {
        pass(cx, install)
    }

    /// The application was updated on a portal.
    async fn on_update(&self, cx: &Context, update: &AppUpdate) -> Handled {
        pass(cx, update)
    }

    /// The application was removed from a portal. No call to that portal will work.
    async fn on_uninstall(&self, cx: &Context, uninstall: &AppUninstall) -> Handled {
        pass(cx, uninstall)
    }

    /// The application was paid for, or its payment ended.
    async fn on_payment(&self, cx: &Context, payment: &AppPayment) -> Handled {
        pass(cx, payment)
    }

    /// The subscription that the application belongs to was renewed.
    async fn on_subscription_renewed(&self, cx: &Context, renewed: &SubscriptionRenewed) -> Handled {
        pass(cx, renewed)
    }

    /// An administrator decided on a call that had to wait for that.
    async fn on_method_confirmed(&self, cx: &Context, confirmation: &MethodConfirmation) -> Handled {
        pass(cx, confirmation)
    }

    /// The answer to `event.test`.
    async fn on_test(&self, cx: &Context, test: &AppTest) -> Handled {
        pass(cx, test)
    }

    /// Events wait to be fetched by `event.offline.get`.
    async fn on_offline_events(&self, cx: &Context, waiting: &OfflineEvents) -> Handled {
        pass(cx, waiting)
    }

    /// A timer that was set with [`Context::timer`] has come due, or a state's time is over
    /// ([`Context::timed_out`]).
    async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
        pass(cx, fired)
    }

    /// A message that this bot asked for was not sent, or its turn was cancelled, because a person has the session. Told
    /// once for each.
    async fn on_withheld(&self, cx: &Context, withheld: &Withheld) -> Handled {
        pass(cx, withheld)
    }

    /// Any event without a method of its own; [`Incoming::code`] names it, [`Incoming::raw`] holds it.
    async fn on_event(&self, cx: &Context, incoming: &Incoming) -> Handled {
        pass(cx, incoming)
    }

    /// A turn failed, by an error or a panic. `last` tells that the event is parked if this answers
    /// [`Recovery::Retry`]. The effects of the failed try are gone; what is asked of `cx` here is carried out with
    /// [`Recovery::Settle`] only.
    async fn on_error(&self, cx: &Context, error: &HandlerError, last: bool) -> Recovery {
        let _ = (cx, error, last);
        Recovery::Retry
    }
}

fn pass<T: ?Sized>(_: &Context, _: &T) -> Handled {
    Ok(Done)
}

/// Lets a [`BotHandler`] stand where a [`Handle`] is wanted.
#[derive(Debug)]
pub(crate) struct Methods<H>(pub(crate) H);

#[async_trait]
impl<H: BotHandler> Handle for Methods<H> {
    fn commands(&self) -> Vec<String> {
        self.0.commands()
    }

    fn turn_policy(&self, incoming: &Incoming) -> TurnPolicy {
        match &incoming.event {
            Event::Message(message) => self.0.turn_policy(message),
            _ => TurnPolicy::Each,
        }
    }

    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled {
        let bot = &self.0;
        match &incoming.event {
            Event::Message(event) => bot.on_message(cx, event).await,
            Event::MessageUpdated(event) => bot.on_message_updated(cx, event).await,
            Event::MessageDeleted(event) => bot.on_message_deleted(cx, event).await,
            Event::Command(event) => bot.on_command(cx, event).await,
            Event::Joined(event) => bot.on_joined(cx, event).await,
            Event::BotDeleted(event) => bot.on_bot_deleted(cx, event).await,
            Event::ContextOpened(event) => bot.on_context(cx, event).await,
            Event::Reaction(event) => bot.on_reaction(cx, event).await,
            Event::LineMessage(event) => bot.on_line_message(cx, event).await,
            Event::LineMessageUpdated(event) => bot.on_line_message_updated(cx, event).await,
            Event::LineMessageDeleted(event) => bot.on_line_message_deleted(cx, event).await,
            Event::SessionStarted(event) => bot.on_session_start(cx, event).await,
            Event::SessionFinished(event) => bot.on_session_finish(cx, event).await,
            Event::AppInstalled(event) => bot.on_install(cx, event).await,
            Event::AppUpdated(event) => bot.on_update(cx, event).await,
            Event::AppUninstalled(event) => bot.on_uninstall(cx, event).await,
            Event::ConnectorMessage(event) => bot.on_connector_message(cx, event).await,
            Event::ConnectorMessageUpdated(event) => bot.on_connector_message_updated(cx, event).await,
            Event::ConnectorMessageDeleted(event) => bot.on_connector_message_deleted(cx, event).await,
            Event::ConnectorDialogStarted(event) => bot.on_connector_dialog_start(cx, event).await,
            Event::ConnectorDialogFinished(event) => bot.on_connector_dialog_finish(cx, event).await,
            Event::ConnectorRemoved(event) => bot.on_connector_removed(cx, event).await,
            Event::LineRemoved(event) => bot.on_line_removed(cx, event).await,
            Event::AppPaid(event) => bot.on_payment(cx, event).await,
            Event::SubscriptionRenewed(event) => bot.on_subscription_renewed(cx, event).await,
            Event::MethodConfirmed(event) => bot.on_method_confirmed(cx, event).await,
            Event::AppTested(event) => bot.on_test(cx, event).await,
            Event::OfflineEvents(event) => bot.on_offline_events(cx, event).await,
            Event::Timer(event) => bot.on_timer(cx, event).await,
            Event::Withheld(event) => bot.on_withheld(cx, event).await,
            Event::Other => bot.on_event(cx, incoming).await,
        }
    }

    async fn recover(&self, cx: &Context, error: &HandlerError, last: bool) -> Recovery {
        self.0.on_error(cx, error, last).await
    }
}

/// What can be given to [`App::bot`](crate::app::App::bot): a [`BotHandler`], a
/// [`Router`](crate::dispatch::Router) or an async closure. `Door` tells them apart and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a bot",
    note = "implement `BotHandler` for it, or pass a `Router` or an async closure `async |cx: Context, message: Message| …`",
    note = "a closure takes exactly these two, by value, and returns an `Answer`: `()`, `&'static str`, `String`, a `Reply`, several of them, or an `Option` or `Result`"
)]
pub trait IntoHandle<Door> {
    /// The handler as one object.
    fn into_handle(self) -> Arc<dyn Handle>;
}

/// The door of [`BotHandler`].
#[derive(Debug)]
pub enum MethodsDoor {}

impl<H: BotHandler> IntoHandle<MethodsDoor> for H {
    fn into_handle(self) -> Arc<dyn Handle> {
        Arc::new(Methods(self))
    }
}

/// The door of ready objects.
#[derive(Debug)]
pub enum ObjectDoor {}

impl IntoHandle<ObjectDoor> for Arc<dyn Handle> {
    fn into_handle(self) -> Arc<dyn Handle> {
        self
    }
}
