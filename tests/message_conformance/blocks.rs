//! Attachments: portal JSON read as the builder calls that say the same.

use openlines::{
    message::{
        Attach, AttachBuilder, AvatarKind, Block, Delimiter, FileLink, GridDisplay, GridRow, Image,
        LinkBlock, LinkTarget, RichLink, UserBlock, UserTarget,
    },
    wire::{BotId, ChatId, UserId},
};
use serde_json::Value;

use crate::{
    buttons::{color, token},
    rows::{number, text},
};

pub(crate) fn attach(given: &Value) -> Result<AttachBuilder, String> {
    let (root, blocks) = match given.get("BLOCKS") {
        Some(blocks) => (given, blocks),
        None => (&Value::Null, given),
    };
    let mut builder = Attach::builder().token(token(root, "COLOR_TOKEN")?);
    builder = match text(root, "COLOR")? {
        None | Some("CHAT" | "@random") => builder,
        Some("transparent" | "TRANSPARENT") => builder.transparent(),
        Some(_) => builder.color(color(root, "COLOR")?.ok_or("no COLOR")?),
    };
    let mut description = text(root, "DESCRIPTION")?.unwrap_or_default();
    for given in blocks.as_array().ok_or("no list of blocks")? {
        let block = read_block(given)?;
        builder = builder.block(match block {
            // The text that has become the description is said to be it.
            Block::Message(said) if !said.is_empty() && said == description => {
                description = "";
                Block::described(said)
            }
            other => other,
        });
    }
    Ok(match description {
        "FIRST_MESSAGE" => builder.description_of_first_message(),
        "SKIP_MESSAGE" => builder.description_without_message(),
        text => builder.description(text),
    })
}

fn read_block(block: &Value) -> Result<Block, String> {
    let (kind, content) = block.as_object().and_then(|fields| fields.iter().next()).ok_or("no block")?;
    let parts = match content {
        Value::Array(parts) => parts.as_slice(),
        part => std::slice::from_ref(part),
    };
    let one = || if parts.len() == 1 { Ok(&parts[0]) } else { Err("several in one block".to_owned()) };
    Ok(match kind.as_str() {
        "USER" => user(one()?)?.into(),
        "LINK" => link(one()?)?.into(),
        "RICH_LINK" => rich_link(one()?)?.into(),
        "MESSAGE" => Block::message(content.as_str().ok_or("MESSAGE is no text")?),
        "GRID" => Block::Grid(parts.iter().map(row).collect::<Result<_, _>>()?),
        "IMAGE" => Block::Image(parts.iter().map(image).collect::<Result<_, _>>()?),
        "FILE" => Block::File(parts.iter().map(file).collect::<Result<_, _>>()?),
        "DELIMITER" => delimiter(content)?.into(),
        other => return Err(format!("no block {other}")),
    })
}

fn user(given: &Value) -> Result<UserBlock, String> {
    let mut block = UserBlock::new(text(given, "NAME")?.ok_or("no NAME")?);
    if let Some(id) = text(given, "NETWORK_ID")? {
        block = block.target(UserTarget::Network(id.to_owned()));
    } else if let Some(id) = number(given, "USER_ID")? {
        block = block.target(UserTarget::User(UserId::new(id)));
    } else if let Some(id) = number(given, "CHAT_ID")? {
        block = block.target(UserTarget::Chat(ChatId::new(id)));
    } else if let Some(id) = number(given, "BOT_ID")? {
        block = block.target(UserTarget::Bot(BotId::new(id)));
    } else if let Some(address) = text(given, "LINK")? {
        block = block.target(UserTarget::Address(address.to_owned()));
    }
    if let Some(avatar) = text(given, "AVATAR")? {
        block = block.avatar(avatar);
    }
    Ok(match text(given, "AVATAR_TYPE")? {
        Some("USER") => block.avatar_kind(AvatarKind::User),
        Some("CHAT") => block.avatar_kind(AvatarKind::Chat),
        Some("BOT") => block.avatar_kind(AvatarKind::Bot),
        None => block,
        Some(other) => return Err(format!("AVATAR_TYPE {other}")),
    })
}

fn target(given: &Value) -> Result<LinkTarget, String> {
    let mut targets = Vec::new();
    targets.extend(text(given, "NETWORK_ID")?.map(|id| LinkTarget::Network(id.to_owned())));
    targets.extend(number(given, "USER_ID")?.map(|id| LinkTarget::User(UserId::new(id))));
    targets.extend(number(given, "CHAT_ID")?.map(|id| LinkTarget::Chat(ChatId::new(id))));
    targets.extend(text(given, "LINK")?.map(|address| LinkTarget::Address(address.to_owned())));
    if targets.len() == 1 { Ok(targets.remove(0)) } else { Err("several targets".to_owned()) }
}

/// Calls the setters of texts that are given.
macro_rules! texts {
    ($block:ident, $given:ident, $($name:literal => $set:ident),+) => {$(
        if let Some(value) = text($given, $name)? {
            $block = $block.$set(value);
        }
    )+};
}

fn link(given: &Value) -> Result<LinkBlock, String> {
    let mut block = LinkBlock::to(target(given)?);
    texts!(block, given, "NAME" => name, "DESC" => description, "HTML" => html, "PREVIEW" => preview);
    match (number(given, "WIDTH")?, number(given, "HEIGHT")?) {
        (Some(width), Some(height)) => block = block.preview_size(width, height),
        (None, None) => {}
        _ => return Err("WIDTH without HEIGHT".to_owned()),
    }
    Ok(block)
}

fn rich_link(given: &Value) -> Result<RichLink, String> {
    let mut block = RichLink::to(target(given)?);
    texts!(block, given, "NAME" => name, "DESC" => description, "HTML" => html, "PREVIEW" => preview,
        "EXTRA_IMAGE" => extra_image);
    if let Some(size) = given.get("PREVIEW_SIZE") {
        let side = |name| number(size, name).map(Option::unwrap_or_default);
        block = block.preview_size(side("WIDTH")?, side("HEIGHT")?);
    }
    Ok(block)
}

fn row(given: &Value) -> Result<GridRow, String> {
    let said = |name| text(given, name).map(Option::unwrap_or_default);
    let mut row = GridRow::new(said("NAME")?, said("VALUE")?).token(token(given, "COLOR_TOKEN")?);
    row = row.display(match text(given, "DISPLAY")? {
        None | Some("BLOCK") => GridDisplay::Block,
        Some("LINE" | "CARD") => GridDisplay::Line,
        Some("ROW" | "COLUMN") => GridDisplay::Row,
        Some("TABLE") => GridDisplay::Table,
        Some(other) => return Err(format!("DISPLAY {other}")),
    });
    if let Some(color) = color(given, "COLOR")? {
        row = row.color(color);
    }
    if let Some(width) = number(given, "WIDTH")? {
        row = row.width(width);
    }
    if let Some(height) = number(given, "HEIGHT")? {
        row = row.height(height);
    }
    if let Some(user) = number(given, "USER_ID")? {
        row = row.user(UserId::new(user));
    }
    if let Some(chat) = number(given, "CHAT_ID")? {
        row = row.chat(ChatId::new(chat));
    }
    texts!(row, given, "LINK" => link);
    Ok(row)
}

fn image(given: &Value) -> Result<Image, String> {
    let mut image = Image::new(text(given, "LINK")?.ok_or("no LINK")?);
    texts!(image, given, "NAME" => name, "PREVIEW" => preview);
    match (number(given, "WIDTH")?, number(given, "HEIGHT")?) {
        (Some(width), Some(height)) => image = image.size(width, height),
        (None, None) => {}
        _ => return Err("WIDTH without HEIGHT".to_owned()),
    }
    Ok(image)
}

fn file(given: &Value) -> Result<FileLink, String> {
    let mut file = FileLink::new(text(given, "LINK")?.ok_or("no LINK")?);
    texts!(file, given, "NAME" => name);
    if let Some(size) = number(given, "SIZE")? {
        file = file.size(size);
    }
    Ok(file)
}

fn delimiter(given: &Value) -> Result<Delimiter, String> {
    let mut line = Delimiter::new();
    if let Some(size) = number(given, "SIZE")? {
        line = line.size(size);
    }
    if let Some(color) = color(given, "COLOR")? {
        line = line.color(color);
    }
    Ok(line)
}
