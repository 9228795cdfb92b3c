//! openlines.

pub mod wire;

pub mod clock;

pub mod store;
