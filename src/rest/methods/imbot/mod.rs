//! Bots of the first generation, scope `imbot` (protocol 4.6).
//!
//! ```
//! use openlines::{message::Reply, rest::{Method, Repeat, methods::imbot}, wire::BotId};
//!
//! let add = imbot::MessageAdd::reply(BotId::new(39), "chat5".into(), &Reply::text("hi"));
//! assert_eq!(serde_json::to_string(&add)?, r#"{"BOT_ID":39,"DIALOG_ID":"chat5","MESSAGE":"hi"}"#);
//! assert_eq!(add.repeat(), Repeat::Once);
//! assert_eq!(imbot::MessageAdd::read_answer(serde_json::json!("86110"))?.id.get(), 86110);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** nothing here has an idempotency key: a message whose sending had an unknown outcome may not be sent again.
//! By incoming webhook every method needs `client_id`.

mod bots;
mod chats;
mod commands;
mod members;
mod messages;

pub use bots::*;
pub use chats::*;
pub use commands::*;
pub use members::*;
pub use messages::*;

use super::MethodRow;

pub(super) const TABLES: &[&[MethodRow]] =
    &[bots::ROWS, messages::ROWS, commands::ROWS, chats::ROWS, members::ROWS];
