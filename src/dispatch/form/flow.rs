//! From answer to question: where a form leads, and what it says there.

use serde::Serialize;
use serde_json::Value;

use super::{
    Definition,
    field::{Field, Kind},
    open::{At, Given, Open},
    read::{Sent, choice, is_word, yes_or_no},
    words::{Words, filled, shown},
};
use crate::{
    dispatch::router::folded,
    message::{Capabilities, Menu, Reply, literal},
};

/// What an answer led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Led {
    /// On, with something to be said before the next question.
    On(Option<String>),
    Confirmed,
    Cancelled,
}

/// What can be done in the summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Confirm,
    Change(String),
    Cancel,
}

impl Definition {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The menu that waits for its answer.
    pub(super) fn menu_asked(&self, open: &Open) -> Option<&Menu<Value>> {
        match &open.at {
            At::Field(name) => match &self.field(name)?.kind {
                Kind::Choice(menu) => Some(menu),
                _ => None,
            },
            At::Summary => None,
        }
    }

    pub(super) fn hear(&self, open: &mut Open, sent: Sent<'_>) -> Led {
        let words = self.words(&open.language);
        if is_word(sent.text(), &words.cancel) {
            return Led::Cancelled;
        }
        match open.at.clone() {
            At::Field(name) => match self.field(&name) {
                Some(field) => self.hear_answer(open, field, sent, &words),
                None => self.on(open),
            },
            At::Summary => self.hear_of_summary(open, sent, &words),
        }
    }

    fn hear_answer(&self, open: &mut Open, field: &Field, sent: Sent<'_>, words: &Words) -> Led {
        let text = sent.text();
        if is_word(text, &words.back) {
            return self.back(open, Some(field), words);
        }
        let given = if is_word(text, &words.skip) {
            if !field.optional {
                return Led::On(Some(words.needed.clone()));
            }
            Given { said: String::new(), shown: String::new(), value: Value::Null }
        } else {
            match field.read(sent, &open.language, words) {
                Ok((value, shown)) => Given { said: text.to_owned(), shown, value },
                Err(remark) => return Led::On(Some(remark)),
            }
        };
        open.answers.insert(field.name.clone(), given);
        self.on(open)
    }

    fn on(&self, open: &mut Open) -> Led {
        open.correcting = false;
        if self.go_on(open) { Led::On(None) } else { Led::Confirmed }
    }

    /// To the question before `from`, or the last one.
    fn back(&self, open: &mut Open, from: Option<&Field>, words: &Words) -> Led {
        if std::mem::take(&mut open.correcting) {
            open.at = At::Summary;
            return Led::On(None);
        }
        let place = from.and_then(|from| self.fields.iter().position(|field| field.name == from.name));
        match self.fields[..place.unwrap_or(self.fields.len())].last() {
            Some(before) => {
                open.at = At::Field(before.name.clone());
                Led::On(None)
            }
            None => Led::On(Some(words.first.clone())),
        }
    }

    fn hear_of_summary(&self, open: &mut Open, sent: Sent<'_>, words: &Words) -> Led {
        let text = sent.text();
        if is_word(text, &words.back) {
            return self.back(open, None, words);
        }
        let act = choice(&self.summary_menu("", words), sent, words).map(|(act, _)| act.clone());
        match act {
            Ok(Act::Confirm) => Led::Confirmed,
            Ok(Act::Cancel) => Led::Cancelled,
            Ok(Act::Change(name)) => Self::correct(open, name),
            Err(_) if is_word(text, &words.no) => Led::On(Some(words.which.clone())),
            Err(remark) => match self.to_be_changed(text, words) {
                Some(Some(field)) => Self::correct(open, field.name.clone()),
                Some(None) => Led::On(Some(words.which.clone())),
                None => Led::On(Some(remark)),
            },
        }
    }

    fn correct(open: &mut Open, name: String) -> Led {
        (open.at, open.correcting) = (At::Field(name), true);
        Led::On(None)
    }

    /// `change the phone`: which field, if it says so that something is to be changed.
    fn to_be_changed(&self, text: &str, words: &Words) -> Option<Option<&Field>> {
        let text = folded(text);
        let rest = words.change.iter().find_map(|word| text.strip_prefix(&folded(word)))?;
        let is_meant =
            |field: &&Field| rest.contains(&folded(&field.label)) || rest.contains(&folded(&field.name));
        let mut meant = self.fields.iter().filter(is_meant);
        Some(meant.next().filter(|_| meant.next().is_none()))
    }

    fn summary_menu(&self, prompt: &str, words: &Words) -> Menu<Act> {
        let menu = Menu::new(prompt).item(Act::Confirm, shown(&words.yes));
        let menu = words.yes.iter().skip(1).fold(menu, |menu, word| menu.synonym(word));
        let menu = self.fields.iter().fold(menu, |menu, field| {
            let label = format!("{}: {}", shown(&words.change), field.label);
            menu.item(Act::Change(field.name.clone()), label).synonym(&field.label)
        });
        menu.item(Act::Cancel, shown(&words.cancel))
    }

    /// The question that is to be answered now, after a remark.
    pub(super) fn asks(&self, open: &Open, remark: Option<&str>, channel: Capabilities) -> Reply {
        let words = self.words(&open.language);
        let said = |lines: &[&str]| {
            let lines = remark.iter().chain(lines).filter(|line| !line.is_empty());
            lines.copied().collect::<Vec<&str>>().join("\n")
        };
        let field = match &open.at {
            At::Field(name) => self.field(name),
            At::Summary => None,
        };
        let Some(field) = field else {
            let prompt = said(&[&self.summary_text(open, &words)]);
            return menu_or_text(&self.summary_menu(&prompt, &words), prompt, channel);
        };
        let may_skip = filled(&words.may_skip, shown(&words.skip));
        let prompt = said(&[&field.question, if field.optional { &may_skip } else { "" }]);
        match &field.kind {
            Kind::Choice(menu) => menu_or_text(&menu.reworded(&prompt), prompt, channel),
            Kind::YesNo => menu_or_text(&yes_or_no(&prompt, &words), prompt, channel),
            _ => Reply::text(prompt),
        }
    }

    fn summary_text(&self, open: &Open, words: &Words) -> String {
        let mut text = String::new();
        for field in &self.fields {
            let Some(given) = open.answers.get(&field.name) else { continue };
            let shown = if given.value.is_null() { &words.left_out } else { &given.shown };
            text.push_str(&format!("{}: {}\n", literal(&field.label), literal(shown)));
        }
        text.push_str(self.summary.as_deref().unwrap_or_default());
        text
    }
}

/// A menu that the portal would refuse is understood all the same, so the question goes without its buttons.
fn menu_or_text<T: Serialize>(menu: &Menu<T>, text: String, channel: Capabilities) -> Reply {
    menu.reply_for(channel).unwrap_or_else(|error| {
        tracing::error!(%error, "a form's question is asked without its answers to choose from");
        Reply::text(text)
    })
}
