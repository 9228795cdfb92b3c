//! Forms: several questions, one after the other, whose answers make a value of the author's type.
//!
//! ```
//! use openlines::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Deserialize)]
//! struct Lead {
//!     name: String,
//!     phone: Option<String>,
//!     need: Need,
//! }
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! enum Need { Repair, Spares }
//!
//! fn lead() -> Form<Lead> {
//!     let needs = Menu::new("What is it about?").item(Need::Repair, "A repair").item(Need::Spares, "Spare parts");
//!     Form::new("lead")
//!         .ask(Field::text("name", "What is your name?"))
//!         .ask(Field::phone("phone", "Where can we call you?").optional())
//!         .ask(Field::choice("need", needs))
//!         .summary("Is this right?")
//! }
//!
//! let router = Router::new()
//!     .form(lead(), async |_cx: Context, lead: Lead| format!("Thank you, {}!", literal(&lead.name)))
//!     .text("call me", async |cx: Context, _message: Message| cx.begin(&lead()));
//! # let _ = router;
//!
//! // In a test:
//! use openlines::dispatch::assert_form;
//! let answers = [("name", "Ann"), ("phone", "+1 555 010 0200"), ("need", "2")];
//! let made = assert_form(&lead(), &answers);
//! assert_eq!(made, Lead { name: "Ann".into(), phone: Some("+15550100200".into()), need: Need::Spares });
//! ```
//!
//! While a form is open, what the client writes goes to it, before every other route of the router: an answer, or one of
//! the [`Words`] by which it is left, skipped, gone back in. Commands, presses of buttons of others, what operators write
//! and `0`, by which the portal hands the session to people (protocol 2.1), go where they always go; `0` and the end of
//! the session end the form. It lasts over restarts, and over a redeploy that changed it: answers that still fit are
//! kept, the rest is asked again.
//!
//! **Trap:** the router that has the form must hear the client's messages, presses and timers. A
//! [`BotHandler`](super::BotHandler) that holds one has to hand it all three; a [`Router`](super::Router) as
//! [`rest`](super::Router::rest) of another hears its form only after the routes of that.

mod field;
mod flow;
mod guard;
mod open;
mod read;
mod talk;
mod words;

use std::{fmt, marker::PhantomData, time::Duration};

use serde_json::{Map, Value};

pub use field::Field;
pub use guard::assert_form;
pub use words::Words;

pub(super) use open::Open;
pub(super) use talk::{Claim, Finish};

use super::{Answer, Context, Filter, router};
use field::Kind;

/// The timer that ends an open form.
pub(super) const TIMER: &str = "openlines.form";

const DAY: Duration = Duration::from_secs(86_400);

/// Questions whose answers make a `T`, by its [`Deserialize`](serde::Deserialize): each field of it is a
/// [`Field`] of that name. Begun by [`Context::begin`]; what is done with the `T` is said by
/// [`Router::form`](super::Router::form).
///
/// One form is open in a dialog at a time; another that is begun takes its place.
#[must_use = "give it to `Router::form`, and begin it with `Context::begin`"]
pub struct Form<T> {
    definition: Definition,
    makes: PhantomData<fn() -> T>,
}

/// A form without its type.
pub(super) struct Definition {
    name: String,
    version: u32,
    fields: Vec<Field>,
    summary: Option<String>,
    time_out: Duration,
    answer_time_out: Option<Duration>,
    words: Vec<(String, Words)>,
    unless: Vec<Filter>,
    left: Option<router::Handler<FormLeft>>,
}

/// Why a form was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyLeft {
    /// The client said so.
    Cancelled,
    /// It, or one of its questions, was open for too long.
    TimedOut,
}

/// A form that was left before it was filled in, see [`Form::left`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FormLeft {
    /// Its name.
    pub form: String,
    /// Why.
    pub why: WhyLeft,
    /// The answers so far, by their fields; null for what was skipped.
    pub answers: Map<String, Value>,
}

impl<T> Form<T> {
    /// A form without questions. Its name stays: an open form is found again by it.
    pub fn new(name: impl Into<String>) -> Self {
        let definition = Definition {
            name: name.into(),
            version: 1,
            fields: Vec::new(),
            summary: None,
            time_out: DAY,
            answer_time_out: None,
            words: Vec::new(),
            unless: Vec::new(),
            left: None,
        };
        Self { definition, makes: PhantomData }
    }

    fn with(mut self, change: impl FnOnce(&mut Definition)) -> Self {
        change(&mut self.definition);
        self
    }

    /// Adds a question.
    pub fn ask(self, field: Field) -> Self {
        self.with(|form| form.fields.push(field))
    }

    /// Shows all answers at the end, above this question (with BB code): the client confirms them, or changes one.
    pub fn summary(self, question: impl Into<String>) -> Self {
        self.with(|form| form.summary = Some(question.into()))
    }

    /// How long it may be open altogether; a day, unless told otherwise.
    pub fn time_out(self, span: Duration) -> Self {
        self.with(|form| form.time_out = span)
    }

    /// How long the client has for each answer, where a [`Field`] says nothing else.
    pub fn answer_time_out(self, span: Duration) -> Self {
        self.with(|form| form.answer_time_out = Some(span))
    }

    /// What it says and understands in a language (that of the portal's site, `de`); English and Russian come with it.
    pub fn words(self, language: impl Into<String>, words: Words) -> Self {
        self.with(|form| form.words.push((language.into(), words)))
    }

    /// Leaves messages for which this holds to the other routes, although the form is open.
    pub fn unless(self, filter: Filter) -> Self {
        self.with(|form| form.unless.push(filter))
    }

    /// To be raised when checks of one's own changed, or what answers mean. Other changes are seen without.
    pub fn version(self, version: u32) -> Self {
        self.with(|form| form.version = version)
    }

    /// Answers in place of the words [`cancelled`](Words::cancelled) and [`timed_out`](Words::timed_out).
    pub fn left<F, Fut>(self, answer: F) -> Self
    where
        F: Fn(Context, FormLeft) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.with(|form| form.left = Some(router::handler(answer)))
    }

    pub(super) fn definition(&self) -> &Definition {
        &self.definition
    }

    pub(super) fn into_definition(self) -> Definition {
        self.definition
    }
}

impl<T> fmt::Debug for Form<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Definition { name, version, fields, .. } = &self.definition;
        f.debug_struct("Form")
            .field("name", name)
            .field("version", version)
            .field("fields", fields)
            .finish_non_exhaustive()
    }
}

impl Definition {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether one of its menus sends the command of menus.
    pub(super) fn is_by_command(&self) -> bool {
        self.fields.iter().any(|field| matches!(&field.kind, Kind::Choice(menu) if menu.is_by_command()))
    }

    fn asks_for_files(&self, open: &Open) -> bool {
        matches!(&open.at, open::At::Field(name) if self.field(name).is_some_and(|field| matches!(field.kind, Kind::Files)))
    }

    fn words(&self, language: &str) -> Words {
        let own = self.words.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(language));
        own.map_or_else(|| Words::of(language), |(_, words)| words.clone())
    }

    /// Whether it can be asked.
    fn check(&self) -> Result<(), String> {
        if self.fields.is_empty() {
            return Err(format!("form `{}` has no questions; add some with `ask`", self.name));
        }
        for (place, field) in self.fields.iter().enumerate() {
            let wrong = |why: &dyn fmt::Display| {
                Err(format!("field `{}` of form `{}`: {why}", field.name, self.name))
            };
            if self.fields[..place].iter().any(|other| other.name == field.name) {
                return wrong(&"there is another of this name");
            }
            if field.question.trim().is_empty() {
                return wrong(&"its question is blank");
            }
            if let Some(why) = &field.wrong {
                return wrong(why);
            }
            if let Kind::Choice(menu) = &field.kind
                && let Err(error) = menu.check()
            {
                return wrong(&error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
