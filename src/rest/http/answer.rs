//! What an answer means (protocol 8.2, 8.3).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Address, Scrub, transport::Received};
use crate::rest::{Call, CallError, CallErrorKind, Operating, loose};

/// How much of what the portal says is kept.
const LONGEST_DESCRIPTION: usize = 400;

/// How long to wait after a refusal by the rate limit when the portal does not say: enough for two calls to leak.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// How long to wait after a refusal by the operating limit, which looks at minutes.
const OPERATING_WAIT: Duration = Duration::from_secs(30);

/// What is to be done about an answer.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is the answer.
    Done(Result<Value, CallError>),
    /// The token has to be renewed.
    Stale(CallError),
    /// The portal is elsewhere now; its REST root.
    Moved(Address),
}

pub(super) fn judge(call: &Call, address: &Address, answer: &Received, scrub: &Scrub<'_>) -> Verdict {
    let method = &*call.method;
    let status = answer.status;
    let error = |kind| {
        let error = CallError::new(kind, method.to_owned()).status_of_portal(status);
        let usual = (kind == CallErrorKind::Limited).then_some(USUAL_WAIT);
        match answer.retry_after.or(usual) {
            Some(wait) => error.retry_after_of_portal(wait),
            None => error,
        }
    };
    if (300..400).contains(&status) {
        let moved = answer.location.as_deref().and_then(|location| address.moved_to(location, method));
        return moved.map_or_else(
            || {
                Verdict::Done(Err(
                    error(CallErrorKind::Refused).describe("the portal redirects to another page")
                ))
            },
            Verdict::Moved,
        );
    }
    let success = (200..300).contains(&status);
    let clean = |result: &mut Value| {
        if method.eq_ignore_ascii_case("batch") {
            clean_items(result, scrub);
        }
    };
    if success && let Some(mut result) = plain(call, &answer.body) {
        clean(&mut result);
        return Verdict::Done(Ok(result));
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&answer.body) else {
        let kind = if matches!(status, 429 | 503) { CallErrorKind::Limited } else { CallErrorKind::Unknown };
        let what = format!("the answer is no JSON object but {}", begin(&answer.body));
        return Verdict::Done(Err(error(kind).describe(scrub.clean(&what))));
    };
    if let Some(operating) = fields.get("time").and_then(Operating::of_time) {
        call.tell(operating);
    }
    let code = code(fields.get("error"));
    if success && code.is_empty() {
        fields.get_mut("result").into_iter().for_each(clean);
        return Verdict::Done(fields.remove("result").ok_or_else(|| {
            error(CallErrorKind::Unknown).describe("the answer has neither a result nor an error")
        }));
    }
    let (kind, stale) = kind(&code, status);
    let mut error = error(kind);
    if answer.retry_after.is_none() && code.eq_ignore_ascii_case("OPERATION_TIME_LIMIT") {
        error = error.retry_after_of_portal(OPERATING_WAIT);
    }
    let error =
        error.code_of_portal(scrub.clean(&cut(&code))).describe(scrub.clean(&cut(&description(&fields))));
    if stale { Verdict::Stale(error) } else { Verdict::Done(Err(error)) }
}

/// The result of the common answer, which has nothing but a result and a `time`: read without a tree of all the rest.
fn plain(call: &Call, body: &[u8]) -> Option<Value> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plain {
        result: Value,
        time: Option<Time>,
    }
    #[derive(Deserialize)]
    struct Time {
        start: Option<f64>,
        finish: Option<f64>,
        duration: Option<f64>,
        operating: Option<f64>,
        operating_reset_at: Option<f64>,
    }
    let Plain { result, time } = serde_json::from_slice(body).ok()?;
    if let Some(Time { start, finish, duration, operating: Some(spent), operating_reset_at: Some(resets_at) }) =
        time
        && let Some(now) = finish.or(start)
    {
        call.tell(Operating::of_seconds(spent, resets_at - now, duration.unwrap_or_default()));
    }
    Some(result)
}

/// The error of a batch's item, which comes without a status of its own.
pub(crate) fn failure(method: &str, fields: &Map<String, Value>) -> CallError {
    let code = code(fields.get("error"));
    let (kind, _) = kind(&code, 200);
    CallError::new(kind, method.to_owned()).code_of_portal(cut(&code)).describe(cut(&description(fields)))
}

/// The errors of a batch's items, whose descriptions may say what was sent.
fn clean_items(result: &mut Value, scrub: &Scrub) {
    let clean = |error: &mut Value| {
        for (_, text) in error.as_object_mut().into_iter().flatten() {
            if let Value::String(text) = text {
                *text = scrub.clean(text);
            }
        }
    };
    match result.get_mut("result_error") {
        Some(Value::Object(errors)) => errors.values_mut().for_each(clean),
        Some(Value::Array(errors)) => errors.iter_mut().for_each(clean),
        _ => {}
    }
}

/// Text from outside, cut to a length that fits an error, without secrets.
pub(crate) fn secret_free(text: &str, scrub: &Scrub) -> String {
    scrub.clean(&cut(text))
}

/// The code as text: it may be missing, empty, a number or worse.
fn code(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => String::new(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Array(items)) if items.is_empty() => String::new(),
        Some(Value::Bool(true)) => "true".to_owned(),
        Some(value) => format!("({})", loose::shape(value)),
    }
}

fn description(fields: &Map<String, Value>) -> String {
    let text = fields.get("error_description").and_then(Value::as_str).unwrap_or_default();
    match fields.get("argument").and_then(Value::as_str) {
        Some(argument) if !text.contains(argument) => format!("{text} (argument {argument})"),
        _ => text.to_owned(),
    }
}

/// What a code means, and whether a new token may help. Codes come in either case; the statuses in docs and
/// source differ, so the code decides first.
fn kind(code: &str, status: u16) -> (CallErrorKind, bool) {
    use CallErrorKind::{BadAnswer, Limited, Refused, Unauthorised, Unknown, Unreachable};
    let kind = match code.to_ascii_uppercase().as_str() {
        "EXPIRED_TOKEN" | "INVALID_TOKEN" => return (Unauthorised, true),
        "QUERY_LIMIT_EXCEEDED" | "OPERATION_TIME_LIMIT" => Limited,
        "NO_AUTH_FOUND"
        | "INVALID_CREDENTIALS"
        | "APPLICATION_NOT_FOUND"
        | "PAYMENT_REQUIRED"
        | "USER_ACCESS_ERROR"
        | "AUTHORIZATION_ERROR"
        | "PORTAL_DELETED"
        | "OVERLOAD_LIMIT" => Unauthorised,
        // The portal could not ask the authorisation server about the token.
        "CONNECTION_ERROR" => Unreachable,
        "INTERNAL_SERVER_ERROR" | "ERROR_UNEXPECTED_ANSWER" | "INTERNAL_WRONG_TRANSPORT" => Unknown,
        // An earlier try under the same key may have sent it (protocol 4.8).
        "SENDING_FAILED" | "MESSAGE_DUPLICATED_BY_UUID" => Unknown,
        // Done, but the answer could not be written.
        "WRONG_ENCODING" => BadAnswer,
        "" | "ERROR_CORE" if status >= 500 && status != 503 => Unknown,
        "" if matches!(status, 429 | 503) => Limited,
        _ if status == 429 => Limited,
        _ => Refused,
    };
    (kind, false)
}

fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(LONGEST_DESCRIPTION).collect();
    if text.chars().nth(LONGEST_DESCRIPTION).is_some() {
        cut.push('…');
    }
    cut
}

/// The first characters of a body that is not what it should be.
fn begin(body: &[u8]) -> String {
    if body.is_empty() {
        return "empty".to_owned();
    }
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]);
    let words: Vec<&str> = text.split_whitespace().collect();
    let shown: String = words.join(" ").chars().take(80).collect();
    format!("begins {shown:?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{rest::limiter::Told, wire::PortalKey};

    #[test]
    fn an_answer_tells_the_limiter_of_operating_time() {
        let time = json!({"start": 100, "finish": 101.5, "operating": 7.5, "operating_reset_at": 401});
        for (status, body, spent) in [
            (200, json!({"result": 1, "time": time}), Some(7500)),
            (429, json!({"error": "OPERATION_TIME_LIMIT", "time": time}), Some(7500)),
            (200, json!({"result": 1, "time": "now"}), None),
            (200, json!({"result": 1}), None),
        ] {
            let told = Told::default();
            let call = Call::new(PortalKey::new("app", "7c1f"), "profile", json!({})).telling(told.clone());
            let address = Address::parse("https://p.example/rest/profile").unwrap();
            let body = body.to_string().into_bytes();
            let answer = Received { status, retry_after: None, location: None, body };
            judge(&call, &address, &answer, &Scrub::these(Vec::new()));
            assert_eq!(told.take().map(|told| told.spent().as_millis()), spent);
        }
    }

    #[test]
    fn what_a_batch_says_of_its_items_holds_no_token() {
        let call = Call::new(PortalKey::new("app", "7c1f"), "batch", json!({}));
        let address = Address::parse("https://p.example/rest/batch").unwrap();
        let error =
            json!({"error": "BOT_TOKEN", "error_description": "no bot of t0ken-1", "argument": "t0ken-1"});
        let scrub = Scrub::these(vec!["t0ken-1".into()]);
        for errors in [json!({"c01": error}), json!([error])] {
            // With what the common answer has, and with more.
            let mut body = json!({"result": {"result": [], "result_error": errors}});
            if errors.is_array() {
                body["more"] = json!(1);
            }
            let body = body.to_string().into_bytes();
            let answer = Received { status: 200, retry_after: None, location: None, body };
            let Verdict::Done(Ok(result)) = judge(&call, &address, &answer, &scrub) else { panic!("done") };
            assert!(!result.to_string().contains("t0ken"), "{result}");
            assert!(result.to_string().contains("no bot of ***"), "{result}");
        }
    }
}
