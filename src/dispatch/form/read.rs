//! What an answer means to its question.

use serde_json::{Value, json};

use super::{
    field::{Field, Kind},
    words::{Words, filled, shown},
};
use crate::{
    dispatch::router::folded,
    message::{Menu, MenuReading, literal},
    wire::{Command, FileRef},
};

/// What the client sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sent<'a> {
    Message {
        text: &'a str,
        files: &'a [FileRef],
    },
    /// The press of a button.
    Press(&'a Command),
}

impl Sent<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Message { text, .. } => text.trim(),
            Self::Press(_) => "",
        }
    }
}

/// An answer that was understood: its value, and how it is shown.
pub(super) type Read = Result<(Value, String), String>;

/// Whether a text is one of these words, signs at its end aside.
pub(super) fn is_word(text: &str, words: &[String]) -> bool {
    let text = folded(text);
    let bare = text.trim_end_matches(['.', '!', ')', '…']);
    words.iter().map(|word| folded(word)).any(|word| word == text || word == bare)
}

/// The question whether or not.
pub(super) fn yes_or_no(prompt: &str, words: &Words) -> Menu<Value> {
    let menu = Menu::new(prompt).item(json!(true), shown(&words.yes));
    let menu = words.yes.iter().skip(1).fold(menu, |menu, word| menu.synonym(word));
    let menu = menu.item(json!(false), shown(&words.no));
    words.no.iter().skip(1).fold(menu, |menu, word| menu.synonym(word))
}

/// What a menu makes of it.
pub(super) fn choice<'m, T: serde::Serialize>(
    menu: &'m Menu<T>,
    sent: Sent<'_>,
    words: &Words,
) -> Result<(&'m T, String), String> {
    let reading = match sent {
        Sent::Message { text, .. } => menu.read(text),
        Sent::Press(command) => menu.read(command),
    };
    let label =
        |value: &T| menu.items().find(|(item, _)| std::ptr::eq(*item, value)).map_or("", |(_, label)| label);
    match reading {
        MenuReading::Chosen(value) => Ok((value, label(value).to_owned())),
        MenuReading::Ambiguous(values) => {
            let labels: Vec<String> =
                values.into_iter().map(|value| literal(label(value)).to_string()).collect();
            Err(filled(&words.ambiguous, labels.join(", ")))
        }
        _ => Err(words.choose.clone()),
    }
}

impl Field {
    /// What the answer means.
    pub(super) fn read(&self, sent: Sent<'_>, language: &str, words: &Words) -> Read {
        let read = self.read_kind(sent, language, words);
        read.map_err(|wrong| match (&self.kind, &self.not_understood) {
            // What the author's own check says is as much the author's.
            (Kind::Own(_), _) | (_, None) => wrong,
            (_, Some(own)) => own.clone(),
        })
    }

    fn read_kind(&self, sent: Sent<'_>, language: &str, words: &Words) -> Read {
        let text = sent.text();
        let said = |value: Value| Ok((value, text.to_owned()));
        match &self.kind {
            Kind::Choice(menu) => choice(menu, sent, words).map(|(value, label)| (value.clone(), label)),
            Kind::YesNo => {
                let menu = yes_or_no(&self.question, words);
                choice(&menu, sent, words).map(|(value, label)| (value.clone(), label))
            }
            Kind::Files => match sent {
                Sent::Message { files, .. } if !files.is_empty() => files_of(files),
                _ => Err(words.not_file.clone()),
            },
            _ if text.is_empty() => Err(words.not_text.clone()),
            Kind::Text { longest } if text.chars().count() > *longest => {
                Err(filled(&words.too_long, longest))
            }
            Kind::Text { .. } => said(json!(text)),
            Kind::Number { least, most, whole } => {
                let number = number(text).ok_or_else(|| words.not_number.clone())?;
                if *whole && number.fract() != 0.0 {
                    return Err(words.not_whole.clone());
                }
                if least.is_some_and(|least| number < least) {
                    return Err(filled(&words.too_small, least.unwrap_or_default()));
                }
                if most.is_some_and(|most| number > most) {
                    return Err(filled(&words.too_large, most.unwrap_or_default()));
                }
                said(json_number(number))
            }
            Kind::Phone => {
                let phone = phone(text, language).ok_or_else(|| words.not_phone.clone())?;
                Ok((json!(phone), phone))
            }
            Kind::Email if is_email(text) => said(json!(text)),
            Kind::Email => Err(words.not_email.clone()),
            Kind::Date => {
                let date = date(text).ok_or_else(|| words.not_date.clone())?;
                said(json!(date))
            }
            Kind::Own(check) => said(check(text)?),
        }
    }
}

fn files_of(files: &[FileRef]) -> Read {
    let named = |file: &FileRef| if file.name.is_empty() { file.id.to_string() } else { file.name.clone() };
    let names: Vec<String> = files.iter().map(named).collect();
    let value = serde_json::to_value(files).map_err(|error| error.to_string())?;
    Ok((value, names.join(", ")))
}

/// `1 500`, `1500.5`, `1500,5`, `-3`.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let plain = if plain.contains('.') { plain } else { plain.replacen(',', ".", 1) };
    let is_plain = plain.bytes().all(|sign| sign.is_ascii_digit() || matches!(sign, b'.' | b'-' | b'+'));
    plain.parse().ok().filter(|number: &f64| is_plain && number.is_finite())
}

/// Whole numbers as such, so that a type may have an integer there.
#[allow(clippy::cast_possible_truncation, reason = "whole, and smaller than what is exact")]
fn json_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT { json!(number as i64) } else { json!(number) }
}

/// `+` and digits; digits alone where nobody knows the country.
pub(super) fn phone(text: &str, language: &str) -> Option<String> {
    let punctuation = |sign: char| sign.is_whitespace() || matches!(sign, '-' | '–' | '(' | ')' | '.' | '/');
    let plain: String = text.chars().filter(|sign| !punctuation(*sign)).collect();
    let (international, digits) = match plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")) {
        Some(digits) => (true, digits),
        None => (false, plain.as_str()),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) || !(7..=15).contains(&digits.len()) {
        return None;
    }
    let russian = language.eq_ignore_ascii_case("ru") && digits.len() == 11;
    match digits.strip_prefix(['7', '8']) {
        Some(rest) if russian && !international => Some(format!("+7{rest}")),
        _ if international => Some(format!("+{digits}")),
        _ => Some(digits.to_owned()),
    }
}

/// One `@`, something before it, and a host with a dot behind it. Whether it exists nobody can see.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let is_plain = |text: &str| {
        !text.is_empty() && !text.chars().any(|sign| sign.is_whitespace() || "@,;<>()[]\"".contains(sign))
    };
    let labels: Vec<&str> = host.split('.').collect();
    is_plain(local)
        && is_plain(host)
        && labels.len() > 1
        && labels.iter().all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && text.len() <= 254
}

/// ISO 8601 of `2026-12-31`, `31.12.2026`, `31/12/2026` or `31.12.26`: the day goes first.
pub(super) fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['-', '.', '/', ' ']).filter(|part| !part.is_empty()).collect();
    let [first, month, last] = parts[..] else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let year: i16 = match (year.len(), year.parse::<i16>()) {
        (4, Ok(year)) => year,
        (2, Ok(year)) => 2000 + year,
        _ => return None,
    };
    let date = jiff::civil::Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(date.to_string())
}
