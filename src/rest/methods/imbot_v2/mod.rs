//! Bots of the second generation, scope `imbot` (protocol 4.8).
//!
//! ```
//! use openlines::{message::Reply, rest::{Method, Repeat, methods::imbot_v2}, wire::BotId};
//! use uuid::Uuid;
//!
//! let send = imbot_v2::MessageSend::reply(BotId::new(39), "chat5".into(), Uuid::new_v4(), &Reply::text("hi"));
//! assert_eq!(send.repeat(), Repeat::Keyed);
//! assert!(imbot_v2::MessageSend::ERRORS.contains(&"MESSAGE_DUPLICATED_BY_UUID"));
//! ```
//!
//! **Trap:** what a method does not understand of attachments and keyboards it may drop without a word, so build them
//! with the builders of [`message`](crate::message). By incoming webhook every method needs `bot_token`.

mod bots;
mod chats;
mod commands;
mod events;
mod files;
mod members;
mod messages;
mod reading;

pub use bots::*;
pub use chats::*;
pub use commands::*;
pub use events::*;
pub use files::*;
pub use members::*;
pub use messages::*;
pub use reading::*;

use super::MethodRow;

pub(super) const TABLES: &[&[MethodRow]] = &[
    bots::ROWS,
    chats::ROWS,
    members::ROWS,
    messages::ROWS,
    reading::ROWS,
    commands::ROWS,
    events::ROWS,
    files::ROWS,
];
