//! Leads, deals and contacts: add, get, update, delete, list.
//!
//! The trap: a filter's operator stands in front of the field's name, and a field that the entity has not is empty.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::super::call::scalar_text;
use super::super::{Answer, Call, Method, Reply, RestError, lists, yes};
use super::{reader, refused};
use crate::world::crm::Entity;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("crm.lead.add", "crm", |call| add(call, "LEAD")),
    Method::upper("crm.lead.get", "crm", |call| get(call, "LEAD")),
    Method::upper("crm.lead.update", "crm", |call| update(call, "LEAD")),
    Method::upper("crm.lead.delete", "crm", |call| delete(call, "LEAD")),
    Method::upper("crm.lead.list", "crm", |call| list(call, "LEAD")),
    Method::upper("crm.deal.add", "crm", |call| add(call, "DEAL")),
    Method::upper("crm.deal.get", "crm", |call| get(call, "DEAL")),
    Method::upper("crm.deal.update", "crm", |call| update(call, "DEAL")),
    Method::upper("crm.deal.delete", "crm", |call| delete(call, "DEAL")),
    Method::upper("crm.deal.list", "crm", |call| list(call, "DEAL")),
    Method::upper("crm.contact.add", "crm", |call| add(call, "CONTACT")),
    Method::upper("crm.contact.get", "crm", |call| get(call, "CONTACT")),
    Method::upper("crm.contact.update", "crm", |call| update(call, "CONTACT")),
    Method::upper("crm.contact.delete", "crm", |call| delete(call, "CONTACT")),
    Method::upper("crm.contact.list", "crm", |call| list(call, "CONTACT")),
];

/// `FIELDS` with upper-case names and scalar values as text, as the CRM stores them.
fn fields(call: &Call<'_>) -> Result<Map<String, Value>, RestError> {
    match call.value("FIELDS") {
        Some(Value::Object(fields)) => Ok(fields
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Array(_) | Value::Object(_) | Value::Null => value.clone(),
                    scalar => json!(scalar_text(scalar)),
                };
                (name.to_ascii_uppercase(), value)
            })
            .collect()),
        Some(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        _ => Err(refused("Parameter 'fields' must be array.")),
    }
}

fn id(call: &Call<'_>) -> Result<i64, RestError> {
    match call.int("ID") {
        id if id > 0 => Ok(id),
        _ => Err(refused("ID is not defined or invalid.")),
    }
}

fn add(call: &mut Call<'_>, kind: &'static str) -> Reply {
    let fields = fields(call)?;
    reader(call)?;
    if kind == "CONTACT" && ["NAME", "LAST_NAME"].iter().all(|name| blank(fields.get(*name))) {
        return Err(refused("The required field 'First name' or 'Last name' is not filled in."));
    }
    let user_id = call.auth.user_id;
    Ok(Answer::new(json!(call.world.add_entity(kind, fields, user_id))))
}

fn blank(value: Option<&Value>) -> bool {
    value.and_then(scalar_text).unwrap_or_default().trim().is_empty()
}

fn get(call: &mut Call<'_>, kind: &'static str) -> Reply {
    let id = id(call)?;
    reader(call)?;
    let found = call.world.crm.entities.get(&(kind, id)).ok_or_else(|| refused("Not found"))?;
    Ok(Answer::new(Value::Object(found.fields.clone())))
}

fn update(call: &mut Call<'_>, kind: &'static str) -> Reply {
    let id = id(call)?;
    let fields = fields(call)?;
    reader(call)?;
    let user_id = call.auth.user_id;
    if call.world.change_entity(kind, id, fields, user_id) { yes() } else { Err(refused("Not found")) }
}

fn delete(call: &mut Call<'_>, kind: &'static str) -> Reply {
    let id = id(call)?;
    reader(call)?;
    if call.world.remove_entity(kind, id) { yes() } else { Err(refused("Not found")) }
}

/// Whether the entity passes one condition: the name may begin with `=`, `@`, `!`, `>`, `<`, `>=`, `<=` or `%`, and of
/// a list of values one must fit.
fn passes(entity: &Entity, name: &str, wanted: &Value) -> bool {
    let field = name.trim_start_matches(['=', '@', '!', '>', '<', '%']);
    let sign = &name[..name.len() - field.len()];
    let field = field.to_ascii_uppercase();
    let have: Vec<String> = match entity.fields.get(&field) {
        Some(Value::Array(rows)) => rows.iter().filter_map(|row| scalar_text(&row["VALUE"])).collect(),
        Some(value) => vec![scalar_text(value).unwrap_or_default()],
        None => vec![String::new()],
    };
    let any: Vec<String> = match wanted {
        Value::Array(any) => any.iter().filter_map(scalar_text).collect(),
        Value::Object(any) => any.values().filter_map(scalar_text).collect(),
        one => vec![scalar_text(one).unwrap_or_default()],
    };
    let matches = |test: &dyn Fn(&str, &str) -> bool| {
        have.iter().any(|have| any.iter().any(|wanted| test(have, wanted)))
    };
    match sign {
        "!" | "!=" | "!@" => !matches(&|have, wanted| have == wanted),
        ">" => matches(&|have, wanted| compared(have, wanted).is_gt()),
        "<" => matches(&|have, wanted| compared(have, wanted).is_lt()),
        ">=" => matches(&|have, wanted| compared(have, wanted).is_ge()),
        "<=" => matches(&|have, wanted| compared(have, wanted).is_le()),
        "%" | "%=" | "=%" => matches(&|have, wanted| have.to_lowercase().contains(&wanted.to_lowercase())),
        _ => matches(&|have, wanted| have == wanted),
    }
}

/// Numbers by size, everything else as text.
fn compared(one: &str, other: &str) -> Ordering {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.total_cmp(&other),
        _ => one.cmp(other),
    }
}

/// By the first of the order's fields in which the two differ.
fn ordered(one: &Entity, other: &Entity, order: &Map<String, Value>) -> Ordering {
    let text =
        |entity: &Entity, name: &str| entity.fields.get(name).and_then(scalar_text).unwrap_or_default();
    for (name, way) in order {
        let name = name.to_ascii_uppercase();
        let found = compared(&text(one, &name), &text(other, &name));
        let down = scalar_text(way).is_some_and(|way| way.eq_ignore_ascii_case("desc"));
        if found != Ordering::Equal {
            return if down { found.reverse() } else { found };
        }
    }
    Ordering::Equal
}

/// The names of `SELECT`, in upper case.
fn selected(call: &Call<'_>) -> Vec<String> {
    let names: Vec<&Value> = match call.value("SELECT") {
        Some(Value::Array(names)) => names.iter().collect(),
        Some(Value::Object(names)) => names.values().collect(),
        _ => Vec::new(),
    };
    names.into_iter().filter_map(scalar_text).map(|name| name.to_ascii_uppercase()).collect()
}

fn list(call: &mut Call<'_>, kind: &'static str) -> Reply {
    reader(call)?;
    let part = |name: &str| call.value(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let (filter, order) = (part("FILTER"), part("ORDER"));
    let all = call.world.crm.entities.range((kind, i64::MIN)..=(kind, i64::MAX));
    let mut rows: Vec<&Entity> = all
        .map(|(_, entity)| entity)
        .filter(|entity| filter.iter().all(|(name, wanted)| passes(entity, name, wanted)))
        .collect();
    rows.sort_by(|one, other| ordered(one, other, &order));
    let select = selected(call);
    let everything = select.is_empty() || select.iter().any(|name| name == "*");
    let shown: Vec<Value> = rows
        .iter()
        .map(|entity| {
            let mut row = entity.fields.clone();
            // Phones, e-mails and messengers come only when they are asked for by name.
            row.retain(|name, _| {
                let has_rows = ["PHONE", "EMAIL", "IM"].contains(&name.as_str());
                select.contains(name) || (everything && !has_rows) || name == "ID"
            });
            Value::Object(row)
        })
        .collect();
    Ok(lists::page(shown, call.start))
}
