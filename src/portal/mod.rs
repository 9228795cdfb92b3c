//! Floor 3: installation, tokens, verification, and what a portal should have.
//!
//! [`Installer`] takes installations in and proves them; [`Registry`] knows the proven portals, verifies their
//! callbacks and gives their tokens to [`rest`](crate::rest); [`Reconciler`] makes a portal have the bots and handlers it
//! should have. Everything secret passes [`Vault`] before it goes into the store.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use std::sync::Arc;
//! use openlines::{clock::SystemClock, portal::*, store::MemoryStore, wire::PortalKey};
//!
//! let webhook = IncomingWebhook::new("https://portal.example/rest/1/c0de/", "my-bot")?;
//! let registry = Registry::load(
//!     Arc::new(MemoryStore::new()),
//!     Arc::new(SystemClock),
//!     Vault::keyless(),
//!     Arc::new(NoGrants),
//!     vec![webhook.into()],
//! )
//! .await?;
//! let app = registry.app(None).expect("there is one application");
//! let portal = PortalKey::new("webhook", "portal.example");
//! assert_eq!(registry.verify(&app, None, Some("custommy-bot")), Verification::Verified(portal));
//! assert_eq!(registry.verify(&app, None, None), Verification::Forged);
//! # Ok::<(), PortalError>(())
//! # }).unwrap();
//! ```
//!
//! **Trap:** tokens that come with events belong to whoever acted; only tokens of an installation act for the application.

mod bot_tokens;
mod claim;
mod credentials;
mod error;
mod grant;
mod install;
mod reconcile;
mod record;
mod refresh;
mod registry;
mod vault;
mod verify;
mod wanted;

pub use bot_tokens::BotTokens;
pub use claim::Claim;
pub use credentials::{Credentials, IncomingWebhook, OAuthApp};
pub use error::{PortalError, PortalErrorKind};
pub use grant::{GrantError, Grants, NoGrants, RefreshGrant};
pub use install::{Installer, Welcome};
pub use reconcile::{Drain, Reconciler};
pub(crate) use refresh::KeptTokens;
pub use registry::{PortalChange, PortalView, PortalWatch, Registry};
pub use vault::{Purpose, Vault, VaultError, VaultErrorKind};
pub use verify::Verification;
pub use wanted::{BotGeneration, BotKind, BotSpec, CommandSpec, Delivery, RegisteredBot, Wanted};
