//! Answers and parameters that many methods share.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::rest::loose;

/// The answer of a method that answers `true`, `{"result": true}` or 1.
///
/// **Trap:** several methods answer `true` whether or not they did anything (protocol 4.4, 4.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// What it answered.
    pub done: bool,
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

/// Reads an answer that is a bare number, in any dress.
macro_rules! bare_id {
    ($(#[$doc:meta])* $name:ident($field:ident: $id:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

pub(super) use bare_id;
