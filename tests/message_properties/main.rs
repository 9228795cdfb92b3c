//! Whatever the builders build, the portal keeps whole; whatever they refuse, the portal refuses or cuts.
//!
//! The portal is the emulator's validators, a second reading of the protocol that shares no code with the builders.
//! Each case describes a message in words of its own, says it once by builder calls and once as JSON, and looks at what
//! is stored. `OPENLINES_SOAK=1` runs 50,000 cases of each instead of 1,000.

#![allow(clippy::unwrap_used, clippy::panic)]

mod action;
mod attach;
mod blocks;
mod context_menu;
mod keyboard;
mod words;
