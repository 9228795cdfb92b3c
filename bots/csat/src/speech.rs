//! What the bot says, in the client's language: Fluent texts, built in.

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use serde::{Deserialize, Serialize};

/// A language that the bot speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Speech {
    /// English.
    En,
    /// Russian.
    Ru,
    /// German.
    De,
}

/// All of them, with their codes and texts.
pub const SPEECHES: [(Speech, &str, &str); 3] = [
    (Speech::En, "en", include_str!("../texts/en.ftl")),
    (Speech::Ru, "ru", include_str!("../texts/ru.ftl")),
    (Speech::De, "de", include_str!("../texts/de.ftl")),
];

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 3]> = LazyLock::new(|| {
    SPEECHES.map(|(_, code, texts)| {
        let mut bundle = FluentBundle::new_concurrent(vec![code.parse().expect("a test reads each")]);
        // Marks around what is filled in are for mixed directions of writing; channels show them as boxes.
        bundle.set_use_isolating(false);
        let texts = FluentResource::try_new(texts.to_owned()).expect("a test reads each");
        bundle.add_resource(texts).expect("a test reads each");
        bundle
    })
});

impl Speech {
    /// The language of the client's site if the bot speaks it, else the other.
    pub fn of(code: &str, otherwise: Self) -> Self {
        let found = SPEECHES.into_iter().find(|(_, known, _)| known.eq_ignore_ascii_case(code));
        found.map_or(otherwise, |(speech, ..)| speech)
    }

    /// The text of this name, BB code, with what is filled in as it is: what clients wrote goes through `literal` before.
    pub fn say(self, name: &str, values: &[(&str, String)]) -> String {
        let bundle = &BUNDLES[self as usize];
        let pattern = bundle.get_message(name).and_then(|message| message.value());
        let arguments: FluentArgs<'_> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let text = pattern.map(|text| bundle.format_pattern(text, Some(&arguments), &mut Vec::new()));
        text.map_or_else(|| name.to_owned(), |text| text.into_owned())
    }
}
