//! A bot on an emulated portal in its own process: what `demo` and `chat` have in common.

use std::{net::SocketAddr, time::Duration};

use base64::Engine as _;
use openlines_emulator::{Emulator, Portal};

use super::{App, AppError, AppErrorKind, Config, Running, running};

/// An emulated portal answers at once: what takes longer never comes.
const SET_UP_LIMIT: Duration = Duration::from_secs(15);

/// The emulated portal with the bot installed on it.
pub(super) struct Trial {
    /// Stops the portal when it is dropped.
    pub(super) emulator: Emulator,
    pub(super) portal: Portal,
    pub(super) running: Running,
}

/// Starts a portal at `listen`, the bot on a free port, and installs it there. Nothing is kept.
pub(super) async fn start(mut app: App, listen: SocketAddr) -> Result<Trial, AppError> {
    let emulator = Emulator::builder().listen(listen).start().await.map_err(|error| {
        let what = format!("--portal-listen: the emulated portal cannot listen on {listen} ({error}); is another demo running?");
        AppError::new(AppErrorKind::Listen, what).caused(error)
    })?;
    let portal = emulator.portal();
    let credentials = portal.app();
    let mut key = [0; 32];
    key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    let config = Config::new()
        .without_admin()
        .listen(SocketAddr::from(([127, 0, 0, 1], 0)))
        .database_url("memory:")
        .master_key(base64::engine::general_purpose::STANDARD.encode(key))
        .oauth_app(credentials.client_id, credentials.client_secret)
        .oauth_hosts(credentials.oauth_host);
    app.config = config;
    let running = running::start(app, running::Address::Own).await?;
    portal.install(&format!("{}/install", running.url())).await;
    if tokio::time::timeout(SET_UP_LIMIT, running.set_up(1)).await.is_err() {
        let what = "the emulated portal could not be set up for this bot; the log says why";
        return Err(AppError::new(AppErrorKind::Late, what));
    }
    Ok(Trial { emulator, portal, running })
}
