//! The stage of the black-box tests: an emulated portal, and an app installed on it, in one process.
#![allow(dead_code, unused_imports, clippy::unwrap_used, clippy::panic)]

mod shifted;

use std::time::Duration;

use openlines::prelude::*;
use openlines_emulator::{Emulator, Portal};
pub(crate) use shifted::Shifted;

/// Longest wait for anything that should come at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// 32 bytes that protect nothing but tests.
pub(crate) const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) portal: Portal,
    pub(crate) running: openlines::app::Running,
}

/// Settings for an app on `portal`, in memory, on a free port.
pub(crate) fn settings(portal: &Portal) -> Config {
    let app = portal.app();
    Config::new()
        .listen("127.0.0.1:0".parse().unwrap())
        .without_admin()
        .database_url("memory:")
        .master_key(MASTER_KEY)
        .oauth_app(app.client_id, app.client_secret)
        .oauth_hosts(app.oauth_host)
}

/// Starts a portal and the app that `build` makes, and installs it by the callback way.
pub(crate) async fn stage(build: impl FnOnce(App) -> App) -> Stage {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    // The address must be known before the app starts, as it is for one behind a proxy.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = settings(&portal).listen(port).public_url(format!("http://{port}"));
    let running = build(App::new(config)).start().await.unwrap();
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    Stage { emulator, portal, running }
}

impl Stage {
    /// Returns once nothing is under way, on either side.
    pub(crate) async fn quiet(&self) {
        loop {
            let delivered = self.portal.deliveries().len();
            self.portal.settled(SOON).await;
            tokio::time::timeout(SOON, self.running.idle()).await.expect("the app comes to rest");
            if self.portal.deliveries().len() == delivered {
                return;
            }
        }
    }

    /// Texts of all bot messages, in the order of sending.
    pub(crate) fn said(&self) -> Vec<String> {
        self.portal.bot_messages().into_iter().map(|message| message.text).collect()
    }
}
