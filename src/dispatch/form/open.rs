//! A form that is open in a dialog, as it is kept with the dialog's state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Definition, field::Kind, read::Sent};
use crate::wire::{Timestamp, UserId};

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    Field(String),
    Summary,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Given {
    /// As it was written.
    pub(super) said: String,
    /// As it is shown.
    pub(super) shown: String,
    /// What it means; null if it was left out.
    pub(super) value: Value,
}

/// The form that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dispatch) struct Open {
    pub(super) form: String,
    pub(super) shape: String,
    pub(super) language: String,
    /// Whose answers it waits for, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) who: Option<UserId>,
    pub(super) until: Timestamp,
    pub(super) at: At,
    /// It was in the summary before, and goes back there.
    #[serde(default)]
    pub(super) correcting: bool,
    /// Some answers were given to another form of this name.
    #[serde(default)]
    pub(super) carried_over: bool,
    #[serde(default)]
    pub(super) answers: BTreeMap<String, Given>,
}

impl Open {
    pub(in crate::dispatch) fn name(&self) -> &str {
        &self.form
    }

    pub(in crate::dispatch) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// The answers by the names of their fields.
    pub(super) fn values(&self) -> Map<String, Value> {
        self.answers.iter().map(|(name, given)| (name.clone(), given.value.clone())).collect()
    }
}

impl Definition {
    pub(super) fn begin(&self, language: &str, who: Option<UserId>, now: Timestamp) -> Open {
        let mut open = Open {
            form: self.name.clone(),
            shape: self.shape(),
            language: language.to_owned(),
            who,
            until: now.plus(self.time_out),
            at: At::Summary,
            correcting: false,
            carried_over: false,
            answers: BTreeMap::new(),
        };
        self.go_on(&mut open);
        open
    }

    /// Leads to the first question without an answer, or to the summary; false if there is neither.
    pub(super) fn go_on(&self, open: &mut Open) -> bool {
        let unanswered = self.fields.iter().find(|field| !open.answers.contains_key(&field.name));
        open.at = unanswered.map_or(At::Summary, |field| At::Field(field.name.clone()));
        unanswered.is_some() || self.summary.is_some()
    }

    /// What tells this form from others of its name: its version, and its fields with what they take.
    pub(super) fn shape(&self) -> String {
        let mut sum = Sha256::new();
        let mut part = |text: &str| {
            sum.update((text.len() as u64).to_be_bytes());
            sum.update(text);
        };
        part(&self.version.to_string());
        for field in &self.fields {
            part(&field.name);
            part(field.kind.name());
            part(if field.optional { "optional" } else { "needed" });
            match &field.kind {
                Kind::Text { longest } => part(&longest.to_string()),
                Kind::Number { least, most, .. } => part(&format!("{least:?} {most:?}")),
                Kind::Choice(menu) => menu.items().for_each(|(value, _)| part(&value.to_string())),
                _ => {}
            }
        }
        sum.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Brings a form that was begun by another program up to date: answers that still fit stay. Tells whether the
    /// question that the client saw is gone.
    pub(super) fn reopen(&self, open: &mut Open) -> bool {
        let shape = self.shape();
        if open.shape == shape {
            return false;
        }
        let words = self.words(&open.language);
        let mut before = std::mem::take(&mut open.answers);
        for field in &self.fields {
            let Some(given) = before.remove(&field.name) else { continue };
            let kept = match &field.kind {
                _ if given.value.is_null() => field.optional.then_some(given),
                Kind::Choice(menu) => {
                    let same = menu.items().find(|(value, _)| **value == given.value);
                    same.map(|(_, label)| Given { shown: label.to_owned(), ..given })
                }
                Kind::Files => given.value.is_array().then_some(given),
                _ => {
                    let sent = Sent::Message { text: &given.said, files: &[] };
                    let read = field.read(sent, &open.language, &words);
                    read.ok().map(|(value, shown)| Given { value, shown, ..given })
                }
            };
            open.answers.extend(kept.map(|given| (field.name.clone(), given)));
        }
        open.shape = shape;
        open.carried_over = !open.answers.is_empty();
        let asked = std::mem::replace(&mut open.at, At::Summary);
        let still_asked = match &asked {
            At::Field(name) => self.field(name).is_some(),
            At::Summary => {
                self.summary.is_some()
                    && self.fields.iter().all(|field| open.answers.contains_key(&field.name))
            }
        };
        if still_asked {
            open.at = asked;
        } else {
            open.correcting = false;
            self.go_on(open);
        }
        !still_asked
    }
}
