//! What every deployable bot is put through, as the process that it is.
//!
//! A bot's tests name its program, `env!("CARGO_BIN_EXE_triage")`, and get back what a person at the terminal would see.
//!
//! **Trap:** each trial gives the program a directory of its own and none of the caller's settings; what it needs is handed
//! over by name.

#![allow(clippy::panic, clippy::expect_used, reason = "a trial says by a panic what is wrong")]

mod demo;
mod home;
mod stopping;
mod terminal;

pub use demo::{demo, demo_unread};
pub use home::{Home, Process, until};
pub use stopping::stopped_under_load;
pub use terminal::{chat, refused};
