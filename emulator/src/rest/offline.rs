//! `event.offline.*`: collecting what was kept (protocol 4.10).
//!
//! With `clear=1`, the default, what is collected is gone at once. With `clear=0` it gets a `process_id` and stays until
//! `event.offline.clear`; what is in the hands of one process no other collects.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::call::{loose_int, scalar_text};
use super::lists::PAGE;
use super::{Answer, Call, Method, Reply, RestError, lists};
use crate::world::identity::random_hex;
use crate::world::offline::OfflineRow;

pub(super) const METHODS: &[Method] = &[
    Method::upper("event.offline.get", "", get),
    Method::upper("event.offline.clear", "", clear),
    Method::upper("event.offline.error", "", error),
    Method::upper("event.offline.list", "", list),
];

const LENGTH: usize = 32;
const PREFIXES: [&str; 6] = [">=", "<=", "!", ">", "<", "="];
const FIELDS: [&str; 6] = ["ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID", "PROCESS_ID", "ERROR"];

/// The application, whose administrator must be calling.
fn app(call: &Call<'_>) -> Result<String, RestError> {
    let client_id = call.auth.app()?.to_owned();
    if call.auth.is_admin(call.world) {
        Ok(client_id)
    } else {
        Err(RestError::forbidden("ACCESS_DENIED", "Access denied!"))
    }
}

fn own(call: &Call<'_>, client_id: &str, row: &OfflineRow) -> bool {
    row.client_id == client_id && row.connector == call.auth.connector
}

/// `FILTER` and `ORDER`, checked: names in any case, conditions with a prefix.
struct Choice {
    conditions: Vec<(&'static str, String, Value)>,
    order: Vec<(String, bool)>,
}

impl Choice {
    fn read(call: &Call<'_>) -> Result<Self, RestError> {
        let mut conditions = Vec::new();
        for (name, wanted) in object(call, "FILTER")? {
            let upper = name.to_ascii_uppercase();
            let prefix = PREFIXES.into_iter().find(|prefix| upper.starts_with(prefix)).unwrap_or("");
            let field = known(&upper[prefix.len()..]).ok_or_else(|| RestError::wrong_type("filter"))?;
            conditions.push((prefix, field, wanted));
        }
        let mut order = Vec::new();
        for (name, direction) in object(call, "ORDER")? {
            let field = known(&name.to_ascii_uppercase()).ok_or_else(|| RestError::wrong_type("order"))?;
            let direction = scalar_text(&direction).unwrap_or_default().to_ascii_uppercase();
            if !matches!(direction.as_str(), "ASC" | "DESC") {
                return Err(RestError::wrong_type("order"));
            }
            order.push((field, direction == "DESC"));
        }
        if order.is_empty() {
            order.push(("ID".to_owned(), false));
        }
        Ok(Self { conditions, order })
    }

    fn of<'r>(&self, rows: impl Iterator<Item = &'r OfflineRow>) -> Vec<&'r OfflineRow> {
        let mut rows: Vec<&OfflineRow> = rows.filter(|row| self.meets(row)).collect();
        rows.sort_by(|one, other| {
            self.order.iter().fold(Ordering::Equal, |so_far, (field, falling)| {
                let next = compare(&row_field(one, field), &row_field(other, field));
                so_far.then(if *falling { next.reverse() } else { next })
            })
        });
        rows
    }

    fn meets(&self, row: &OfflineRow) -> bool {
        self.conditions.iter().all(|(prefix, field, wanted)| {
            let is = row_field(row, field);
            let any = |test: fn(Ordering) -> bool| match wanted {
                Value::Array(list) => {
                    list.iter().filter_map(scalar_text).any(|wanted| test(compare(&is, &wanted)))
                }
                other => test(compare(&is, &scalar_text(other).unwrap_or_default())),
            };
            match *prefix {
                ">=" => any(Ordering::is_ge),
                "<=" => any(Ordering::is_le),
                ">" => any(Ordering::is_gt),
                "<" => any(Ordering::is_lt),
                "!" => !any(Ordering::is_eq),
                _ => any(Ordering::is_eq),
            }
        })
    }
}

fn object(call: &Call<'_>, name: &str) -> Result<Map<String, Value>, RestError> {
    match call.value(name) {
        None => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        Some(_) => Err(RestError::wrong_type(&name.to_ascii_lowercase())),
    }
}

fn known(name: &str) -> Option<String> {
    FIELDS.contains(&name).then(|| name.to_owned())
}

fn row_field(row: &OfflineRow, field: &str) -> String {
    match field {
        "ID" => row.id.to_string(),
        "TIMESTAMP_X" => crate::clock::iso(row.at),
        "EVENT_NAME" => row.event.clone(),
        "MESSAGE_ID" => row.message_id.clone(),
        "PROCESS_ID" => row.process_id.clone(),
        _ => if row.error { "1" } else { "0" }.to_owned(),
    }
}

/// Numbers as numbers, everything else as text.
fn compare(one: &str, other: &str) -> Ordering {
    match (one.parse::<i64>(), other.parse::<i64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.cmp(other),
    }
}

/// A number given as 0 or 1.
fn switch(call: &Call<'_>, name: &str, default: bool) -> bool {
    call.value(name).map_or(default, |value| loose_int(value) != 0)
}

fn get(call: &mut Call<'_>) -> Reply {
    let client_id = app(call)?;
    let clear = switch(call, "CLEAR", true);
    if !clear && call.world.offline.only_at_once {
        let text = "Extended offline events handling is not available on the current plan";
        return Err(RestError::forbidden("WRONG_LICENSE", text));
    }
    let choice = Choice::read(call)?;
    let limit = call.value("LIMIT").map_or(PAGE, |limit| usize::try_from(loose_int(limit)).unwrap_or(0));
    if limit == 0 {
        return Err(RestError::wrong_type("limit"));
    }
    let given = call.filled("PROCESS_ID");
    if given.as_ref().is_some_and(|id| id.len() != LENGTH) {
        return Err(RestError::wrong_type("process_id"));
    }
    let errors = switch(call, "ERROR", false);
    let wanted = given.clone().unwrap_or_default();
    let rows = call
        .world
        .offline
        .rows
        .iter()
        .filter(|row| own(call, &client_id, row) && row.error == errors && row.process_id == wanted);
    let found: Vec<&OfflineRow> = choice.of(rows).into_iter().take(limit).collect();
    let events: Vec<Value> = found.iter().map(|row| row.shown(false)).collect();
    let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
    if clear {
        call.world.offline.rows.retain(|row| !ids.contains(&row.id));
        return Ok(Answer::new(json!({"process_id": null, "events": events})));
    }
    let process_id = given.unwrap_or_else(|| random_hex(LENGTH));
    for row in call.world.offline.rows.iter_mut().filter(|row| ids.contains(&row.id)) {
        row.process_id.clone_from(&process_id);
    }
    Ok(Answer::new(json!({"process_id": process_id, "events": events})))
}

fn process_id(call: &Call<'_>) -> Result<String, RestError> {
    call.filled("PROCESS_ID").ok_or_else(|| RestError::missing("process_id"))
}

/// A list of message ids, each of 32 characters.
fn message_ids(call: &Call<'_>) -> Result<Option<Vec<String>>, RestError> {
    let wrong = || RestError::wrong_type("message_id");
    let Some(value) = call.value("MESSAGE_ID") else { return Ok(None) };
    let list = value.as_array().ok_or_else(wrong)?;
    let ids: Vec<String> = list.iter().filter_map(scalar_text).collect();
    if ids.len() == list.len() && ids.iter().all(|id| id.len() == LENGTH) {
        Ok(Some(ids))
    } else {
        Err(wrong())
    }
}

fn clear(call: &mut Call<'_>) -> Reply {
    let client_id = app(call)?;
    let process_id = process_id(call)?;
    let messages = message_ids(call)?;
    let ids: Option<Vec<i64>> = match call.value("ID") {
        None => None,
        Some(Value::Array(list)) => Some(list.iter().map(loose_int).collect()),
        Some(_) => return Err(RestError::wrong_type("id")),
    };
    let connector = call.auth.connector.clone();
    call.world.offline.rows.retain(|row| {
        let mine = row.client_id == client_id && row.connector == connector && row.process_id == process_id;
        let named = ids.as_ref().is_none_or(|ids| ids.contains(&row.id))
            && messages.as_ref().is_none_or(|ids| ids.contains(&row.message_id));
        !(mine && named)
    });
    super::yes()
}

/// Marks events as failed: they leave their process and are collected with `error=1` only.
fn error(call: &mut Call<'_>) -> Reply {
    let client_id = app(call)?;
    let process_id = process_id(call)?;
    let messages = message_ids(call)?.unwrap_or_default();
    if messages.is_empty() {
        return Err(RestError::missing("message_id"));
    }
    let connector = call.auth.connector.clone();
    for row in &mut call.world.offline.rows {
        let mine = row.client_id == client_id && row.connector == connector && row.process_id == process_id;
        if mine && messages.contains(&row.message_id) {
            row.error = true;
            row.process_id.clear();
        }
    }
    super::yes()
}

fn list(call: &mut Call<'_>) -> Reply {
    let client_id = app(call)?;
    let choice = Choice::read(call)?;
    let rows = call.world.offline.rows.iter().filter(|row| own(call, &client_id, row));
    let rows: Vec<Value> = choice.of(rows).into_iter().map(|row| row.shown(true)).collect();
    Ok(lists::page(rows, call.start))
}
