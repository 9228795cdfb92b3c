//! `imopenlines.*`: what applications and bots may do to open lines (protocol 4.1 to 4.5).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let ann = portal.client("Ann");
//! ann.says("hello").await;
//! let url = format!("{}imopenlines.operator.answer?chat_id={}", portal.webhook_url(), ann.chat_id());
//! assert!(reqwest::get(url).await.unwrap().status().is_success());
//! assert_eq!(portal.session_operator(ann.chat_id()), Some(portal.admin_id()));
//! # }
//! ```
//!
//! The trap: some of these methods read names of parameters in any case, some in capitals only.

pub(super) mod bot;
pub(super) mod config;
pub(super) mod crm;
pub(super) mod dialog;
pub(super) mod network;
pub(super) mod operator;
pub(super) mod session;
mod target;
