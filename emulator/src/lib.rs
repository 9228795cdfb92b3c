//! The emulator.

pub mod validate;
