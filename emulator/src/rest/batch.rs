//! `batch`: up to fifty calls in one request, with references to earlier results (protocol 8.4).

use serde_json::{Map, Value, json};

use super::auth::Auth;
use super::call::scalar_text;
use super::{Answer, Reply, RestError, name_of, run_method, timed};
use crate::form;
use crate::record::RecordedCall;
use crate::world::World;

const MOST_ITEMS: usize = 50;

/// What a batch has gathered so far.
#[derive(Default)]
struct Gathered {
    result: Map<String, Value>,
    error: Map<String, Value>,
    total: Map<String, Value>,
    next: Map<String, Value>,
    time: Map<String, Value>,
}

fn find<'p>(params: &'p Map<String, Value>, wanted: &str) -> Option<&'p Value> {
    params.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

/// The calls of a batch under their names, in order.
pub(super) fn items(params: &Map<String, Value>) -> Vec<(String, String)> {
    let rows: Vec<(String, &Value)> = match find(params, "cmd") {
        Some(Value::Object(map)) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Some(Value::Array(list)) => {
            list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    rows.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
}

pub(super) fn run(world: &mut World, auth: &Auth, params: Map<String, Value>) -> Reply {
    let halt = find(&params, "halt").is_some_and(|value| match value {
        Value::Bool(flag) => *flag,
        other => scalar_text(other).is_some_and(|text| !matches!(text.as_str(), "" | "0" | "false")),
    });
    let mut gathered = Gathered::default();
    for (at, (key, command)) in items(&params).into_iter().enumerate() {
        let failed = if at >= MOST_ITEMS {
            let error = RestError::bad("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded");
            gathered.error.insert(key, error.into_body());
            true
        } else {
            item(world, auth, key, &command, &mut gathered)
        };
        if failed && halt {
            break;
        }
    }
    Ok(Answer::new(json!({
        "result": listed(gathered.result),
        "result_error": listed(gathered.error),
        "result_total": listed(gathered.total),
        "result_next": listed(gathered.next),
        "result_time": listed(gathered.time),
    })))
}

/// Runs one item; true if it failed.
fn item(world: &mut World, auth: &Auth, key: String, command: &str, gathered: &mut Gathered) -> bool {
    let started = world.clock.micros();
    let (method, query) = command.split_once('?').unwrap_or((command, ""));
    let name = name_of(method);
    let before = world.remarks.take();
    let account = auth.account();
    let mut params = form::decode(query.as_bytes());
    for value in params.values_mut() {
        substitute(value, gathered);
    }
    let params = super::auth::without_auth(params);
    let shown = crate::weight::copy_of(&params, |_| true);
    let result = if matches!(name.as_str(), "batch" | "upload" | "download") {
        Err(RestError::bad("ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage").early())
    } else {
        let forced = world.faults.next_of_batch(&name).and_then(RestError::forced);
        run_method(world, &name, auth, params, forced)
    };
    let why = world.remarks.take();
    world.remarks.restore(before, why.as_ref().map(|why| format!("{key}: {why}")));
    let executed = !matches!(&result, Err(error) if error.before_method);
    let (status, answer) = match result {
        Ok(answer) => {
            let body = json!({"result": answer.result});
            if let Some(total) = answer.total {
                gathered.total.insert(key.clone(), json!(total));
            }
            if let Some(next) = answer.next {
                gathered.next.insert(key.clone(), json!(next));
            }
            gathered.result.insert(key.clone(), answer.result);
            gathered.time.insert(key, timed(world, started, &account, &name));
            (200, body)
        }
        Err(error) => {
            let status = error.status;
            let body = error.into_body();
            gathered.error.insert(key, body.clone());
            (status, body)
        }
    };
    let unix = world.now();
    world.record_call(RecordedCall {
        method: name,
        params: shown,
        status,
        answer,
        user_id: auth.user_id,
        in_batch: true,
        executed,
        unix,
        why,
    });
    status != 200
}

/// Replaces `$result[key][field]` and its siblings in a value.
fn substitute(value: &mut Value, gathered: &Gathered) {
    match value {
        Value::String(text)
            if text.contains("$result")
                || text.contains("$error")
                || text.contains("$total")
                || text.contains("$next")
                || text.contains("$time") =>
        {
            *value = spliced(text, gathered);
        }
        Value::Array(list) => list.iter_mut().for_each(|value| substitute(value, gathered)),
        Value::Object(map) => map.values_mut().for_each(|value| substitute(value, gathered)),
        _ => {}
    }
}

fn spliced(text: &str, gathered: &Gathered) -> Value {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = reference_end(tail);
        match resolve(&tail[..end], gathered) {
            Some(found) if out.is_empty() && end == tail.len() && at == 0 => return found,
            Some(found) => out.push_str(&scalar_text(&found).unwrap_or_default()),
            None => out.push_str(&tail[..end]),
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    Value::String(out)
}

/// Where a reference ends: at white space, or after its last bracket.
fn reference_end(tail: &str) -> usize {
    let word = tail.find(char::is_whitespace).unwrap_or(tail.len());
    match tail[..word].rfind(']') {
        Some(bracket) => bracket + 1,
        None => word.max(1),
    }
}

/// The value a reference means: the deepest part of its path that exists.
fn resolve(reference: &str, gathered: &Gathered) -> Option<Value> {
    let (root, path) = reference.strip_prefix('$')?.split_once('[')?;
    let map = match root {
        "result" => &gathered.result,
        "error" => &gathered.error,
        "total" => &gathered.total,
        "next" => &gathered.next,
        "time" => &gathered.time,
        _ => return None,
    };
    let mut parts = path.trim_end_matches(']').split("][");
    let mut found = map.get(parts.next()?)?;
    for part in parts {
        let deeper = match found {
            Value::Array(list) => part.parse::<usize>().ok().and_then(|at| list.get(at)),
            Value::Object(map) => map.get(part),
            _ => None,
        };
        match deeper {
            Some(value) => found = value,
            None => break,
        }
    }
    Some(found.clone())
}

/// PHP's JSON: a map without entries, or with keys 0, 1, 2…, is a list.
fn listed(map: Map<String, Value>) -> Value {
    let list = map.keys().enumerate().all(|(at, key)| *key == at.to_string());
    if list { Value::Array(map.into_iter().map(|(_, value)| value).collect()) } else { Value::Object(map) }
}
