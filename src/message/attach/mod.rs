//! What is shown below a message's text: blocks with grids, links, pictures (protocol 6).
//!
//! ```
//! use openlines::message::{Attach, Color, card, table};
//!
//! # fn main() -> Result<(), openlines::message::BuildError> {
//! let attach = Attach::builder()
//!     .color(Color::rgb(0x29, 0x61, 0x9b))
//!     .message_as_description("[b]Order 15[/b]")
//!     .block(card([("Sum", "100 €"), ("Paid", "yes")]))
//!     .block(table(("Item", "Price"), [("Tea", "60 €"), ("Cup", "40 €")]))
//!     .build()?;
//! assert_eq!(attach.blocks().len(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** the portal reads `\n`, `\t`, `\"` and `\\` inside attachments once more (protocol 6.4). Texts are kept from
//! that by a sign of no width, so `C:\new` is shown as it is; addresses that hold such a sequence are refused.

mod block;
mod card;
mod check;
mod grid;
mod links;
mod user;
mod wire;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use block::{Block, Delimiter, FileLink, Image};
pub use card::{card, table};
pub use grid::{GridDisplay, GridRow};
pub use links::{LinkBlock, LinkTarget, RichLink};
pub use user::{AvatarKind, UserBlock, UserTarget};

use super::{BuildError, BuildErrorKind, Color, ColorToken, JSON_LIMIT, size::php_json_chars, trim};
use wire::AttachWire;

/// Blocks of which the portal will drop none. Made by [`Attach::builder`]; always sent in the full form, the only
/// one that is safe everywhere (protocol 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AttachWire", into = "AttachWire")]
pub struct Attach {
    color: AttachColor,
    token: ColorToken,
    description: Description,
    blocks: Vec<Block>,
}

/// What lists of chats show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Description {
    #[default]
    None,
    Text(String),
    FirstMessage,
    SkipMessage,
}

impl Description {
    const FIRST_MESSAGE: &str = "FIRST_MESSAGE";
    const SKIP_MESSAGE: &str = "SKIP_MESSAGE";

    fn as_str(&self) -> &str {
        match self {
            Self::None => "",
            Self::Text(text) => text,
            Self::FirstMessage => Self::FIRST_MESSAGE,
            Self::SkipMessage => Self::SKIP_MESSAGE,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum AttachColor {
    #[default]
    Random,
    Transparent,
    Fixed(Color),
}

impl Attach {
    /// Begins an attachment.
    pub fn builder() -> AttachBuilder {
        AttachBuilder(Self {
            color: AttachColor::default(),
            token: ColorToken::default(),
            description: Description::default(),
            blocks: Vec::new(),
        })
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// As it is sent.
    pub fn to_value(&self) -> Value {
        json!(AttachWire::from(self.clone()))
    }

    /// What the portal stores, with all its defaults; `ID` and a colour that the portal draws are stand-ins of the
    /// same length.
    pub fn normalised(&self) -> Value {
        let color = match &self.color {
            AttachColor::Random => "#000000",
            AttachColor::Transparent => "transparent",
            AttachColor::Fixed(color) => color.as_str(),
        };
        let described = self.blocks.iter().rev().find_map(|block| match block {
            Block::Described(text) => Some(text.as_str()),
            _ => None,
        });
        json!({
            "ID": 1_000_000_000,
            "BLOCKS": self.blocks.iter().map(Block::stored).collect::<Vec<_>>(),
            "DESCRIPTION": trim::stored_breaks(described.unwrap_or(self.description.as_str())),
            "COLOR": color,
            "COLOR_TOKEN": self.token.as_str(),
        })
    }

    /// Characters as the portal counts them: of the JSON of what it stores (protocol 6.4). At most
    /// [`JSON_LIMIT`].
    pub fn size(&self) -> usize {
        php_json_chars(&self.normalised())
    }
}

/// Collects blocks for an [`Attach`].
#[derive(Debug, Clone)]
#[must_use = "an attachment is made by `build()`"]
pub struct AttachBuilder(Attach);

impl AttachBuilder {
    /// Colour of the edge; without one the portal draws one of its palette.
    pub fn color(mut self, color: Color) -> Self {
        self.0.color = AttachColor::Fixed(color);
        self
    }

    /// No edge.
    pub fn transparent(mut self) -> Self {
        self.0.color = AttachColor::Transparent;
        self
    }

    /// Colour by meaning.
    pub fn token(mut self, token: ColorToken) -> Self {
        self.0.token = token;
        self
    }

    /// What lists of chats show instead of the attachment; its first 100 characters are seen. One line.
    pub fn description(mut self, text: impl AsRef<str>) -> Self {
        let text = trim::keep_html(&check::line(text.as_ref()));
        self.0.description = match text.as_str() {
            "" => Description::None,
            // The same words of a text are no order.
            Description::FIRST_MESSAGE | Description::SKIP_MESSAGE => {
                Description::Text(format!("{text}\u{2060}"))
            }
            _ => Description::Text(text),
        };
        self
    }

    /// Lists of chats show the first text of the attachment.
    pub fn description_of_first_message(mut self) -> Self {
        self.0.description = Description::FirstMessage;
        self
    }

    /// Lists of chats do not show the text of the message (`SKIP_MESSAGE`).
    pub fn description_without_message(mut self) -> Self {
        self.0.description = Description::SkipMessage;
        self
    }

    /// Adds a block of any kind.
    pub fn block(mut self, block: impl Into<Block>) -> Self {
        self.0.blocks.push(block.into().tidied());
        self
    }

    /// Adds a text; BB code is shown as such.
    pub fn message(self, text: impl AsRef<str>) -> Self {
        self.block(Block::message(text))
    }

    /// Adds a text that lists of chats show for the whole attachment, too.
    pub fn message_as_description(self, text: impl AsRef<str>) -> Self {
        self.block(Block::described(text))
    }

    /// Adds a grid.
    pub fn grid(self, rows: impl IntoIterator<Item = GridRow>) -> Self {
        self.block(Block::Grid(rows.into_iter().collect()))
    }

    /// Adds a line.
    pub fn delimiter(self) -> Self {
        self.block(Delimiter::new())
    }

    /// Adds a link.
    pub fn link(self, name: impl AsRef<str>, address: impl Into<String>) -> Self {
        self.block(LinkBlock::new(address).name(name))
    }

    /// Adds a picture.
    pub fn image(self, address: impl Into<String>) -> Self {
        self.block(Image::new(address))
    }

    /// The attachment, if the portal would take it whole; else the block, the field and the rule.
    pub fn build(self) -> Result<Attach, BuildError> {
        let attach = self.0;
        if attach.blocks.is_empty() {
            return Err(BuildError::new(BuildErrorKind::Empty, "ATTACH", "6.3").rule("has no block"));
        }
        for (at, block) in attach.blocks.iter().enumerate() {
            block.check().map_err(|error| error.at(format_args!("block {} {}", at + 1, block.kind())))?;
            let described = |block: &Block| matches!(block, Block::Described(_));
            let earlier =
                attach.description != Description::None || attach.blocks[..at].iter().any(described);
            if described(block) && earlier {
                let error =
                    BuildError::bad("AS_DESCRIPTION", "6.2", "would replace the description given before");
                return Err(error.at(format_args!("block {} {}", at + 1, block.kind())));
            }
        }
        let size = attach.size();
        if size > JSON_LIMIT {
            return Err(BuildError::too_long("ATTACH", "6.4", size, JSON_LIMIT));
        }
        Ok(attach)
    }
}

#[cfg(test)]
mod tests;
