//! `imbot.*`, the first generation of bot methods (protocol 4.6).

pub(super) mod bots;
pub(super) mod commands;
pub(super) mod messages;
