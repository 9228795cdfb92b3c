//! Turn policies and the sharing of turns: what is one turn, and that nobody keeps others from theirs.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use openlines::{
    app::Running,
    clock::{Clock, ManualClock, SystemClock},
    dispatch::Policy,
    prelude::*,
    store::Store,
};
use openlines_emulator::{Emulator, Portal};
use rstest::rstest;
use stage::{SOON, Stage, settings, stage};
use tokio::sync::watch;

const QUIET: Duration = Duration::from_secs(2);

/// Says what one turn heard.
async fn tell(cx: Context, message: Message) -> String {
    let texts: Vec<&str> = cx.burst().iter().map(|one| one.text.as_str()).collect();
    assert_eq!(message.text, texts.join("\n"), "the handler's message has all texts");
    assert_eq!(Some(message.id), cx.burst().last().map(|last| last.id), "and is the last of them");
    texts.join("+")
}

fn talker() -> Router {
    Router::new()
        .text("menu", async |_cx: Context, _message: Message| "the menu")
        .command("help", async |_cx: Context, _command: Command| "the help")
        .nest(Router::new().burst(QUIET).fallback(tell))
}

async fn on_stage(routes: Router) -> (Stage, ManualClock) {
    let clock = ManualClock::new(SystemClock.now());
    let of_app = clock.clone();
    let stage = stage(|app| app.clock(Arc::new(of_app)).bot(BotProfile::openline("talker"), routes)).await;
    (stage, clock)
}

#[tokio::test]
async fn what_the_channel_tells_of_the_same_messages_ends_no_burst() {
    let clock = ManualClock::new(SystemClock.now());
    let of_app = clock.clone();
    let stage = stage(|app| {
        let app = app.clock(Arc::new(of_app)).event("ONOPENLINEMESSAGEADD");
        app.bot(BotProfile::openline("talker"), talker())
    })
    .await;
    let ann = stage.portal.client_on("Ann", "telegrambot", stage.portal.line_id());
    for text in ["hi", "I have", "a question"] {
        ann.says(text).await;
        stage.portal.settled(SOON).await;
    }
    let told = stage.portal.deliveries();
    assert_eq!(
        told.iter().filter(|one| one.event == "ONOPENLINEMESSAGEADD").count(),
        3,
        "they were told of twice"
    );
    let mut idle = std::pin::pin!(stage.running.idle());
    tokio::select! {
        biased;
        () = &mut idle => panic!("idle although a burst gathers: {:?}", stage.said()),
        () = tokio::task::yield_now() => {}
    }
    clock.advance(QUIET);
    tokio::time::timeout(SOON, idle).await.unwrap();
    assert_eq!(stage.said(), ["hi+I have+a question"]);
}

#[tokio::test]
async fn quick_messages_are_one_turn_and_idle_waits_for_it() {
    let (stage, clock) = on_stage(talker()).await;
    let ann = stage.portal.client("Ann");
    for text in ["hi", "I have", "a question"] {
        ann.says(text).await;
        stage.portal.settled(SOON).await;
        // Half of the quiet is not quiet enough.
        clock.advance(QUIET / 2);
    }
    let mut idle = std::pin::pin!(stage.running.idle());
    tokio::select! {
        biased;
        () = &mut idle => panic!("idle although a burst gathers: {:?}", stage.said()),
        () = tokio::task::yield_now() => {}
    }
    clock.advance(QUIET / 2);
    tokio::time::timeout(SOON, idle).await.unwrap();
    assert_eq!(stage.said(), ["hi+I have+a question"]);
    ann.says("another").await;
    stage.portal.settled(SOON).await;
    clock.advance(QUIET);
    stage.quiet().await;
    assert_eq!(stage.said()[1..], ["another"]);
}

#[tokio::test]
async fn an_event_of_another_kind_ends_the_burst_at_once_and_comes_after_it() {
    let (stage, _clock) = on_stage(talker()).await;
    let ann = stage.portal.client("Ann");
    for text in ["hi", "there", "menu", "what", "is", "/help"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(stage.said(), ["hi+there", "the menu", "what+is", "the help"]);
}

#[tokio::test]
async fn the_end_of_the_session_ends_the_burst_at_once_and_comes_after_it() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let (of_messages, of_sessions) = (heard.clone(), heard.clone());
    // Noted and not said: the portal lets the bot say nothing when its session is over.
    let routes = Router::new()
        .burst(QUIET)
        .on(move |_cx: Context, _over: SessionFinished| {
            of_sessions.lock().unwrap().push("over".into());
            std::future::ready(())
        })
        .fallback(move |cx: Context, message: Message| {
            let heard = of_messages.clone();
            async move {
                let told = tell(cx, message).await;
                heard.lock().unwrap().push(told);
            }
        });
    let (stage, _clock) = on_stage(routes).await;
    let ann = stage.portal.client("Ann");
    ann.says("good").await;
    ann.says("bye").await;
    stage.portal.settled(SOON).await;
    stage.portal.operator("Ivan").finishes(&ann).await;
    stage.quiet().await;
    assert_eq!(*heard.lock().unwrap(), ["good+bye", "over"]);
}

#[tokio::test]
async fn a_bot_of_methods_says_for_each_message_what_a_turn_is() {
    struct Slow;
    #[async_trait]
    impl BotHandler for Slow {
        fn turn_policy(&self, message: &Message) -> TurnPolicy {
            match message.text.as_str() {
                "now" => TurnPolicy::Each,
                "panic" => panic!("in the policy"),
                _ => TurnPolicy::burst(QUIET),
            }
        }
        async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
            cx.reply(tell(cx.clone(), message.clone()).await);
            Ok(Done)
        }
    }
    let clock = ManualClock::new(SystemClock.now());
    let of_app = clock.clone();
    let stage = stage(|app| app.clock(Arc::new(of_app)).bot(BotProfile::openline("slow"), Slow)).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    for text in ["a", "b", "now", "panic", "c"] {
        ann.says(text).await;
    }
    bob.says("d").await;
    stage.portal.settled(SOON).await;
    clock.advance(QUIET);
    stage.quiet().await;
    let mut said = stage.said();
    said.retain(|text| text != "d");
    assert_eq!(said, ["a+b", "now", "panic", "c"]);
}

#[tokio::test]
async fn files_of_a_burst_are_all_there() {
    let count = async |_cx: Context, message: Message| format!("{}: {}", message.text, message.files.len());
    let (stage, clock) = on_stage(Router::new().burst(QUIET).fallback(count)).await;
    let ann = stage.portal.client("Ann");
    ann.says("two pictures").await;
    ann.sends_file("a.png", b"a".to_vec()).await;
    ann.sends_file("b.png", b"b".to_vec()).await;
    stage.portal.settled(SOON).await;
    clock.advance(QUIET);
    stage.quiet().await;
    assert_eq!(stage.said(), ["two pictures: 2"]);
}

#[tokio::test]
async fn a_burst_that_fails_runs_again_with_the_same_messages_and_what_came_meanwhile_is_the_next() {
    let tried: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = tried.clone();
    let fails_once = move |cx: Context, message: Message| {
        let log = log.clone();
        async move {
            let told = tell(cx.clone(), message).await;
            log.lock().unwrap().push(told.clone());
            if cx.failed_before() == 0 { Err(HandlerError::msg("no")) } else { Ok(told) }
        }
    };
    let (stage, clock) = on_stage(Router::new().burst(QUIET).fallback(fails_once)).await;
    let ann = stage.portal.client("Ann");
    ann.says("a").await;
    ann.says("b").await;
    stage.portal.settled(SOON).await;
    clock.advance(QUIET);
    until(|| !tried.lock().unwrap().is_empty()).await;
    ann.says("c").await;
    stage.portal.settled(SOON).await;
    let idle = async {
        while tokio::time::timeout(Duration::from_millis(20), stage.running.idle()).await.is_err() {
            clock.advance(QUIET);
        }
    };
    tokio::time::timeout(SOON, idle).await.unwrap();
    assert_eq!(*tried.lock().unwrap(), ["a+b", "a+b", "c", "c"]);
    assert_eq!(stage.said(), ["a+b", "c"]);
}

async fn until(done: impl Fn() -> bool) {
    let wait = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, wait).await.expect("in time");
}

/// One life of a bot on `store`; its handler hangs as long as `hangs` says.
async fn life(
    portal: &Portal,
    store: &Arc<dyn Store>,
    clock: &ManualClock,
    hangs: bool,
    heard: &Arc<Mutex<Vec<String>>>,
) -> Running {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let heard = heard.clone();
    let handler = move |cx: Context, message: Message| {
        let heard = heard.clone();
        async move {
            let told = tell(cx, message).await;
            heard.lock().unwrap().push(told.clone());
            if hangs {
                std::future::pending::<()>().await;
            }
            told
        }
    };
    let config = settings(portal).listen(port).public_url(format!("http://{port}"));
    App::new(config)
        .store(store.clone())
        .clock(Arc::new(clock.clone()))
        .bot(BotProfile::openline("talker"), Router::new().burst(QUIET).fallback(handler))
        .start()
        .await
        .unwrap()
}

/// Known of other frameworks: after a crash the messages of a burst are put together anew, with those that came
/// meanwhile, and what was answered in part is answered again.
#[rstest]
#[tokio::test]
async fn a_burst_is_not_regrouped_after_a_crash(#[values("memory", "sqlite")] kind: &str) {
    let dir = tempfile::tempdir().unwrap();
    let url = match kind {
        "sqlite" => format!("sqlite://{}", dir.path().join("bot.db").display()),
        _ => "memory:".into(),
    };
    let store = openlines::store::open(&url).unwrap();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let clock = ManualClock::new(SystemClock.now());
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let first = life(&portal, &store, &clock, true, &heard).await;
    portal.install(&format!("{}/install", first.url())).await;
    tokio::time::timeout(SOON, first.set_up(1)).await.unwrap();
    let ann = portal.client("Ann");
    ann.says("a").await;
    ann.says("b").await;
    portal.settled(SOON).await;
    clock.advance(QUIET);
    until(|| heard.lock().unwrap().len() == 1).await;
    // Accepted within the quiet of the burst that runs, as the clock stands.
    ann.says("c").await;
    ann.says("d").await;
    portal.settled(SOON).await;
    drop(first);

    let second = life(&portal, &store, &clock, false, &heard).await;
    until(|| heard.lock().unwrap().len() == 2).await;
    clock.advance(QUIET);
    tokio::time::timeout(SOON, second.idle()).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), ["a+b", "a+b", "c+d"]);
    let said: Vec<String> = portal.bot_messages().into_iter().map(|message| message.text).collect();
    assert_eq!(said, ["a+b", "c+d"]);
    second.stop().await;
}

/// A bot that hangs on `hang` until it is let go, and echoes the rest.
fn hanging(let_go: &watch::Sender<bool>) -> Router {
    let let_go = let_go.subscribe();
    Router::new()
        .text("hang", move |_cx: Context, _message: Message| {
            let mut let_go = let_go.clone();
            async move {
                let _ = let_go.wait_for(|go| *go).await;
                "hung"
            }
        })
        .fallback(async |_cx: Context, message: Message| message.text)
}

#[tokio::test]
async fn a_dialog_with_more_waiting_than_is_held_delays_no_other_and_keeps_its_order() {
    let let_go = watch::Sender::new(false);
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = settings(&portal).listen(port).public_url(format!("http://{port}"));
    let app = App::new(config).limits(openlines::rest::Limits::enterprise());
    let running = app.bot(BotProfile::openline("echo"), hanging(&let_go)).start().await.unwrap();
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    let (ann, bob) = (portal.client("Ann"), portal.client("Bob"));
    ann.says("hang").await;
    for number in 1..91 {
        ann.says(&number.to_string()).await;
    }
    portal.settled(SOON).await;
    bob.says("hello").await;
    bob.hears("hello").await;
    let_go.send_replace(true);
    portal.settled(SOON).await;
    tokio::time::timeout(Duration::from_secs(60), running.idle()).await.unwrap();
    let said: Vec<String> = portal.bot_messages().into_iter().map(|message| message.text).collect();
    let wanted =
        ["hello".to_owned(), "hung".to_owned()].into_iter().chain((1..91).map(|number| number.to_string()));
    assert_eq!(said, wanted.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_portal_whose_turns_hang_keeps_no_other_from_its_own() {
    let let_go = watch::Sender::new(false);
    let (id, secret) = ("local.65f0a1b2c3d4e5.12345678", "a secret that protects nothing but tests");
    let start = || async { Emulator::builder().app(id, secret).start().await.unwrap() };
    let emulators = [start().await, start().await];
    let portals = emulators.each_ref().map(Emulator::portal);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = portals.each_ref().map(|portal| portal.app().oauth_host).join(",");
    let config = settings(&portals[0]).listen(port).public_url(format!("http://{port}")).oauth_hosts(hosts);
    let mut policy = Policy::default();
    policy.turns_at_once = 8;
    let app = App::new(config).policy(policy).bot(BotProfile::openline("echo"), hanging(&let_go));
    let running = app.start().await.unwrap();
    for (nth, portal) in portals.iter().enumerate() {
        portal.install(&format!("{}/install", running.url())).await;
        tokio::time::timeout(SOON, running.set_up(nth + 1)).await.unwrap();
    }
    let [dead, alive] = &portals;
    for number in 0..20 {
        dead.client(&format!("Client {number}")).says("hang").await;
    }
    dead.settled(SOON).await;
    let eve = alive.client("Eve");
    eve.says("hello").await;
    eve.hears("hello").await;
    assert!(dead.bot_messages().is_empty());
    let_go.send_replace(true);
    tokio::time::timeout(SOON, running.idle()).await.unwrap();
    assert_eq!(dead.bot_messages().len(), 20);
}
