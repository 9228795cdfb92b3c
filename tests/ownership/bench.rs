//! A bot that echoes, thinks for as long as the test likes, and notes what it hears.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use openlines::{
    clock::{Clock, ManualClock, SystemClock},
    prelude::*,
    rest::Limits,
    store::MemoryStore,
};
use openlines_emulator::{BotLeaves, Client, Emulator, Portal};
use tokio::sync::Notify;

use crate::{
    stage::{SOON, Stage, settings},
    witness::Witness,
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// How events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Callback,
    Fetch,
}

/// What the bot heard and was told, and what it waits for. Clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    heard: Arc<Mutex<Vec<String>>>,
    withheld: Arc<Mutex<Vec<Withheld>>>,
    /// A handler that thinks has begun.
    pub(crate) thinking: Arc<Notify>,
    /// It may go on.
    pub(crate) thought: Arc<Notify>,
}

impl Notes {
    pub(crate) fn hears(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub(crate) fn withheld(&self) -> Vec<Withheld> {
        self.withheld.lock().unwrap().clone()
    }

    pub(crate) fn withheld_texts(&self) -> Vec<String> {
        self.withheld().into_iter().filter_map(|withheld| withheld.text).collect()
    }
}

pub(crate) struct Echo(pub(crate) Notes);

#[async_trait]
impl BotHandler for Echo {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        self.0.hears(message.text.clone());
        let (first, rest) = message.text.split_once(' ').unwrap_or((&message.text, ""));
        match first {
            "think" => {
                self.0.thinking.notify_one();
                self.0.thought.notified().await;
            }
            "pause" => {
                let millis = rest.split(' ').next().unwrap_or_default().parse()?;
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            "later" => cx.timer("later").after(MINUTE),
            "people" => {
                cx.reply("One moment");
                cx.hand_over();
            }
            "to" => {
                cx.transfer_to(UserId::new(rest.parse()?));
                cx.reply("Over to a colleague");
            }
            "bye" => cx.finish_session(),
            _ => {}
        }
        cx.reply(format!("You said: {}", literal(&message.text)));
        Ok(Done)
    }

    async fn on_command(&self, cx: &Context, command: &Command) -> Handled {
        self.0.hears(format!("/{}", command.name.trim_start_matches('/')));
        if command.name.contains("back") {
            cx.take_back();
        }
        Ok(Done)
    }

    async fn on_timer(&self, cx: &Context, _fired: &TimerFired) -> Handled {
        let holder = cx.session().map(|session| format!("{:?}", session.holder)).unwrap_or_default();
        self.0.hears(format!("timer while {holder}"));
        cx.reply(Reply::text("A note").internal_note());
        cx.reply("Are you there?");
        Ok(Done)
    }

    async fn on_withheld(&self, cx: &Context, withheld: &Withheld) -> Handled {
        self.0.withheld.lock().unwrap().push(withheld.clone());
        // Withheld as well, and not told again.
        cx.reply("But I wanted to say");
        Ok(Done)
    }
}

/// A portal whose bots stay in the chat when an operator answers, and the echo on it.
pub(crate) struct Bench {
    pub(crate) stage: Stage,
    pub(crate) notes: Notes,
    pub(crate) witness: Witness,
    pub(crate) clock: ManualClock,
    store: Arc<MemoryStore>,
    by: By,
    address: std::net::SocketAddr,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::of(By::Callback, |app, notes| app.bot(profile(), Echo(notes))).await
    }

    pub(crate) async fn of(by: By, build: impl FnOnce(App, Notes) -> App) -> Self {
        let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
        let portal = emulator.portal();
        portal.line().bot_leaves(BotLeaves::WhenClosed);
        let (notes, witness) = (Notes::default(), Witness::default());
        let clock = ManualClock::new(SystemClock.now());
        let store = Arc::new(MemoryStore::default());
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let app = app(&portal, by, address, &store, &witness);
        let app = if by == By::Fetch { app } else { app.clock(Arc::new(clock.clone())) };
        let running = build(app, notes.clone()).start().await.unwrap();
        if by == By::Callback {
            portal.install(&format!("{}/install", running.url())).await;
        }
        tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
        let stage = Stage { emulator, portal, running };
        Self { stage, notes, witness, clock, store, by, address }
    }

    /// Ends the process where it stands, and starts it again on the same store.
    pub(crate) async fn restarted(self, build: impl FnOnce(App, Notes) -> App) -> Self {
        let Self { stage: Stage { emulator, portal, running }, notes, witness, clock, store, by, address } =
            self;
        drop(running);
        let app = app(&portal, by, address, &store, &witness).clock(Arc::new(clock.clone()));
        let deadline = tokio::time::Instant::now() + SOON;
        let mut build = Some(build);
        // The port is free once the tasks of the process before are gone.
        while std::net::TcpListener::bind(address).is_err() {
            assert!(tokio::time::Instant::now() < deadline, "{address} does not become free");
            tokio::task::yield_now().await;
        }
        let build = build.take().unwrap();
        let running = build(app, notes.clone()).start().await.unwrap();
        let stage = Stage { emulator, portal, running };
        Self { stage, notes, witness, clock, store, by, address }
    }

    pub(crate) fn portal(&self) -> &Portal {
        &self.stage.portal
    }

    pub(crate) async fn quiet(&self) {
        self.stage.quiet().await;
    }

    /// A client who has said something and got an answer.
    pub(crate) async fn client(&self, name: &str) -> Client {
        let client = self.portal().client(name);
        client.says("hello").await;
        self.quiet().await;
        client
    }

    /// Calls that ask who has a session.
    pub(crate) fn inquiries(&self) -> usize {
        self.portal().calls().iter().filter(|call| call.method == "imopenlines.dialog.get").count()
    }

    /// What the bot said to this client since, notes aside.
    pub(crate) fn said_to(&self, client: &Client) -> Vec<String> {
        let messages = self.portal().bot_messages().into_iter();
        let to_client = messages.filter(|message| message.chat_id == client.chat_id() && !message.internal);
        to_client.map(|message| message.text).collect()
    }

    pub(crate) async fn nobody_is_needed(&self) {
        let inbox = self.stage.running.store().inbox(None, 99).await.unwrap();
        assert!(inbox.is_empty(), "{inbox:?}");
    }
}

pub(crate) fn profile() -> BotProfile {
    BotProfile::openline("echo").return_command("/bot")
}

fn app(
    portal: &Portal,
    by: By,
    address: std::net::SocketAddr,
    store: &Arc<MemoryStore>,
    witness: &Witness,
) -> App {
    let config = match by {
        By::Callback => settings(portal).listen(address).public_url(format!("http://{address}")),
        By::Fetch => Config::new()
            .listen("127.0.0.1:0".parse().unwrap())
            .without_admin()
            .database_url("memory:")
            .webhook(portal.webhook_url(), "a-token-of-our-own"),
    };
    let watch = witness.clone();
    App::new(config)
        .store(witness.store(store.clone()))
        .limits(Limits::new(10_000, 1_000))
        .wrap_api(move |api| watch.api(api))
}
