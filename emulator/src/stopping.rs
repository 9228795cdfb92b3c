//! Being asked to stop: by Ctrl-C, by a service manager, or because the terminal is closed.
//!
//! Each of them ends the program the same way, so that what it left on the disk goes with it. The trap: a program that
//! is killed outright leaves it there.

/// Listens from now on; the future ends when somebody asks.
#[cfg(unix)]
pub(super) fn listen() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
    let mut interrupted = listen(SignalKind::interrupt())?;
    let mut terminated = listen(SignalKind::terminate())?;
    let mut hung_up = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            _ = hung_up.recv() => {}
        }
    })
}

/// Listens from now on; the future ends when somebody asks.
#[cfg(not(unix))]
pub(super) fn listen() -> Result<impl Future<Output = ()>, String> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can ask; the program ends when it is ended.
            std::future::pending::<()>().await;
        }
    })
}
