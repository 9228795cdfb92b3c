//! Floor 2: one portal call done right. The [`Api`] trait, its HTTP implementation, limits, and typed methods.
//!
//! Cross-cutting behaviour wraps the trait: [`HttpApi`] makes one attempt, [`Limited`] in front of it keeps the portal's
//! rate, and whoever may repeat a call decides by [`Repeat`] and [`CallError::outcome`], as [`Retrying`] does.
//!
//! ```
//! use std::sync::Arc;
//! use async_trait::async_trait;
//! use openlines::{
//!     clock::{Clock, SystemClock},
//!     rest::{
//!         Access, ApiExt, Authorization, CallErrorKind, HttpApi, HttpOptions, Limited, Limits, TokenError,
//!         TokenSource, methods::basic::Profile,
//!     },
//!     wire::PortalKey,
//! };
//!
//! /// One portal by incoming webhook, at an address where nobody listens.
//! struct Webhook;
//!
//! #[async_trait]
//! impl TokenSource for Webhook {
//!     async fn access(&self, _: &PortalKey) -> Result<Access, TokenError> {
//!         Ok(Access {
//!             endpoint: "http://127.0.0.1:9/rest/1/c0de/".into(),
//!             authorization: Authorization::InAddress,
//!             generation: 0,
//!         })
//!     }
//!
//!     async fn renew(&self, portal: &PortalKey, _: u64) -> Result<Access, TokenError> {
//!         self.access(portal).await
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let http = HttpApi::new(Arc::new(Webhook), HttpOptions::default())?;
//! let api = Limited::new(http, Limits::standard(), Arc::new(SystemClock));
//! let error = api.invoke(&PortalKey::new("webhook", "p.example"), &Profile::new()).await.unwrap_err();
//! assert_eq!(error.kind(), CallErrorKind::Unreachable);
//! assert!(!error.to_string().contains("c0de"));
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** a time-out is not a failure. [`Outcome::Unknown`] means the portal may have done it.

mod background;
mod batch;
mod call;
mod error;
mod figures;
mod files;
mod http;
mod limiter;
mod loose;
mod retrying;
mod secret;
mod token;

pub mod methods;
pub mod oauth;

pub(crate) use background::Background;
pub use batch::{BATCH_LIMIT, Batch};
pub use call::{Api, ApiExt, Call, Departure, Method, Repeat};
pub use error::{CallError, CallErrorKind, Outcome};
pub use figures::Counted;
pub(crate) use files::KeptFiles;
pub use files::{
    Download, DownloadError, DownloadErrorKind, DownloadLimits, Downloads, FILE_LIMIT, FileContent, Upload,
};
pub use http::{HttpApi, HttpOptions, SetupError};
pub use limiter::{CallPriority, Level, LevelKeeper, Limited, Limits, MemoryLevels, Operating, Slots};
pub(crate) use limiter::{Line, Spot};
pub use retrying::Retrying;
pub use secret::BotToken;
pub use token::{Access, Authorization, TokenError, TokenErrorKind, TokenSource};
