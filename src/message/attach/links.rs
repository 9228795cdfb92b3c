//! Links, plain and rich.

use serde_json::{Map, Value, json};

use super::check::{self, SECTION};
use crate::{
    message::{BuildError, trim},
    wire::{ChatId, UserId},
};

impl Default for LinkTarget {
    fn default() -> Self {
        Self::Address(String::new())
    }
}

/// What a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkTarget {
    /// An address.
    Address(String),
    /// A user's card. Needs a name.
    User(UserId),
    /// A chat. Needs a name.
    Chat(ChatId),
    /// Somebody of the vendor's network, `b123`: one sign and a number. Needs a name.
    Network(String),
}

impl LinkTarget {
    pub(super) fn check(&self, name: Option<&str>) -> Result<(), BuildError> {
        match self {
            Self::Address(address) => return check::address(address, "LINK"),
            Self::User(user) => check::above_zero(Some(user.get()), "USER_ID")?,
            Self::Chat(chat) => check::above_zero(Some(chat.get()), "CHAT_ID")?,
            Self::Network(id) => check::network_id(id)?,
        }
        if name.is_none_or(str::is_empty) { Err(BuildError::blank("NAME", SECTION)) } else { Ok(()) }
    }

    pub(super) fn put(&self, fields: &mut Map<String, Value>) {
        let (name, value) = match self {
            Self::Address(address) => ("LINK", json!(address)),
            Self::User(user) => ("USER_ID", json!(user)),
            Self::Chat(chat) => ("CHAT_ID", json!(chat)),
            Self::Network(id) => ("NETWORK_ID", json!(id)),
        };
        fields.insert(name.to_owned(), value);
    }
}

macro_rules! common_setters {
    ($preview:literal) => {
        /// To an address.
        pub fn new(address: impl Into<String>) -> Self {
            Self::to(LinkTarget::Address(address.into()))
        }

        /// To what `target` names.
        pub fn to(target: LinkTarget) -> Self {
            Self { target, ..Self::default() }
        }

        /// The text of the link, one line.
        pub fn name(mut self, name: impl AsRef<str>) -> Self {
            self.name = Some(check::line(name.as_ref()));
            self
        }

        #[doc = $preview]
        pub fn preview(mut self, address: impl Into<String>) -> Self {
            self.preview = Some(address.into());
            self
        }

        /// Size of the picture in pixels, width and height.
        pub fn preview_size(mut self, width: u32, height: u32) -> Self {
            self.size = Some((width, height));
            self
        }

        fn check_common(&self) -> Result<(), BuildError> {
            self.target.check(self.name.as_deref())?;
            check::address_if_any(self.preview.as_deref(), "PREVIEW")?;
            if self.size.is_some() && self.preview.is_none() {
                return Err(BuildError::bad("WIDTH, HEIGHT", SECTION, "must come with PREVIEW"));
            }
            Ok(())
        }

        fn common(&self) -> Map<String, Value> {
            let mut fields = Map::new();
            self.target.put(&mut fields);
            for (name, value) in
                [("NAME", &self.name), ("DESC", &self.desc), ("HTML", &self.html), ("PREVIEW", &self.preview)]
            {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), json!(value));
                }
            }
            fields
        }
    };
}

/// A link with a description and a picture, or HTML instead of the picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a block is shown once it is in an attachment"]
pub struct LinkBlock {
    pub(super) target: LinkTarget,
    pub(super) name: Option<String>,
    pub(super) desc: Option<String>,
    pub(super) html: Option<String>,
    pub(super) preview: Option<String>,
    pub(super) size: Option<(u32, u32)>,
}

impl LinkBlock {
    common_setters!("Address of a picture.");

    /// What is said below it.
    pub fn description(mut self, text: impl AsRef<str>) -> Self {
        self.desc = Some(trim::keep_backslashes(text.as_ref()));
        self
    }

    /// HTML in place of the picture.
    pub fn html(mut self, html: impl AsRef<str>) -> Self {
        self.html = Some(trim::keep_backslashes(html.as_ref()));
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        self.check_common()?;
        if self.html.is_some() && self.preview.is_some() {
            return Err(BuildError::bad("HTML", SECTION, "must not come with PREVIEW, which it replaces"));
        }
        check::above_zero(self.size.map(|(width, _)| width.into()), "WIDTH")?;
        check::above_zero(self.size.map(|(_, height)| height.into()), "HEIGHT")
    }

    pub(super) fn sent(&self) -> Value {
        let mut fields = self.common();
        if let Some((width, height)) = self.size {
            fields.insert("WIDTH".to_owned(), json!(width));
            fields.insert("HEIGHT".to_owned(), json!(height));
        }
        Value::Object(fields)
    }
}

/// A link as a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a block is shown once it is in an attachment"]
pub struct RichLink {
    pub(super) target: LinkTarget,
    pub(super) name: Option<String>,
    pub(super) desc: Option<String>,
    pub(super) html: Option<String>,
    pub(super) preview: Option<String>,
    pub(super) size: Option<(u32, u32)>,
    pub(super) extra_image: Option<String>,
}

impl RichLink {
    common_setters!("Address of the card's picture.");

    /// What is said below it, one line.
    pub fn description(mut self, text: impl AsRef<str>) -> Self {
        self.desc = Some(check::line(text.as_ref()));
        self
    }

    /// HTML below it, one line.
    pub fn html(mut self, html: impl AsRef<str>) -> Self {
        self.html = Some(check::line(html.as_ref()));
        self
    }

    /// Address of another picture, where there is no preview.
    pub fn extra_image(mut self, address: impl Into<String>) -> Self {
        self.extra_image = Some(address.into());
        self
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        self.check_common()?;
        check::address_if_any(self.extra_image.as_deref(), "EXTRA_IMAGE")?;
        if self.extra_image.is_some() && self.preview.is_some() {
            let rule = "must not come with PREVIEW, for which the portal drops it";
            return Err(BuildError::bad("EXTRA_IMAGE", SECTION, rule));
        }
        Ok(())
    }

    pub(super) fn sent(&self) -> Value {
        let mut fields = self.common();
        if let Some((width, height)) = self.size {
            fields.insert("PREVIEW_SIZE".to_owned(), json!({"HEIGHT": height, "WIDTH": width}));
        }
        if let Some(image) = &self.extra_image {
            fields.insert("EXTRA_IMAGE".to_owned(), json!(image));
        }
        Value::Object(fields)
    }

    pub(super) fn stored(&self) -> Value {
        let mut fields = self.sent();
        if self.preview.is_some() && self.size.is_none() {
            fields["PREVIEW_SIZE"] = json!({"HEIGHT": 0, "WIDTH": 0});
        }
        fields
    }
}
