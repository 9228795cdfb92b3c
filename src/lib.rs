//! openlines.

pub mod wire;

pub mod codec;

pub mod clock;
pub mod message;

pub mod rest;
pub mod store;

pub mod portal;

pub mod ingest;
