//! Never over a human: what happens to the turn, the outbox and the handler when a person takes a session over.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../stage/mod.rs"]
mod stage;

mod asked;
mod batch;
mod bench;
mod from_outside;
mod given_back;
mod parked;
mod races;
mod restart;
mod taken;
mod witness;
