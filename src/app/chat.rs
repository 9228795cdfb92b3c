//! `chat`: the emulated portal in the terminal. A line is the client's next message, what the bot says is printed.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, stdin, stdout};

use super::{App, AppError, AppErrorKind, trial};
use crate::store::InboxState;

/// Longest wait for the bot after the end of input.
const LAST_WAIT: Duration = Duration::from_secs(30);
/// Longest wait for one answer while somebody types.
const WAIT: Duration = Duration::from_secs(600);

/// Reads standard input to its end. The next line goes in when everything the last one caused is done.
pub(super) async fn chat(app: App) -> Result<(), AppError> {
    let trial = trial::start(app, SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let client = trial.portal.client("Client");
    let mut input = BufReader::new(stdin());
    let mut printed = 0;
    let mut told = HashSet::new();
    let terminal = |error: std::io::Error| {
        AppError::new(AppErrorKind::Request, format!("the terminal cannot be read or written: {error}"))
            .caused(error)
    };
    let mut ended = false;
    while !ended {
        let mut line = Vec::new();
        ended = input.read_until(b'\n', &mut line).await.map_err(terminal)? == 0;
        let line = String::from_utf8_lossy(&line);
        match line.trim_end_matches(['\n', '\r']) {
            "" if ended => {}
            line if line.trim().is_empty() => continue,
            line => drop(client.says(line).await),
        }
        let limit = if ended { LAST_WAIT } else { WAIT };
        if tokio::time::timeout(limit, quiet(&trial)).await.is_err() {
            tracing::warn!(?limit, "the bot is still at work");
        }
        let mut out = String::new();
        let said = trial.portal.bot_messages();
        for message in said.iter().skip(printed) {
            if message.internal {
                eprintln!("(for operators only) {}", message.text);
                continue;
            }
            let names = message.files.iter().filter_map(|id| Some(trial.portal.file(*id)?.name));
            let files: Vec<String> = names.map(|name| format!("[file {name}]")).collect();
            let text =
                std::iter::once(message.text.clone()).filter(|text| !text.is_empty() || files.is_empty());
            for line in text.chain(files.clone()) {
                out.push_str(&line);
                out.push('\n');
            }
        }
        printed = said.len();
        for entry in trial.running.store().inbox(None, 100).await.unwrap_or_default() {
            if entry.state != InboxState::Pending && told.insert(format!("{:?}", entry.item)) {
                eprintln!("(needs a person: {})", entry.error);
            }
        }
        let mut stdout = stdout();
        stdout.write_all(out.as_bytes()).await.map_err(terminal)?;
        stdout.flush().await.map_err(terminal)?;
    }
    trial.running.stop().await;
    Ok(())
}

/// Returns once nothing is under way, on either side.
async fn quiet(trial: &trial::Trial) {
    loop {
        let delivered = trial.portal.deliveries().len();
        trial.portal.settled(WAIT).await;
        trial.running.idle().await;
        if trial.portal.deliveries().len() == delivered {
            return;
        }
    }
}
