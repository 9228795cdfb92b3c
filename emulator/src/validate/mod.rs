//! The portal-side validators: what a portal makes of KEYBOARD, MENU, ATTACH, RT events and message text.
//!
//! Pure functions: no I/O, no clock, no chance. They are written after what the portal's PHP does, coercions and
//! accidents included, because a bot that passes a stricter or a kinder check here would meet another one there.
//!
//! ```
//! use openlines_emulator::validate::{Outcome, attach, keyboard};
//! use serde_json::json;
//!
//! assert!(keyboard::check(&json!([{"TEXT": "Go", "LINK": "/go"}]), 39).accepted());
//! assert_eq!(keyboard::check(&json!([{"TEXT": "Go"}]), 39).error_code(), Some("KEYBOARD_ERROR"));
//! assert_eq!(keyboard::check(&json!([]), 39), Outcome::Ignored);
//!
//! let attach = attach::check(&json!([{"MESSAGE": "hello"}]), 1_770_000_000, || "#29619b".to_owned());
//! assert!(attach.accepted());
//! ```
//!
//! The trap: `accepted` does not mean that all of it was kept. Look at what was stored.

mod explain;
mod field;
mod outcome;
mod php;
mod size;

pub mod attach;
pub mod keyboard;
pub mod menu;
pub mod pull;
pub mod text;

#[cfg(test)]
mod properties;

pub use outcome::Outcome;
pub use size::{SIZE_LIMIT, json_chars};

use php::Php;

/// Tells `{"BUTTONS": […], …}` from a bare list: the test is whether the key is set, nothing else (protocol 5.1).
fn wrapped_items<'v>(input: &'v Php, key: &str) -> (Option<&'v Php>, &'v Php) {
    match input.field(key) {
        Some(items) => (Some(input), items),
        None => (None, input),
    }
}
