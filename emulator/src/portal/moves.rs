//! The portal moves to another address, or restarts.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;

use super::Portal;

/// How long a restart waits for a connection whose client takes nothing any more.
const CLOSING: Duration = Duration::from_secs(5);

impl Portal {
    /// Gives the portal another address, such as `127.0.0.1:0` for a free port or `127.0.0.2:0` for another host.
    /// From now on REST calls to the old one are answered 302 with the new one, and tokens and events name the new
    /// one. The authorisation server and the page stay where they were. The new `HOST:PORT`.
    ///
    /// The trap for clients: a redirected POST becomes a GET unless the client posts again by itself.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub async fn rename(&self, address: &str) -> std::io::Result<String> {
        let listener = TcpListener::bind(address).await?;
        let domain = listener.local_addr()?.to_string();
        let gone = || std::io::Error::other("the emulator has stopped");
        self.shared.hit(|world| {
            let scheme = world.identity.origin.split("://").next().unwrap_or("http").to_owned();
            world.identity.domain.clone_from(&domain);
            world.identity.origin = format!("{scheme}://{domain}");
            let listeners = self.shared.listeners.get().ok_or_else(gone)?;
            listeners.send(listener).map_err(|_| gone())?;
            self.shared.listener.fetch_add(1, Ordering::SeqCst);
            Ok(domain)
        })
    }

    /// Restarts the portal: connections that are open are closed, also in the middle of a request. What the portal
    /// knows it still knows. Returns when they are closed.
    pub async fn restart(&self) {
        let ended = tokio::time::timeout(CLOSING, self.shared.generation.end()).await;
        if ended.is_err() {
            tracing::warn!("a connection did not close in time when the portal restarted");
        }
    }
}
