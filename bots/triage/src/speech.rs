//! What the bot says, in the client's language: Fluent texts, built in.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

/// The languages that the bot speaks.
pub const LANGUAGES: [&str; 3] = ["en", "ru", "de"];

static SPEECHES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| {
    let texts =
        [include_str!("../texts/en.ftl"), include_str!("../texts/ru.ftl"), include_str!("../texts/de.ftl")];
    LANGUAGES.into_iter().zip(texts).map(|(language, text)| bundle(language, text)).collect()
});

fn bundle(language: &str, text: &str) -> FluentBundle<FluentResource> {
    let resource = FluentResource::try_new(text.to_owned()).expect("a test reads each");
    let mut bundle = FluentBundle::new_concurrent(vec![language.parse().expect("a test reads each")]);
    // Marks around what is filled in are for mixed directions of writing; channels show them as boxes.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).expect("a test reads each");
    bundle
}

/// One language, as it is spoken to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speech(usize);

impl Speech {
    /// The language of the client's site if the bot speaks it, else the other.
    pub fn of(language: &str, otherwise: &str) -> Self {
        let known = |wanted: &str| LANGUAGES.iter().position(|known| wanted.eq_ignore_ascii_case(known));
        Self(known(language).or_else(|| known(otherwise)).unwrap_or(0))
    }

    /// Its code.
    pub fn language(self) -> &'static str {
        LANGUAGES[self.0]
    }

    /// The text of this name, BB code.
    pub fn say(self, name: &str) -> String {
        self.with(name, [])
    }

    /// The text of this name with what is filled in, which is put in as it is: what clients wrote goes through `literal`
    /// before.
    pub fn with<const N: usize>(self, name: &str, filled: [(&str, String); N]) -> String {
        let mut arguments = FluentArgs::new();
        for (key, value) in filled {
            arguments.set(key.to_owned(), value);
        }
        let bundle = &SPEECHES[self.0];
        let Some(pattern) = bundle.get_message(name).and_then(|message| message.value()) else {
            return name.to_owned();
        };
        bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text() {
        let names = |text: &str| -> Vec<String> {
            text.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
        };
        let english = names(include_str!("../texts/en.ftl"));
        assert_eq!(english, names(include_str!("../texts/ru.ftl")));
        assert_eq!(english, names(include_str!("../texts/de.ftl")));
        for language in LANGUAGES {
            let speech = Speech::of(language, "en");
            assert!(english.iter().all(|name| speech.say(name) != *name), "{language}");
        }
        assert_eq!(
            Speech::of("fr", "de").with("greeting", [("bot", "Empfang".into())]),
            "Guten Tag! Hier ist Empfang."
        );
    }
}
