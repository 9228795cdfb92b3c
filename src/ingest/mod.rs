//! Floor 4: the way in. Webhook and polling bring events into the journal; every refusal comes from one catalogue.
//!
//! [`Gate`] takes a callback or an installation in and answers once it is durable; [`Poller`] asks for the events of bots
//! in fetch mode; [`GapRepair`] looks for what was missed while nobody listened. None runs a handler or waits for one.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! use std::sync::Arc;
//! use openlines::{clock::SystemClock, ingest::*, portal::*, store::MemoryStore, wire::PortalKey};
//!
//! struct Quiet;
//! impl Wake for Quiet {
//!     fn accepted(&self, _portal: &PortalKey) {}
//! }
//!
//! let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(SystemClock));
//! let webhook = IncomingWebhook::new("https://portal.example/rest/1/c0de/", "my-bot")?;
//! let (vault, grants) = (Vault::keyless(), Arc::new(NoGrants));
//! let registry = Registry::load(store.clone(), clock.clone(), vault, grants, vec![webhook.into()]).await?;
//! let gate = Gate::new(registry.clone(), Installer::new(registry), store, clock, Arc::new(Quiet));
//!
//! let form = Some("application/x-www-form-urlencoded");
//! let event = "event=ONAPPTEST&ts=1773682918&auth[application_token]=";
//! let accepted = gate.accept(None, form, format!("{event}custommy-bot").into()).await;
//! assert!(matches!(accepted, Ok(Accepted::Journaled { fresh: 1, .. })));
//! let refusal = gate.accept(None, form, format!("{event}guessed").into()).await.unwrap_err();
//! assert_eq!((refusal.status(), refusal.code()), (403, "FORGED_TOKEN"));
//! # Ok::<(), PortalError>(())
//! # }).unwrap();
//! ```
//!
//! **Trap:** a 200 is a promise. Nothing may be answered before the journal's commit, and nothing may be written before
//! the application token was compared.

mod body;
mod claims;
mod complaints;
mod figures;
mod gate;
mod offline;
mod page;
mod poll;
mod refusal;
mod repair;
mod routes;
mod rows;
mod sessions;

pub use body::BODY_MAX;
pub use gate::{Accepted, Gate, Wake};
pub use poll::{Poller, PollerSettings};
pub use refusal::{Refusal, RefusalKind};
pub use repair::{GapRepair, Repaired};
