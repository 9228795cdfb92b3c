//! The kinds of blocks, and the simple ones.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    GridRow, LinkBlock, RichLink, UserBlock,
    check::{self, SECTION},
};
use crate::message::{BuildError, Color, error::quoted, trim};

/// One block. Its rules are checked when the [`Attach`](super::Attach) is built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a block is shown once it is in an attachment"]
pub enum Block {
    /// A name with a picture.
    User(UserBlock),
    /// A link.
    Link(LinkBlock),
    /// A link as a card.
    RichLink(RichLink),
    /// A text with BB code. Made by [`Block::message`].
    Message(String),
    /// The same, and lists of chats show it for the attachment. Made by [`Block::described`].
    Described(String),
    /// Rows of names and values.
    Grid(Vec<GridRow>),
    /// Pictures.
    Image(Vec<Image>),
    /// Files.
    File(Vec<FileLink>),
    /// A line.
    Delimiter(Delimiter),
}

impl Block {
    /// A text; BB code is shown as such.
    pub fn message(text: impl AsRef<str>) -> Self {
        Self::Message(check::lines(text.as_ref()))
    }

    /// A text that lists of chats show for the whole attachment, too.
    pub fn described(text: impl AsRef<str>) -> Self {
        Self::Described(check::lines(text.as_ref()))
    }

    /// As the portal would keep it, also if it was made field by field.
    pub(super) fn tidied(self) -> Self {
        match self {
            Self::Message(text) => Self::message(text),
            Self::Described(text) => Self::described(text),
            Self::Grid(rows) => Self::Grid(rows.into_iter().map(GridRow::tidied).collect()),
            Self::Image(images) => Self::Image(images.into_iter().map(Image::tidied).collect()),
            Self::File(files) => Self::File(files.into_iter().map(FileLink::tidied).collect()),
            same => same,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "USER",
            Self::Link(_) => "LINK",
            Self::RichLink(_) => "RICH_LINK",
            Self::Message(_) | Self::Described(_) => "MESSAGE",
            Self::Grid(_) => "GRID",
            Self::Image(_) => "IMAGE",
            Self::File(_) => "FILE",
            Self::Delimiter(_) => "DELIMITER",
        }
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        match self {
            Self::User(user) => user.check(),
            Self::Link(link) => link.check(),
            Self::RichLink(link) => link.check(),
            Self::Message(text) | Self::Described(text) if text.is_empty() => {
                Err(BuildError::blank("MESSAGE", SECTION))
            }
            Self::Message(_) | Self::Described(_) => Ok(()),
            Self::Grid(rows) => each(rows, "row", |row| (row.check(), &row.name)),
            Self::Image(images) => each(images, "image", |image| (image.check(), &image.link)),
            Self::File(files) => each(files, "file", |file| (file.check(), &file.link)),
            Self::Delimiter(line) => check::above_zero(line.size.map(i64::from), "SIZE"),
        }
    }

    pub(super) fn sent(&self) -> Value {
        match self {
            Self::User(user) => json!({"USER": user.sent()}),
            Self::Link(link) => json!({"LINK": link.sent()}),
            Self::RichLink(link) => json!({"RICH_LINK": link.sent()}),
            Self::Message(text) => json!({"MESSAGE": text}),
            Self::Described(text) => json!({"MESSAGE": {"TEXT": text, "AS_DESCRIPTION": "Y"}}),
            Self::Grid(rows) => json!({"GRID": rows}),
            Self::Image(images) => json!({"IMAGE": images}),
            Self::File(files) => json!({"FILE": files}),
            Self::Delimiter(line) => json!({"DELIMITER": line}),
        }
    }

    pub(super) fn stored(&self) -> Value {
        match self {
            Self::User(user) => json!({"USER": [user.stored()]}),
            Self::Link(link) => json!({"LINK": [link.sent()]}),
            Self::RichLink(link) => json!({"RICH_LINK": [link.stored()]}),
            Self::Delimiter(line) => {
                json!({"DELIMITER": Delimiter { size: Some(line.size.unwrap_or(200)), color: line.color.clone() }})
            }
            Self::Message(text) | Self::Described(text) => json!({"MESSAGE": trim::stored_breaks(text)}),
            Self::Grid(rows) => json!({"GRID": rows.iter().map(GridRow::stored).collect::<Vec<_>>()}),
            same => same.sent(),
        }
    }
}

fn each<T>(
    parts: &[T],
    kind: &str,
    check: impl for<'a> Fn(&'a T) -> (Result<(), BuildError>, &'a String),
) -> Result<(), BuildError> {
    if parts.is_empty() {
        return Err(BuildError::blank("LIST", SECTION).rule(format!("must hold at least one {kind}")));
    }
    for (at, part) in parts.iter().enumerate() {
        let (checked, shown) = check(part);
        checked.map_err(|error| error.at(format_args!("{kind} {} {}", at + 1, quoted(shown))))?;
    }
    Ok(())
}

/// A picture by its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
#[must_use = "a block is shown once it is in an attachment"]
pub struct Image {
    link: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preview: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl Image {
    /// The picture at this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self { link: address.into(), name: None, preview: None, width: None, height: None }
    }

    /// What is said of it.
    pub fn name(mut self, name: impl AsRef<str>) -> Self {
        self.name = Some(check::lines(name.as_ref())).filter(|name| !name.is_empty());
        self
    }

    /// Address of a small version.
    pub fn preview(mut self, address: impl Into<String>) -> Self {
        self.preview = Some(address.into());
        self
    }

    /// Its size in pixels, width and height.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.width = Some(width);
        self.height = Some(height);
        self
    }

    fn tidied(self) -> Self {
        match self.name.clone() {
            Some(name) => self.name(name),
            None => self,
        }
    }

    fn check(&self) -> Result<(), BuildError> {
        check::address(&self.link, "LINK")?;
        check::address_if_any(self.preview.as_deref(), "PREVIEW")?;
        check::above_zero(self.width.map(i64::from), "WIDTH")?;
        check::above_zero(self.height.map(i64::from), "HEIGHT")
    }
}

/// A file by its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
#[must_use = "a block is shown once it is in an attachment"]
pub struct FileLink {
    link: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl FileLink {
    /// The file at this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self { link: address.into(), name: None, size: None }
    }

    /// Its name, one line.
    pub fn name(mut self, name: impl AsRef<str>) -> Self {
        self.name = Some(check::line(name.as_ref())).filter(|name| !name.is_empty());
        self
    }

    /// Its size in bytes, at most `i64::MAX`.
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    fn tidied(self) -> Self {
        match self.name.clone() {
            Some(name) => self.name(name),
            None => self,
        }
    }

    fn check(&self) -> Result<(), BuildError> {
        check::address(&self.link, "LINK")?;
        // What PHP cannot hold as an integer is as bad as nothing.
        check::above_zero(self.size.map(|size| i64::try_from(size).unwrap_or(-1)), "SIZE")
    }
}

/// A line between blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
#[must_use = "a block is shown once it is in an attachment"]
pub struct Delimiter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    color: Option<Color>,
}

impl Delimiter {
    /// 200 pixels long.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its length in pixels.
    pub fn size(mut self, pixels: u32) -> Self {
        self.size = Some(pixels);
        self
    }

    /// Its colour.
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }
}

macro_rules! into_block {
    ($($kind:ident($from:ty) => $make:expr),+ $(,)?) => {$(
        impl From<$from> for Block {
            fn from(part: $from) -> Self {
                let make: fn($from) -> Self = $make;
                make(part)
            }
        }
    )+};
}

into_block! {
    User(UserBlock) => Self::User,
    Link(LinkBlock) => Self::Link,
    RichLink(RichLink) => Self::RichLink,
    Grid(Vec<GridRow>) => Self::Grid,
    Image(Image) => |image| Self::Image(vec![image]),
    File(FileLink) => |file| Self::File(vec![file]),
    Delimiter(Delimiter) => Self::Delimiter,
}
