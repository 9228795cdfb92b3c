//! Told to stop: what ends in time ends, the rest runs again after the restart, and the process is gone within ten
//! seconds, with exit code 0.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use openlines::{
    prelude::*,
    rest::Limits,
    store::{Inbox, InboxState, OpenMode, SqliteStore},
};
use openlines_emulator::{Client, Emulator, Portal, RestFault};
use tokio::io::AsyncWriteExt;

use crate::{
    bot::{Bot, Home},
    crowd::{self, Place},
};

/// The name of this test's bot.
pub(crate) const SLOW: &str = "slow";
const STEPS: &str = "OPENLINES_TEST_STEPS";
/// How many milliseconds the slowest handler takes.
const LONG: &str = "OPENLINES_TEST_LONG";
const SOON: Duration = Duration::from_secs(60);
/// After it a service manager would have to kill the process.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
const CROWD: usize = 10;
/// The dialogs of the slow handlers.
const THREE_SECONDS: usize = 100;
const LONGEST: usize = 101;

/// The bot that is stopped: `dialog/number how`, and how says what its handler does. Each turn writes a line, once.
pub(crate) async fn bot() -> ExitCode {
    let steps = PathBuf::from(std::env::var(STEPS).unwrap());
    let long = Duration::from_millis(std::env::var(LONG).unwrap().parse().unwrap());
    let answer = move |cx: Context, message: Message| {
        let steps = steps.clone();
        async move {
            let (place, how) = message.text.split_once(' ').unwrap_or((&message.text, ""));
            let noted = async {
                let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&steps)?;
                file.write_all(format!("{place}\n").as_bytes())?;
                Ok::<_, HandlerError>(())
            };
            cx.step("noted", noted).await?;
            match how {
                "three" => tokio::time::sleep(Duration::from_secs(3)).await,
                "long" => tokio::time::sleep(long).await,
                "blocks" => std::thread::sleep(long),
                _ => {}
            }
            Ok::<_, HandlerError>(format!("{place} 1 timely"))
        }
    };
    let app = App::from_args(["bot", "serve"]).unwrap().limits(Limits::new(100_000, 10_000));
    match app.bot(BotProfile::openline(SLOW).name("Slow"), answer).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A portal and a bot on it, which may be started again.
struct Stage {
    directory: tempfile::TempDir,
    portal: Portal,
    _emulator: Emulator,
}

impl Stage {
    async fn new() -> Self {
        let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
        Self { directory: tempfile::tempdir().unwrap(), portal: emulator.portal(), _emulator: emulator }
    }

    fn home(&self) -> Home<'_> {
        Home::new(SLOW, &self.portal, self.directory.path())
            .with(STEPS, self.directory.path().join("steps").display().to_string())
            .with(LONG, "60000".to_owned())
    }

    async fn installed(&self, home: &Home<'_>) -> Bot {
        let bot = home.start().await;
        self.portal.install(&home.install_url()).await;
        self.portal.wait_for_call("event.bind", SOON).await;
        bot
    }

    /// How often the step of each message was taken.
    fn steps(&self) -> BTreeMap<Place, usize> {
        let text = std::fs::read_to_string(self.directory.path().join("steps")).unwrap_or_default();
        let mut times = BTreeMap::new();
        text.lines().filter_map(crowd::place).for_each(|place| *times.entry(place).or_default() += 1);
        times
    }

    fn answered(&self) -> Vec<Place> {
        crowd::answers(&self.portal).iter().map(|answer| answer.place).collect()
    }

    fn acknowledged(&self) -> BTreeSet<Place> {
        self.portal.deliveries().iter().filter_map(crowd::acknowledged).collect()
    }
}

async fn ends_in_time(bot: &mut Bot, home: &Home<'_>) -> Duration {
    let told = Instant::now();
    bot.terminate();
    let is_well = bot.ended("SIGTERM").await;
    let took = told.elapsed();
    assert!(is_well, "the exit code is not 0\n{}", home.log());
    assert!(took <= ENDS_WITHIN, "it took {took:?}\n{}", home.log());
    took
}

pub(crate) async fn under_load() {
    let stage = Stage::new().await;
    let home = stage.home();
    let mut bot = stage.installed(&home).await;
    let clients: Vec<Client> = (0..CROWD).map(|at| stage.portal.client(&format!("Client {at}"))).collect();
    let (three, long) = (stage.portal.client("Three"), stage.portal.client("Long"));
    let over = Cell::new(false);
    let said = Cell::new(0);
    let crowd = async {
        while !over.get() {
            let at = said.get();
            clients[at % CROWD].says(&format!("{}/{}", at % CROWD, at / CROWD)).await;
            said.set(at + 1);
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    let stop = async {
        home.until("the load", || stage.answered().len() > 2 * CROWD).await;
        long.says(&format!("{LONGEST}/0 long")).await;
        long.says(&format!("{LONGEST}/1")).await;
        three.says(&format!("{THREE_SECONDS}/0 three")).await;
        let slow = [(LONGEST, 0), (THREE_SECONDS, 0)];
        home.until("the slow handlers", || slow.iter().all(|place| stage.steps().contains_key(place))).await;
        let took = ends_in_time(&mut bot, &home).await;
        over.set(true);
        took
    };
    let ((), took) = tokio::join!(crowd, stop);
    stage.portal.settled(SOON).await;

    let first = stage.answered();
    assert!(first.contains(&(THREE_SECONDS, 0)), "the turn of three seconds ended and its answer is sent");
    assert!(!first.contains(&(LONGEST, 0)));
    let due = stage.acknowledged();
    let left = due.iter().filter(|place| !first.contains(place)).count();
    assert!(left > 2, "something was left for the next start");

    let home = home.with(LONG, "10".to_owned());
    let mut bot = home.start().await;
    home.until("all that was acknowledged", || due.iter().all(|place| stage.answered().contains(place)))
        .await;
    let again = ends_in_time(&mut bot, &home).await;
    let answered = stage.answered();
    let once: BTreeSet<Place> = answered.iter().copied().collect();
    assert_eq!(once.len(), answered.len(), "answered once\n{}", home.log());
    let steps = stage.steps();
    assert_eq!(steps[&(LONGEST, 0)], 1, "its step is not repeated");
    assert_eq!(steps[&(THREE_SECONDS, 0)], 1);
    let at = |place| answered.iter().position(|answer| *answer == place);
    assert!(at((LONGEST, 0)) < at((LONGEST, 1)), "in order");
    println!(
        "SIGTERM: ended in {took:?} beside a turn of 60 s, in {again:?} with nothing to do; of {} messages {} were acknowledged, {} answered before the end, {left} after the restart, 0 twice, 0 never",
        said.get() + 3,
        due.len(),
        first.len(),
    );
}

/// A handler that blocks its thread, and somebody who has sent half a request.
pub(crate) async fn held_up() {
    let stage = Stage::new().await;
    let home = stage.home();
    let mut bot = stage.installed(&home).await;
    stage.portal.client("Ann").says("0/0 blocks").await;
    home.until("the handler", || stage.steps().contains_key(&(0, 0))).await;
    let mut half = tokio::net::TcpStream::connect(home.address()).await.unwrap();
    half.write_all(b"POST /events HTTP/1.1\r\nHost: bot\r\nContent-Length: 100\r\n\r\nevent=").await.unwrap();
    let took = ends_in_time(&mut bot, &home).await;
    println!("SIGTERM: ended in {took:?} beside a thread that is blocked and a request that does not come");

    let home = home.with(LONG, "10".to_owned());
    let _bot = home.start().await;
    home.until("the answer", || stage.answered() == [(0, 0)]).await;
    assert_eq!(stage.steps()[&(0, 0)], 1);
}

/// A portal that carries calls out and does not answer them.
pub(crate) async fn unanswered() {
    let stage = Stage::new().await;
    let home = stage.home();
    let mut bot = stage.installed(&home).await;
    let send = "imbot.v2.Chat.Message.send";
    stage.portal.faults().rest(send, RestFault::SilenceAfterExecution, 99);
    stage.portal.client("Ann").says("0/0").await;
    stage.portal.wait_for_call(send, SOON).await;
    let took = ends_in_time(&mut bot, &home).await;
    println!("SIGTERM: ended in {took:?} beside a call that is not answered");

    stage.portal.faults().clear();
    let _bot = home.start().await;
    let store = SqliteStore::open(home.database(), OpenMode::Inspect).unwrap();
    let deadline = Instant::now() + SOON;
    while !store.inbox(Some(InboxState::Pending), 1).await.unwrap().is_empty() {
        assert!(Instant::now() < deadline, "it is never settled\n{}", home.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(stage.answered(), [(0, 0)], "said once");
    assert!(store.inbox(None, 9).await.unwrap().is_empty(), "and nobody is needed");
}

/// While it starts, and when there is nothing to do.
pub(crate) async fn at_once() {
    let stage = Stage::new().await;
    let home = stage.home();
    for _ in 0..5 {
        let took = ends_in_time(&mut home.start().await, &home).await;
        assert!(took < Duration::from_secs(2), "{took:?}\n{}", home.log());
    }
}
