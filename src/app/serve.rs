//! `serve`: work until told to stop.

use std::time::Duration;

use super::{App, AppError, Running, guarantee::Guarantee};

/// When the process ends at the latest after it was told to: less than the ten seconds after which many a service manager
/// kills it.
const LATEST: Duration = Duration::from_millis(9_800);

/// Serves until SIGTERM, SIGINT or Ctrl-C, then lets what is under way end.
pub(super) async fn serve(app: App) -> Result<(), AppError> {
    serve_during(app, async |_: &Running| std::future::pending::<()>().await).await.map(|_| ())
}

/// Serves until the same, or until `job` is done; what that says.
pub(super) async fn serve_during<T>(
    app: App,
    job: impl AsyncFnOnce(&Running) -> T,
) -> Result<Option<T>, AppError> {
    let guarantee = Guarantee::of(&app.config);
    let mut told = std::pin::pin!(told_to_stop());
    let running = tokio::select! {
        // First, so that it is heard from the beginning.
        biased;
        () = &mut told => return Ok(None),
        running = app.start() => running?,
    };
    tracing::info!("{}", guarantee.text());
    let done = tokio::select! {
        biased;
        () = told => None,
        done = job(&running) => Some(done),
    };
    if done.is_none() {
        tracing::info!("stopping: what ends within 8 s may end, what is left is on disk");
        end_by(LATEST);
    }
    running.stop().await;
    Ok(done)
}

/// Ends the process after `limit`, if it is still there. A thread that a handler blocks can be stopped in no other way,
/// and the runtime would wait for it.
fn end_by(limit: Duration) {
    let end = move || {
        std::thread::sleep(limit);
        tracing::warn!(
            "a handler blocks its thread: the process ends without it, and it runs again at the next start"
        );
        std::process::exit(0);
    };
    if let Err(error) = std::thread::Builder::new().name("end".into()).spawn(end) {
        tracing::warn!(%error, "nobody watches that the process ends in time");
    }
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
