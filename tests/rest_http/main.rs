//! `HttpApi` and `OAuthClient` against a small server on loopback.

mod answers;
mod grants;
mod portal;
mod secrets;
mod tokens;
mod typed;
