//! One declaration a method: its name, what it needs and takes, what it answers, and how safe a repeat is.

use crate::rest::Repeat;

/// What may be promised of a call whose outcome was unknown once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Guarantee {
    /// It changes nothing.
    Read,
    /// Doing it again leaves things as doing it once.
    Idempotent,
    /// The portal recognises the repeat by its key.
    ExactlyOnce,
    /// It is not repeated.
    AtMostOnce,
    /// It may be seen twice.
    AtLeastOnce,
}

/// A declared method, for tests, docs and the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodRow {
    /// Name as documented.
    pub name: &'static str,
    /// Scope that the application needs.
    pub scope: &'static str,
    /// Section of the protocol.
    pub section: &'static str,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What may be promised.
    pub guarantee: Guarantee,
    /// Codes of its own that it refuses with, as portals send them. The codes of the platform (section 8.3),
    /// `ERROR_ARGUMENT` and codes from within (section 4) may come from any method.
    pub errors: &'static [&'static str],
}

/// A struct of parameters, for a method or nested in one: `new` takes what it needs, a method each sets what it
/// takes besides.
macro_rules! params {
    ($(
        $(#[$doc:meta])*
        $name:ident
            needs { $($need:ident $need_wire:literal: $need_type:ty),* $(,)? }
            takes { $($take:ident $take_wire:literal: $take_type:ty),* $(,)? }
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Serialize)]
        #[non_exhaustive]
        #[must_use = "parameters do nothing until they are sent with `invoke`"]
        pub struct $name {
            $(
                #[doc = concat!("`", $need_wire, "`")]
                #[serde(rename = $need_wire)]
                pub $need: $need_type,
            )*
            $(
                #[doc = concat!("`", $take_wire, "`")]
                #[serde(rename = $take_wire, skip_serializing_if = "Option::is_none")]
                pub $take: Option<$take_type>,
            )*
        }

        impl $name {
            /// With what is needed; the rest as the portal has it by default.
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            pub fn new($($need: impl Into<$need_type>),*) -> Self {
                Self { $($need: $need.into(),)* $($take: None,)* }
            }

            $(
                #[doc = concat!("Sets `", $take_wire, "`.")]
                pub fn $take(mut self, $take: impl Into<$take_type>) -> Self {
                    self.$take = Some($take.into());
                    self
                }
            )*
        }
    )+};
}

/// Methods of one scope and the table of them.
macro_rules! methods {
    (
        scope $scope:literal;
        $(
            $(#[$doc:meta])*
            $name:ident = $method:literal, $section:literal, $repeat:ident, $guarantee:ident -> $answer:ty
                $(, repeats $repeats:expr)? $(, refuses [$($error:literal),* $(,)?])?;
            needs $needs:tt
            takes $takes:tt
        )+
    ) => {
        $(
            params! {
                $(#[$doc])*
                #[doc = concat!("\n\n`", $method, "`, protocol ", $section, ".")]
                $(#[doc = concat!("Refuses with" $(, " `", $error, "`")*, ".")])?
                $name needs $needs takes $takes
            }

            impl crate::rest::Method for $name {
                const NAME: &'static str = $method;
                const REPEAT: crate::rest::Repeat = crate::rest::Repeat::$repeat;
                $(const ERRORS: &'static [&'static str] = &[$($error),*];)?
                type Answer = $answer;
                $(
                    fn repeat(&self) -> crate::rest::Repeat {
                        let repeats: fn(&Self) -> crate::rest::Repeat = $repeats;
                        repeats(self)
                    }
                )?
            }
        )+

        pub(in crate::rest::methods) const ROWS: &[crate::rest::methods::MethodRow] = &[$(
            crate::rest::methods::MethodRow {
                name: $method,
                scope: $scope,
                section: $section,
                repeat: crate::rest::Repeat::$repeat,
                guarantee: crate::rest::methods::Guarantee::$guarantee,
                errors: <$name as crate::rest::Method>::ERRORS,
            },
        )+];
    };
}

/// Structs of answers: each field with its name on the wire and the reader for what PHP makes of its type. What is
/// missing is empty. They can be stored, so that a step may remember them.
macro_rules! answers {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident $wire:literal $reader:literal: $type:ty,)*
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(rename = $wire, deserialize_with = $reader)]
                pub $field: $type,
            )*
        }
    )+};
}
