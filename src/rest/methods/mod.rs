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
//! What is not declared here goes through [`Api::call`](super::Api::call) with a method name and JSON.
//!
//! **Trap:** on a portal reached by incoming webhook v2 methods need `bot_token`, v1 methods `client_id`; with OAuth
//! neither.

#[macro_use]
mod declare;
mod answer;

pub mod basic;
pub mod event;
pub mod imbot;
pub mod imbot_v2;
pub mod imopenlines;
pub mod pull;

pub use answer::{Done, YesNo};
pub use declare::{Guarantee, MethodRow};

/// Every declared method.
pub fn table() -> impl Iterator<Item = &'static MethodRow> {
    [basic::ROWS, event::ROWS, imbot::ROWS, imbot_v2::ROWS, imopenlines::ROWS, pull::ROWS]
        .into_iter()
        .flatten()
}
