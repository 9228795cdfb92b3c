//! `LINK` and `RICH_LINK` blocks (protocol 6.2).

use super::{list_of_one, user::network_id};
use crate::validate::field::{self, link, positive, single_line, trimmed};
use crate::validate::php::{Fatal, Php, PhpArray, to_int};

/// One `LINK` block in its stored form; `None` without a target.
pub(super) fn block(params: &Php) -> Result<Option<Php>, Fatal> {
    let Some(mut stored) = targeted(params)? else { return Ok(None) };
    if let Some(description) = params.field("DESC") {
        stored.set("DESC", description.clone());
    }
    if let Some(html) = params.field("HTML") {
        stored.set("HTML", html.clone());
    } else if let Some(preview) = link(params, "PREVIEW")? {
        stored.set("PREVIEW", preview.clone());
        field::copy_positive(params, &["WIDTH", "HEIGHT"], &mut stored);
    }
    Ok(Some(list_of_one(stored)))
}

/// One `RICH_LINK` block in its stored form; `None` without a target. Its `HTML` leaves the preview alone.
pub(super) fn rich_block(params: &Php) -> Result<Option<Php>, Fatal> {
    let Some(mut stored) = targeted(params)? else { return Ok(None) };
    for name in ["DESC", "HTML"] {
        if let Some(text) = params.field(name) {
            stored.set(name, Php::Str(single_line(&trimmed(text)?)));
        }
    }
    if let Some(preview) = link(params, "PREVIEW")? {
        let mut size = PhpArray::default();
        for name in ["HEIGHT", "WIDTH"] {
            let given = params.field("PREVIEW_SIZE").and_then(|size| size.field(name));
            size.set(name, Php::Int(given.map_or(0, to_int)));
        }
        stored.set("PREVIEW", preview.clone());
        stored.set("PREVIEW_SIZE", Php::Array(size));
    } else if let Some(image) = link(params, "EXTRA_IMAGE")? {
        stored.set("EXTRA_IMAGE", image.clone());
    }
    Ok(Some(list_of_one(stored)))
}

/// Whom or what the link leads to. Where a person or a chat is named, `LINK` is stored unchecked.
fn targeted(params: &Php) -> Result<Option<PhpArray>, Fatal> {
    let mut stored = PhpArray::default();
    let name = params.field("NAME");
    if let Some(id) = params.field("NETWORK_ID").filter(|_| name.is_some()) {
        stored.set("NETWORK_ID", network_id(id)?);
    } else if let Some(id) = positive(params, "USER_ID").filter(|_| name.is_some()) {
        stored.set("USER_ID", id);
    } else if let Some(id) = positive(params, "CHAT_ID").filter(|_| name.is_some()) {
        stored.set("CHAT_ID", id);
    } else if link(params, "LINK")?.is_none() {
        return Ok(None);
    }
    if let Some(name) = name {
        stored.set("NAME", Php::Str(single_line(&trimmed(name)?)));
    }
    if let Some(target) = params.field("LINK") {
        stored.set("LINK", target.clone());
    }
    Ok(Some(stored))
}
