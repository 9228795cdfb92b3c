//! `triage.toml`.

use std::{collections::BTreeMap, num::NonZeroU16};

use openlines::{
    clock::WorkingHours,
    prelude::*,
    wire::{LineId, Timestamp},
};
use serde::Deserialize;

use super::speech::LANGUAGES;

/// What can be set; every key has a default that works.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What clients see.
    pub name: String,
    /// The language of clients whose site tells none of the bot's.
    pub language: String,
    /// If nobody has taken the session after so many minutes, it is queued again.
    pub patience_minutes: NonZeroU16,
    /// How often that is done.
    pub calls: u8,
    /// By which words operators give the session back.
    pub back: String,
    /// When people are there; at all times without it.
    pub hours: Option<WorkingHours>,
    /// What clients choose from.
    pub topics: Vec<Topic>,
}

/// One thing that it may be about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name, by language.
    pub label: BTreeMap<String, String>,
    /// Other words for it.
    #[serde(default)]
    pub words: Vec<String>,
    /// The open line whose queue takes it; the client's own without one.
    pub line: Option<i64>,
}

impl Default for Settings {
    fn default() -> Self {
        let topic = |en: &str, ru: &str, de: &str| Topic {
            label: [("en", en), ("ru", ru), ("de", de)]
                .map(|(key, text)| (key.to_owned(), text.to_owned()))
                .into(),
            words: Vec::new(),
            line: None,
        };
        Self {
            name: "Reception".into(),
            language: "en".into(),
            patience_minutes: const { NonZeroU16::new(10).unwrap() },
            calls: 3,
            back: "/bot".into(),
            hours: None,
            topics: vec![
                topic("Order", "Заказ", "Bestellung"),
                topic("Complaint", "Жалоба", "Beschwerde"),
                topic("Something else", "Другое", "Etwas anderes"),
            ],
        }
    }
}

impl Settings {
    /// Refuses what cannot work, by its key.
    pub fn check(self) -> Result<Self, AppError> {
        let wrong =
            |key: &str, why: String| Err(AppError::wrong_setting(format!("triage.toml: `{key}`: {why}")));
        if !LANGUAGES.contains(&self.language.as_str()) {
            return wrong("language", format!("`{}` is none of {}", self.language, LANGUAGES.join(", ")));
        }
        if self.topics.is_empty() {
            return wrong("topics", "there is none; at least one is needed".into());
        }
        for topic in &self.topics {
            if !topic.label.contains_key(&self.language) {
                let why = format!("one has no label in `{}`, the language of last resort", self.language);
                return wrong("topics.label", why);
            }
        }
        Ok(self)
    }

    /// When people will be there; `None` if they are there now, or always.
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = self.hours.as_ref().filter(|hours| !hours.is_open(now))?;
        hours.next_opening(now)
    }

    /// `moment` as people there write it.
    pub fn written(&self, moment: Timestamp) -> String {
        let zone = self.hours.as_ref().map_or("UTC", |hours| hours.zone());
        let zoned = jiff::Timestamp::from_second(moment.seconds()).and_then(|moment| moment.in_tz(zone));
        zoned.map(|zoned| zoned.strftime("%d.%m., %H:%M").to_string()).unwrap_or_default()
    }
}

impl Topic {
    /// Its name in `language`, or in the other one.
    pub fn named(&self, language: &str, otherwise: &str) -> &str {
        self.label.get(language).or_else(|| self.label.get(otherwise)).map_or("", String::as_str)
    }

    /// The line whose queue takes it.
    pub fn queue(&self) -> Option<LineId> {
        self.line.map(LineId::new)
    }
}
