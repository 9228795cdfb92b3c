//! `crm.duplicate.findbycomm`: who has this phone number or e-mail address.

use serde_json::{Map, Value, json};

use super::super::call::scalar_text;
use super::super::{Answer, Call, Method, Reply};
use super::{reader, refused};

pub(in crate::rest) const METHODS: &[Method] = &[Method::upper("crm.duplicate.findbycomm", "crm", find)];

/// Values that one call may hold, and ids of one type that it answers.
const MOST: usize = 20;

fn find(call: &mut Call<'_>) -> Reply {
    let what = call.text("TYPE").unwrap_or_default().trim().to_ascii_uppercase();
    if what.is_empty() {
        return Err(refused("Communication type is not defined"));
    }
    if !["PHONE", "EMAIL"].contains(&what.as_str()) {
        return Err(refused(&format!("Communication type '{what}' is not supported in current context")));
    }
    let values: Vec<String> = match call.value("VALUES") {
        Some(Value::Array(values)) => values.iter().filter_map(scalar_text).take(MOST).collect(),
        Some(Value::Object(values)) => values.values().filter_map(scalar_text).take(MOST).collect(),
        _ => Vec::new(),
    };
    if values.is_empty() {
        return Err(refused("Communication values is not defined"));
    }
    reader(call)?;
    let wanted = call.text("ENTITY_TYPE").unwrap_or_default().to_ascii_uppercase();
    let all = ["LEAD", "CONTACT", "COMPANY"];
    let mut found = Map::new();
    for kind in all {
        if all.contains(&wanted.as_str()) && kind != wanted {
            continue;
        }
        let mut ids = call.world.with_contact(kind, &what, &values);
        let full = ids.len() >= MOST;
        ids.truncate(MOST);
        if !ids.is_empty() {
            found.insert(kind.to_owned(), json!(ids));
        }
        if full {
            // Twenty of one type leave no room for the types after it.
            break;
        }
    }
    Ok(Answer::new(if found.is_empty() { json!([]) } else { Value::Object(found) }))
}
