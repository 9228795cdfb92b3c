//! Open lines, scope `imopenlines` (protocol 4.1 to 4.5).
//!
//! ```
//! use openlines::{rest::{Method, methods::imopenlines::{SessionTransfer, TransferTarget}}, wire::{ChatId, LineId}};
//!
//! let transfer = SessionTransfer::new(ChatId::new(1777), TransferTarget::Line(LineId::new(22))).leave(true);
//! assert_eq!(serde_json::to_string(&transfer)?, r#"{"CHAT_ID":1777,"TRANSFER_ID":"queue22","LEAVE":"Y"}"#);
//! assert!(SessionTransfer::ERRORS.contains(&"OPERATOR_WRONG"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! **Trap:** `bot.session.*` act as the application's first bot, `operator.*` and `session.*` as the token's user.

mod bot;
mod config;
mod crm;
mod dialog;
mod network;
mod operator;
mod session;

pub use bot::*;
pub use config::*;
pub use crm::*;
pub use dialog::*;
pub use network::*;
pub use operator::*;
pub use session::*;

use super::MethodRow;

pub(super) const TABLES: &[&[MethodRow]] =
    &[bot::ROWS, config::ROWS, crm::ROWS, dialog::ROWS, network::ROWS, operator::ROWS, session::ROWS];
