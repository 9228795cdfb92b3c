//! [`Router`]: events to closures, by commands, buttons, menus, texts, kinds of events, and filters.
//!
//! ```
//! use openlines::prelude::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let staff = Router::new().text("report", async |_cx: Context, _message: Message| "No orders yet");
//! let router = Router::new()
//!     .command("order", async |_cx: Context, number: u32| format!("Order {number} is on its way"))
//!     .text(["hello", "good day"], async |_cx: Context, _message: Message| "Good day!")
//!     .pattern(Pattern::new(r"(?i)where is (?<what>.+)\?")?, async |_cx: Context, found: Captures| {
//!         found.get("what").map(|what| format!("{} is in the shop", literal(what)))
//!     })
//!     .files(async |_cx: Context, message: Message| format!("Got {} files", message.files.len()))
//!     .on(async |_cx: Context, _joined: Joined| ["Good day!", "How can I help?"])
//!     .when(Filter::author(Author::Employee), staff)
//!     .fallback(async |cx: Context, _message: Message| cx.hand_over());
//!
//! let mut chat = Chat::default();
//! let said = Message::new(1.into(), "HELLO", chat, 7.into(), Author::Client);
//! let said = Incoming::new("ONIMBOTV2MESSAGEADD", Event::Message(said), Origin::BotV2);
//! assert_eq!(router.takes(&said).as_deref(), Some("text `hello`, `good day`"));
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** the first route that fits has the event, in the order in which they were added; a nested router stands
//! where it was added, its fallback included.

mod args;
mod endpoint;
mod event;
mod filter;
mod form;
mod layer;
mod menu;
mod polite;
mod table;
mod text;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;

pub use args::{Args, ArgsError, ArgsErrorKind, BadArgs, FromArgs};
pub(super) use endpoint::{Handler, handler};
pub use event::{
    ConnectorDialogFinished, ConnectorDialogStarted, EventType, SessionFinished, SessionStarted,
};
pub use filter::Filter;
pub(super) use filter::{chat_of, shown_to};
pub use layer::{Layer, Next};
pub use menu::Ambiguous;
pub(super) use text::folded;
pub use text::{Captures, Pattern, PatternError, Texts};

use super::{Answer, Context, Done, Handle, Handled, HandlerError, IntoHandle, Recovery, TurnPolicy};
use crate::{
    message::{ButtonPayload, ButtonPress},
    wire::{Command, CommandContext, Incoming, Message},
};
use endpoint::{Endpoint, on_button, on_command, on_event, on_pattern};
use event::sealed::OfKind;
use table::{Pick, Pressed, Table, Trigger};

/// Routes of a bot. Every event goes to the first route that fits, in the order in which they were added; then, if it
/// is a message, to the [`fallback`](Self::fallback); then to the [`rest`](Self::rest); else it passes.
///
/// A handler is an async closure over the [`Context`] and what the route is about; what it returns is its
/// [`Answer`]: nothing, a text, a [`Reply`](crate::message::Reply), several of them, or an `Option` or `Result`.
///
/// A handler that does not fit is told by the compiler:
///
/// ```compile_fail,E0277
/// # use openlines::prelude::*;
/// Router::new().command("order", async |_cx: Context, when: std::time::Instant| "…"); // no `FromArgs`
/// ```
///
/// ```compile_fail,E0277
/// # use openlines::prelude::*;
/// Router::new().fallback(async |_cx: Context, message: Message| message); // no `Answer`
/// ```
///
/// ```compile_fail,E0277
/// # use openlines::prelude::*;
/// Router::new().on(async |_cx: Context, number: u32| "…"); // no `EventType`
/// ```
///
/// **Trap:** a typed command comes as a command *instead of* a message: its route is `command`, not `text`.
#[derive(Default)]
#[must_use = "give it to `App::bot`"]
pub struct Router {
    entries: Vec<Entry>,
    fallback: Option<Endpoint>,
    rest: Option<Arc<dyn Handle>>,
    layers: Vec<Arc<dyn Layer>>,
    policy: Option<TurnPolicy>,
    bad_args: Option<Handler<BadArgs>>,
    stale: Option<Endpoint>,
    ambiguous: Option<Handler<Ambiguous>>,
    /// Made from all of the above when it is first wanted.
    table: OnceLock<Table>,
}

enum Entry {
    Route(Trigger, Endpoint),
    Nested(Option<Filter>, Box<Router>),
}

impl Router {
    /// A router without routes: every event passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the command `name` (without the slash, any case) to `handler`, typed or pressed. What follows the name
    /// is read as what the handler takes, see [`FromArgs`]; take [`Command`] to have it as it is. Arguments that
    /// cannot be read are answered by [`bad_args`](Self::bad_args).
    ///
    /// The command is registered with the bot; to have it shown in the portal's list of commands, give it a title by
    /// [`BotProfile::command`](super::BotProfile::command).
    pub fn command<A, F, Fut>(self, name: impl AsRef<str>, handler: F) -> Self
    where
        A: FromArgs + 'static,
        F: Fn(Context, A) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let name = name.as_ref().trim_start_matches('/').to_lowercase();
        self.route(Trigger::Command(name), on_command(endpoint::handler(handler)))
    }

    /// Sends presses of buttons that carry a `T` to `handler`, which takes it. Its command is registered with the bot.
    /// A value that is typed and not pressed is not taken. Buttons that an older program made and this one cannot
    /// read are answered by [`stale`](Self::stale).
    pub fn button<T, F, Fut>(self, handler: F) -> Self
    where
        T: ButtonPayload + 'static,
        F: Fn(Context, T) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let read = |command: &Command| match endpoint::press::<T>(command) {
            _ if command.context == CommandContext::Typed => Pressed::NotMine,
            ButtonPress::Payload(_) => Pressed::Mine,
            ButtonPress::NotMine => Pressed::NotMine,
            ButtonPress::Stale(_) => Pressed::Stale,
        };
        let command = T::COMMAND.trim_start_matches('/').to_lowercase();
        self.route(Trigger::Button { command, read }, on_button(endpoint::handler(handler)))
    }

    /// Sends messages whose whole text is `texts`, or one of them, to `handler`; in any case, with `ё` as `е`, and
    /// blanks trimmed.
    pub fn text<F, Fut>(self, texts: impl Texts, handler: F) -> Self
    where
        F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let texts = texts.texts().iter().map(|text| text::folded(text)).collect();
        self.route(Trigger::Texts(texts), on_event(endpoint::handler(handler)))
    }

    /// Sends messages in which `pattern` is found to `handler`, with what was found.
    pub fn pattern<F, Fut>(self, pattern: Pattern, handler: F) -> Self
    where
        F: Fn(Context, Captures) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.route(Trigger::Pattern(pattern.clone()), on_pattern(pattern, endpoint::handler(handler)))
    }

    /// Sends messages with files to `handler`, whatever their text.
    pub fn files<F, Fut>(self, handler: F) -> Self
    where
        F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.route(Trigger::Files, on_event(endpoint::handler(handler)))
    }

    /// Sends events of the kind that `handler` takes to it: [`Joined`](crate::wire::Joined), [`SessionStarted`],
    /// [`Reaction`](crate::wire::Reaction) and so on, see [`EventType`]; [`Incoming`] is any event.
    pub fn on<E, F, Fut>(self, handler: F) -> Self
    where
        E: EventType,
        F: Fn(Context, E) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let trigger = <E as OfKind>::KIND.map_or(Trigger::Any, Trigger::Event);
        self.route(trigger, on_event(endpoint::handler(handler)))
    }

    /// Adds the routes of another router, fallback and rest included, in this place.
    pub fn nest(self, router: Router) -> Self {
        self.entry(Entry::Nested(None, Box::new(router)))
    }

    /// Adds the routes of another router, fallback and rest included, in this place and for such events only. What
    /// none of them takes goes on to the routes after it.
    pub fn when(self, filter: Filter, router: Router) -> Self {
        self.entry(Entry::Nested(Some(filter), Box::new(router)))
    }

    /// Sends messages that no route of this router takes to `handler`.
    pub fn fallback<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.fallback = Some(on_event(endpoint::handler(handler)));
        self.changed()
    }

    /// Sends everything that neither a route nor the fallback takes to another bot: a
    /// [`BotHandler`](super::BotHandler), for joins, sessions and what else it cares for. Its
    /// [`on_error`](super::BotHandler::on_error) also hears of the routes' errors.
    pub fn rest<Door>(mut self, handler: impl IntoHandle<Door>) -> Self {
        self.rest = Some(handler.into_handle());
        self.changed()
    }

    /// Puts `layer` around all routes of this router and of those nested in it, whenever they are added, and around its
    /// fallback and rest. The layer added first is the outermost; those of a nested router are inside. An event that no
    /// route takes goes through no layer.
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.layers.push(Arc::new(layer));
        self.changed()
    }

    /// Makes quick messages one turn, for the routes of this router and of those nested in it that say nothing else: see
    /// [`TurnPolicy::Burst`].
    ///
    /// **Trap:** the joined text is what is routed then. Nest a router with bursts behind the routes that wait for exact
    /// words, or let it have the fallback alone.
    pub fn burst(self, quiet: Duration) -> Self {
        self.turns(TurnPolicy::Burst(quiet))
    }

    /// Says what a turn is, as [`burst`](Self::burst) does.
    pub fn turns(mut self, policy: TurnPolicy) -> Self {
        self.policy = Some(policy);
        self.changed()
    }

    /// Answers commands whose arguments cannot be read, for this router and those nested in it that have no such
    /// handler of their own. Unless told otherwise, the answer says what is wrong and how the command is written.
    pub fn bad_args<F, Fut>(mut self, answer: F) -> Self
    where
        F: Fn(Context, BadArgs) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.bad_args = Some(handler(answer));
        self.changed()
    }

    /// Answers presses of buttons that an older program made: those whose value cannot be read any more, for this
    /// router and those nested in it that have no such handler of their own, and, in the outermost router, those of
    /// commands and menus that no route has, unless the [`rest`](Self::rest) takes them. Unless told otherwise, the answer asks
    /// the client to write.
    pub fn stale<F, Fut>(mut self, answer: F) -> Self
    where
        F: Fn(Context, Command) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.stale = Some(on_event(handler(answer)));
        self.changed()
    }

    /// The route that would take this event, in words, for tests of a bot's routes: ``command `order` ``, `fallback`,
    /// `stale button`.
    pub fn takes(&self, incoming: &Incoming) -> Option<&str> {
        match self.table().pick(incoming) {
            Pick::Route(route) => Some(&route.what),
            Pick::Stale(_) => Some(STALE),
            Pick::Nothing => None,
        }
    }

    fn route(self, trigger: Trigger, endpoint: Endpoint) -> Self {
        self.entry(Entry::Route(trigger, endpoint))
    }

    fn entry(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self.changed()
    }

    /// A table made before is out of date.
    fn changed(mut self) -> Self {
        self.table.take();
        self
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(|| Table::of(self))
    }
}

/// The name of the way of stale buttons.
const STALE: &str = "stale button";

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.table().routes.iter().map(|route| {
            let filters = route.scope.filters.iter().map(|filter| format!(" when {filter:?}"));
            format!("{}{}", route.what, filters.collect::<String>())
        });
        f.debug_list().entries(routes).finish()
    }
}

#[async_trait]
impl Handle for Router {
    fn commands(&self) -> Vec<String> {
        self.table().commands()
    }

    fn turn_policy(&self, incoming: &Incoming) -> TurnPolicy {
        self.table().turn_policy(incoming)
    }

    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled {
        let table = self.table();
        let mut left: Option<Incoming> = None;
        // A form that is open has what it wants of a burst; the rest is routed on.
        while let Some(form) = table.form(cx, left.as_ref().unwrap_or(incoming)) {
            let next = Next::new(&form.endpoint, &form.scope, &form.what);
            next.run(cx, left.as_ref().unwrap_or(incoming)).await?;
            left = cx.left_of_burst();
            if left.is_none() {
                return Ok(Done);
            }
        }
        let incoming = left.as_ref().unwrap_or(incoming);
        let next = match table.pick(incoming) {
            Pick::Route(route) => Next::new(&route.endpoint, &route.scope, &route.what),
            Pick::Stale(scope) => Next::new(&scope.stale, scope, STALE),
            Pick::Nothing => return Ok(Done),
        };
        next.run(cx, incoming).await
    }

    async fn recover(&self, cx: &Context, error: &HandlerError, last: bool) -> Recovery {
        let table = self.table();
        let scope = match table.pick(cx.incoming()) {
            Pick::Route(route) => &route.scope,
            Pick::Stale(scope) => scope,
            Pick::Nothing => &*table.root,
        };
        match &scope.rest {
            Some(rest) => rest.recover(cx, error, last).await,
            None => Recovery::Retry,
        }
    }
}

/// The door of routers.
#[derive(Debug)]
pub enum RouterDoor {}

impl IntoHandle<RouterDoor> for Router {
    fn into_handle(self) -> Arc<dyn Handle> {
        self.table();
        Arc::new(self)
    }
}
