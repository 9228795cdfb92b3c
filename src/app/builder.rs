//! [`App`]: bots and settings, put together.

use std::{borrow::Cow, ffi::OsString, path::PathBuf, pin::Pin, sync::Arc};

use clap::{FromArgMatches, Parser, Subcommand};

use super::{
    AppError, Config, Desks, Diagnosis, Running,
    command_line::{CommandLine, Task},
    inbox, portals,
    rt::Page,
    running,
};
use crate::{
    clock::{Clock, SystemClock},
    dispatch::{Bot, BotProfile, IntoHandle, Policy},
    rest::{Api, Limits},
    store::Store,
};

/// Wraps the calls to portals, to count, trace or break them.
pub(super) type Wrap = Box<dyn FnOnce(Arc<dyn Api>) -> Arc<dyn Api> + Send>;

/// Makes the program's own routes.
pub(super) type Routes = Box<dyn FnOnce(Desks) -> axum::Router + Send>;
/// Work of the program's own.
pub(super) type Beside = Box<dyn FnOnce(Desks) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A program of one or more bots.
///
/// ```no_run
/// use openlines::prelude::*;
///
/// # async fn example() -> Result<(), AppError> {
/// let hello = async |_cx: Context, _message: Message| "Good day!";
/// App::from_env()?.bot(BotProfile::openline("hello").name("Hello"), hello).run().await
/// # }
/// ```
#[must_use = "call `run`"]
pub struct App {
    pub(super) config: Config,
    pub(super) bots: Vec<Bot>,
    pub(super) events: Vec<String>,
    pub(super) offline: Vec<String>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) wrap: Option<Wrap>,
    pub(super) policy: Policy,
    pub(super) pages: Vec<Page>,
    pub(super) routes: Vec<Routes>,
    pub(super) beside: Vec<Beside>,
    pub(super) limits: Limits,
    /// The file of the bot's own settings, if one was named.
    pub(super) settings: Option<PathBuf>,
    task: Task,
}

impl App {
    /// Reads the command line and the environment. With `--help`, or flags that are wrong, it says so and ends the
    /// program.
    pub fn from_env() -> Result<Self, AppError> {
        Self::from_args(std::env::args_os())
    }

    /// The same from given arguments, the first being the program's name.
    pub fn from_args(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, AppError> {
        Self::of_line(CommandLine::try_parse_from(args).unwrap_or_else(|error| error.exit()))
    }

    /// The same for a bot with subcommands of its own, beside those that every bot has. `None` if none of them was
    /// given: then it is [`run`](Self::run) that knows what to do.
    ///
    /// ```
    /// use openlines::prelude::*;
    ///
    /// #[derive(Debug, PartialEq, clap::Subcommand)]
    /// enum Task {
    ///     /// Counts the orders of a day.
    ///     Count { day: String },
    /// }
    ///
    /// let (app, task) = App::from_args_with::<Task>(["shop", "count", "monday", "--database-url", "memory:"])?;
    /// assert_eq!(task, Some(Task::Count { day: "monday".into() }));
    /// assert_eq!(app.config().database(), "memory:");
    /// assert_eq!(App::from_args_with::<Task>(["shop", "doctor"])?.1, None);
    /// # Ok::<(), AppError>(())
    /// ```
    ///
    /// **Trap:** the names of the framework's subcommands are taken.
    pub fn from_args_with<T: Subcommand>(
        args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<(Self, Option<T>), AppError> {
        let read = || {
            let matches = CommandLine::with::<T>().try_get_matches_from(args)?;
            let own = matches.subcommand_name().is_some_and(T::has_subcommand);
            let own = own.then(|| T::from_arg_matches(&matches)).transpose()?;
            Ok::<_, clap::Error>((CommandLine::from_arg_matches(&matches)?, own))
        };
        let (line, own) = read().unwrap_or_else(|error| error.exit());
        Ok((Self::of_line(line)?, own))
    }

    fn of_line(line: CommandLine) -> Result<Self, AppError> {
        let own = line.settings.own().filter(|path| !path.as_os_str().is_empty());
        let mut app = Self::new(line.settings.config());
        app.settings = own;
        app.task = line.command.unwrap_or(Task::Serve);
        Ok(app)
    }

    /// An app with these settings, to be [`start`](Self::start)ed by code.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            bots: Vec::new(),
            events: Vec::new(),
            offline: Vec::new(),
            clock: Arc::new(SystemClock),
            store: None,
            wrap: None,
            policy: Policy::default(),
            pages: Vec::new(),
            routes: Vec::new(),
            beside: Vec::new(),
            limits: Limits::standard(),
            settings: None,
            task: Task::Serve,
        }
    }

    /// Adds a bot: a [`BotHandler`](crate::dispatch::BotHandler), a [`Router`](crate::dispatch::Router), or an async
    /// closure over messages. Open-line and application events go to the first bot.
    pub fn bot<Door>(mut self, profile: BotProfile, handler: impl IntoHandle<Door>) -> Self {
        let handler = handler.into_handle();
        let profile = profile.with_commands_of(&*handler);
        self.bots.push(Bot { profile, handler });
        self
    }

    /// Also asks portals for this event (`event.bind`), such as `ONOPENLINEMESSAGEADD`. Session and application events
    /// are asked for anyway. Needs an OAuth application and a public address.
    pub fn event(mut self, code: impl Into<String>) -> Self {
        self.events.push(code.into());
        self
    }

    /// Also has portals keep this event, such as `ONCRMDEALUPDATE`, until it is collected: it is not lost while the bot is
    /// down. It arrives like any other, as [`Event::Other`](crate::wire::Event::Other) if it has no type. Needs an OAuth
    /// application installed by an administrator. On licences without offline events in steps, what is collected is gone
    /// from the portal before it is stored here (protocol 4.10).
    ///
    /// **Trap:** of an event that is repeated with the same content before it is collected, the portal keeps one; and of
    /// what the bot's own calls cause, none.
    pub fn offline_event(mut self, code: impl Into<String>) -> Self {
        self.offline.push(code.into());
        self
    }

    /// Serves `html` at `path` of the public address, as a page that portals open in a frame. The page listens to RT
    /// events with `import { connect } from '/openlines/rt.js'`. The token of the user who looks is written into it,
    /// so it is given only to portals that prove themselves.
    pub fn page(mut self, path: impl Into<String>, html: impl Into<Cow<'static, str>>) -> Self {
        self.pages.push(Page { path: path.into(), html: html.into(), policy: None });
        self
    }

    /// The same under a content security policy, which the page is served with.
    ///
    /// ```
    /// use openlines::prelude::*;
    ///
    /// const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self' https: wss:; frame-ancestors https:";
    /// let app = App::new(Config::new()).page_under(POLICY, "/orders", "<script src=/orders.js type=module></script>");
    /// # let _ = app;
    /// ```
    ///
    /// **Trap:** RT events come from a server of the portal's, whose address is known once the page asks: allow `https:`
    /// and `wss:` in `connect-src`, and the portal in `frame-ancestors`.
    pub fn page_under(
        mut self,
        policy: impl Into<String>,
        path: impl Into<String>,
        html: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.pages.push(Page { path: path.into(), html: html.into(), policy: Some(policy.into()) });
        self
    }

    /// Serves routes of your own on the public address. The app's own addresses and pages come first, then the routes of
    /// earlier calls; the fallback of the last call is the one that counts. Whoever knows the address reaches them: they
    /// have to look themselves who asks, by [`Desks::visitor`].
    pub fn routes(mut self, routes: impl FnOnce(Desks) -> axum::Router + Send + 'static) -> Self {
        self.routes.push(Box::new(routes));
        self
    }

    /// Work of the program's own, begun once the app has started and dropped when it stops: a campaign, a page's news. See
    /// [`Desks`].
    ///
    /// ```
    /// use openlines::prelude::*;
    ///
    /// let echo = async |_cx: Context, message: Message| format!("You said: {}", literal(message.text));
    /// let app = App::new(Config::new()).bot(BotProfile::openline("echo"), echo).beside(async |desks| {
    ///     println!("installed on {} portals", desks.portals().len());
    /// });
    /// # let _ = app;
    /// ```
    ///
    /// **Trap:** it is not a turn: nothing of it is remembered, and a panic ends it and nothing else. What must happen is
    /// asked for by a [`PortalDesk`](crate::dispatch::PortalDesk), which is durable.
    pub fn beside<F, Fut>(mut self, work: F) -> Self
    where
        F: FnOnce(Desks) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.beside.push(Box::new(move |desks| Box::pin(work(desks))));
        self
    }

    /// Sets tries and waits.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets what portals allow; [`Limits::standard`] unless they are on the largest plan.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Replaces the clock; for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Replaces the store that the settings name; for tests and stores of your own.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Puts something around the calls to portals.
    pub fn wrap_api(mut self, wrap: impl FnOnce(Arc<dyn Api>) -> Arc<dyn Api> + Send + 'static) -> Self {
        self.wrap = Some(Box::new(wrap));
        self
    }

    /// Starts to listen and to work, and returns at once.
    pub async fn start(self) -> Result<Running, AppError> {
        running::start(self, running::Address::AsConfigured).await
    }

    /// Looks for what is wrong, as `doctor` does: settings, addresses, and every portal as it is there. Works beside a
    /// running server; it changes nothing and renews no tokens.
    pub async fn diagnose(self) -> Diagnosis {
        super::doctor::diagnose(self).await
    }

    /// The settings that every bot has.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Serves while `job` is at work, and until it is done or the process is told to stop; then `None`, and `job` is
    /// dropped where it waits. What is under way ends as with [`Running::stop`]: for subcommands of a bot's own that
    /// need the app at work.
    pub async fn serve_during<T>(self, job: impl AsyncFnOnce(&Running) -> T) -> Result<Option<T>, AppError> {
        log_to_stderr();
        super::serve::serve_during(self, job).await
    }

    /// Does what the command line asks for; `serve` until it is told to stop.
    pub async fn run(self) -> Result<(), AppError> {
        log_to_stderr();
        match self.task.clone() {
            Task::Serve => super::serve::serve(self).await,
            #[cfg(feature = "emulator")]
            Task::Demo { portal_listen } => super::demo::demo(self, portal_listen).await,
            #[cfg(feature = "emulator")]
            Task::Chat => super::chat::chat(self).await,
            Task::Doctor => super::doctor::run(self).await,
            Task::Inbox { command } => inbox::run(&self.config, command).await,
            Task::Portals { command } => portals::run(&self.config, command).await,
        }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("config", &self.config).field("bots", &self.bots).finish_non_exhaustive()
    }
}

fn log_to_stderr() {
    let asked = std::env::var("RUST_LOG").unwrap_or_default();
    let filter = tracing_subscriber::EnvFilter::try_new(if asked.is_empty() { "info" } else { &asked });
    let wrong = filter.is_err();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let format = std::env::var("OPENLINES_LOG_FORMAT").unwrap_or_default();
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A program that has set up its own subscriber keeps it.
    let _ = match format.as_str() {
        "json" => lines.json().flatten_event(true).try_init(),
        _ => lines.try_init(),
    };
    if wrong {
        tracing::warn!("RUST_LOG cannot be read and counts as `info`; it looks like `info,openlines=debug`");
    }
    if !matches!(format.as_str(), "" | "text" | "json") {
        tracing::warn!(format, "OPENLINES_LOG_FORMAT is `text` or `json`; it counts as `text`");
    }
}
