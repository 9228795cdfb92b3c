//! `serve`: work until told to stop.

use std::time::Duration;

use super::{App, AppError};

/// How long what is under way may take to end: less than what service managers wait before they kill.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until SIGTERM, SIGINT or Ctrl-C, then lets what is under way end.
pub(super) async fn serve(app: App) -> Result<(), AppError> {
    let fetches = app.config.public_url.is_none();
    let oauth = app.config.webhook_url.is_none();
    let running = app.start().await?;
    match (oauth, fetches) {
        (true, true) => tracing::info!(
            "bot events are fetched, so nothing is lost while the bot is down, and an idle dialog waits up to 5 s; open-line and application events, and installing, need OPENLINES_PUBLIC_URL"
        ),
        (true, false) => {
            tracing::info!("events are delivered by the portal; what it sends while the bot is down is lost")
        }
        (false, true) => tracing::info!(
            "bot events are fetched, so nothing is lost while the bot is down, and an idle dialog waits up to 5 s; a portal by incoming webhook has no open-line and application events and no RT events"
        ),
        (false, false) => tracing::info!(
            "bot events are delivered by the portal; what it sends while the bot is down is lost. A portal by incoming webhook has no open-line and application events and no RT events"
        ),
    }
    told_to_stop().await;
    tracing::info!("stopping: what is under way may end, what is left is on disk");
    if tokio::time::timeout(GRACE, running.stop()).await.is_err() {
        tracing::warn!(grace = ?GRACE, "a handler or a call took longer than the grace; it runs again at the next start");
    }
    Ok(())
}

/// Returns when the process is told to stop.
pub(super) async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
                return;
            }
            Err(error) => tracing::warn!(%error, "SIGTERM cannot be heard; Ctrl-C works"),
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
