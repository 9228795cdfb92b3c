//! The form: what a request says, and the questions for it.
//!
//! **Trap:** a form is found again by its name, so each language has one of its own.

use openlines::{prelude::*, wire::FileRef};
use serde::Deserialize;

use crate::{Settings, texts::TEXTS};

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
pub(crate) fn form(language: &str, settings: &Settings) -> Form<Request> {
    let texts = &TEXTS[language];
    let asked = |[question, label]: &[String; 2],
                 field: fn(&'static str, String) -> Field,
                 name: &'static str| { field(name, question.clone()).label(label) };
    let need = match settings.needs.as_slice() {
        [] => asked(&texts.need, Field::text, "need").longest(500),
        needs => {
            let menu = Menu::new(&texts.need[0]);
            let menu = needs.iter().fold(menu, |menu, need| menu.item(need.clone(), need));
            Field::choice("need", menu).label(&texts.need[1])
        }
    };
    Form::new(format!("request.{language}"))
        .ask(asked(&texts.name, Field::text, "name").longest(100))
        .ask(asked(&texts.phone, Field::phone, "phone"))
        .ask(asked(&texts.email, Field::email, "email").optional())
        .ask(need)
        .ask(asked(&texts.budget, Field::number, "budget").at_least(0).optional())
        .ask(asked(&texts.files, Field::files, "files").optional())
        .ask(asked(&texts.consent, Field::yes_no, "consent"))
        .summary(&texts.summary)
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

    #[test]
    fn the_forms_make_a_request_in_each_language_with_needs_and_without() {
        let plain = Settings::default();
        let choosing = Settings { needs: vec!["A visit".into(), "A quote".into()], ..Settings::default() };
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
        let made = assert_form(&form("en", &plain), &answers("A bridge", "yes"));
        assert_eq!(
            made.in_words("EUR"),
            "A bridge\nAnn, +49301234567\nann@shop.example\n1500.5 EUR\n[plan.pdf]"
        );
        let made = assert_form(&form("en", &choosing), &answers("2", "no"));
        assert_eq!((made.need.as_str(), made.consent), ("A quote", false));
        assert_form(&form("ru", &plain), &answers("Мост", "yes"));
    }
}
