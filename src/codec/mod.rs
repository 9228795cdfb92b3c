//! Floor 1: bytes to [`wire`](crate::wire): forms and JSON, loose scalars, and the four families of events in one shape.
//!
//! ```
//! use std::sync::Arc;
//! use openlines::{codec, wire::{Author, Event}};
//!
//! let body = "event=OnImBotMessageAdd&ts=1773682918&data[BOT][567][BOT_ID]=567&data[BOT][567][BOT_CODE]=helper\
//!     &data[PARAMS][MESSAGE]=Where+is+order+15%3F&data[PARAMS][MESSAGE_ID]=86101&data[PARAMS][AUTHOR_ID]=599\
//!     &data[PARAMS][DIALOG_ID]=chat1777&data[PARAMS][CHAT_ENTITY_TYPE]=LINES\
//!     &data[PARAMS][CHAT_ENTITY_ID]=livechat|22|1775|599&auth[application_token]=secret";
//! let raw = codec::form::decode(body.as_bytes(), &Default::default())?;
//!
//! // Compare the token first, in constant time; only then look at the rest.
//! assert_eq!(codec::application_token(&raw), Some("secret"));
//!
//! let callback = codec::Callback::read(Arc::new(raw))?;
//! let events = codec::events(&callback)?;
//! let Event::Message(message) = &events[0].event else { panic!("a message") };
//! assert_eq!((message.text.as_str(), message.author), ("Where is order 15?", Author::Client));
//!
//! // What the journal keeps has no tokens, and reads back as the same event.
//! let kept = codec::stored(&events[0]);
//! let again = codec::event_of_stored(&kept)?;
//! assert_eq!(again.bot, events[0].bot);
//! assert!(again.raw.path(&["auth", "application_token"]).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** one v1 callback may name several bots or commands: [`events`] gives one event for each, and each is kept and
//! handled on its own.

mod author;
mod callback;
mod error;
mod events;
mod fetched;
mod fields;
pub mod form;
mod history;
mod json;
pub mod keys;
mod stored;

pub use author::{Flags, classify};
pub use callback::Callback;
pub use error::{Found, TypeError};
pub use events::events;
pub use fetched::{Fetched, collected, fetched};
pub use history::History;
pub use json::{decode, from_json};
pub use stored::{
    StoredError, event_of_stored, events_of_stored, from_stored, stored, to_stored, without_tokens,
};

use crate::wire::Raw;

/// The secret that proves the portal sent a callback: the top-level `auth[application_token]`, if it is a text.
///
/// Tokens of single bots inside `data` prove nothing and are not looked at.
pub fn application_token(raw: &Raw) -> Option<&str> {
    raw.path(&["auth", "application_token"])?.as_str()
}
