//! The limiter in virtual time, against a portal of our own reading of protocol 8.6.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

mod any_order;
mod levels;
mod operating;
mod portal;
mod sustained;
mod wakes;
mod withheld;
