//! The attachment as JSON, sent and stored in the outbox; reading it back runs the same checks as building it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Attach, AttachBuilder, AttachColor, AvatarKind, Block, Delimiter, Description, FileLink, GridRow, Image,
    LinkBlock, LinkTarget, RichLink, UserBlock, UserTarget,
};
use crate::{
    message::{BuildError, ColorToken},
    wire::{BotId, ChatId, UserId},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub(super) struct AttachWire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    color_token: Option<ColorToken>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    blocks: Vec<Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
enum BlockRead {
    #[serde(rename = "USER")]
    User(OneOrList<UserRead>),
    #[serde(rename = "LINK")]
    Link(OneOrList<LinkRead>),
    #[serde(rename = "RICH_LINK")]
    RichLink(OneOrList<LinkRead>),
    #[serde(rename = "MESSAGE")]
    Message(MessageRead),
    #[serde(rename = "GRID")]
    Grid(Vec<GridRow>),
    #[serde(rename = "IMAGE")]
    Image(OneOrList<Image>),
    #[serde(rename = "FILE")]
    File(OneOrList<FileLink>),
    #[serde(rename = "DELIMITER")]
    Delimiter(Delimiter),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum MessageRead {
    Text(String),
    Full(FullMessage),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
struct FullMessage {
    text: String,
    #[serde(default)]
    as_description: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrList<T> {
    One(T),
    List(Vec<T>),
}

impl<T> OneOrList<T> {
    fn list(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::List(list) => list,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
struct UserRead {
    name: String,
    network_id: Option<String>,
    user_id: Option<UserId>,
    chat_id: Option<ChatId>,
    bot_id: Option<BotId>,
    link: Option<String>,
    avatar: Option<String>,
    avatar_type: Option<AvatarKind>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
struct LinkRead {
    network_id: Option<String>,
    user_id: Option<UserId>,
    chat_id: Option<ChatId>,
    link: Option<String>,
    name: Option<String>,
    desc: Option<String>,
    html: Option<String>,
    extra_image: Option<String>,
    preview: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    preview_size: Option<SizeRead>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
struct SizeRead {
    width: u32,
    height: u32,
}

impl From<Attach> for AttachWire {
    fn from(attach: Attach) -> Self {
        Self {
            color: match attach.color {
                AttachColor::Random => None,
                AttachColor::Transparent => Some("TRANSPARENT".to_owned()),
                AttachColor::Fixed(color) => Some(color.into()),
            },
            color_token: (attach.token != ColorToken::Base).then_some(attach.token),
            description: attach.description.as_str().to_owned(),
            blocks: attach.blocks.iter().map(Block::sent).collect(),
        }
    }
}

impl TryFrom<AttachWire> for Attach {
    type Error = BuildError;

    fn try_from(wire: AttachWire) -> Result<Self, BuildError> {
        let mut builder = match wire.description.as_str() {
            Description::FIRST_MESSAGE => Attach::builder().description_of_first_message(),
            Description::SKIP_MESSAGE => Attach::builder().description_without_message(),
            text => Attach::builder().description(text),
        };
        builder = match wire.color.as_deref() {
            None | Some("CHAT") => builder,
            Some("TRANSPARENT") => builder.transparent(),
            Some(color) => builder.color(color.parse()?),
        };
        builder = builder.token(wire.color_token.unwrap_or_default());
        for block in wire.blocks {
            builder = read_block(builder, block)?;
        }
        builder.build()
    }
}

fn read_block(builder: AttachBuilder, block: Value) -> Result<AttachBuilder, BuildError> {
    let read = serde_json::from_value(block)
        .map_err(|error| BuildError::bad("BLOCKS", "6.2", format!("holds an unreadable block: {error}")))?;
    Ok(match read {
        BlockRead::Message(MessageRead::Text(text)) => builder.message(text),
        BlockRead::Message(MessageRead::Full(message)) if message.as_description == "Y" => {
            builder.message_as_description(message.text)
        }
        BlockRead::Message(MessageRead::Full(message)) => builder.message(message.text),
        BlockRead::Grid(rows) => builder.grid(rows),
        BlockRead::Image(images) => builder.block(Block::Image(images.list())),
        BlockRead::File(files) => builder.block(Block::File(files.list())),
        BlockRead::Delimiter(line) => builder.block(line),
        BlockRead::User(users) => {
            users.list().into_iter().try_fold(builder, |builder, user| Ok(builder.block(user.block()?)))?
        }
        BlockRead::Link(links) => {
            links.list().into_iter().try_fold(builder, |builder, link| Ok(builder.block(link.block()?)))?
        }
        BlockRead::RichLink(links) => {
            links.list().into_iter().try_fold(builder, |builder, link| Ok(builder.block(link.rich()?)))?
        }
    })
}

/// The one target among those given.
fn only<T, const N: usize>(targets: [Option<T>; N]) -> Result<Option<T>, BuildError> {
    let mut targets = targets.into_iter().flatten();
    match (targets.next(), targets.next()) {
        (target, None) => Ok(target),
        _ => Err(BuildError::bad(
            "LINK, USER_ID, CHAT_ID, BOT_ID, NETWORK_ID",
            "6.2",
            "must be one of these at most",
        )),
    }
}

impl UserRead {
    fn block(self) -> Result<UserBlock, BuildError> {
        let target = only([
            self.user_id.map(UserTarget::User),
            self.chat_id.map(UserTarget::Chat),
            self.bot_id.map(UserTarget::Bot),
            self.link.map(UserTarget::Address),
            self.network_id.map(UserTarget::Network),
        ])?;
        Ok(UserBlock { target, avatar: self.avatar, kind: self.avatar_type, ..UserBlock::new(self.name) })
    }
}

impl LinkRead {
    fn target(&mut self) -> Result<LinkTarget, BuildError> {
        let targets = [
            self.user_id.take().map(LinkTarget::User),
            self.chat_id.take().map(LinkTarget::Chat),
            self.link.take().map(LinkTarget::Address),
            self.network_id.take().map(LinkTarget::Network),
        ];
        only(targets)?.ok_or_else(|| BuildError::blank("LINK", "6.2"))
    }

    fn block(mut self) -> Result<LinkBlock, BuildError> {
        let mut block = LinkBlock::to(self.target()?);
        if let Some(name) = self.name {
            block = block.name(name);
        }
        if let Some(desc) = self.desc {
            block = block.description(desc);
        }
        if let Some(html) = self.html {
            block = block.html(html);
        }
        block.preview = self.preview;
        block.size = self.width.zip(self.height);
        if self.extra_image.is_some() {
            return Err(BuildError::bad("EXTRA_IMAGE", "6.2", "is of rich links only"));
        }
        if self.preview_size.is_some() || self.width.is_some() != self.height.is_some() {
            return Err(BuildError::bad("WIDTH, HEIGHT", "6.2", "must come together, without PREVIEW_SIZE"));
        }
        Ok(block)
    }

    fn rich(mut self) -> Result<RichLink, BuildError> {
        let mut block = RichLink::to(self.target()?);
        if let Some(name) = self.name {
            block = block.name(name);
        }
        if let Some(desc) = self.desc {
            block = block.description(desc);
        }
        if let Some(html) = self.html {
            block = block.html(html);
        }
        block.extra_image = self.extra_image;
        block.preview = self.preview;
        block.size = self.preview_size.map(|size| (size.width, size.height));
        if self.width.is_some() || self.height.is_some() {
            return Err(BuildError::bad("PREVIEW_SIZE", "6.2", "must hold WIDTH and HEIGHT"));
        }
        Ok(block)
    }
}
