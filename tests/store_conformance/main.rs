//! One suite over every implementation of the store: what the traits promise, rule by rule.

mod bed;
mod fencing;
mod inbox;
mod journal;
mod model;
mod outbox;
mod portals;
mod steps;
mod timers;
mod turns;
mod upkeep;
