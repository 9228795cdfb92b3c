//! Every way to answer, against the emulated portal: what arrives, what is refused and in which words, and what
//! becomes of a message whose answer was lost.
#![allow(clippy::unwrap_used, clippy::panic)]

mod acts;
mod bench;
mod chats;
mod crm;
mod desk;
mod network;
mod plain;
mod rt;
#[path = "../stage/mod.rs"]
mod stage;
mod typing;
