#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! [`Emulator`] starts and stops; [`Portal`] is what a test holds; [`Client`], [`Operator`] and
//! [`Employee`] are the people in it; [`ChatMessage`], [`RecordedCall`], [`RtEvent`], [`NetworkMessage`] and
//! [`Delivery`] are what happened; [`Faults`] breaks things; [`RateLimit`] and [`SystemRefusal`] turn calls
//! away; [`PortalClock`] moves time; [`PushServer`] carries RT events to pages.
//!
//! The trap: the emulator stops when it is dropped, so keep it in a variable for as long as its portal is used.

mod clock;
mod delivery;
mod events;
mod exchanges;
mod faults;
mod fetching;
mod form;
mod frame;
mod limits;
mod oauth;
mod page;
mod portal;
mod push;
mod record;
mod rest;
mod ring;
mod server;
pub mod validate;
mod weight;
mod world;

pub use clock::PortalClock;
pub use faults::{
    DeliveryFault, DeliveryFaultRow, FaultState, FaultStateError, Faults, RestFault, RestFaultRow,
};
pub use limits::RateLimit;
pub use portal::{
    AppCredentials, CallExpectation, Client, CrmComment, CrmItem, Direction, Employee, Entrance, Exchange,
    FieldError, LineSettings, MessageExpectation, Operator, Portal, SettingsForm, SilenceExpectation,
    TextPattern, TransferTo, anything, containing,
};
pub use push::PushServer;
pub use record::{
    AuthorKind, ChatFile, ChatMessage, Delivery, LostPart, NetworkMessage, PhoneNotice, RecordedCall,
    RtEvent, SeenMessage, Undelivered, Unheard, Vote,
};
pub use rest::{SCOPES, SystemRefusal};
pub use server::{Emulator, EmulatorBuilder};
pub use world::lines::{BotJoins, BotLeaves, CrmBinding};

/// Fails the test that is running, with everything it needs to know.
#[expect(clippy::panic, reason = "an expectation of a test kit fails by panicking")]
#[track_caller]
pub(crate) fn fail(message: &str) -> ! {
    panic!("{message}")
}
