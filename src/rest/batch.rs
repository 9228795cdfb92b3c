//! Up to 50 calls in one request (protocol 8.4).

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use serde_json::{Map, Value, json};

use super::{Call, CallError, CallErrorKind, Repeat, http::failure, loose};
use crate::wire::PortalKey;

/// The most calls the portal takes in one batch.
pub const BATCH_LIMIT: usize = 50;

/// Calls to one portal that go out in one request. For the rate limit it is one call.
///
/// Values travel as text: `true` as `1`, `null` and empty lists not at all, as in a form.
///
/// ```
/// use openlines::{rest::{Batch, Call}, wire::PortalKey};
/// use serde_json::json;
///
/// # fn main() -> Result<(), openlines::rest::CallError> {
/// let portal = PortalKey::new("app", "7c1f");
/// let mut batch = Batch::new(portal.clone());
/// batch.add(Call::new(portal.clone(), "imopenlines.dialog.get", json!({"CHAT_ID": 1777})))?;
/// batch.add(Call::new(portal, "profile", json!({})))?;
/// assert_eq!(batch.to_call().params["cmd"]["c00"], "imopenlines.dialog.get?CHAT_ID=1777");
///
/// let answers = batch.read(json!({"result": {"c00": {"id": 1777}}, "result_error": {"c01": {"error": "X"}}}));
/// assert_eq!(answers[0].as_ref().unwrap()["id"], 1777);
/// assert_eq!(answers[1].as_ref().unwrap_err().code(), "X");
/// # Ok(())
/// # }
/// ```
///
/// **Trap:** the portal replaces `$result[…]` in values by earlier answers, so a call that holds such a text, which
/// a client may have written, is refused here and goes out alone.
///
/// Its `Debug` tells the methods only: commands may hold a bot token and what a client wrote.
#[derive(Clone)]
pub struct Batch {
    portal: PortalKey,
    methods: Vec<Cow<'static, str>>,
    commands: Map<String, Value>,
    bytes: usize,
    once: bool,
}

impl Batch {
    /// An empty batch for `portal`.
    pub fn new(portal: PortalKey) -> Self {
        Self { portal, methods: Vec::new(), commands: Map::new(), bytes: 0, once: false }
    }

    /// Adds a call, or says why it has to go alone.
    pub fn add(&mut self, call: Call) -> Result<(), CallError> {
        if call.portal != self.portal {
            return Err(
                CallError::new(CallErrorKind::BadParams, call.method).describe("a batch is for one portal")
            );
        }
        self.add_command(call.method, &call.params, call.repeat)
    }

    /// Adds a call by its parts, or says why it has to go alone.
    pub(crate) fn add_command(
        &mut self,
        method: Cow<'static, str>,
        params: &Value,
        repeat: Repeat,
    ) -> Result<(), CallError> {
        let refuse =
            |what: &str| Err(CallError::new(CallErrorKind::BadParams, method.clone()).describe(what));
        if self.methods.len() == BATCH_LIMIT {
            return refuse("a batch holds 50 calls");
        }
        if ["batch", "upload", "download"].iter().any(|not| method.eq_ignore_ascii_case(not)) {
            return refuse("this method cannot be in a batch");
        }
        if has_reference(params) {
            return refuse("a value holds a text that the portal would replace in a batch; send it alone");
        }
        let start = method.len() + 1;
        let mut query = form_urlencoded::Serializer::for_suffix(format!("{method}?"), start);
        if let Value::Object(params) = params {
            let mut name = String::new();
            for (field, value) in params {
                name.push_str(field);
                put(&mut query, &mut name, value);
                name.clear();
            }
        }
        let mut command = query.finish();
        if command.len() == start {
            command.pop();
        }
        self.bytes += command.len();
        self.commands.insert(key(self.methods.len()), Value::String(command));
        self.once |= repeat == Repeat::Once;
        self.methods.push(method);
        Ok(())
    }

    /// How many calls it holds.
    pub fn len(&self) -> usize {
        self.methods.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.methods.is_empty()
    }

    /// About how long a request with it is.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// As one call. It may be repeated if each of its calls may.
    pub fn to_call(&self) -> Call {
        let repeat = if self.once { Repeat::Once } else { Repeat::Idempotent };
        Call::new(self.portal.clone(), "batch", json!({"halt": 0, "cmd": self.commands})).repeat(repeat)
    }

    /// The answers, in the order of the calls. A call without a trace in the answer has an unknown outcome.
    pub fn read(&self, mut answer: Value) -> Vec<Result<Value, CallError>> {
        let mut part = |name: &str| {
            let part = answer.get_mut(name).map(Value::take).unwrap_or_default();
            loose::as_map(part).unwrap_or_default()
        };
        let (mut results, mut errors) = (part("result"), part("result_error"));
        self.methods
            .iter()
            .enumerate()
            .map(|(at, method)| {
                let key = key(at);
                match (errors.remove(&key), results.remove(&key)) {
                    (Some(Value::Object(error)), _) => Err(failure(method, &error)),
                    (Some(_), _) => Err(CallError::new(CallErrorKind::Refused, method.clone())),
                    (None, Some(result)) => Ok(result),
                    (None, None) => Err(CallError::new(CallErrorKind::Unknown, method.clone())
                        .describe("the batch's answer does not tell of it")),
                }
            })
            .collect()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("portal", &self.portal)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// Padded, for the portal runs them in the order of a sorted map.
fn key(at: usize) -> String {
    format!("c{at:02}")
}

/// Puts `value` under `name`, which is as it was when this returns.
fn put(query: &mut form_urlencoded::Serializer<'_, String>, name: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(set) => {
            query.append_pair(name, if *set { "1" } else { "0" });
        }
        Value::Number(number) => {
            query.append_pair(name, &number.to_string());
        }
        Value::String(text) => {
            query.append_pair(name, text);
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                put_within(query, name, format_args!("[{at}]"), item);
            }
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                put_within(query, name, format_args!("[{field}]"), value);
            }
        }
    }
}

fn put_within(
    query: &mut form_urlencoded::Serializer<'_, String>,
    name: &mut String,
    part: fmt::Arguments<'_>,
    value: &Value,
) {
    let length = name.len();
    // Writing to a string does not fail.
    let _ = name.write_fmt(part);
    put(query, name, value);
    name.truncate(length);
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            text.contains('$')
                && ["$result", "$error", "$total", "$next", "$time"]
                    .iter()
                    .any(|reference| text.contains(reference))
        }
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(fields) => fields.values().any(has_reference),
        _ => false,
    }
}
