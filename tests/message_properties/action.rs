//! Actions of buttons and menu items, as said and as stored.

use openlines::{message::Action, wire::DialogId};
use openlines_emulator::validate::Outcome;
use proptest::{prelude::*, test_runner::TestCaseError};
use serde_json::{Map, Value, json};

use crate::words::{any_address, any_id, any_text, html, trimmed};

/// The portal takes what was built in each form it is sent in, all `parts` of it, and stores and counts it as the
/// builder says.
pub(crate) fn is_kept(
    sent: [Value; 2],
    check: impl Fn(&Value) -> Outcome,
    parts: usize,
    expected: (Value, usize),
) -> Result<(), TestCaseError> {
    for sent in sent {
        let Outcome::Ok { normalised, json_chars } = check(&sent) else {
            panic!("the portal refuses {sent}")
        };
        prop_assert_eq!(normalised.as_array().unwrap().len(), parts, "something vanished");
        prop_assert_eq!((&normalised, json_chars), (&expected.0, expected.1));
    }
    Ok(())
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Link(String),
    App(i64, Option<String>),
    Named(&'static str, String),
    Command(String, String),
}

pub(crate) fn any_act() -> impl Strategy<Value = Act> {
    let names = vec!["PUT", "SEND", "COPY", "CALL", "DIALOG", "LIVECHAT", "HELP"];
    let command = prop_oneof![3 => "/?[a-z]{1,9}", 1 => any_text()];
    let params = prop_oneof![1 => Just(String::new()), 3 => any_text()];
    prop_oneof![
        any_address().prop_map(Act::Link),
        (any_id(), prop::option::of(any_text())).prop_map(|(id, params)| Act::App(id, params)),
        (prop::sample::select(names), any_text()).prop_map(|(name, value)| Act::Named(name, value)),
        (command, params).prop_map(|(command, params)| Act::Command(command, params)),
    ]
}

impl Act {
    /// Its fields as sent.
    pub(crate) fn put_into(&self, fields: &mut Map<String, Value>) {
        let given: Vec<(&str, Value)> = match self {
            Self::Link(address) => vec![("LINK", json!(address))],
            Self::App(id, None) => vec![("APP_ID", json!(id))],
            Self::App(id, Some(params)) => vec![("APP_ID", json!(id)), ("APP_PARAMS", json!(params))],
            Self::Named(name, value) => vec![("ACTION", json!(name)), ("ACTION_VALUE", json!(value))],
            Self::Command(command, params) => {
                vec![("COMMAND", json!(command)), ("COMMAND_PARAMS", json!(params))]
            }
        };
        fields.extend(given.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// Whether the stored button does just this.
    pub(crate) fn is_kept_in(&self, stored: &Value) -> bool {
        let is = |name: &str, value: Value| stored.get(name).unwrap_or(&Value::Null) == &value;
        match self {
            Self::Link(address) => is("LINK", json!(html(address))),
            Self::App(id, params) => is("APP_ID", json!(id)) && is("APP_PARAMS", json!(params)),
            Self::Named(name, value) => is("ACTION", json!(name)) && is("ACTION_VALUE", json!(value)),
            Self::Command(command, params) => {
                let command = command.strip_prefix('/').unwrap_or(command);
                !trimmed(command).is_empty()
                    && is("COMMAND", json!(command))
                    && is("COMMAND_PARAMS", json!(params))
            }
        }
    }

    /// What the portal stores although it does nothing: an application of no number.
    pub(crate) fn does_nothing(&self) -> bool {
        matches!(self, Self::App(..=0, _))
    }

    pub(crate) fn built(&self) -> Action {
        match self.clone() {
            Self::Link(address) => Action::Link(address),
            Self::App(id, params) => Action::App { id, params },
            Self::Command(command, params) => Action::Command { command, params },
            Self::Named(name, value) => match name {
                "PUT" => Action::Put(value),
                "SEND" => Action::Send(value),
                "COPY" => Action::Copy(value),
                "CALL" => Action::Call(value),
                "DIALOG" => Action::Dialog(DialogId::from(value)),
                "LIVECHAT" => Action::Livechat(value),
                _ => Action::Help(value),
            },
        }
    }

    /// Makes room for a text that fills the message to its limit, and says where it goes.
    pub(crate) fn fillable(&mut self) -> (&mut String, bool) {
        match self {
            Self::Link(address) => {
                "/".clone_into(address);
                (address, true)
            }
            Self::App(id, params) => {
                *id = 5;
                (params.insert("z".to_owned()), false)
            }
            Self::Named(name, value) => {
                *name = "PUT";
                "z".clone_into(value);
                (value, false)
            }
            Self::Command(command, params) => {
                "go".clone_into(command);
                "z".clone_into(params);
                (params, false)
            }
        }
    }
}
