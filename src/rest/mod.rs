//! Floor 2: one portal call done right. The [`Api`] trait, its HTTP implementation, limits, and typed methods.
//!
//! Cross-cutting behaviour wraps the trait: the HTTP implementation makes one attempt, a limiter in front of it keeps the portal's
//! rate, and whoever may repeat a call decides by [`Repeat`] and [`CallError::outcome`].
//!
//! **Trap:** a time-out is not a failure. [`Outcome::Unknown`] means the portal may have done it.

mod call;
mod error;
mod loose;
mod secret;
mod token;

pub mod methods;

pub use call::{Api, ApiExt, Call, Method, Repeat};
pub use error::{CallError, CallErrorKind, Outcome};
pub use secret::BotToken;
pub use token::{Access, Authorization, TokenError, TokenErrorKind, TokenSource};
