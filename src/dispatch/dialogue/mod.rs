//! What is remembered of a dialog between its turns: the state a bot is in, and which timers count.
//!
//! ```
//! use openlines::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
//! enum Order {
//!     Start,
//!     Address { dish: String },
//! }
//!
//! impl DialogState for Order {
//!     const VERSION: u32 = 1;
//!     fn fallback() -> Self {
//!         Self::Start
//!     }
//! }
//!
//! async fn on_message(cx: Context, message: Message) {
//!     match cx.state::<Order>() {
//!         Order::Start => {
//!             cx.reply("Where shall we bring it?");
//!             cx.goto(Order::Address { dish: message.text });
//!         }
//!         Order::Address { dish } => {
//!             cx.reply(format!("{} for {}", literal(dish), literal(&message.text)));
//!             cx.goto(Order::Start);
//!         }
//!     }
//! }
//! # let _ = on_message;
//! ```
//!
//! **Trap:** a variant that is renamed is one that no stored state has any more. Raise the version and migrate; the test
//! that [`assert_shape`] makes tells when that is due.

mod record;
mod shape;
mod state;

pub use shape::assert_shape;
pub use state::DialogState;

pub(super) use record::{Armed, Record, Stored};
pub(crate) use record::{state_in, states_in};
pub(super) use state::{read, time_out_name, write};
