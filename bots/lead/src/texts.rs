//! What the bot says, from `texts.toml`, in the language of the portal's site.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// The texts of one language. Of a field, the question and what it is called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    pub(crate) greeting: String,
    pub(crate) name: [String; 2],
    pub(crate) phone: [String; 2],
    pub(crate) email: [String; 2],
    pub(crate) need: [String; 2],
    pub(crate) budget: [String; 2],
    pub(crate) files: [String; 2],
    pub(crate) consent: [String; 2],
    pub(crate) summary: String,
    pub(crate) thanks: String,
    pub(crate) goes_on: String,
    pub(crate) no_consent: String,
    pub(crate) cancelled: String,
    pub(crate) timed_out: String,
    pub(crate) again: String,
    pub(crate) handed_over: String,
    pub(crate) failed: String,
}

/// By language.
pub(crate) static TEXTS: LazyLock<BTreeMap<String, Texts>> =
    LazyLock::new(|| toml::from_str(include_str!("texts.toml")).expect("every test reads it"));

/// The language to speak on a site of `language`: the same, or English.
pub(crate) fn spoken(language: &str) -> &'static str {
    TEXTS.keys().find(|known| known.eq_ignore_ascii_case(language)).map_or("en", String::as_str)
}

/// `text` with `what` in its place.
pub(crate) fn filled(text: &str, what: impl ToString) -> String {
    text.replacen("{}", &what.to_string(), 1)
}
