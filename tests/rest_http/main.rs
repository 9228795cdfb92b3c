//! `HttpApi` and `OAuthClient` against a small server on loopback.

#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod grants;
mod portal;
mod secrets;
mod tokens;
mod typed;
