//! Keeps what a portal allows (protocol 8.6): its rate, and the operating time of each method.
//!
//! ```
//! use std::sync::Arc;
//! use async_trait::async_trait;
//! use openlines::{
//!     clock::ManualClock,
//!     rest::{Api, Call, CallError, CallPriority, Limited, Limits},
//!     wire::PortalKey,
//! };
//! use serde_json::{Value, json};
//!
//! struct Echo;
//!
//! #[async_trait]
//! impl Api for Echo {
//!     async fn call(&self, call: Call) -> Result<Value, CallError> {
//!         Ok(json!(call.method))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), CallError> {
//! let portal = PortalKey::new("app", "7c1f");
//! let api = Limited::new(Echo, Limits::standard(), Arc::new(ManualClock::at_seconds(1_773_682_918)));
//! let free = api.slots().free(&portal.member);
//! let answer = api.call(Call::new(portal.clone(), "profile", json!({})).priority(CallPriority::Bulk)).await?;
//! assert_eq!(answer, "profile");
//! assert_eq!(api.slots().free(&portal.member), free - 1);
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** it knows of its own calls only. Whatever else calls the portal from the same address uses the same
//! bucket, and shows here as refusals that are waited out.

mod bucket;
mod gauge;
mod levels;
mod limited;
mod limits;
mod line;
mod operating;
mod portals;
mod turnstile;

pub use levels::{Level, LevelKeeper, MemoryLevels};
pub use limited::Limited;
pub use limits::Limits;
pub use line::CallPriority;
pub use operating::Operating;
pub(super) use operating::Told;
pub use portals::Slots;
