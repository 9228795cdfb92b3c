//! Takes the picture for a bot's README: its demo's chat page after a short conversation, into `target/screens/NAME.png`.
//!
//! ```console
//! cargo build -p triage
//! cargo run -p bot-trials --example picture -- triage "Good day" 2 1
//! ```
//!
//! The first argument is the program's name, each other one the client's next message. `.ci/pictures` takes all of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a picture that cannot be taken says by a panic why")]

#[path = "../../../emulator/tests/browser/window.rs"]
#[allow(dead_code, unreachable_pub)]
mod window;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() {
    let mut messages: Vec<String> = std::env::args().skip(1).collect();
    assert!(!messages.is_empty(), "the program's name, and what the client writes");
    let name = messages.remove(0);
    // target/debug/examples/picture → target/debug/NAME
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap().join(&name);
    let mut child = Command::new(program)
        .args(["demo", "--portal-listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the bot is built");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let _demo = Demo(child);
    let address = lines.find(|line| line.trim().starts_with("http://")).expect("it prints an address");
    window::play("picture", async |window| {
        window.size(1_040, 600).await;
        window.open(address.trim()).await;
        // The client's chat and the operator's: what the inspector has is not what the bot is for.
        let two = "const [one, other, last] = document.querySelectorAll('.pane'); last.style.display = 'none'; \
            one.parentElement.style.gridTemplateColumns = '1fr 1fr'; return other.id";
        window.script(two).await;
        for message in messages {
            let answers = "return document.querySelectorAll('#client-log .message.bot').length";
            let before = window.script(answers).await;
            window.types("#client-text", &format!("{message}\n")).await;
            // All that the bot says to it.
            let mut last = before.clone();
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
                let now = window.script(answers).await;
                if now == last && now != before {
                    break;
                }
                last = now;
            }
        }
        window.shot(&name).await;
    })
    .await;
}
