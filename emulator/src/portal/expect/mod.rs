//! Expectations: what a test wants to see, how long it waits for it, and what it prints when it waits in vain.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::Emulator;
//! let emulator = Emulator::start().await;
//! let portal = emulator.portal();
//! let never = portal.expect_call("imbot.v2.Chat.Message.send").never();
//! let ann = portal.client("Ann");
//! ann.says("hello").await;
//! // Nobody answers: no bot is registered.
//! ann.hears_nothing_more().await;
//! never.await;
//! # }
//! ```
//!
//! A message meets one expectation: two `hears("Hello")` want two messages. What a client hears comes in the order in
//! which it is expected; messages skipped on the way are left for `hears_nothing_more`, which tells of them.
//!
//! The trap: an expectation of a message does nothing until it is awaited. An expectation of calls is also checked when
//! it is dropped, but does not wait then: await it when the bot may still be at work.

mod call;
mod message;
mod silence;
mod text;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

pub use call::CallExpectation;
pub use message::MessageExpectation;
pub use silence::SilenceExpectation;
pub use text::{TextPattern, anything, containing};

/// How long an expectation waits unless it is told otherwise: longer than a bot that fetches sleeps between two looks.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which messages have met an expectation.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    met: HashSet<i64>,
    /// The last message that was heard in a chat.
    last: HashMap<i64, i64>,
}
