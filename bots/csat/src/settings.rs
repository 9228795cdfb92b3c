//! `csat.toml`.

use std::num::{NonZeroU16, NonZeroU32};

use openlines::{clock::WorkingHours, prelude::*};
use serde::Deserialize;

use super::{Speech, mark_in};

/// What can be set; every key has a default that works.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What clients see.
    pub name: String,
    /// The language of clients whose site tells none of the bot's, and of notes and alerts.
    pub language: Speech,
    /// Whether lines are told to let the bot stay until a session is closed.
    pub stay: bool,
    /// An operator who writes this is through; a client who writes it wants to be asked.
    pub word: String,
    /// After so long a silence behind an operator's last word the session counts as over; 0 for never.
    pub silence_minutes: u16,
    /// How long an answer is waited for.
    pub answer_minutes: NonZeroU16,
    /// How long after the mark a comment, or another mark, is waited for.
    pub comment_minutes: NonZeroU16,
    /// A client is asked at most once in so many days; 0 for once a session.
    pub cap_days: u16,
    /// When clients may be asked; at all times without it.
    pub hours: Option<WorkingHours>,
    /// What is due outside of the hours is asked when they begin, and not dropped.
    pub later: bool,
    /// Marks up to this one are low; 0 for none.
    pub low: u8,
    /// Dialogs that are told of low marks: an employee's id, or `chat15`.
    pub alert: Vec<String>,
    /// Users whose pages are told of every mark.
    pub rt_to: Vec<NonZeroU32>,
    /// The field of the CRM item that takes the mark; without one it is only in the note.
    pub field: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "Feedback".into(),
            language: Speech::En,
            stay: true,
            word: "/rate".into(),
            silence_minutes: 60,
            answer_minutes: const { NonZeroU16::new(720).unwrap() },
            comment_minutes: const { NonZeroU16::new(3).unwrap() },
            cap_days: 30,
            hours: None,
            later: true,
            low: 2,
            alert: Vec::new(),
            rt_to: Vec::new(),
            field: None,
        }
    }
}

impl Settings {
    /// Refuses what cannot work, by its key.
    pub fn check(self) -> Result<Self, AppError> {
        let is_dialog = |id: &String| id.strip_prefix("chat").unwrap_or(id).parse::<NonZeroU32>().is_ok();
        let in_name = |sign: u8| matches!(sign, b'A'..=b'Z' | b'0'..=b'9' | b'_');
        let is_field = |name: &String| !name.is_empty() && name.bytes().all(in_name);
        let word = self.word.trim();
        let (key, value, allowed) = if word.is_empty() || word == "0" || mark_in(word).is_some() {
            ("word", word, "what is no mark is, such as /rate")
        } else if self.low > 4 {
            ("low", "more than 4", "0 to 4 are")
        } else if let Some(id) = self.alert.iter().find(|id| !is_dialog(id)) {
            ("alert", id.as_str(), "the id of an employee is, or that of a chat as in chat15")
        } else if let Some(name) = self.field.as_ref().filter(|name| !is_field(name)) {
            ("field", name.as_str(), "the name of a field is, such as UF_CRM_MARK")
        } else {
            return Ok(self);
        };
        Err(AppError::wrong_setting(format!("csat.toml: `{key}`: `{value}` is not allowed, {allowed}")))
    }

    /// When clients may be asked again; `None` if they may be now.
    pub fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = self.hours.as_ref().filter(|hours| !hours.is_open(now))?;
        Some(hours.next_opening(now).unwrap_or(Timestamp::from_millis(i64::MAX)))
    }

    pub(crate) fn is_word(&self, text: &str) -> bool {
        text.trim().to_lowercase() == self.word.trim().to_lowercase()
    }
}
