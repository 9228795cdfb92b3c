//! `crm.lead.list` and `crm.lead.get`: a list long enough to have pages (protocol 8.5).
//!
//! The leads are made up and never change; as soon as the portal has a lead of its own, only its own are there. They
//! are here so that a client's way of reading lists, page by page, by `start` or by `>ID`, meets a server that pages.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::call::{loose_int, positive, scalar_text};
use super::crm::entities;
use super::lists;
use super::{Answer, Call, Method, Reply, RestError};

pub(super) const METHODS: &[Method] =
    &[Method::upper("crm.lead.list", "crm", list), Method::upper("crm.lead.get", "crm", get)];

/// How many leads there are: two full pages and a bit.
const LEADS: i64 = 120;
const STATUSES: [&str; 3] = ["NEW", "IN_PROCESS", "CONVERTED"];

fn lead(id: i64) -> Map<String, Value> {
    let index = usize::try_from(id).unwrap_or(0);
    let row = json!({
        "ID": id.to_string(),
        "TITLE": format!("Lead {id}"),
        "NAME": format!("Guest {id}"),
        "LAST_NAME": "",
        "STATUS_ID": STATUSES[index % STATUSES.len()],
        "OPPORTUNITY": format!("{}.00", id * 10),
        "CURRENCY_ID": "EUR",
        "ASSIGNED_BY_ID": "1",
        "OPENED": "Y",
        "COMMENTS": null,
        "DATE_CREATE": crate::clock::iso(1_767_258_000 + id * 3_600),
    });
    match row {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn has_leads(call: &Call<'_>) -> bool {
    call.world.crm.entities.keys().any(|(kind, _)| *kind == "LEAD")
}

fn get(call: &mut Call<'_>) -> Reply {
    if has_leads(call) {
        return entities::get(call, "LEAD");
    }
    let id = positive(call.value("ID")).filter(|id| *id <= LEADS);
    // The portal has no code for this.
    let id = id.ok_or_else(|| RestError::bad("", "Not found"))?;
    Ok(Answer::new(Value::Object(lead(id))))
}

fn list(call: &mut Call<'_>) -> Reply {
    if has_leads(call) {
        return entities::list(call, "LEAD");
    }
    let mut rows: Vec<Map<String, Value>> = (1..=LEADS).map(lead).collect();
    if let Some(Value::Object(filter)) = call.value("FILTER") {
        rows.retain(|row| filter.iter().all(|(key, wanted)| fits(row, key, wanted)));
    }
    if let Some(Value::Object(order)) = call.value("ORDER") {
        rows.sort_by(|one, other| ordered(one, other, order));
    }
    let select: Vec<String> = match call.value("SELECT") {
        Some(Value::Array(names)) => names.iter().filter_map(scalar_text).collect(),
        Some(Value::Object(names)) => names.values().filter_map(scalar_text).collect(),
        _ => Vec::new(),
    };
    if !select.is_empty() && !select.iter().any(|name| name == "*") {
        rows.iter_mut().for_each(|row| row.retain(|name, _| name == "ID" || select.contains(name)));
    }
    Ok(lists::page(rows.into_iter().map(Value::Object).collect(), call.start))
}

/// One condition of a filter: an operator in front of the field's name, and a value, or a list of which one fits.
fn fits(row: &Map<String, Value>, key: &str, wanted: &Value) -> bool {
    let name = key.trim_start_matches(['>', '<', '=', '!', '@', '%']);
    let operator = &key[..key.len() - name.len()];
    let Some(value) = row.get(name) else { return true };
    if let Value::Array(list) = wanted {
        let among = list.iter().any(|wanted| compared(value, wanted) == Ordering::Equal);
        return among != operator.contains('!');
    }
    let order = compared(value, wanted);
    match operator {
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        "!" | "!=" => order != Ordering::Equal,
        "%" | "=%" | "%=" => {
            scalar_text(value).unwrap_or_default().contains(&scalar_text(wanted).unwrap_or_default())
        }
        _ => order == Ordering::Equal,
    }
}

/// Whole numbers by size, everything else as text.
fn compared(one: &Value, other: &Value) -> Ordering {
    let text = |value: &Value| scalar_text(value).unwrap_or_default();
    let (left, right) = (text(one), text(other));
    match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(left), Err(_)) => left.cmp(&loose_int(other)),
        _ => left.cmp(&right),
    }
}

fn ordered(one: &Map<String, Value>, other: &Map<String, Value>, order: &Map<String, Value>) -> Ordering {
    for (name, direction) in order {
        let (Some(left), Some(right)) = (one.get(name), other.get(name)) else { continue };
        let found = compared(left, right);
        let down = scalar_text(direction).is_some_and(|text| text.eq_ignore_ascii_case("desc"));
        if found != Ordering::Equal {
            return if down { found.reverse() } else { found };
        }
    }
    Ordering::Equal
}
