//! openlines.

pub mod wire;

pub mod codec;

pub mod clock;

pub mod rest;
pub mod store;

pub mod portal;
