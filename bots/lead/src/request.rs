//! The form: what a request says, and the questions for it.
//!
//! **Trap:** a form is found again by its name, so each language has one of its own.

use openlines::{prelude::*, wire::FileRef};
use serde::Deserialize;

use crate::{Settings, words::Words};

/// What the client told.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// As they call themselves.
    pub name: String,
    /// Digits, with `+` if they wrote it.
    pub phone: String,
    /// E-mail address.
    pub email: Option<String>,
    /// What it is about.
    pub need: String,
    /// What it may cost.
    pub budget: Option<f64>,
    /// What they sent; it stays in the chat.
    pub files: Option<Vec<FileRef>>,
    /// Whether it may be kept.
    pub consent: bool,
}

/// The questions in a language.
pub(crate) fn form(words: &'static Words, settings: &Settings) -> Form<Request> {
    let need = match settings.needs.as_slice() {
        [] => Field::text("need", words.need[0]).longest(500),
        needs => {
            let menu =
                needs.iter().fold(Menu::new(words.need[0]), |menu, need| menu.item(need.clone(), need));
            Field::choice("need", menu)
        }
    };
    Form::new(format!("request.{}", words.language))
        .ask(Field::text("name", words.name[0]).label(words.name[1]).longest(100))
        .ask(Field::phone("phone", words.phone[0]).label(words.phone[1]))
        .ask(Field::email("email", words.email[0]).label(words.email[1]).optional())
        .ask(need.label(words.need[1]))
        .ask(Field::number("budget", words.budget[0]).label(words.budget[1]).at_least(0).optional())
        .ask(Field::files("files", words.files[0]).label(words.files[1]).optional())
        .ask(Field::yes_no("consent", words.consent[0]).label(words.consent[1]))
        .summary(words.summary)
}

impl Request {
    /// All of it, for people.
    pub(crate) fn in_words(&self, currency: &str) -> String {
        let mut lines = vec![self.need.clone(), format!("{}, {}", self.name, self.phone)];
        lines.extend(self.email.clone());
        lines.extend(self.budget.map(|budget| format!("{budget} {currency}")));
        for file in self.files.iter().flatten() {
            // Not every event tells names.
            lines.push(if file.name.is_empty() {
                format!("[file {}]", file.id)
            } else {
                format!("[{}]", file.name)
            });
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use openlines::dispatch::assert_form;

    use super::*;
    use crate::words::{ENGLISH, RUSSIAN};

    #[test]
    fn the_forms_make_a_request_in_each_language_with_needs_and_without() {
        let plain = Settings::default();
        let mut choosing = Settings::default();
        choosing.needs = vec!["A visit".into(), "A quote".into()];
        let answers = |need, yes| {
            [
                ("name", "Ann"),
                ("phone", "+49 30 1234567"),
                ("email", "ann@shop.example"),
                ("need", need),
                ("budget", "1 500,5"),
                ("files", "plan.pdf"),
                ("consent", yes),
            ]
        };
        let made = assert_form(&form(&ENGLISH, &plain), &answers("A bridge", "yes"));
        assert_eq!(
            made.in_words("EUR"),
            "A bridge\nAnn, +49301234567\nann@shop.example\n1500.5 EUR\n[plan.pdf]"
        );
        let made = assert_form(&form(&ENGLISH, &choosing), &answers("2", "no"));
        assert_eq!((made.need.as_str(), made.consent), ("A quote", false));
        assert_form(&form(&RUSSIAN, &plain), &answers("Мост", "yes"));
    }
}
