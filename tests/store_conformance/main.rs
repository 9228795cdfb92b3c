//! One suite over every implementation of the store: what the traits promise, rule by rule.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

mod bed;
mod fencing;
mod inbox;
mod journal;
mod ledger;
mod levels;
mod model;
mod outbox;
mod parking;
mod portals;
mod sessions;
mod steps;
mod timers;
mod trace;
mod turns;
mod upkeep;
