//! A `batch` broken open: what each of its calls asked, and what became of it (protocol 8.4).
//!
//! The trap: references such as `$result[a][id]` are shown as they were sent, and a call after the one that halted the
//! batch has neither result nor error.

use serde_json::{Map, Value, json};

use crate::form;
use crate::rest::name_of;

/// The calls of a batch in the order of sending, with what the answer says of each.
pub(super) fn parts(params: &Map<String, Value>, answer: &Value) -> Vec<Value> {
    let commands = params.iter().find(|(name, _)| name.eq_ignore_ascii_case("cmd")).map(|(_, cmd)| cmd);
    let commands = commands.map(super::show::entries).into_iter().flatten();
    commands
        .filter_map(|(key, command)| {
            let command = command.as_str()?;
            let (method, query) = command.split_once('?').unwrap_or((command, ""));
            let of = |list: &str| member(&answer["result"][list], &key);
            let mut part = json!({
                "key": key,
                "method": name_of(method),
                "params": form::decode(query.as_bytes()),
                "raw": command,
            });
            for (name, list) in [
                ("result", "result"),
                ("error", "result_error"),
                ("time", "result_time"),
                ("next", "result_next"),
                ("total", "result_total"),
            ] {
                if let Some(found) = of(list) {
                    part[name] = found.clone();
                }
            }
            Some(part)
        })
        .collect()
}

/// The names of a batch's methods with how often each is called, in the order of first use.
pub(super) fn names(params: &Map<String, Value>) -> String {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for part in parts(params, &Value::Null) {
        let name = part["method"].as_str().unwrap_or_default();
        match counted.iter_mut().find(|(known, _)| known == name) {
            Some((_, times)) => *times += 1,
            None => counted.push((name.to_owned(), 1)),
        }
    }
    let shown = counted.iter().take(3).map(|(name, times)| match times {
        1 => name.clone(),
        times => format!("{name} ×{times}"),
    });
    let more = if counted.len() > 3 { ", …" } else { "" };
    shown.collect::<Vec<_>>().join(", ") + more
}

/// A member by key, also of a map that left PHP as a list.
fn member<'v>(from: &'v Value, key: &str) -> Option<&'v Value> {
    match from {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_has_its_own_parameters_and_its_own_end() {
        let params = form::decode(
            b"halt=1&cmd%5Ba%5D=imbot.v2.Chat.Message.send%3Ffields%255Bmessage%255D%3D%25D0%259F&cmd%5Bb%5D=crm.magic&cmd%5Bc%5D=profile",
        );
        let answer = json!({"result": {"result": {"a": {"id": 7}}, "result_error": {"b": {"error": "ERROR_METHOD_NOT_FOUND"}}}});
        let parts = parts(&params, &answer);
        assert_eq!(parts.len(), 3);
        assert_eq!(
            (&parts[0]["method"], &parts[0]["result"]["id"]),
            (&json!("imbot.v2.chat.message.send"), &json!(7))
        );
        assert_eq!(parts[0]["params"]["fields"]["message"], "П");
        assert_eq!(parts[1]["error"]["error"], "ERROR_METHOD_NOT_FOUND");
        assert!(parts[2].get("result").is_none() && parts[2].get("error").is_none(), "it was halted before");
    }

    #[test]
    fn a_list_of_calls_is_matched_by_place_and_nonsense_is_no_call() {
        let params = json!({"CMD": ["profile", 7, "profile?x=1"]});
        let answer = json!({"result": {"result": [1, null, 3], "result_error": []}});
        let Value::Object(params) = params else { unreachable!() };
        let parts = parts(&params, &answer);
        assert_eq!(parts.iter().map(|part| part["result"].clone()).collect::<Vec<_>>(), [json!(1), json!(3)]);
        assert_eq!(names(&params), "profile ×2");
        assert!(super::parts(&Map::new(), &Value::Null).is_empty());
    }
}
