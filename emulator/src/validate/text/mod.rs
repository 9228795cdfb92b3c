//! Message text: the plain form for previews, and BB codes from HTML (protocol 7).
//!
//! ```
//! use openlines_emulator::validate::text::{html_to_bb_code, plain};
//!
//! let name = |id: &str| format!("user {id}");
//! assert_eq!(plain("[b]Hi[/b] [url=https://example.com]here[/url]", name), "Hi here");
//! assert_eq!(html_to_bb_code("<b>Hi</b><br>"), "[b]Hi[/b][br]");
//! ```
//!
//! The trap: neither is a parser. Tags are taken away pair by pair with patterns, so nested tags of one kind leave
//! remains, and most patterns do not see across a line break.

mod html;
mod plain;

pub use html::html_to_bb_code;
pub use plain::plain;
