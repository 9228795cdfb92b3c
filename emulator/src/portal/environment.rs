//! What a bot needs in its environment to work for this portal.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::{Emulator, Entrance};
//! let emulator = Emulator::start().await;
//! let environment = emulator.portal().bot_environment(Entrance::Webhook);
//! assert!(environment.iter().any(|(name, value)| name == "BITRIX24_WEBHOOK_URL" && value.ends_with('/')));
//! # }
//! ```
//!
//! The trap: an application still has to be installed, by [`Portal::install`] or on the page; only then does it hear
//! anything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Portal;

/// The way by which a bot gets at the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entrance {
    /// The incoming webhook with a bot token; nothing is installed.
    Webhook,
    /// The OAuth application.
    Application,
}

impl Entrance {
    /// Where a bot of that kind listens unless told otherwise. Each kind has its own, so that both can run at once, and
    /// so have the bots of each emulator: what it listens on itself decides.
    fn ports(self, emulator: u16) -> (u16, u16) {
        let usual = i32::from(emulator) - 8024;
        let of = |place: i32| {
            let first = u16::try_from(place.rem_euclid(500) * 2).unwrap_or_default();
            let first = first + u16::from(self == Self::Application);
            (8080 + first, 9180 + first)
        };
        let taken = |(public, admin): (u16, u16)| public & !1 == emulator & !1 || admin & !1 == emulator & !1;
        if taken(of(usual)) { of(usual + 1) } else { of(usual) }
    }
}

impl Portal {
    /// Names and values for the environment of a bot: where it listens, where it keeps its things, how it gets in.
    ///
    /// The database and the master key belong to this portal alone: another start of the emulator is another portal,
    /// unless it has the same [identity](crate::EmulatorBuilder::identity).
    #[must_use]
    pub fn bot_environment(&self, entrance: Entrance) -> Vec<(String, String)> {
        let app = self.app();
        let kept = app.member_id.get(..8).unwrap_or_default().to_owned();
        let (public, admin) = entrance.ports(self.port());
        let mut all = match entrance {
            Entrance::Webhook => vec![
                ("BITRIX24_WEBHOOK_URL", self.webhook_url()),
                ("BITRIX24_BOT_TOKEN", format!("bot-{kept}")),
            ],
            Entrance::Application => vec![
                ("BITRIX24_CLIENT_ID", app.client_id),
                ("BITRIX24_CLIENT_SECRET", app.client_secret.clone()),
                ("BITRIX24_OAUTH_HOSTS", app.oauth_host),
                ("OPENLINES_MASTER_KEY", master_key(&app.client_secret)),
            ],
        };
        let kind = if entrance == Entrance::Webhook { "webhook" } else { "app" };
        let database = std::env::temp_dir().join(format!("openlines-{kept}-{kind}.db"));
        all.push(("OPENLINES_LISTEN", format!("127.0.0.1:{public}")));
        all.push(("OPENLINES_ADMIN_LISTEN", format!("127.0.0.1:{admin}")));
        all.push(("OPENLINES_PUBLIC_URL", format!("http://127.0.0.1:{public}")));
        all.push(("OPENLINES_DATABASE_URL", format!("sqlite://{}", database.display())));
        if let Some(ca) = &self.shared.names.ca {
            all.push(("SSL_CERT_FILE", ca.display().to_string()));
        }
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The port that the emulator began with.
    fn port(&self) -> u16 {
        self.shared.names.origin.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default()
    }

    /// The installation address of a bot that was started with [`Entrance::Application`].
    #[must_use]
    pub fn bot_install_url(&self) -> String {
        format!("http://127.0.0.1:{}/install", Entrance::Application.ports(self.port()).0)
    }
}

/// 32 bytes in base64 that are as random as the secret, and the same whenever they are asked for.
fn master_key(secret: &str) -> String {
    STANDARD.encode(Sha256::digest(format!("master key of {secret}")))
}

#[cfg(test)]
mod tests {
    use super::Entrance::{Application, Webhook};
    use base64::Engine as _;

    #[test]
    fn two_emulators_and_two_kinds_of_bots_have_ports_of_their_own() {
        assert_eq!((Webhook.ports(8024), Application.ports(8024)), ((8080, 9180), (8081, 9181)));
        assert_eq!((Webhook.ports(8025), Application.ports(8025)), ((8082, 9182), (8083, 9183)));
        for emulator in 0..=u16::MAX {
            let (one, other) = (Webhook.ports(emulator), Application.ports(emulator));
            let all = std::collections::BTreeSet::from([emulator, one.0, one.1, other.0, other.1]);
            assert_eq!(all.len(), 5, "{emulator}: {all:?}");
        }
    }

    #[test]
    fn a_master_key_has_32_bytes_and_tells_nothing_of_the_secret() {
        let key = super::master_key("secret");
        assert_eq!(super::STANDARD.decode(&key).map(|bytes| bytes.len()), Ok(32));
        assert_ne!(key, super::master_key("another"));
        assert!(!key.contains("secret"));
    }
}
