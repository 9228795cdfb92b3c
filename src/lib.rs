//! openlines.

pub mod wire;

pub mod codec;

pub mod clock;

pub mod store;
