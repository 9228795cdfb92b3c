//! Real processes: the bot is killed in the middle of a dialog, again and again, and nothing is lost, doubled or out
//! of order. `OPENLINES_SOAK=1` kills ten times as often.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    net::SocketAddr,
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Failed, Trial};
use openlines::prelude::*;
use openlines_emulator::{Delivery, Emulator, Portal};

/// Set for the process that is the bot.
const BOT: &str = "OPENLINES_TEST_IS_THE_BOT";
const MESSAGES: usize = 40;
const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

fn main() -> ExitCode {
    if std::env::var_os(BOT).is_some() {
        return runtime().block_on(bot());
    }
    let arguments = Arguments::from_args();
    let kills = if std::env::var_os("OPENLINES_SOAK").is_some() { 200 } else { 20 };
    let test = Trial::test(
        "killed_in_the_middle_of_a_dialog_every_acknowledged_message_is_answered_once_in_order",
        move || {
            runtime().block_on(killed(kills));
            Ok::<(), Failed>(())
        },
    );
    libtest_mimic::run(&arguments, vec![test]).exit_code()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The bot that is killed; it reads its settings as any bot does.
async fn bot() -> ExitCode {
    let echo =
        async |cx: Context, message: Message| cx.reply(format!("You said: {}", literal(&message.text)));
    let app = App::from_args(["bot", "serve"]).unwrap();
    match app.bot(BotProfile::openline("echo").name("Echo"), echo).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The bot's process; killed when dropped.
struct Bot {
    process: Child,
}

impl Bot {
    async fn start(portal: &Portal, listen: SocketAddr, directory: &std::path::Path) -> Self {
        let app = portal.app();
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(directory.join("bot.log")).unwrap();
        let process = Command::new(std::env::current_exe().unwrap())
            .env(BOT, "1")
            .env("OPENLINES_LISTEN", listen.to_string())
            .env("OPENLINES_ADMIN_LISTEN", "127.0.0.1:0")
            .env("OPENLINES_PUBLIC_URL", format!("http://{listen}"))
            .env("OPENLINES_DATABASE_URL", format!("sqlite://{}", directory.join("bot.db").display()))
            .env("OPENLINES_MASTER_KEY", MASTER_KEY)
            .env("BITRIX24_CLIENT_ID", app.client_id)
            .env("BITRIX24_CLIENT_SECRET", app.client_secret)
            .env("BITRIX24_OAUTH_HOSTS", app.oauth_host)
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut bot = Self { process };
        let deadline = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(listen).await.is_err() {
            assert!(bot.process.try_wait().unwrap().is_none(), "the bot ended by itself; see bot.log");
            assert!(Instant::now() < deadline, "the bot does not listen");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bot
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// xorshift64*: the same kills for the same seed, which is printed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}

async fn killed(kills: usize) {
    let seed = std::env::var("OPENLINES_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 0x9E37_79B9 + 1);
    println!("OPENLINES_TEST_SEED={seed}");
    let mut dice = Dice(seed);
    let mut killed = 0;
    while killed < kills {
        killed += one_dialog(&mut dice, (kills - killed).min(20)).await;
    }
    println!("{killed} kills, all dialogs whole");
}

/// One dialog of 40 messages with `kills` kills in it.
async fn one_dialog(dice: &mut Dice, kills: usize) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut bot = Bot::start(&portal, listen, directory.path()).await;
    portal.install(&format!("http://{listen}/install")).await;
    portal.wait_for_call("event.bind", Duration::from_secs(20)).await;
    let client = portal.client("Ann");

    // Which messages a kill follows, and how soon.
    let mut places: Vec<usize> = (0..MESSAGES).collect();
    for last in (1..MESSAGES).rev() {
        places.swap(last, dice.below(last as u64 + 1) as usize);
    }
    let places = &places[..kills];
    for index in 0..MESSAGES {
        client.says(&format!("message {index}")).await;
        if places.contains(&index) {
            // The moment of the kill is what is random here: before the 200, in the turn, in the sending, after it.
            tokio::time::sleep(Duration::from_micros(dice.below(60_000))).await;
            bot.kill();
            bot = Bot::start(&portal, listen, directory.path()).await;
        } else if dice.below(4) > 0 {
            // The rest follow each other as fast as they can be written.
            portal.settled(Duration::from_secs(60)).await;
        }
    }
    portal.settled(Duration::from_secs(60)).await;

    let acknowledged: Vec<usize> = portal.deliveries().iter().filter_map(acknowledged).collect();
    let answers =
        || -> Vec<usize> { portal.bot_messages().iter().filter_map(|said| number(&said.text)).collect() };
    let deadline = Instant::now() + Duration::from_secs(100);
    while !acknowledged.iter().all(|index| answers().contains(index)) {
        let log = std::fs::read_to_string(directory.path().join("bot.log")).unwrap();
        assert!(
            Instant::now() < deadline,
            "not all acknowledged messages were answered: {acknowledged:?}\n{}\n{log}",
            client.transcript()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let answers = answers();
    let mut once = answers.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(answers, once, "answered once and in order\n{}", client.transcript());
    println!(
        "{} of {MESSAGES} messages got their 200, {} were answered, {kills} kills",
        acknowledged.len(),
        answers.len()
    );
    assert!(
        acknowledged.len() >= MESSAGES / 8,
        "most kills should leave the delivery whole\n{:#?}\n{}",
        portal.deliveries(),
        std::fs::read_to_string(directory.path().join("bot.log")).unwrap()
    );
    bot.kill();
    kills
}

fn acknowledged(delivery: &Delivery) -> Option<usize> {
    if delivery.event != "ONIMBOTV2MESSAGEADD" || delivery.status != Ok(200) {
        return None;
    }
    number(delivery.form()["data"]["message"]["text"].as_str()?)
}

fn number(text: &str) -> Option<usize> {
    text.rsplit_once("message ")?.1.parse().ok()
}
