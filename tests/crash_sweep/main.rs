//! The echo scenario, stopped in-process at every point between the engine and its store, and between the engine and
//! the portal, one run a point. After each the app starts again on the same store: every message that got its 200 is
//! answered exactly once and in order.
#![allow(clippy::unwrap_used, clippy::panic)]

mod in_memory;
mod together;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use openlines::{
    app::Running,
    clock::{Clock, SystemClock},
    prelude::*,
    store::{InboxState, MemoryStore, Store},
    testing::{CrashSweep, Points, Stops},
};
use openlines_emulator::{Client, Emulator, Portal};
use tokio::runtime::{Builder, Runtime};

/// What the bot answers with, and how many messages it is sent.
#[derive(Debug, Clone)]
enum Scenario {
    Echo,
    /// By a timer for each message, due at once.
    Timer,
    /// Through a network line, each message to another user.
    Network {
        code: String,
        users: Vec<i64>,
    },
    /// Through the chat of a deal.
    Crm {
        deal: i64,
    },
}

impl Scenario {
    fn messages(&self) -> usize {
        match self {
            Self::Echo => 3,
            Self::Timer => 2,
            Self::Network { users, .. } => users.len(),
            Self::Crm { .. } => 2,
        }
    }

    fn answer(&self, cx: &Context, message: &Message) {
        let text = format!("You said: {}", literal(&message.text));
        match self {
            Self::Echo => cx.reply(text),
            Self::Timer => cx.timer(message.text.as_str()).payload(&text).after(Duration::ZERO),
            Self::Network { code, users } => {
                let user = users[number(&message.text).expect("every message is numbered")];
                cx.network_reply(code, UserId::new(user), text);
            }
            Self::Crm { deal } => cx.crm_reply(CrmItem::Deal(*deal), text),
        }
    }
}

fn routes(scenario: Scenario) -> Router {
    Router::new().on(async |_cx: Context, fired: TimerFired| fired.payload_as::<String>()).fallback(
        move |cx: Context, message: Message| {
            let scenario = scenario.clone();
            async move { scenario.answer(&cx, &message) }
        },
    )
}

fn number(text: &str) -> Option<usize> {
    text.rsplit_once("message ").and_then(|(_, number)| number.parse().ok())
}

const SOON: Duration = Duration::from_secs(20);
const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

/// One life of the bot, in a runtime of its own: when that is shut down, everything of it ends where it stands, as
/// with SIGKILL.
struct Life {
    runtime: Option<Runtime>,
    running: Option<Running>,
    points: Points,
}

impl Life {
    async fn begin(
        scenario: &Scenario,
        portal: &Portal,
        store: &Arc<dyn Store>,
        listen: SocketAddr,
        points: Points,
    ) -> Self {
        let app = portal.app();
        let config = Config::new()
            .listen(listen)
            .without_admin()
            .public_url(format!("http://{listen}"))
            .master_key(MASTER_KEY)
            .oauth_app(app.client_id, app.client_secret)
            .oauth_hosts(app.oauth_host);
        let around = points.clone();
        let mut policy = openlines::dispatch::Policy::default();
        policy.first_wait = Duration::from_millis(5);
        policy.look_up_window = Duration::from_millis(20);
        let scenario = scenario.clone();
        let app = App::new(config)
            .store(points.store(store.clone()))
            .policy(policy)
            .wrap_api(move |inner| around.api(inner))
            .bot(BotProfile::openline("echo").name("Echo"), routes(scenario));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let started = runtime.spawn(app.start());
        let running = tokio::select! {
            started = started => Some(started.unwrap().unwrap()),
            _ = points.stopped() => None,
        };
        Self { runtime: Some(runtime), running, points }
    }

    /// Ends it, wherever it stands.
    fn end(&mut self) {
        drop(self.running.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Goes on until the bot is at rest or its point has come; tells whether the point came.
    async fn until<F: Future<Output = ()>>(&self, done: F) -> Option<String> {
        tokio::select! {
            biased;
            point = self.points.stopped() => Some(point),
            () = done => None,
            () = tokio::time::sleep(SOON) => panic!("neither done nor stopped"),
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until everything said is answered, and nothing is under way.
async fn answered(life: &Life, portal: &Portal) {
    portal.settled(SOON).await;
    if let Some(running) = &life.running {
        running.idle().await;
    }
}

/// Runs the scenario, which is stopped at one of `points`.
async fn run(scenario: fn(&Portal) -> Scenario, points: Points) {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let scenario = scenario(&portal);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut life = Life::begin(&scenario, &portal, &store, listen, points.clone()).await;
    let mut stopped = if life.running.is_none() { Some(points.stopped().await) } else { None };
    let mut next = 0;

    // The installation, then the messages; whoever has stopped begins again and goes on from there.
    let mut installed = false;
    let mut client: Option<Client> = None;
    loop {
        if life.points.stopped_at().is_some() {
            life.end();
            life = begin_again(&scenario, &portal, &store, listen).await;
        }
        if !installed {
            let page = format!("http://{listen}/install");
            let install = portal.install(&page);
            let accepted = tokio::select! {
                delivery = install => delivery.status == Ok(200),
                point = life.points.stopped() => { stopped = Some(point); false }
            };
            if !accepted {
                // An installation that got no 200 is made again by the person who installs.
                stopped.get_or_insert_with(|| "the installation".into());
                continue;
            }
            installed = true;
        }
        if client.is_none() {
            match life.until(set_up_or_refused(&life, &store)).await {
                Some(point) => stopped = Some(point),
                None if life.running.as_ref().unwrap().registry().portals().is_empty() => {
                    // Its one refresh token was spent and what it brought was not on disk yet: no bot can mend that,
                    // and the person installs again.
                    let between = ["before portal", "after portal", "before put_portal"];
                    assert!(
                        stopped.as_deref().is_some_and(|at| between.contains(&at)),
                        "lost at {stopped:?}"
                    );
                    installed = false;
                }
                None => client = Some(portal.client("Ann")),
            }
            continue;
        }
        let Some(ann) = &client else { continue };
        if next < scenario.messages() {
            ann.says(&format!("message {next}")).await;
            next += 1;
        }
        if let Some(point) = life.until(answered(&life, &portal)).await {
            stopped = Some(point);
            continue;
        }
        if next == scenario.messages() {
            break;
        }
    }
    verify(&scenario, &portal, &store, stopped.as_deref().unwrap_or("no stop")).await;
    life.end();
}

/// Waits until the portal is set up, or its installation was refused.
async fn set_up_or_refused(life: &Life, store: &Arc<dyn Store>) {
    let running = life.running.as_ref().unwrap();
    let refused = async {
        let hour = Duration::from_secs(3600);
        while !running.registry().portals().is_empty()
            || !store.pending(hour, SystemClock.now()).await.unwrap().is_empty()
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        () = running.set_up(1) => {}
        () = refused => {}
    }
}

/// The next life on the same store, without points. The last one's address may be held for a moment longer.
async fn begin_again(
    scenario: &Scenario,
    portal: &Portal,
    store: &Arc<dyn Store>,
    listen: SocketAddr,
) -> Life {
    let deadline = Instant::now() + SOON;
    while std::net::TcpListener::bind(listen).is_err() {
        assert!(Instant::now() < deadline, "the address of the last life is still held");
        tokio::task::yield_now().await;
    }
    Life::begin(scenario, portal, store, listen, Points::never()).await
}

async fn verify(scenario: &Scenario, portal: &Portal, store: &Arc<dyn Store>, point: &str) {
    let acknowledged: Vec<usize> = portal
        .deliveries()
        .iter()
        .filter(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD" && delivery.status == Ok(200))
        .filter_map(|delivery| number(delivery.form()["data"]["message"]["text"].as_str()?))
        .collect();
    let mut answers: Vec<usize> = match scenario {
        Scenario::Network { .. } => {
            portal.network_messages().iter().filter_map(|sent| number(&sent.text)).collect()
        }
        _ => portal.bot_messages().iter().filter_map(|said| number(&said.text)).collect(),
    };
    if matches!(scenario, Scenario::Network { .. }) {
        // To different people, in whatever order.
        answers.sort_unstable();
    }
    let mut once = answers.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(answers, once, "stopped {point}: answered once and in order");
    let shown = store.inbox(Some(InboxState::Uncertain), 9).await.unwrap();
    let missing: Vec<usize> = acknowledged.into_iter().filter(|message| !answers.contains(message)).collect();
    match scenario {
        // At most once: what did not arrive is shown, and nothing that arrived is.
        Scenario::Crm { .. } => {
            assert_eq!(missing.len(), shown.len(), "stopped {point}: {missing:?} not sent, shown: {shown:?}");
        }
        _ => {
            assert!(
                missing.is_empty(),
                "stopped {point}: {missing:?} got their 200 and no answer: {answers:?}"
            );
            assert!(shown.is_empty(), "stopped {point}: {shown:?}");
        }
    }
}

/// Runs the scenario once for each of its points.
async fn at_every_point(scenario: fn(&Portal) -> Scenario) -> Stops {
    let stops = CrashSweep::around(async |points| run(scenario, points).await).await;
    println!("stopped at {} points: {:?}", stops.names().len(), stops.names());
    stops
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_every_point_the_echo_answers_every_acknowledged_message_once_and_in_order() {
    let stops = at_every_point(|_| Scenario::Echo).await;
    let wanted = [
        "before append",
        "after append",
        "before commit",
        "after commit",
        "before imbot.v2.Chat.Message.send",
        "after imbot.v2.Chat.Message.send",
        "before settle",
        "after settle",
        "before put_portal",
        "after put_portal",
        "after imbot.v2.Bot.register",
    ];
    stops.expect(wanted);
    assert!(stops.count("after commit") >= Scenario::Echo.messages());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_every_point_each_timer_fires_exactly_once_and_in_order() {
    let stops = at_every_point(|_| Scenario::Timer).await;
    stops.expect(["after append", "before timer_fired", "after timer_fired", "after commit"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_every_point_each_network_message_arrives_exactly_once() {
    let scenario = |portal: &Portal| Scenario::Network {
        code: portal.network_code(),
        users: ["Eve", "Max"].map(|name| portal.employee(name).user_id()).to_vec(),
    };
    let stops = at_every_point(scenario).await;
    let add = "imopenlines.network.message.add";
    let wanted = [&format!("before {add}")[..], &format!("after {add}"), "before enter", "after enter"];
    stops.expect(wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_every_point_a_crm_message_arrives_once_or_is_shown() {
    let stops = at_every_point(|portal| Scenario::Crm { deal: portal.deal_id() }).await;
    let add = "imopenlines.crm.message.add";
    let wanted = [
        "after note",
        "after mark_sending",
        &format!("before {add}")[..],
        &format!("after {add}"),
        "after imopenlines.crm.chat.get",
    ];
    stops.expect(wanted);
}
