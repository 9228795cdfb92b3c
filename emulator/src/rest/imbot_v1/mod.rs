//! `imbot.*`, the first generation of bot methods (protocol 4.6).

pub(super) mod bots;
pub(super) mod chats;
pub(super) mod commands;
pub(super) mod dialog;
pub(super) mod members;
pub(super) mod messages;
