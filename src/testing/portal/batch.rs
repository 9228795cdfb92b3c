//! Calls that come as a batch: each is a method and its parameters as a query.

use serde_json::{Map, Value};

use super::loose;
use crate::codec::form;

/// The calls of a batch in the order in which a portal runs them.
pub(super) fn calls(params: &Value) -> Vec<(String, String, Value)> {
    let commands = params.get("cmd").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut calls: Vec<(String, String, Value)> = commands
        .into_iter()
        .map(|(key, command)| {
            let command = loose::text(&command);
            let (method, query) = command.split_once('?').unwrap_or((&command, ""));
            (key, method.to_owned(), of_query(query))
        })
        .collect();
    calls.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    calls
}

fn of_query(query: &str) -> Value {
    let raw = form::decode(query.as_bytes(), &form::Limits::default());
    raw.map_or_else(|_| Value::Object(Map::new()), |raw| listed(raw.to_json()))
}

/// A form has no lists: a map whose keys count from 0 is one again.
fn listed(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let counts = !map.is_empty() && (0..map.len()).all(|at| map.contains_key(&at.to_string()));
    let map = map.into_iter().map(|(key, value)| (key, listed(value)));
    if !counts {
        return Value::Object(map.collect());
    }
    let mut items: Vec<(usize, Value)> =
        map.filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect();
    items.sort_by_key(|(at, _)| *at);
    Value::Array(items.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rest::{Batch, Call},
        wire::PortalKey,
    };
    use serde_json::json;

    #[test]
    fn what_a_batch_carries_is_read_as_it_would_be_alone() {
        let portal = PortalKey::new("app", "7c1f");
        let mut batch = Batch::new(portal.clone());
        for at in 0..12 {
            let params = json!({"dialogId": "chat5", "fields": {"message": format!("{at} & ?"), "keyboard": [{"TEXT": "A"}, {"TEXT": "B"}]}});
            batch.add(Call::new(portal.clone(), "imbot.v2.Chat.Message.send", params)).unwrap();
        }
        let calls = calls(&batch.to_call().params);
        assert_eq!(calls.len(), 12);
        let (key, method, params) = &calls[11];
        assert_eq!((key.as_str(), method.as_str()), ("c11", "imbot.v2.Chat.Message.send"));
        assert_eq!(params["fields"]["message"], "11 & ?");
        assert_eq!(params["fields"]["keyboard"], json!([{"TEXT": "A"}, {"TEXT": "B"}]));
    }
}
