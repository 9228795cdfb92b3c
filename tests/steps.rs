//! Steps: what a turn that runs again does not do again.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use openlines::{
    prelude::*,
    rest::methods::imbot::{AddedMessage, MessageAdd},
};
use stage::stage;

#[tokio::test]
async fn a_v1_bot_remembers_the_id_of_what_it_sent_in_a_step() {
    let (runs, ids) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let handler = {
        let (runs, ids) = (runs.clone(), ids.clone());
        move |cx: Context, message: Message| {
            let (runs, ids) = (runs.clone(), ids.clone());
            async move {
                let add = MessageAdd::reply(
                    cx.bot().unwrap().id,
                    message.chat.dialog.clone(),
                    &Reply::text("Which?"),
                );
                let asked: AddedMessage = cx.step("asked", cx.invoke(&add)).await?;
                ids.lock().unwrap().push(asked.id.get());
                if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err(HandlerError::msg("the first run fails after it asked"));
                }
                Ok::<_, HandlerError>(())
            }
        }
    };
    let stage = stage(|app| app.bot(BotProfile::openline("asker").v1(), handler)).await;
    stage.portal.client("Ann").says("order").await;
    stage.quiet().await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    let messages = stage.portal.bot_messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(*ids.lock().unwrap(), [messages[0].id; 2]);
}
