//! MENU: entries of a message's context menu (protocol 5.4).
//!
//! ```
//! use openlines_emulator::validate::{Outcome, menu};
//! use serde_json::json;
//!
//! let sent = json!({"ITEMS": [{"TEXT": "Terms & prices", "LINK": "https://example.com"}]});
//! let Outcome::Ok { normalised, .. } = menu::check(&sent, 39) else { unreachable!() };
//! assert_eq!(normalised[0]["TEXT"], "Terms &amp; prices");
//! ```
//!
//! The trap: it looks like a keyboard but is checked by older rules. Text is HTML-escaped, numbers and `true` count
//! as text, an `APP_ID` of 0 is an action, and a list where text belongs ends in HTTP 500.

use super::field::{is_filled, link, one_of, trimmed};
use super::php::{
    Fatal, Php, PhpArray, from_json_or_js_literal, html_escaped, is_empty, string_argument, to_int,
};
use super::{Outcome, explain, wrapped_items};
use serde_json::Value;

const ACTIONS: [&str; 5] = ["PUT", "SEND", "COPY", "CALL", "DIALOG"];

/// Checks a MENU as it came in a JSON body; `bot_id` is the bot that owns the request (protocol 5.4).
///
/// Errors: `MENU_ERROR`, `MENU_OVERSIZE`.
#[must_use]
pub fn check(input: &Value, bot_id: i64) -> Outcome {
    let input = Php::from_json(input);
    if is_empty(&input) {
        return Outcome::Ignored;
    }
    Outcome::of(stored(input, bot_id), "MENU_ERROR", "MENU_OVERSIZE")
}

/// What of a MENU the portal does not keep, and why: a line for each, with its place. Nothing for one that is kept
/// whole.
#[must_use]
pub fn explain(input: &Value, bot_id: i64) -> Vec<String> {
    let form = explain::Form { name: "menu", wrapper: "ITEMS", actions: &ACTIONS };
    form.explain(
        input,
        bot_id,
        from_json_or_js_literal,
        |params| Ok(params.field("FUNCTION").is_none() && item(params, bot_id)?.is_some()),
        stored(Php::from_json(input), bot_id),
    )
}

fn stored(input: Php, bot_id: i64) -> Result<Option<Php>, Fatal> {
    let input = match input {
        Php::Str(text) => from_json_or_js_literal(&text)?,
        other => other,
    };
    let (_, items) = wrapped_items(&input, "ITEMS");
    let mut kept = Vec::new();
    for params in items.items() {
        if params.field("FUNCTION").is_none()
            && let Some(item) = item(params, bot_id)?
        {
            kept.push(Php::Array(item));
        }
    }
    Ok((!kept.is_empty()).then(|| Php::Array(kept.into_iter().collect())))
}

/// One entry in its stored form.
fn item(params: &Php, bot_id: i64) -> Result<Option<PhpArray>, Fatal> {
    let Some(text) = params.field("TEXT").map(trimmed).transpose()?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let mut item = PhpArray::default();
    item.set("BOT_ID", Php::Int(bot_id));
    if !set_action(params, bot_id, &mut item)? {
        return Ok(None);
    }
    item.set("TEXT", Php::Str(html_escaped(&text)));
    let context = one_of(params, "CONTEXT", &["MOBILE", "DESKTOP"]);
    item.set("CONTEXT", context.cloned().unwrap_or_else(|| Php::text("ALL")));
    let disabled = one_of(params, "DISABLED", &["Y"]).is_some();
    item.set("DISABLED", Php::text(if disabled { "Y" } else { "N" }));
    Ok(Some(item))
}

/// Sets the first action that is valid; `false` if there is none.
fn set_action(params: &Php, bot_id: i64, item: &mut PhpArray) -> Result<bool, Fatal> {
    if let Some(link) = link(params, "LINK")? {
        let link = string_argument(link, "htmlspecialchars(): Argument #1 ($string)")?;
        item.set("LINK", Php::Str(html_escaped(&link)));
    } else if let Some(app) = params.field("APP_ID") {
        item.set("APP_ID", Php::Int(to_int(app)));
        copy_filled(params, "APP_PARAMS", item)?;
    } else if let Some(action) = one_of(params, "ACTION", &ACTIONS)
        && is_filled(params.field("ACTION_VALUE"))?
    {
        item.set("ACTION", action.clone());
        copy_filled(params, "ACTION_VALUE", item)?;
    } else if bot_id > 0
        && let Some(command) = params.field("COMMAND")
        && is_filled(Some(command))?
    {
        item.set("COMMAND", without_slash(command));
        item.set("COMMAND_PARAMS", Php::text(""));
        copy_filled(params, "COMMAND_PARAMS", item)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// Copies a field that is not blank, whatever scalar it is.
fn copy_filled(params: &Php, name: &str, into: &mut PhpArray) -> Result<(), Fatal> {
    if let Some(value) = params.field(name)
        && is_filled(Some(value))?
    {
        into.set(name, value.clone());
    }
    Ok(())
}

fn without_slash(command: &Php) -> Php {
    match command {
        Php::Str(text) => Php::text(text.strip_prefix('/').unwrap_or(text)),
        other => other.clone(),
    }
}
