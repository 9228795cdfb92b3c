//! One question of a form.

use std::{fmt, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::Value;

use crate::message::Menu;

/// Characters of a text, unless told otherwise.
const LONGEST: usize = 2_000;

pub(super) type Check = Arc<dyn Fn(&str) -> Result<Value, String> + Send + Sync>;

/// What is asked for.
#[derive(Clone)]
pub(super) enum Kind {
    Text { longest: usize },
    Number { least: Option<f64>, most: Option<f64>, whole: bool },
    Phone,
    Email,
    Date,
    YesNo,
    Choice(Menu<Value>),
    Files,
    Own(Check),
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Number { whole: false, .. } => "number",
            Self::Number { .. } => "integer",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Date => "date",
            Self::YesNo => "yes or no",
            Self::Choice(_) => "choice",
            Self::Files => "files",
            Self::Own(_) => "own",
        }
    }
}

/// One question of a [`Form`](super::Form), with BB code; user text in it goes through
/// [`literal()`](crate::message::literal()). Its name is that of the field in the author's type, and stays: it is what
/// an answer is kept under.
#[derive(Clone)]
#[must_use = "give it to `Form::ask`"]
pub struct Field {
    pub(super) name: String,
    pub(super) question: String,
    pub(super) kind: Kind,
    pub(super) label: String,
    pub(super) optional: bool,
    pub(super) not_understood: Option<String>,
    pub(super) time_out: Option<Duration>,
    /// What was said of it and does not fit.
    pub(super) wrong: Option<String>,
}

impl Field {
    fn new(name: impl Into<String>, question: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        let mut signs = name.chars();
        let first = signs.next().map(|sign| sign.to_uppercase().to_string()).unwrap_or_default();
        let label = format!("{first}{}", signs.as_str().replace('_', " "));
        Self {
            question: question.into(),
            kind,
            label,
            optional: false,
            not_understood: None,
            time_out: None,
            wrong: None,
            name,
        }
    }

    /// Anything in words, at most 2,000 characters; a `String`.
    pub fn text(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Text { longest: LONGEST })
    }

    /// A number: `1 500`, `2,5`; an `f64`.
    pub fn number(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Number { least: None, most: None, whole: false })
    }

    /// A whole number; any integer.
    pub fn integer(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Number { least: None, most: None, whole: true })
    }

    /// A phone number, 7 to 15 digits; a `String` of `+` and digits, or of digits alone where the client wrote no
    /// country. In Russian, eleven digits that begin with 7 or 8 begin with +7.
    pub fn phone(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Phone)
    }

    /// An e-mail address; a `String`.
    pub fn email(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Email)
    }

    /// A date, the day before the month unless the year goes first; a `String` like `2026-12-31`.
    pub fn date(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Date)
    }

    /// Yes or no; a `bool`.
    pub fn yes_no(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::YesNo)
    }

    /// One item of a menu, whose prompt is the question; the value of the item.
    pub fn choice<V: Serialize>(name: impl Into<String>, menu: Menu<V>) -> Self {
        let name = name.into();
        let question = menu.prompt().to_owned();
        match menu.into_values() {
            Ok(menu) => Self::new(name, question, Kind::Choice(menu)),
            Err(error) => {
                let mut field = Self::new(name, question, Kind::Choice(Menu::new("")));
                field.wrong = Some(format!("a value of its menu cannot be kept: {error}"));
                field
            }
        }
    }

    /// Files, one message of them; a `Vec<FileRef>`. Of a burst, all that follow one another.
    pub fn files(name: impl Into<String>, question: impl Into<String>) -> Self {
        Self::new(name, question, Kind::Files)
    }

    /// What `check` makes of the text, or what it tells the client instead, with BB code. It runs again when the form has
    /// changed meanwhile.
    pub fn checked<V, C>(name: impl Into<String>, question: impl Into<String>, check: C) -> Self
    where
        V: Serialize,
        C: Fn(&str) -> Result<V, String> + Send + Sync + 'static,
    {
        let check = move |text: &str| serde_json::to_value(check(text)?).map_err(|error| error.to_string());
        Self::new(name, question, Kind::Own(Arc::new(check)))
    }

    /// The client may leave it out; an `Option`.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// What it is called in the summary, and when it is to be changed; its name, unless told otherwise.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The longest text, in characters.
    pub fn longest(mut self, characters: usize) -> Self {
        match &mut self.kind {
            Kind::Text { longest } => *longest = characters,
            kind => {
                self.wrong =
                    Some(format!("`longest` is for texts, and this is a field of kind {}", kind.name()))
            }
        }
        self
    }

    /// The least number.
    pub fn at_least(mut self, number: impl Into<f64>) -> Self {
        match &mut self.kind {
            Kind::Number { least, .. } => *least = Some(number.into()),
            kind => {
                self.wrong =
                    Some(format!("`at_least` is for numbers, and this is a field of kind {}", kind.name()))
            }
        }
        self
    }

    /// The largest number.
    pub fn at_most(mut self, number: impl Into<f64>) -> Self {
        match &mut self.kind {
            Kind::Number { most, .. } => *most = Some(number.into()),
            kind => {
                self.wrong =
                    Some(format!("`at_most` is for numbers, and this is a field of kind {}", kind.name()))
            }
        }
        self
    }

    /// What is said, with BB code, when the answer is not understood.
    pub fn not_understood(mut self, text: impl Into<String>) -> Self {
        self.not_understood = Some(text.into());
        self
    }

    /// How long the client has for this answer.
    pub fn time_out(mut self, span: Duration) -> Self {
        self.time_out = Some(span);
        self
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name)
            .field("kind", &self.kind.name())
            .finish_non_exhaustive()
    }
}
