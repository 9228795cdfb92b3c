//! Parameters as a portal reads them: from a form or from JSON, of one generation or the other.

use serde_json::Value;

use crate::testing::sent::{Press, Pressable};

/// The first of `names` that is there, a path with dots.
pub(super) fn find<'v>(params: &'v Value, names: &[&str]) -> &'v Value {
    let found = |path: &str| path.split('.').try_fold(params, |value, key| value.get(key));
    names.iter().find_map(|path| found(path)).unwrap_or(&Value::Null)
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

pub(super) fn int(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

pub(super) fn flag(value: &Value) -> bool {
    match value {
        Value::Bool(set) => *set,
        other => matches!(text(other).as_str(), "1" | "Y" | "true"),
    }
}

/// The buttons of a keyboard, which is a list, or has one in `BUTTONS`.
pub(super) fn buttons(keyboard: &Value) -> Vec<Pressable> {
    let list = keyboard.get("BUTTONS").unwrap_or(keyboard).as_array();
    list.into_iter().flatten().filter_map(button).collect()
}

fn button(button: &Value) -> Option<Pressable> {
    let part = |name: &str| text(&button[name]);
    let label = Some(part("TEXT")).filter(|label| !label.is_empty())?;
    let press = if !part("COMMAND").is_empty() {
        Press::Command { name: part("COMMAND"), params: part("COMMAND_PARAMS") }
    } else if !part("LINK").is_empty() {
        Press::Link(part("LINK"))
    } else if part("ACTION") == "SEND" {
        Press::Send(part("ACTION_VALUE"))
    } else {
        Press::Other(part("ACTION"))
    };
    Some(Pressable { label, press })
}
