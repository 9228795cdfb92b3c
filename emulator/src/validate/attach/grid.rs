//! `GRID` blocks: names and values in rows (protocol 6.2).

use crate::validate::field::{self, color, color_token, is_filled, link, one_of, single_line, trimmed};
use crate::validate::php::{Fatal, Php, PhpArray, loosely_equals_word};

/// The rows that count, in their stored form; `None` if there are none.
pub(super) fn block(rows: &Php) -> Result<Option<Php>, Fatal> {
    let mut kept = Vec::new();
    for params in rows.items() {
        kept.extend(row(params)?.map(Php::Array));
    }
    Ok((!kept.is_empty()).then(|| Php::Array(kept.into_iter().collect())))
}

/// One row. A bare string breaks the portal's code: so does an object where the list of rows belongs.
fn row(params: &Php) -> Result<Option<PhpArray>, Fatal> {
    if matches!(params, Php::Str(_)) {
        return Err(Fatal("TypeError: Cannot access offset of type string on string".to_owned()));
    }
    let (name, value) = (params.field("NAME"), params.field("VALUE"));
    let is_line = params.field("DISPLAY").is_some_and(|display| loosely_equals_word(display, "LINE"));
    if !is_line && !is_filled(name)? && !is_filled(value)? {
        return Ok(None);
    }
    let mut row = PhpArray::default();
    row.set("DISPLAY", display(params));
    row.set("NAME", Php::Str(single_line(&trimmed(name.unwrap_or(&Php::Null))?)));
    row.set("VALUE", Php::Str(trimmed(value.unwrap_or(&Php::Null))?.replace("#BR#", "[BR]")));
    if let Some(color) = color(params, "COLOR")? {
        row.set("COLOR", color.clone());
    }
    field::copy_positive(params, &["WIDTH", "HEIGHT", "USER_ID", "CHAT_ID"], &mut row);
    if let Some(target) = link(params, "LINK")? {
        row.set("LINK", target.clone());
    }
    row.set("COLOR_TOKEN", color_token(params, "COLOR_TOKEN")?);
    Ok(Some(row))
}

/// `COLUMN` is an older name of `ROW`, `CARD` of `LINE`; `true` equals the first of them.
fn display(params: &Php) -> Php {
    match one_of(params, "DISPLAY", &["BLOCK", "LINE", "CARD", "ROW", "COLUMN", "TABLE"]) {
        Some(word) if loosely_equals_word(word, "COLUMN") => Php::text("ROW"),
        Some(word) if loosely_equals_word(word, "CARD") => Php::text("LINE"),
        Some(word) => word.clone(),
        None => Php::text("BLOCK"),
    }
}
