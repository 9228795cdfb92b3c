//! The form that is asked out of hours.

use openlines::prelude::*;
use serde::Deserialize;

use super::Speech;

/// Whom to ask for, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Contact {
    /// The name.
    pub name: String,
    /// A phone number or an e-mail address.
    pub way: String,
}

/// The questions in a language.
pub(crate) fn form(speech: Speech) -> Form<Contact> {
    Form::new(format!("contact.{}", speech.language()))
        .ask(Field::text("name", speech.say("contact-name")).longest(100))
        .ask(Field::text("way", speech.say("contact-way")).longest(200))
}

#[cfg(test)]
mod tests {
    use openlines::dispatch::assert_form;

    use super::*;

    #[test]
    fn the_form_makes_a_contact_in_each_language() {
        for language in super::super::LANGUAGES {
            let made = assert_form(
                &form(Speech::of(language, "en")),
                &[("name", "Ann"), ("way", "ann@shop.example")],
            );
            assert_eq!(made, Contact { name: "Ann".into(), way: "ann@shop.example".into() });
        }
    }
}
