//! What is shown below a message's text: blocks with grids, links, pictures (protocol 6).

mod block;
mod check;
mod grid;
mod links;
mod user;
mod wire;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use block::{Block, Delimiter, FileLink, Image};
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
    description: String,
    blocks: Vec<Block>,
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
            description: String::new(),
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
        json!({
            "ID": 1_000_000_000,
            "BLOCKS": self.blocks.iter().map(Block::stored).collect::<Vec<_>>(),
            "DESCRIPTION": trim::stored_breaks(&self.description),
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

    /// What lists of chats show instead of the attachment; its first 100 characters are seen.
    pub fn description(mut self, text: impl AsRef<str>) -> Self {
        self.0.description = trim::keep_html(&check::line(text.as_ref()));
        self
    }

    /// Adds a block of any kind.
    pub fn block(mut self, block: impl Into<Block>) -> Self {
        self.0.blocks.push(block.into());
        self
    }

    /// Adds a text; BB code is shown as such.
    pub fn message(self, text: impl AsRef<str>) -> Self {
        self.block(Block::message(text))
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
