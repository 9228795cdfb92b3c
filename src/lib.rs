//! openlines.

pub mod wire;

pub mod clock;
pub mod message;

pub mod rest;
pub mod store;
