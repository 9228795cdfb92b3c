//! `demo`: the emulated portal and the bot in one process, to be tried in the browser.

use std::{io::Write as _, net::SocketAddr};

use super::{App, AppError, serve, trial};

/// Prints the address of the chat page and works until told to stop.
pub(super) async fn demo(app: App, listen: SocketAddr) -> Result<(), AppError> {
    let page = app.pages.first().map(|page| page.path.clone());
    let mut told = std::pin::pin!(serve::told_to_stop());
    let trial = tokio::select! {
        // First, so that whoever knows the address is heard.
        biased;
        () = &mut told => return Ok(()),
        trial = trial::start(app, listen) => trial?,
    };
    let mut said =
        format!("Write to the bot as a client of an emulated portal:\n\n  {}/\n", trial.emulator.url());
    if let Some(path) = page {
        trial.portal.set_page_url(Some(&format!("{}{path}", trial.running.url())));
        said +=
            &format!("\nThe application's page, as the portal shows it:\n\n  {}\n", trial.portal.frame_url());
    }
    // Who reads it may be gone already; the demo goes on all the same.
    let _ = writeln!(std::io::stdout(), "{said}\nCtrl-C ends it; nothing is kept.");
    told.await;
    trial.running.stop().await;
    Ok(())
}
