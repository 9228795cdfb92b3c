//! A Bitrix24 portal in a box: open lines, bots, OAuth and event delivery on loopback.
//!
//! For tests, and for trying a bot without a portal. One server on one port is the portal's REST interface, its
//! authorisation server and a page on which one writes as the client. It shares no code with any client library: it is
//! a second reading of the protocol.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use openlines_emulator::Emulator;
//!
//! let emulator = Emulator::start().await;
//! let portal = emulator.portal();
//! let ann = portal.client("Ann");
//! let id = ann.says("hello").await;
//! assert_eq!(portal.messages(ann.chat_id()).last().map(|message| message.id), Some(id));
//! # }
//! ```
//!
//! Where things are: [`Emulator`] starts and stops; [`Portal`] is what a test holds; [`Client`], [`Operator`] and
//! [`Employee`] are the people in it; [`ChatMessage`], [`RecordedCall`], [`RtEvent`], [`NetworkMessage`] and
//! [`Delivery`] are what happened; [`Faults`] breaks things; [`RateLimit`] and [`SystemRefusal`] turn calls
//! away; [`PushServer`] carries RT events to pages; [`PortalClock`] moves time.
//!
//! The trap: the emulator stops when it is dropped, so keep it in a variable for as long as its portal is used.

mod clock;
mod delivery;
mod events;
mod faults;
mod form;
mod limits;
mod oauth;
mod page;
mod portal;
mod push;
mod record;
mod rest;
mod server;
pub mod validate;
mod world;

pub use clock::PortalClock;
pub use faults::{Faults, RestFault};
pub use limits::RateLimit;
pub use portal::{AppCredentials, Client, Employee, LineSettings, Operator, Portal};
pub use push::PushServer;
pub use record::{AuthorKind, ChatMessage, Delivery, NetworkMessage, PhoneNotice, RecordedCall, RtEvent};
pub use rest::SystemRefusal;
pub use server::{Emulator, EmulatorBuilder};
pub use world::lines::{BotJoins, BotLeaves};

/// Fails the test that is running, with everything it needs to know.
#[expect(clippy::panic, reason = "an expectation of a test kit fails by panicking")]
#[track_caller]
pub(crate) fn fail(message: &str) -> ! {
    panic!("{message}")
}
