//! Whom a campaign is for: a CSV file with the column `user`, the id on the portal, and whatever columns the message has.
//!
//! ```
//! let file = tempfile::NamedTempFile::new()?;
//! std::fs::write(file.path(), "user,name\n7,Ann [x]\n9,Bob\n7,Ann\n")?;
//! let people = notifier::people(file.path(), "Dear {name}!")?;
//! assert_eq!(people.len(), 2, "nobody is there twice");
//! assert_eq!(people[1].text, "Dear Bob!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** of a user who is there twice, the first row counts.

use std::{collections::BTreeSet, path::Path};

use openlines::prelude::*;

use super::journal::wrong;

/// Somebody, and what they are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// The message, BB code.
    pub text: String,
}

/// Reads the file and fills the message in. What is wrong is named by file, line and what is allowed.
pub fn people(path: &Path, message: &str) -> Result<Vec<Person>, AppError> {
    let unreadable =
        |error: csv::Error| wrong(path, format!("{error}; a CSV file with a column `user` is needed"));
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(unreadable)?;
    let columns = reader.headers().map_err(unreadable)?.clone();
    let place = |name: &str| columns.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
    let user =
        place("user").ok_or_else(|| wrong(path, "it has no column `user`, the id on the portal".into()))?;
    let mut people = Vec::new();
    let mut seen = BTreeSet::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let line = row.position().map_or(0, csv::Position::line);
        let id = row.get(user).and_then(|id| id.parse().ok()).filter(|id| *id > 0).ok_or_else(|| {
            let id = row.get(user).unwrap_or_default();
            wrong(path, format!("line {line}: `{id}` is no user; a number from 1 is allowed"))
        })?;
        let text = filled(message, |name| row.get(place(name)?)).map_err(|name| {
            let known = columns.iter().collect::<Vec<_>>().join("`, `");
            wrong(
                path,
                format!("it has no column `{name}`, which `message` of the settings names; it has `{known}`"),
            )
        })?;
        Reply::text(&text).check().map_err(|error| wrong(path, format!("line {line}: {error}")))?;
        if seen.insert(id) {
            people.push(Person { user: UserId::new(id), text });
        }
    }
    Ok(people)
}

/// The message with each `{name}` in place; the name that there is not.
fn filled<'a, 'v>(message: &'a str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, &'a str> {
    let mut text = String::new();
    let mut rest = message;
    while let Some((before, (name, behind))) =
        rest.split_once('{').and_then(|(a, b)| Some((a, b.split_once('}')?)))
    {
        text += before;
        text += &literal(value(name.trim()).ok_or(name)?).to_string();
        rest = behind;
    }
    Ok(text + rest)
}
