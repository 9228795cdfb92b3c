//! Exchanges as the page shows them: a row of the list, the whole of one, and the words one can search for.

use std::net::IpAddr;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Exchange, Level, Outcome, Request, What, batch, gist};
use crate::delivery::DROPPED;
use crate::form;
use crate::rest::{Address, name_of};

/// A row of the list.
pub(crate) fn row(exchange: &Exchange) -> Value {
    let (kind, name) = match &exchange.what {
        What::Call(request) => (if request.is_oauth() { "oauth" } else { "call" }, request.name()),
        What::Callback { event, .. } => {
            ("callback", if event.is_empty() { "page in a frame".to_owned() } else { event.clone() })
        }
        What::Rt(event) => ("rt", format!("{}:{}", event.module_id, event.command)),
        What::Unheard { event, .. } => ("unheard", event.clone()),
    };
    let mut row = json!({
        "number": exchange.number,
        "kind": kind,
        "name": name,
        "at": exchange.at / 1_000,
        "note": note(exchange),
        "bad": is_bad(exchange),
        "unmodelled": !unmodelled(exchange).is_empty(),
        "why": exchange.why,
    });
    match &exchange.outcome {
        Outcome::Pending => row["pending"] = json!(true),
        Outcome::Answered { status, took, level, .. } => {
            row["status"] = json!(status);
            row["ms"] = json!(took.as_micros() as f64 / 1_000.0);
            row["level"] = level_json(*level);
        }
        Outcome::Broken { why, took, level } => {
            row["broken"] = json!(why);
            row["ms"] = json!(took.as_micros() as f64 / 1_000.0);
            row["level"] = level_json(*level);
        }
        Outcome::Dropped => row["dropped"] = json!(true),
        Outcome::Told => {}
    }
    row
}

/// The whole of one exchange. `origin` is the portal's own address.
pub(crate) fn whole(exchange: &Exchange, origin: &str) -> Value {
    let mut shown = row(exchange);
    match &exchange.what {
        What::Call(request) => {
            shown["url"] = json!(format!("{origin}{}", request.target));
            shown["target"] = json!(request.target);
            shown["verb"] = json!(request.verb);
            shown["content_type"] = json!(request.content_type);
            shown["authorization"] = json!(request.authorization);
            shown["peer"] = json!(request.peer.map(|peer: IpAddr| peer.to_string()));
            shown["raw"] = text(&request.body);
            if request.name() == BATCH {
                shown["parts"] = json!(batch::parts(&request.params(), &answer(exchange)));
            }
            shown["decoded"] = Value::Object(request.params());
            shown["curl"] = json!(curl(
                &request.verb,
                &format!("{origin}{}", request.target),
                &request.content_type,
                &request.authorization,
                &request.body,
            ));
        }
        What::Callback { url, body, .. } => {
            shown["url"] = json!(url);
            shown["verb"] = json!("POST");
            shown["content_type"] = json!(FORM);
            shown["raw"] = text(body);
            shown["decoded"] = Value::Object(form::decode(body));
            shown["curl"] = json!(curl("POST", url, FORM, "", body));
        }
        What::Rt(event) => {
            shown["decoded"] = json!({
                "user_ids": event.user_ids,
                "module_id": event.module_id,
                "command": event.command,
                "params": event.params,
            });
        }
        What::Unheard { event, why } => shown["decoded"] = json!({"event": event, "why": why}),
    }
    if let Outcome::Answered { body, .. } = &exchange.outcome {
        shown["answer_raw"] = text(body);
        shown["answer"] = serde_json::from_slice(body).unwrap_or(Value::Null);
    }
    shown
}

/// Whether every word is somewhere in the exchange; `words` are in lower case.
pub(crate) fn matches(exchange: &Exchange, words: &[String]) -> bool {
    let mut hay = row(exchange).to_string();
    match &exchange.what {
        What::Call(request) => {
            hay.push_str(&request.target);
            hay.push_str(&Value::Object(request.params()).to_string());
            if request.name() == BATCH {
                hay.push_str(&Value::from(batch::parts(&request.params(), &Value::Null)).to_string());
            }
        }
        What::Callback { url, body, .. } => {
            hay.push_str(url);
            hay.push_str(&Value::Object(form::decode(body)).to_string());
        }
        What::Rt(event) => hay.push_str(&event.params.to_string()),
        What::Unheard { why, .. } => hay.push_str(why),
    }
    if let Outcome::Answered { body, .. } = &exchange.outcome {
        // Parsed and printed again, so that \u escapes do not hide a word.
        match serde_json::from_slice::<Value>(body) {
            Ok(answer) => hay.push_str(&answer.to_string()),
            Err(_) => hay.push_str(&String::from_utf8_lossy(body)),
        }
    }
    let hay = hay.to_lowercase();
    words.iter().all(|word| hay.contains(word.as_str()))
}

/// The methods of a call, items of a batch included, that the portal does not model.
pub(crate) fn unmodelled(exchange: &Exchange) -> Vec<String> {
    const CODE: &str = "ERROR_METHOD_NOT_FOUND";
    let (What::Call(request), Outcome::Answered { body, .. }) = (&exchange.what, &exchange.outcome) else {
        return Vec::new();
    };
    if !body.windows(CODE.len()).any(|part| part == CODE.as_bytes()) {
        return Vec::new();
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    if answer["error"] == CODE {
        return vec![request.name()];
    }
    let params = request.params();
    let Some((_, commands)) = params.iter().find(|(name, _)| name.eq_ignore_ascii_case("cmd")) else {
        return Vec::new();
    };
    entries(&answer["result"]["result_error"])
        .filter(|(_, error)| error["error"] == CODE)
        .filter_map(|(key, _)| {
            let command = match commands {
                Value::Array(list) => list.get(key.parse::<usize>().ok()?),
                other => other.get(&key),
            };
            Some(name_of(command?.as_str()?.split('?').next().unwrap_or_default()))
        })
        .collect()
}

/// The answer as JSON, or nothing.
fn answer(exchange: &Exchange) -> Value {
    match &exchange.outcome {
        Outcome::Answered { body, .. } => serde_json::from_slice(body).unwrap_or_default(),
        _ => Value::Null,
    }
}

const BATCH: &str = "batch";
const FORM: &str = "application/x-www-form-urlencoded";

impl Request {
    fn is_oauth(&self) -> bool {
        self.target.starts_with("/oauth/")
    }

    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The method, or what is wanted of the authorisation server.
    pub(crate) fn name(&self) -> String {
        if !self.is_oauth() {
            return Address::of(self.path().strip_prefix("/rest/").unwrap_or_default()).name();
        }
        let grant = self.params().get("grant_type").and_then(Value::as_str).map(str::to_owned);
        grant.unwrap_or_else(|| self.path().trim_matches('/').to_owned())
    }

    fn params(&self) -> Map<String, Value> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form::params(query, &self.content_type, &self.body)
    }
}

/// A few words beside the name.
fn note(exchange: &Exchange) -> String {
    match (&exchange.what, &exchange.outcome) {
        (What::Rt(event), _) => match &event.user_ids {
            None => "to everyone".to_owned(),
            Some(ids) => {
                format!("to {}", ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
        },
        (What::Unheard { why, .. }, _) => why.clone(),
        (_, Outcome::Broken { why, .. }) => why.clone(),
        (_, Outcome::Dropped) => DROPPED.to_owned(),
        (What::Call(request), Outcome::Answered { body, .. }) => {
            let note = answer_note(request, body);
            if note.is_empty() { gist::of_call(&request.params()) } else { note }
        }
        (What::Callback { body, .. }, _) => gist::of_callback(&form::decode(body)),
        _ => String::new(),
    }
}

fn answer_note(request: &Request, body: &Bytes) -> String {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else { return String::new() };
    if let Some(code) = answer["error"].as_str().filter(|code| !code.is_empty()) {
        return code.to_owned();
    }
    if request.name() != BATCH {
        return String::new();
    }
    let counted = |name: &str| entries(&answer["result"][name]).count();
    let (good, failed) = (counted("result"), counted("result_error"));
    let (all, names) = (good + failed, batch::names(&request.params()));
    let calls = if all == 1 { "1 call".to_owned() } else { format!("{all} calls") };
    if failed == 0 { format!("{calls}: {names}") } else { format!("{calls}, {failed} failed: {names}") }
}

pub(super) fn entries(value: &Value) -> Box<dyn Iterator<Item = (String, &Value)> + '_> {
    match value {
        Value::Object(map) => Box::new(map.iter().map(|(key, value)| (key.clone(), value))),
        Value::Array(list) => Box::new(list.iter().enumerate().map(|(at, value)| (at.to_string(), value))),
        _ => Box::new(std::iter::empty()),
    }
}

fn is_bad(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::Answered { status, body, .. } => {
            // A redirect is an answer to a call, but no handler may give one.
            let good = match &exchange.what {
                What::Callback { .. } => (200..300).contains(status),
                _ => *status < 400,
            };
            !good
                || serde_json::from_slice::<Value>(body).is_ok_and(|answer| {
                    answer["error"].as_str().is_some_and(|code| !code.is_empty())
                        || entries(&answer["result"]["result_error"]).next().is_some()
                })
        }
        Outcome::Broken { .. } => true,
        Outcome::Dropped => false,
        Outcome::Pending | Outcome::Told => matches!(exchange.what, What::Unheard { .. }),
    }
}

fn level_json(level: Option<Level>) -> Value {
    level.map_or(Value::Null, |level| json!({"filled": level.filled, "size": level.size}))
}

fn text(body: &Bytes) -> Value {
    Value::from(String::from_utf8_lossy(body).into_owned())
}

/// The exchange as a command for a POSIX shell.
fn curl(verb: &str, url: &str, content_type: &str, authorization: &str, body: &Bytes) -> String {
    let mut command = format!("curl -sS -X {} {}", quoted(verb), quoted(url));
    for (name, value) in [("Content-Type", content_type), ("Authorization", authorization)] {
        if !value.is_empty() {
            command.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
        }
    }
    if !body.is_empty() {
        command.push_str(&format!(" --data-binary {}", quoted(&String::from_utf8_lossy(body))));
    }
    command
}

/// In single quotes, where a shell changes nothing; a text beginning with `@` would name a file, which `--data-binary`
/// takes only at its very start.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn call(target: &str, content_type: &str, body: &str, answer: &str) -> Exchange {
        let request = Request {
            verb: "POST".to_owned(),
            target: target.to_owned(),
            content_type: content_type.to_owned(),
            authorization: String::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            peer: None,
        };
        let body = Bytes::copy_from_slice(answer.as_bytes());
        let outcome = Outcome::Answered { status: 200, body, took: Duration::from_millis(3), level: None };
        Exchange { number: 1, revision: 1, at: 0, what: What::Call(request), outcome, why: None }
    }

    #[test]
    fn a_shell_gets_the_body_as_it_was() {
        let exchange = call("/rest/1/code/profile", "application/json", r#"{"a":"it's $HOME"}"#, "{}");
        let curl = whole(&exchange, "http://127.0.0.1:8024")["curl"].as_str().unwrap().to_owned();
        assert_eq!(
            curl,
            r#"curl -sS -X 'POST' 'http://127.0.0.1:8024/rest/1/code/profile' -H 'Content-Type: application/json' --data-binary '{"a":"it'\''s $HOME"}'"#
        );
    }

    #[test]
    fn methods_of_a_batch_that_are_not_modelled_are_named() {
        let answer = r#"{"result":{"result":[],"result_error":{"b":{"error":"ERROR_METHOD_NOT_FOUND"}}}}"#;
        let body = "cmd%5Ba%5D=profile&cmd%5Bb%5D=crm.magic%3Fid%3D1";
        let exchange = call("/rest/batch", FORM, body, answer);
        assert_eq!(unmodelled(&exchange), ["crm.magic"]);
        assert_eq!(row(&exchange)["note"], "1 call, 1 failed: profile, crm.magic");
        assert_eq!(row(&exchange)["bad"], true);
    }

    #[test]
    fn a_word_is_found_behind_percents_and_escapes() {
        let exchange = call(
            "/rest/x",
            FORM,
            "MESSAGE=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82",
            r#"{"result":"\u0434\u0430"}"#,
        );
        for (words, found) in [("привет", true), ("да", true), ("привет нет", false), ("/rest/x", true)]
        {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(matches(&exchange, &words), found, "{words:?}");
        }
    }
}
