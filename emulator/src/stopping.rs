//! Being asked to stop: by Ctrl-C, by a service manager, or because the terminal is closed.
//!
//! Each of them ends the program the same way, so that what it left on the disk goes with it. The trap: a program that
//! is killed outright leaves it there.

/// Waits until somebody asks.
#[cfg(unix)]
pub(super) async fn asked() -> Result<(), String> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
    let mut interrupted = listen(SignalKind::interrupt())?;
    let mut terminated = listen(SignalKind::terminate())?;
    let mut hung_up = listen(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        _ = hung_up.recv() => {}
    }
    Ok(())
}

/// Waits until somebody asks.
#[cfg(not(unix))]
pub(super) async fn asked() -> Result<(), String> {
    tokio::signal::ctrl_c().await.map_err(|error| format!("cannot wait for Ctrl-C: {error}"))
}
