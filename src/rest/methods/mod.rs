//! Typed methods, a module a scope. Parameters are the fields of the type, `invoke` sends it.
//!
//! ```
//! use openlines::{rest::{Method, Repeat, methods::imbot_v2}, wire::BotId};
//!
//! let get = imbot_v2::EventGet::new(BotId::new(39)).offset(1001).limit(100);
//! assert_eq!(imbot_v2::EventGet::NAME, "imbot.v2.Event.get");
//! assert_eq!(get.repeat(), Repeat::Idempotent);
//! assert_eq!(serde_json::to_string(&get)?, r#"{"botId":39,"offset":1001,"limit":100}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Each type tells in its documentation what it refuses with; the codes are [`Method::ERRORS`](super::Method::ERRORS)
//! too, to be compared by [`CallError::is`](super::CallError::is). Every method may refuse besides with the codes of the
//! platform (section 8.3) and with `ERROR_ARGUMENT`.
//!
//! What is not declared here goes by its name: [`ApiExt::call_by_name`](super::ApiExt::call_by_name), in a handler
//! [`Context::call`](crate::dispatch::Context::call), with parameters as JSON.
//!
//! **Trap:** on a portal reached by incoming webhook v2 methods need `bot_token`, v1 methods `client_id`; with OAuth
//! neither.

#[macro_use]
mod declare;
mod answer;

pub mod basic;
pub mod crm;
pub mod event;
pub mod im_v2;
pub mod imbot;
pub mod imbot_v2;
pub mod imconnector;
pub mod imopenlines;
pub mod pull;
pub mod user;

pub use answer::{BotKeyboard, Done, OneZero, Part, Untyped, YesNo};
pub use declare::{Guarantee, MethodRow};

/// Every declared method.
pub fn table() -> impl Iterator<Item = &'static MethodRow> {
    let single =
        [basic::ROWS, crm::ROWS, event::ROWS, im_v2::ROWS, imconnector::ROWS, pull::ROWS, user::ROWS];
    let split = [imbot::TABLES, imbot_v2::TABLES, imopenlines::TABLES];
    single.into_iter().chain(split.into_iter().flatten().copied()).flatten()
}
