//! The push server: how the pages of an application hear RT events (protocol 10, in the minimal form of 10.5).
//!
//! `pull.application.config.get` gives a page its two channels; the page opens a web socket for them, or polls, and
//! gets every event of `pull.application.event.add` as a text frame. What it missed while it was away comes with the
//! `mid` of the last frame it saw.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let push = emulator.portal().push();
//! assert_eq!(push.listeners(), 0);
//! push.expire_config();
//! # }
//! ```
//!
//! The trap: a page hears only the channels it asked for, and the private channel is the user's *in that application*.

mod channels;
mod door;
mod face;
mod log;

pub(crate) use channels::Push;
pub(crate) use door::{poll, preflight, socket};
pub use face::PushServer;
