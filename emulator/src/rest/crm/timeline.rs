//! `crm.timeline.comment.add`. The trap: it reads `fields` in lower case and no other spelling.

use serde_json::json;

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use crate::world::crm::{Comment, kind_of};
use crate::world::take;

/// Comments of all timelines together; the oldest go.
const MOST_COMMENTS: usize = 10_000;

pub(in crate::rest) const METHODS: &[Method] = &[Method::literal("crm.timeline.comment.add", "crm", add)];

fn add(call: &mut Call<'_>) -> Reply {
    let fields = call.value("fields").and_then(|fields| fields.as_object()).cloned();
    let fields =
        fields.ok_or_else(|| RestError::bad("100", "Could not find value for parameter {fields}"))?;
    let text = fields.get("COMMENT").and_then(scalar_text).unwrap_or_default();
    if text.trim().is_empty() {
        return Err(RestError::bad("INVALID_ARG_VALUE", "Empty comment message"));
    }
    let entity = fields.get("ENTITY_ID").map_or(0, loose_int);
    let kind = fields.get("ENTITY_TYPE").and_then(scalar_text).and_then(|name| kind_of(&name));
    let found = kind.filter(|kind| call.world.crm.entities.contains_key(&(kind, entity)));
    let kind = found.ok_or_else(|| RestError::bad("OWNER_NOT_FOUND", "Owner was not found"))?;
    if call.world.crm.blind.contains(&call.auth.user_id) {
        return Err(RestError::bad("ACCESS_DENIED", "Access denied"));
    }
    let author = fields.get("AUTHOR_ID").map_or(0, loose_int);
    let author_id = if author > 0 { author } else { call.auth.user_id };
    let id = take(&mut call.world.crm.next_row) + 1;
    if call.world.crm.comments.len() >= MOST_COMMENTS {
        call.world.crm.comments.remove(0);
    }
    call.world.crm.comments.push(Comment { id, kind, entity, author_id, text });
    Ok(Answer::new(json!(id)))
}
