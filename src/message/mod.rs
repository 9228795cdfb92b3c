//! Floor 1: what a bot says. Text with user text inside, keyboards, attachments, RT events; plain values, no I/O.
//!
//! What cannot be shown is not built: the portal drops a bad button or block without a word, so the builders here
//! refuse it and say which one, which rule and by how much.
//!
//! ```
//! use openlines::message::{Attach, Button, GridRow, Keyboard, Reply, literal};
//!
//! # fn main() -> Result<(), openlines::message::BuildError> {
//! let reply = Reply::text(format!("You said: {}", literal("[b]hello")))
//!     .keyboard(
//!         Keyboard::builder()
//!             .button(Button::command("Status", "order").params("status 15"))
//!             .row()
//!             .button(Button::link("Shop", "https://shop.example/"))
//!             .build()?,
//!     )
//!     .attach(Attach::builder().grid([GridRow::new("Order", "15")]).build()?);
//! reply.check()?;
//!
//! let Err(error) = Keyboard::builder().button(Button::link("Shop", "shop.example")).build() else { panic!() };
//! assert!(error.to_string().contains("button 1 \"Shop\": LINK"), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** the platform has no escape for BB code. User text that goes into a reply unwrapped may hold
//! `[send=…]`, `[img]` or `[url]`; put it through [`literal()`].

mod attach;
mod color;
mod context_menu;
mod error;
mod keyboard;
mod link;
mod literal;
mod menu;
mod reply;
mod rt;
mod size;
mod trim;

pub use attach::{
    Attach, AttachBuilder, AvatarKind, Block, Delimiter, FileLink, GridDisplay, GridRow, Image, LinkBlock,
    LinkTarget, RichLink, UserBlock, UserTarget, card, table,
};
pub use color::{Color, ColorToken};
pub use context_menu::{ContextItem, ContextMenu, ContextMenuBuilder};
pub use error::{BuildError, BuildErrorKind};
pub use keyboard::{
    Action, AnyAction, Button, ButtonContext, ButtonDisplay, ButtonPayload, ButtonPress, Keyboard,
    KeyboardBuilder, KeyboardColors, OfApp, OfCommand, StaleButton,
};
pub use literal::{Literal, literal};
pub use menu::{Buttons, Capabilities, Channels, Menu, MenuAnswer, MenuPress, MenuReading};
pub use reply::Reply;
pub use rt::{RtEvent, RtRecipients};

/// Characters of a message's text; the portal cuts longer ones without an error (protocol 7).
pub const TEXT_LIMIT: usize = 20_000;

/// Characters of the stored JSON of a keyboard or an attachment (protocol 5.3, 6.4): this many are still accepted.
pub const JSON_LIMIT: usize = 59_999;
