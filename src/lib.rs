#![doc = include_str!("../README.md")]
//!
//! # The way of an event
//!
//! Read the modules in this order to follow one, from the portal's POST to the answer.
//!
//! 1. [`wire`]: what travels, as plain values.
//! 2. [`codec`]: bytes to events; the keys that name a fact and its dialog.
//! 3. [`ingest`]: the POST arrives, is verified, is written down, gets its 200.
//! 4. [`store`]: the journal it is written into, and everything else that lasts.
//! 5. [`dispatch`]: its lane, its turn, your handler, the effects, the outbox.
//! 6. [`message`]: what your handler says.
//! 7. [`rest`]: how it reaches the portal, within the portal's limits.
//!
//! Around that: [`portal`] (installation, tokens, what a portal should have), [`clock`] (what time it is) and [`app`]
//! (settings, command line, everything put together). Bot authors start with the [`prelude`], and try their bots with
//! [`testing`].
//!
//! "Protocol 4.2" and the like name rules of the platform; `docs/sections.md` in the repository says what the numbers
//! stand for.

pub mod wire;

pub mod clock;
pub mod codec;
pub mod message;

pub mod rest;
pub mod store;

pub mod portal;

pub mod ingest;

pub mod dispatch;

pub mod app;
pub mod testing;

pub mod prelude;
