//! `demo`: the emulated portal and the bot in one process, to be tried in the browser.

use std::net::SocketAddr;

use super::{App, AppError, serve, trial};

/// Prints the address of the chat page and works until told to stop.
pub(super) async fn demo(app: App, listen: SocketAddr) -> Result<(), AppError> {
    let trial = trial::start(app, listen).await?;
    println!(
        "Write to the bot as a client of an emulated portal:\n\n  {}/\n\nCtrl-C ends it; nothing is kept.",
        trial.emulator.url()
    );
    serve::told_to_stop().await;
    trial.running.stop().await;
    Ok(())
}
