//! What `notifier.toml` says.
//!
//! **Trap:** the text is BB code, and `{name}` in it is the column `name` of the campaign's file, shown as it is there.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de::Error};

/// Settings of the bot. Only `line` has no default; it is needed for sending alone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What people see as the bot's name, where they write STOP.
    pub name: String,
    /// Code of the network line, 32 characters.
    #[serde(deserialize_with = "code")]
    pub line: String,
    /// Member id of the portal; needed if the bot is installed on several.
    pub portal: Option<String>,
    /// The message.
    pub message: String,
    /// Where is remembered who wants no messages.
    pub opt_outs: PathBuf,
    /// What people write to get no more, and to get them again.
    pub words: Words,
}

/// Words, compared without case and signs, and what is answered to them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// No more messages.
    pub stop: Vec<String>,
    /// Messages again.
    pub start: Vec<String>,
    /// Answer to the first.
    pub stopped: String,
    /// Answer to the second.
    pub started: String,
    /// Answer to an employee who writes anything else. A client of an open line is handed over to a person.
    pub other: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "News".into(),
            line: String::new(),
            portal: None,
            message: "Good day, {name}!".into(),
            opt_outs: "opt-outs.csv".into(),
            words: Words::default(),
        }
    }
}

impl Default for Words {
    fn default() -> Self {
        let words = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        Self {
            stop: words(&["stop", "unsubscribe", "стоп", "отписаться"]),
            start: words(&["start", "subscribe", "старт", "подписаться"]),
            stopped: "You get no more messages. Write START to get them again.".into(),
            started: "You get messages again. Write STOP to get none.".into(),
            other: "Write STOP to get no more messages, or START to get them again.".into(),
        }
    }
}

fn code<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let code = String::deserialize(from)?;
    match code.chars().count() {
        0 | 32 => Ok(code),
        count => Err(D::Error::custom(format_args!("{count} characters; the code of a network line has 32"))),
    }
}
