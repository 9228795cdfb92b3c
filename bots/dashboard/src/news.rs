//! Keeps the board: hears what happens, reads what is not known, tells the pages of those who look.

use std::{collections::HashSet, sync::Arc, time::Duration};

use openlines::{
    app::Desks,
    prelude::*,
    rest::methods::imopenlines::{ConfigListGet, SessionHistoryGet},
};

use crate::{Settings, board::Board};

/// What happens within this time is one event for the pages: a busy line takes two calls a second.
const PAUSE: Duration = Duration::from_millis(400);
/// Histories read at a time: room for the bots.
const AT_ONCE: usize = 20;
/// How often a quiet dialog is looked up while somebody looks.
const LOOK_AGAIN: Duration = Duration::from_secs(600);

/// Until the app stops.
pub(crate) async fn keep(board: Arc<Board>, settings: Settings, desks: Desks) {
    // Before anything is looked up: what happens meanwhile comes after it.
    let mut happenings = desks.watch();
    let hear = async {
        while let Some(happening) = happenings.next().await {
            board.happened(happening);
        }
    };
    tokio::select! {
        () = hear => {}
        () = read(&board, &settings, &desks) => {}
        () = tell(&board, &desks) => {}
    }
}

/// What is not known of dialogs, by what the framework has kept of them and by their histories on the portal.
async fn read(board: &Board, settings: &Settings, desks: &Desks) {
    let mut begun = HashSet::new();
    let span = Duration::from_secs(86_400 * u64::from(settings.days.get()));
    loop {
        for desk in desks.portals() {
            if begun.insert(desk.portal().clone()) {
                let open = desk.open_dialogs(span).await.unwrap_or_else(|error| {
                    tracing::warn!(portal = %desk.portal(), %error, "open dialogs cannot be looked up");
                    Vec::new()
                });
                let lines = desk.invoke(&ConfigListGet::new()).await.map(|found| found.lines);
                let lines = lines.iter().flatten().map(|line| (line.id(), line.name().to_owned()));
                board.begin(desk.portal(), open, lines.collect());
            }
            for (chat, rev) in board.unread(desk.portal(), LOOK_AGAIN).into_iter().take(AT_ONCE) {
                let history = desk.invoke(&SessionHistoryGet::new().chat_id(chat)).await;
                if let Err(error) = &history {
                    tracing::warn!(portal = %desk.portal(), %chat, %error, "what was said before cannot be read");
                }
                board.read(desk.portal(), chat, rev, history.ok());
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn tell(board: &Board, desks: &Desks) {
    loop {
        tokio::time::sleep(PAUSE).await;
        for desk in desks.portals() {
            let Some((users, news)) = board.untold(desk.portal()) else { continue };
            if let Err(error) = desk.rt_to(RtRecipients::Users(users), &news).await {
                tracing::warn!(portal = %desk.portal(), %error, "pages are not told; they ask by themselves");
            }
        }
    }
}
