//! Every example, as the program that it is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use openlines_emulator::{Emulator, Entrance, Portal};
use rstest::rstest;

fn program(example: &str) -> PathBuf {
    // target/debug/deps/examples-0123 → target/debug/examples/NAME
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap().join("examples").join(example);
    assert!(program.is_file(), "{} is not built: `cargo build --examples`", program.display());
    program
}

/// `program` in a directory of its own, with none of the caller's settings.
fn command(example: &str, home: &Path) -> Command {
    let mut command = Command::new(program(example));
    command.current_dir(home).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("OPENLINES_") || text.starts_with("BITRIX24_") || text == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    command
}

const MENU: &str = "What is it about?\n1. Delivery\n2. Payment";

#[rstest]
#[case::echo("echo", "hello\n", &["You said: hello"])]
#[case::keyboard("keyboard", "hi\n/order 15\n", &["Write /order and a number", "Order 15 is packed"])]
#[case::menu("menu", "hi\n2\nshipping\n", &[MENU, "By card or in cash", "It takes two days"])]
#[case::attachment("attachment", "/order 15\n", &["Order 15 is packed, 120 € are to be paid"])]
#[case::form(
    "form",
    "hi\nAnn\nskip\n40\n4\nyes\n",
    &["What is your name?", "Where can we call you?", "How many of you?", "20", "Is this right?", "A table for 4, Ann. We do not call."],
)]
#[case::dialogue("dialogue", "soup\nElm Street\n", &["Where shall we bring it?", "soup for Elm Street"])]
#[case::timers("timers", "hi\nremind me in 600\nnever mind\n", &["Write `remind me in 5`", "In 600 seconds", "As you like"])]
#[case::hand_over("hand_over", "hi\nperson\n", &["You said: hi", "One moment, please"])]
#[case::rt("rt", "hello\n", &["5 letters"])]
#[case::fetch_mode("fetch_mode", "hello\n", &["You said: hello"])]
#[case::many_portals("many_portals", "one\ntwo\n", &["Message 1 of this portal", "Message 2 of this portal"])]
fn it_says_in_the_terminal_what_it_should(
    #[case] example: &str,
    #[case] scenario: &str,
    #[case] said: &[&str],
) {
    let home = tempfile::tempdir().unwrap();
    let mut child = command(example, home.path()).arg("chat").spawn().unwrap();
    child.stdin.take().unwrap().write_all(scenario.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let (transcript, log) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    let mut rest = transcript.as_str();
    for text in said {
        let at =
            rest.find(text).unwrap_or_else(|| panic!("{text:?} is not in {rest:?} of\n{transcript}\n{log}"));
        rest = &rest[at + text.len()..];
    }
}

/// `testing` is a test itself.
#[test]
fn the_index_and_this_test_name_every_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let names: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "testing")
        .collect();
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let here = include_str!("examples.rs");
    for name in names {
        assert!(index.contains(&format!("[{name}]({name}.rs)")), "{name} is not in the index");
        assert!(
            here.contains(&format!("#[case::{name}(\"{name}\""))
                || here.contains(&format!("#[case::{name}(\n    \"{name}\"")),
            "{name} is not tried"
        );
    }
}

/// An example at work for a portal; killed when dropped.
struct Serving {
    child: Child,
    _home: tempfile::TempDir,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it with the environment that the portal gives, changed by `change`, and waits until it is ready.
async fn serving(
    example: &str,
    portal: &Portal,
    entrance: Entrance,
    change: impl Fn(&mut Command),
) -> Serving {
    let home = tempfile::tempdir().unwrap();
    let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, admin) = (free(), free());
    let mut command = command(example, home.path());
    command
        .arg("serve")
        .envs(portal.bot_environment(entrance))
        .env("OPENLINES_LISTEN", listen.to_string())
        .env("OPENLINES_ADMIN_LISTEN", admin.to_string())
        .env("OPENLINES_PUBLIC_URL", format!("http://{listen}"))
        .env("OPENLINES_DATABASE_URL", format!("sqlite://{}", home.path().join("bot.db").display()))
        .stderr(Stdio::inherit());
    change(&mut command);
    let serving = Serving { child: command.spawn().unwrap(), _home: home };
    until("it is ready", async || {
        let answer = reqwest::get(format!("http://{admin}/readyz")).await;
        answer.is_ok_and(|answer| answer.status().is_success())
    })
    .await;
    if entrance == Entrance::Application {
        portal.install(&format!("http://{listen}/install")).await;
    }
    serving
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn answers(portal: &Portal, bot: &str, said: &str, heard: &str) {
    until("its bot is registered", async || portal.bot_id(bot).is_some()).await;
    let ann = portal.client("Ann");
    ann.says(said).await;
    ann.hears(heard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_address_the_events_are_fetched() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let _serving = serving("fetch_mode", &portal, Entrance::Webhook, |command| {
        command.env_remove("OPENLINES_PUBLIC_URL");
    })
    .await;
    answers(&portal, "fetch", "hello", "You said: hello").await;
    let methods: BTreeSet<String> = portal.calls().into_iter().map(|call| call.method).collect();
    assert!(methods.contains("imbot.v2.event.get"), "{methods:?}");
    assert!(portal.deliveries().is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_if_they_are_wanted_so() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let mut serving = serving("echo", &portal, Entrance::Webhook, |command| {
        command.env("OPENLINES_LOG_FORMAT", "json").stderr(Stdio::piped());
    })
    .await;
    answers(&portal, "echo", "hello", "You said: hello").await;
    serving.child.kill().unwrap();
    let mut log = String::new();
    std::io::Read::read_to_string(serving.child.stderr.as_mut().unwrap(), &mut log).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 1, "{log}");
    assert!(lines.iter().all(|line| line["level"].is_string() && line["message"].is_string()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_the_live_page_as_an_event() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let _serving = serving("rt", &portal, Entrance::Application, |_| {}).await;
    answers(&portal, "rt", "hello", "5 letters").await;
    until("the event was sent", async || portal.rt_events().iter().any(|event| event.command == "heard"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_installs_it_is_counted_by_itself() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let _serving = serving("many_portals", &portal, Entrance::Application, |_| {}).await;
    answers(&portal, "many", "hello", "Message 1 of this portal").await;
    until("on_install has run", async || portal.calls().iter().any(|call| call.method == "profile")).await;
}
