//! `serve`: work until told to stop.

use std::time::Duration;

use super::{App, AppError, guarantee::Guarantee};

/// How long what is under way may take to end: less than what service managers wait before they kill.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until SIGTERM, SIGINT or Ctrl-C, then lets what is under way end.
pub(super) async fn serve(app: App) -> Result<(), AppError> {
    let guarantee = Guarantee::of(&app.config);
    let running = app.start().await?;
    tracing::info!("{}", guarantee.text());
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
