//! `imbot.*`, the first generation of bot methods (protocol 4.6).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let url = format!(
//!     "{}imbot.register?CODE=helper&CLIENT_ID=own&EVENT_HANDLER=http://127.0.0.1:9/e&PROPERTIES[NAME]=Helper",
//!     portal.webhook_url()
//! );
//! let body: serde_json::Value = reqwest::get(url).await.unwrap().json().await.unwrap();
//! assert_eq!(body["result"].as_i64(), portal.bot_id("helper"));
//! # }
//! ```
//!
//! The trap: handlers belong to the application and the event, so the last bot that registers gets the callbacks of
//! all.

pub(super) mod bots;
pub(super) mod chats;
pub(super) mod commands;
pub(super) mod dialog;
pub(super) mod members;
pub(super) mod messages;
