//! What the assistant says by itself: to the client, and in an internal note to the person who takes over.

use std::{collections::BTreeMap, sync::LazyLock};

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{knowledge::Passage, talk::Talk};

/// Why a client is handed over. Remembered as part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    AskedFor,
    Unsure,
    NoText,
    DialogSpent,
    DaySpent,
    Down,
}

/// The texts of one language.
#[derive(Debug, Deserialize)]
pub(crate) struct Texts {
    pub(crate) handed_over: String,
    pub(crate) rephrase: String,
    pub(crate) unknown: String,
    title: String,
    asked: String,
    before: String,
    pages: String,
    client: String,
    bot: String,
    reasons: BTreeMap<Reason, String>,
}

static TEXTS: LazyLock<BTreeMap<String, Texts>> =
    LazyLock::new(|| toml::from_str(include_str!("texts.toml")).expect("every test reads it"));

impl Texts {
    /// In the language of the portal's site, or in English.
    pub(crate) fn of(language: &str) -> &'static Self {
        TEXTS.get(&language.to_lowercase()).unwrap_or(&TEXTS["en"])
    }

    /// The note; operators see it and the client does not.
    pub(crate) fn brief(
        &self,
        reason: Reason,
        why: &str,
        asked: &str,
        talk: &Talk,
        found: &[Passage],
    ) -> Reply {
        let mut text = Text::new().bold(&self.title).plain(format!(": {}", self.reasons[&reason]));
        if !why.is_empty() {
            text = text.plain(format!(" ({why})"));
        }
        text = text.plain("\n").bold(&self.asked).plain(format!(": {asked}"));
        if !talk.lines.is_empty() {
            text = text.plain("\n").bold(&self.before).plain(":");
        }
        for (by_client, line) in &talk.lines {
            let who = if *by_client { &self.client } else { &self.bot };
            text = text.plain(format!("\n{who}: {line}"));
        }
        if !found.is_empty() {
            let places: Vec<&str> = found.iter().map(|passage| passage.place.as_str()).collect();
            text = text.plain("\n").bold(&self.pages).plain(format!(": {}", places.join("; ")));
        }
        Reply::from(text).internal_note()
    }
}
