//! The program itself: what it prints can be used, and the application is installed when its handler is there.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use support::Handler;

struct Program {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    heard: Vec<String>,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_openlines-emulator"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, said, heard: Vec::new() }
    }

    /// Reads on until a line holds the text.
    fn says(&mut self, text: &str) -> String {
        for line in self.said.by_ref() {
            let line = line.unwrap();
            self.heard.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        unreachable!("it ended without saying {text:?}: {:#?}", self.heard)
    }

    /// The value of a variable in the commands printed so far.
    fn variable(&self, name: &str) -> String {
        let found = self.heard.iter().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
        found.unwrap().trim_end_matches(" \\").to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn what_it_prints_opens_the_page_and_lets_a_bot_in() {
    let mut program = Program::start(&["--installed"]);
    let page = program.says("Chat page").split_whitespace().last().unwrap().to_owned();
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    assert!(reqwest::get(&page).await.unwrap().text().await.unwrap().contains("<title>"));
    program.says("counts as installed already");
    program.says("Ctrl-C");
    let url = format!("{}server.time", program.variable("BITRIX24_WEBHOOK_URL"));
    assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
    assert_eq!(program.variable("OPENLINES_MASTER_KEY").len(), 44);
    let token = format!(
        "http://{}/oauth/token/?grant_type=refresh_token&client_id={}&client_secret={}&refresh_token=none",
        program.variable("BITRIX24_OAUTH_HOSTS"),
        program.variable("BITRIX24_CLIENT_ID"),
        program.variable("BITRIX24_CLIENT_SECRET"),
    );
    let answer = reqwest::get(token).await.unwrap().text().await.unwrap();
    assert!(answer.contains("invalid_grant"), "the server knows the application: {answer}");
}

#[tokio::test]
async fn the_application_is_installed_where_the_command_line_says() {
    let handler = Handler::start().await;
    let mut program = Program::start(&["--install", &handler.url]);
    let url = handler.url.clone();
    let line = tokio::task::spawn_blocking(move || program.says("Installed at")).await.unwrap();
    assert_eq!(line, format!("Installed at {url}: it answered 200."));
    let body = handler.bodies.lock().unwrap()[0].clone();
    assert!(body.starts_with(b"event=ONAPPINSTALL&"));
}

/// The commands as they were printed, without the port that the system chose and those that follow from it.
fn commands(program: &mut Program) -> Vec<String> {
    program.says("Ctrl-C");
    let variables = program.heard.iter().filter(|line| line.ends_with('\\'));
    variables.map(|line| without_ports(line)).collect()
}

fn without_ports(line: &str) -> String {
    let mut parts = line.split("127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts
        .fold(first, |line, part| line + "HERE" + part.trim_start_matches(|sign: char| sign.is_ascii_digit()))
}

#[test]
fn the_printed_commands_stay_the_same_with_an_identity_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let identity = ["--tls", "--identity", file.to_str().unwrap()];
    let first = commands(&mut Program::start(&identity));
    assert!(first.iter().any(|line| line.contains("BITRIX24_CLIENT_SECRET=")), "{first:?}");
    assert!(first.iter().any(|line| line.contains("SSL_CERT_FILE=")), "{first:?}");
    assert_eq!(commands(&mut Program::start(&identity)), first);
    assert_ne!(commands(&mut Program::start(&["--tls"])), first);
    std::fs::write(&file, "{}").unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_openlines-emulator")).args(identity).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("holds no identity"), "{said}");
}
