//! Blocks of attachments: as said, as JSON, as built, and as they are to be stored.

use openlines::{
    message::{
        AvatarKind, Block, Delimiter, FileLink, GridDisplay, GridRow, Image, LinkBlock, LinkTarget, RichLink,
        UserBlock, UserTarget,
    },
    wire::{BotId, ChatId, UserId},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::words::{any_address, any_color, any_id, any_pixels, any_text, any_token, one_line, trimmed};

#[derive(Debug, Clone)]
pub(crate) enum SaidBlock {
    User { name: String, target: Option<SaidTarget>, avatar: Option<String>, kind: Option<&'static str> },
    Link { rich: bool, link: SaidLink },
    Message { text: String, described: bool },
    Grid(Vec<SaidRow>),
    Image(Vec<SaidImage>),
    File(Vec<(String, Option<String>, Option<u64>)>),
    Delimiter(Option<u32>, Option<String>),
}

/// The field and its value: an id, an address or a network id.
#[derive(Debug, Clone)]
pub(crate) struct SaidTarget(&'static str, Value);

#[derive(Debug, Clone)]
pub(crate) struct SaidLink {
    target: SaidTarget,
    name: Option<String>,
    desc: Option<String>,
    html: Option<String>,
    preview: Option<String>,
    size: Option<(u32, u32)>,
    extra: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct SaidRow {
    display: &'static str,
    name: String,
    value: String,
    pixels: (Option<u32>, Option<u32>),
    ids: (Option<i64>, Option<i64>),
    link: Option<String>,
    color: Option<String>,
    token: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct SaidImage {
    link: String,
    name: Option<String>,
    preview: Option<String>,
    size: Option<(u32, u32)>,
}

fn maybe<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(0.3, some)
}

fn any_target(fields: Vec<&'static str>) -> impl Strategy<Value = SaidTarget> {
    let network = prop_oneof![3 => "[a-zю][1-9][0-9]{0,5}", 1 => "[<b5x\\\\]?[-+0-9x]{0,3}", 1 => any_text()];
    (prop::sample::select(fields), any_id(), any_address(), network).prop_map(
        |(field, id, address, network)| {
            SaidTarget(
                field,
                match field {
                    "LINK" => json!(address),
                    "NETWORK_ID" => json!(network),
                    _ => json!(id),
                },
            )
        },
    )
}

pub(crate) fn any_block() -> impl Strategy<Value = SaidBlock> {
    let size = || maybe((any_pixels(), any_pixels()));
    let user = (
        any_text(),
        prop::option::of(any_target(vec!["USER_ID", "CHAT_ID", "BOT_ID", "LINK", "NETWORK_ID"])),
        maybe(any_address()),
        prop::option::of(prop::sample::select(vec!["USER", "CHAT", "BOT"])),
    )
        .prop_map(|(name, target, avatar, kind)| SaidBlock::User { name, target, avatar, kind });
    let link = (
        any_target(vec!["LINK", "LINK", "USER_ID", "CHAT_ID", "NETWORK_ID"]),
        prop::array::uniform3(prop::option::of(any_text())),
        maybe(any_address()),
        size(),
        maybe(any_address()),
        any::<bool>(),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(target, [name, desc, html], preview, size, extra, rich, with_html)| {
            SaidBlock::Link {
                rich,
                link: SaidLink {
                    target,
                    name,
                    desc,
                    html: html.filter(|_| with_html),
                    preview,
                    size,
                    extra: extra.filter(|_| rich),
                },
            }
        });
    let row = (
        prop::sample::select(vec!["BLOCK", "LINE", "ROW", "TABLE"]),
        (any_text(), any_text()),
        (maybe(any_pixels()), maybe(any_pixels())),
        (maybe(any_id()), maybe(any_id())),
        maybe(any_address()),
        maybe(any_color()),
        any_token(),
    )
        .prop_map(|(display, (name, value), pixels, ids, link, color, token)| SaidRow {
            display,
            name,
            value,
            pixels,
            ids,
            link,
            color,
            token,
        });
    let image = (any_address(), prop::option::of(any_text()), maybe(any_address()), size())
        .prop_map(|(link, name, preview, size)| SaidImage { link, name, preview, size });
    let bytes = prop_oneof![
        2 => 1..1_000_000_u64,
        1 => prop::sample::select(vec![0, 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX]),
    ];
    let file = (any_address(), prop::option::of(any_text()), prop::option::of(bytes));
    prop_oneof![
        user,
        link,
        (any_text(), prop::bool::weighted(0.2))
            .prop_map(|(text, described)| SaidBlock::Message { text, described }),
        prop::collection::vec(row, 0..4).prop_map(SaidBlock::Grid),
        prop::collection::vec(image, 0..3).prop_map(SaidBlock::Image),
        prop::collection::vec(file, 0..3).prop_map(SaidBlock::File),
        (prop::option::of(any_pixels()), prop::option::of(any_color()))
            .prop_map(|(size, color)| SaidBlock::Delimiter(size, color)),
    ]
}

/// An object of the fields that are given.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn some<T: serde::Serialize>(value: &Option<T>) -> Option<Value> {
    value.as_ref().map(|value| json!(value))
}

fn stored_text(text: &str) -> Value {
    json!(trimmed(text).replace("#BR#", "[BR]"))
}

impl SaidBlock {
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::User { name, target, avatar, kind } => {
                let mut user = object([
                    ("NAME", Some(json!(name))),
                    ("AVATAR", some(avatar)),
                    ("AVATAR_TYPE", some(kind)),
                ]);
                if let Some(SaidTarget(field, value)) = target {
                    user.insert((*field).to_owned(), value.clone());
                }
                json!({ "USER": user })
            }
            Self::Link { rich: false, link } => {
                let mut fields = link.fields();
                fields.extend(object([
                    ("WIDTH", link.size.map(|(width, _)| json!(width))),
                    ("HEIGHT", link.size.map(|(_, height)| json!(height))),
                ]));
                json!({ "LINK": fields })
            }
            Self::Link { rich: true, link } => {
                let mut fields = link.fields();
                let size = link.size.map(|(width, height)| json!({"HEIGHT": height, "WIDTH": width}));
                fields.extend(object([("PREVIEW_SIZE", size), ("EXTRA_IMAGE", some(&link.extra))]));
                json!({ "RICH_LINK": fields })
            }
            Self::Message { text, described: false } => json!({ "MESSAGE": text }),
            Self::Message { text, described: true } => {
                json!({"MESSAGE": {"TEXT": text, "AS_DESCRIPTION": "Y"}})
            }
            Self::Grid(rows) => json!({"GRID": rows.iter().map(|row| row.fields(false)).collect::<Vec<_>>()}),
            Self::Image(images) => json!({"IMAGE": images.iter().map(SaidImage::fields).collect::<Vec<_>>()}),
            Self::File(files) => {
                let file = |(link, name, size): &(String, _, _)| {
                    object([("LINK", Some(json!(link))), ("NAME", some(name)), ("SIZE", some(size))])
                };
                json!({"FILE": files.iter().map(file).collect::<Vec<_>>()})
            }
            Self::Delimiter(size, color) => {
                // A list would do as well, but an empty object is one in PHP.
                json!({"DELIMITER": object([("SIZE", some(size)), ("COLOR", some(color))])})
            }
        }
    }

    /// As it is to be stored, if nothing is cut.
    pub(crate) fn whole(&self) -> Value {
        let mut whole = self.json();
        match self {
            Self::User { target, kind, .. } => {
                let by_target = match target {
                    Some(SaidTarget("CHAT_ID", _)) => "CHAT",
                    Some(SaidTarget("BOT_ID", _)) => "BOT",
                    _ => "USER",
                };
                whole["USER"]["AVATAR_TYPE"] = json!(kind.unwrap_or(by_target));
                whole["USER"] = json!([whole["USER"]]);
            }
            Self::Link { rich: false, .. } => whole["LINK"] = json!([whole["LINK"]]),
            Self::Link { rich: true, link } => {
                if link.preview.is_some() && link.size.is_none() {
                    whole["RICH_LINK"]["PREVIEW_SIZE"] = json!({"HEIGHT": 0, "WIDTH": 0});
                }
                whole["RICH_LINK"] = json!([whole["RICH_LINK"]]);
            }
            Self::Message { text, .. } => whole["MESSAGE"] = stored_text(text),
            Self::Grid(rows) => {
                whole["GRID"] = json!(rows.iter().map(|row| row.fields(true)).collect::<Vec<_>>());
            }
            Self::Image(_) | Self::File(_) => {
                let file = matches!(self, Self::File(_));
                let kind = if file { "FILE" } else { "IMAGE" };
                // The name of a picture may have several lines.
                let is_left_out = |name: &str| if file { is_blank(name) } else { trimmed(name).is_empty() };
                for part in whole[kind].as_array_mut().unwrap() {
                    if part.get("NAME").is_some_and(|name| is_left_out(name.as_str().unwrap())) {
                        part.as_object_mut().unwrap().remove("NAME");
                    }
                }
            }
            Self::Delimiter(size, _) => whole["DELIMITER"]["SIZE"] = json!(size.unwrap_or(200)),
        }
        whole
    }

    pub(crate) fn built(&self) -> Block {
        match self {
            Self::User { name, target, avatar, kind } => {
                let mut user = UserBlock::new(name);
                if let Some(target) = target {
                    user = user.target(target.of_user());
                }
                if let Some(avatar) = avatar {
                    user = user.avatar(avatar);
                }
                match kind {
                    Some("CHAT") => user.avatar_kind(AvatarKind::Chat),
                    Some("BOT") => user.avatar_kind(AvatarKind::Bot),
                    Some(_) => user.avatar_kind(AvatarKind::User),
                    None => user,
                }
                .into()
            }
            Self::Link { rich, link } => link.built(*rich),
            Self::Message { text, described: false } => Block::message(text),
            Self::Message { text, described: true } => Block::described(text),
            Self::Grid(rows) => Block::Grid(rows.iter().map(SaidRow::built).collect()),
            Self::Image(images) => Block::Image(images.iter().map(SaidImage::built).collect()),
            Self::File(files) => Block::File(
                files
                    .iter()
                    .map(|(link, name, size)| {
                        let file = name.iter().fold(FileLink::new(link), |file, name| file.name(name));
                        size.iter().fold(file, |file, size| file.size(*size))
                    })
                    .collect(),
            ),
            Self::Delimiter(size, color) => {
                let line = size.iter().fold(Delimiter::new(), |line, size| line.size(*size));
                color.iter().fold(line, |line, color| line.color(color.parse().unwrap())).into()
            }
        }
    }

    /// What the portal stores although nobody sees it: a name of a form feed, which is blank only once it is one line,
    /// and a link to somebody under a blank name.
    pub(crate) fn shows_nothing(&self) -> bool {
        match self {
            Self::User { name, .. } => is_blank(name),
            Self::Link { link, .. } => link.target.0 != "LINK" && link.name.as_deref().is_some_and(is_blank),
            Self::Grid(rows) => rows
                .iter()
                .any(|row| row.display != "LINE" && is_blank(&row.name) && trimmed(&row.value).is_empty()),
            _ => false,
        }
    }
}

/// Nothing is left when the portal has trimmed it and made it one line.
fn is_blank(name: &str) -> bool {
    trimmed(&one_line(name)).is_empty()
}

impl SaidTarget {
    fn of_user(&self) -> UserTarget {
        let (id, text) = (self.1.as_i64().unwrap_or(0), self.1.as_str().unwrap_or_default());
        match self.0 {
            "USER_ID" => UserTarget::User(UserId::new(id)),
            "CHAT_ID" => UserTarget::Chat(ChatId::new(id)),
            "BOT_ID" => UserTarget::Bot(BotId::new(id)),
            "NETWORK_ID" => UserTarget::Network(text.to_owned()),
            _ => UserTarget::Address(text.to_owned()),
        }
    }

    fn of_link(&self) -> LinkTarget {
        match self.of_user() {
            UserTarget::User(id) => LinkTarget::User(id),
            UserTarget::Chat(id) => LinkTarget::Chat(id),
            UserTarget::Network(id) => LinkTarget::Network(id),
            UserTarget::Address(address) => LinkTarget::Address(address),
            other => panic!("{other:?}"),
        }
    }
}

impl SaidLink {
    fn fields(&self) -> Map<String, Value> {
        let mut fields = object([
            ("NAME", some(&self.name)),
            ("DESC", some(&self.desc)),
            ("HTML", some(&self.html)),
            ("PREVIEW", some(&self.preview)),
        ]);
        fields.insert(self.target.0.to_owned(), self.target.1.clone());
        fields
    }

    fn built(&self, rich: bool) -> Block {
        macro_rules! built {
            ($kind:ident) => {{
                let mut link = $kind::to(self.target.of_link());
                if let Some(name) = &self.name {
                    link = link.name(name);
                }
                if let Some(desc) = &self.desc {
                    link = link.description(desc);
                }
                if let Some(html) = &self.html {
                    link = link.html(html);
                }
                if let Some(preview) = &self.preview {
                    link = link.preview(preview);
                }
                if let Some((width, height)) = self.size {
                    link = link.preview_size(width, height);
                }
                link
            }};
        }
        if rich {
            let link = built!(RichLink);
            self.extra.iter().fold(link, |link, extra| link.extra_image(extra)).into()
        } else {
            built!(LinkBlock).into()
        }
    }
}

impl SaidRow {
    fn fields(&self, stored: bool) -> Map<String, Value> {
        object([
            ("DISPLAY", Some(json!(self.display))),
            ("NAME", Some(json!(self.name))),
            ("VALUE", Some(if stored { stored_text(&self.value) } else { json!(self.value) })),
            ("WIDTH", some(&self.pixels.0)),
            ("HEIGHT", some(&self.pixels.1)),
            ("USER_ID", some(&self.ids.0)),
            ("CHAT_ID", some(&self.ids.1)),
            ("LINK", some(&self.link)),
            ("COLOR", some(&self.color)),
            ("COLOR_TOKEN", Some(json!(self.token))),
        ])
    }

    fn built(&self) -> GridRow {
        let mut row = GridRow::new(&self.name, &self.value)
            .display(match self.display {
                "LINE" => GridDisplay::Line,
                "ROW" => GridDisplay::Row,
                "TABLE" => GridDisplay::Table,
                _ => GridDisplay::Block,
            })
            .token(serde_json::from_value(json!(self.token)).unwrap());
        row = self.pixels.0.iter().fold(row, |row, width| row.width(*width));
        row = self.pixels.1.iter().fold(row, |row, height| row.height(*height));
        row = self.ids.0.iter().fold(row, |row, user| row.user(UserId::new(*user)));
        row = self.ids.1.iter().fold(row, |row, chat| row.chat(ChatId::new(*chat)));
        row = self.link.iter().fold(row, |row, link| row.link(link));
        self.color.iter().fold(row, |row, color| row.color(color.parse().unwrap()))
    }
}

impl SaidImage {
    fn fields(&self) -> Map<String, Value> {
        object([
            ("LINK", Some(json!(self.link))),
            ("NAME", some(&self.name)),
            ("PREVIEW", some(&self.preview)),
            ("WIDTH", self.size.map(|(width, _)| json!(width))),
            ("HEIGHT", self.size.map(|(_, height)| json!(height))),
        ])
    }

    fn built(&self) -> Image {
        let image = self.name.iter().fold(Image::new(&self.link), |image, name| image.name(name));
        let image = self.preview.iter().fold(image, |image, preview| image.preview(preview));
        self.size.iter().fold(image, |image, (width, height)| image.size(*width, *height))
    }
}
