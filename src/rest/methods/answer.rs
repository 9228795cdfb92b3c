//! Answers and parameters that many methods share.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::{message::Keyboard, rest::loose, wire::BotId};

/// The answer of a method that answers `true`, `{"result": true}` or 1.
///
/// **Trap:** several methods answer `true` whether or not they did anything (protocol 4.4, 4.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// What it answered.
    pub done: bool,
}

impl Serialize for Done {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(self.done)
    }
}

impl<'de> Deserialize<'de> for Done {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let done = match Value::deserialize(from)? {
            Value::Object(fields) => fields.get("result").is_some_and(loose::as_flag),
            value => loose::as_flag(&value),
        };
        Ok(Self { done })
    }
}

/// The `result` as it came, for what is too various to be typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Untyped {
    /// The `result`.
    pub value: Value,
}

/// True or false as v1 methods write it: `Y` or `N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct YesNo(pub bool);

impl From<bool> for YesNo {
    fn from(set: bool) -> Self {
        Self(set)
    }
}

impl Serialize for YesNo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if self.0 { "Y" } else { "N" })
    }
}

/// True or false as `event.offline.*` write it: 1 or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OneZero(pub bool);

impl From<bool> for OneZero {
    fn from(set: bool) -> Self {
        Self(set)
    }
}

impl Serialize for OneZero {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(u8::from(self.0))
    }
}

/// A part of a message that an edit sets or takes away; what is not given stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<T> {
    /// It becomes this.
    Set(T),
    /// It is taken away: empty on the wire, as both generations read it.
    Remove,
}

impl<T> From<T> for Part<T> {
    fn from(part: T) -> Self {
        Self::Set(part)
    }
}

impl<T: Serialize> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(part) => part.serialize(to),
            Self::Remove => to.serialize_str(""),
        }
    }
}

/// A keyboard that names its bot, for methods that do not fill the bot in and drop its command buttons without one
/// (protocol 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BotKeyboard {
    /// The bot whose commands the buttons give.
    pub bot: BotId,
    /// The keyboard.
    pub keyboard: Keyboard,
}

impl BotKeyboard {
    /// `keyboard` of `bot`.
    pub fn new(bot: BotId, keyboard: Keyboard) -> Self {
        Self { bot, keyboard }
    }
}

impl Serialize for BotKeyboard {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut whole = match serde_json::to_value(&self.keyboard).map_err(serde::ser::Error::custom)? {
            Value::Object(fields) => fields,
            buttons => serde_json::Map::from_iter([("BUTTONS".to_owned(), buttons)]),
        };
        whole.insert("BOT_ID".to_owned(), json!(self.bot));
        whole.serialize(to)
    }
}

/// Reads an answer that is a bare number, in any dress.
macro_rules! bare_id {
    ($(#[$doc:meta])* $name:ident($field:ident: $id:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
        #[serde(transparent)]
        #[non_exhaustive]
        pub struct $name {
            /// Its id.
            pub $field: $id,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                crate::rest::loose::int(from).map(|$field| Self { $field })
            }
        }
    };
}

/// Reads an answer that is a bare list, also if it came as a map or as nothing.
macro_rules! bare_list {
    ($(#[$doc:meta])* $name:ident($(#[$field_doc:meta])* $field:ident: $item:ty)) => {
        bare_list! { $(#[$doc])* $name($(#[$field_doc])* $field: $item => list) }
    };
    ($(#[$doc:meta])* $name:ident($(#[$field_doc:meta])* $field:ident: $item:ty => $reader:ident)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[serde(transparent)]
        #[non_exhaustive]
        pub struct $name {
            $(#[$field_doc])*
            pub $field: Vec<$item>,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                crate::rest::loose::$reader(from).map(|$field| Self { $field })
            }
        }
    };
}

pub(super) use {bare_id, bare_list};
