//! The test that a form's answers make its type.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Form,
    field::Kind,
    open::{At, Open},
    read::Sent,
};
use crate::wire::{FileRef, Timestamp};

/// Fills the form in with these answers and gives what it makes of them: for a test that its fields fit its type, and that
/// the portal takes its questions. Of a field with files the answer is the name of one. Optional fields without an
/// answer are left out.
///
/// ```
/// use openlines::dispatch::{Field, Form, assert_form};
///
/// #[derive(serde::Deserialize)]
/// struct Visit {
///     day: String,
///     guests: Option<u8>,
/// }
///
/// let form = Form::<Visit>::new("visit")
///     .ask(Field::date("day", "Which day?"))
///     .ask(Field::integer("guests", "How many of you?").at_least(1).at_most(20).optional());
/// let visit = assert_form(&form, &[("day", "31.12.2026"), ("guests", "4")]);
/// assert_eq!((visit.day.as_str(), visit.guests), ("2026-12-31", Some(4)));
/// ```
///
/// # Panics
///
/// If the form cannot be asked, if it does not understand an answer, or if the answers, with and without those to
/// optional questions, do not make a `T`.
#[track_caller]
#[allow(clippy::panic, reason = "an assertion, made in tests")]
pub fn assert_form<T: DeserializeOwned>(form: &Form<T>, answers: &[(&str, &str)]) -> T {
    match fill_in(form, answers) {
        Ok(made) => made,
        Err(wrong) => panic!("form `{}`: {wrong}", form.definition.name),
    }
}

pub(super) fn fill_in<T: DeserializeOwned>(form: &Form<T>, answers: &[(&str, &str)]) -> Result<T, String> {
    let definition = &form.definition;
    definition.check()?;
    let answers: BTreeMap<&str, &str> = answers.iter().copied().collect();
    if let Some(stray) = answers.keys().find(|name| definition.field(name).is_none()) {
        return Err(format!("it has no field `{stray}`"));
    }
    let mut open = definition.begin("", None, Timestamp::default());
    for field in &definition.fields {
        open.at = At::Field(field.name.clone());
        let words = definition.words("");
        let value = match answers.get(field.name.as_str()) {
            Some(answer) => {
                let file = FileRef { name: (*answer).to_owned(), ..FileRef::default() };
                let sent = match field.kind {
                    Kind::Files => Sent::Message { text: "", files: &[file] },
                    _ => Sent::Message { text: answer, files: &[] },
                };
                let (value, shown) = field
                    .read(sent, "", &words)
                    .map_err(|said| format!("`{answer}` is no answer to `{}`: {said}", field.name))?;
                super::open::Given { said: (*answer).to_owned(), shown, value }
            }
            None if field.optional => {
                super::open::Given { said: String::new(), shown: String::new(), value: Value::Null }
            }
            None => return Err(format!("field `{}` needs an answer", field.name)),
        };
        open.answers.insert(field.name.clone(), value);
    }
    let make = |open: &Open| T::deserialize(Value::Object(open.values()));
    let mut short = open.clone();
    for field in definition.fields.iter().filter(|field| field.optional) {
        short.answers.entry(field.name.clone()).and_modify(|given| given.value = Value::Null);
    }
    make(&short).map_err(|error| {
        format!("with what is optional left out, its answers do not make the type: {error}")
    })?;
    make(&open).map_err(|error| format!("its answers do not make the type: {error}"))
}
