//! The portal's form bodies, decoded exactly as PHP does it (protocol 1.2, 1.3).
//!
//! ```
//! use openlines::codec::form;
//!
//! let body = b"event=ONIMCOMMANDADD&data%5BCOMMAND%5D%5B39%5D%5BBOT_ID%5D=7&auth%5Bapplication_token%5D=t";
//! let raw = form::decode(body, &form::Limits::default())?;
//! assert_eq!(raw.path(&["data", "COMMAND", "39", "BOT_ID"]).and_then(|id| id.int()), Some(7));
//! # Ok::<(), form::FormError>(())
//! ```
//!
//! The rules are those of PHP 8.2's own decoder: the last duplicate wins and keeps the first one's place, a scalar and a
//! map replace each other, `[]` counts per map, `.` and space in the first name become `_`, an unclosed bracket too, a
//! NUL ends the name, a name that begins with `[` is dropped. Where PHP drops silently because of a limit, this refuses
//! the whole body by the name of the limit: half an event is worse than none.
//!
//! **Trap:** nothing here has been verified. Compare [`application_token`] with the one that is known *before* a
//! [`Callback`](crate::codec::Callback) is made of the rest.

mod error;
mod limits;
mod name;
mod scan;
mod value;

pub use error::{FormError, FormErrorKind};
pub use limits::Limits;

use secrecy::SecretString;

use crate::wire::Raw;

/// Decodes a body of the type `application/x-www-form-urlencoded`. Any bytes decode, short of a limit.
pub fn decode(body: &[u8], limits: &Limits) -> Result<Raw, FormError> {
    limits.check_body(body.len())?;
    let mut decoder = name::Decoder::new(body, limits);
    let (mut at, mut pairs) = (0, 0);
    while at < body.len() {
        if body[at] == b'&' {
            at += 1;
            continue;
        }
        pairs += 1;
        limits.check_pairs(pairs, at)?;
        at = decoder.pair(at)?;
    }
    Ok(decoder.finish())
}

/// The top-level `auth[application_token]` where PHP would read it: after all pairs, and only if it is a text then.
pub fn application_token(body: &[u8], limits: &Limits) -> Result<Option<SecretString>, FormError> {
    let raw = decode(body, limits)?;
    Ok(super::application_token(&raw).map(SecretString::from))
}

#[cfg(test)]
mod tests;
