//! The push server as a test holds it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::log::{Target, What};
use crate::portal::Portal;
use crate::server::shared::Shared;

/// The push server of a portal. Clones are the same server.
#[derive(Clone, Debug)]
pub struct PushServer {
    shared: Arc<Shared>,
}

impl PushServer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// How many web sockets and polls are open.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.shared.look(|world| world.push.listeners)
    }

    /// Returns when at least `count` web sockets and polls are open.
    ///
    /// # Panics
    ///
    /// When there are fewer in time.
    pub async fn wait_for_listeners(&self, count: usize, limit: Duration) {
        let what = format!("{count} listeners of the push server");
        let enough = |world: &crate::world::World| (world.push.listeners >= count).then_some(());
        Portal::new(Arc::clone(&self.shared)).until(&what, limit, enough).await;
    }

    /// Tells everybody connected that the server restarts (`server_restart`): they come back in 15 seconds.
    pub fn restart(&self) {
        self.shared.hit(|world| world.push_control("server_restart", &json!([])));
    }

    /// Tells everybody connected to fetch the configuration anew (`config_expire`).
    pub fn expire_config(&self) {
        self.shared.hit(|world| {
            world.push.config_timestamp = world.now().max(world.push.config_timestamp + 1);
            world.push_control("config_expire", &json!([]));
        });
    }

    /// Ends every channel: who is connected is told to fetch the configuration (`channel_expire`), and who comes with
    /// an old channel is closed with 4010.
    pub fn expire_channels(&self) {
        self.shared.hit(|world| {
            world.push_control("channel_expire", &json!({"action": "get_config", "channel": {}}));
            world.push.close_channels();
        });
    }

    /// Turns pages away until it is switched off: sockets and polls are answered with 503. Who is connected stays.
    pub fn refuse_pages(&self, on: bool) {
        self.shared.hit(|world| world.push.shut = on);
    }

    /// Closes every web socket with 1001, as a server that is gone.
    pub fn disconnect(&self) {
        self.shared.hit(|world| {
            let now = world.now();
            world.push.log.add(now, Target::Connected, What::Close(1001, "server gone"));
        });
    }
}

impl Portal {
    /// The push server, which carries RT events to the application's pages.
    #[must_use]
    pub fn push(&self) -> PushServer {
        PushServer::new(Arc::clone(&self.shared))
    }
}
