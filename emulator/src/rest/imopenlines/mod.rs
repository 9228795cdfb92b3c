//! `imopenlines.*`: what applications and bots may do to open lines (protocol 4.1 to 4.5).

pub(super) mod bot;
pub(super) mod config;
pub(super) mod crm;
pub(super) mod dialog;
pub(super) mod network;
pub(super) mod operator;
pub(super) mod session;
mod target;
