//! KEYBOARD: buttons below a message (protocol 5.1 to 5.3).
//!
//! ```
//! use openlines_emulator::validate::{Outcome, keyboard};
//! use serde_json::json;
//!
//! let sent = json!([{"TEXT": "Yes", "COMMAND": "/vote"}, {"TEXT": "dropped: it does nothing"}]);
//! let Outcome::Ok { normalised, .. } = keyboard::check(&sent, 39) else { unreachable!() };
//! assert_eq!(normalised[0]["COMMAND"], "vote");
//! assert_eq!(normalised.as_array().map(Vec::len), Some(1));
//! ```
//!
//! The trap: a button that breaks a rule vanishes without a word; only a keyboard that has nothing left is an error.

use super::field::{self, color, color_token, is_filled, is_link, one_of};
use super::php::{
    Fatal, Php, PhpArray, from_json_or_js_literal, html_escaped, is_empty, loosely_equals_word, to_int, trim,
};
use super::{Outcome, explain, wrapped_items};
use serde_json::Value;

const ACTIONS: [&str; 7] = ["PUT", "SEND", "COPY", "CALL", "DIALOG", "LIVECHAT", "HELP"];
const COLORS: [&str; 4] = ["BG_COLOR", "TEXT_COLOR", "OFF_BG_COLOR", "OFF_TEXT_COLOR"];

/// Checks a KEYBOARD as it came in a JSON body; `bot_id` is the bot that owns the request (protocol 5).
///
/// Errors: `KEYBOARD_ERROR`, `KEYBOARD_OVERSIZE`.
#[must_use]
pub fn check(input: &Value, bot_id: i64) -> Outcome {
    let input = Php::from_json(input);
    if is_empty(&input) {
        return Outcome::Ignored;
    }
    Outcome::of(stored(input, bot_id), "KEYBOARD_ERROR", "KEYBOARD_OVERSIZE")
}

/// What of a KEYBOARD the portal does not keep, and why: a line for each, with its place. Nothing for one that is kept
/// whole.
///
/// ```
/// use openlines_emulator::validate::keyboard;
/// use serde_json::json;
/// let why = keyboard::explain(&json!([{"text": "Go", "LINK": "/go"}, {"TEXT": "Go", "LINK": "go"}]), 39);
/// assert_eq!(why[0], "keyboard[0]: key `text`: the portal reads `TEXT`");
/// assert_eq!(why[1], "keyboard[1]: LINK must begin with `/`, `http://` or `https://`");
/// ```
#[must_use]
pub fn explain(input: &Value, bot_id: i64) -> Vec<String> {
    let form = explain::Form { name: "keyboard", wrapper: "BUTTONS", actions: &ACTIONS };
    form.explain(
        input,
        bot_id,
        from_json_or_js_literal,
        |params| {
            if one_of(params, "TYPE", &["NEWLINE"]).is_some() {
                return Ok(true);
            }
            let defaults = Defaults { bot_id, vote: false, colors: PhpArray::default() };
            Ok(params.field("FUNCTION").is_none() && button(params, &defaults)?.is_some())
        },
        stored(Php::from_json(input), bot_id),
    )
}

/// Settings of the whole keyboard, undocumented on the portal's side.
struct Defaults {
    bot_id: i64,
    vote: bool,
    colors: PhpArray,
}

fn stored(input: Php, bot_id: i64) -> Result<Option<Php>, Fatal> {
    let input = match input {
        Php::Str(text) => from_json_or_js_literal(&text)?,
        other => other,
    };
    let (root, buttons) = wrapped_items(&input, "BUTTONS");
    let mut colors = PhpArray::default();
    let mut vote = false;
    if let Some(root) = root {
        if let Some(given @ Php::Array(_)) = root.field("COLORS") {
            for name in COLORS {
                if let Some(value) = color(given, name)? {
                    colors.set(name, value.clone());
                }
            }
        }
        vote = root.field("VOTE").is_some_and(|value| loosely_equals_word(value, "Y"));
    }
    let defaults = Defaults { bot_id, vote, colors };
    let mut kept = Vec::new();
    for params in buttons.items() {
        if one_of(params, "TYPE", &["NEWLINE"]).is_some() {
            let mut line_break = PhpArray::default();
            line_break.set("TYPE", Php::text("NEWLINE"));
            kept.push(Php::Array(line_break));
        } else if params.field("FUNCTION").is_none()
            && let Some(button) = button(params, &defaults)?
        {
            kept.push(Php::Array(button));
        }
    }
    Ok((!kept.is_empty()).then(|| Php::Array(kept.into_iter().collect())))
}

/// One button in its stored form (protocol 5.2).
fn button(params: &Php, defaults: &Defaults) -> Result<Option<PhpArray>, Fatal> {
    let Some(text) = non_empty_text(params, "TEXT").map(trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let mut button = PhpArray::default();
    button.set("BOT_ID", Php::Int(defaults.bot_id));
    button.set("TYPE", Php::text("BUTTON"));
    if !set_action(params, defaults.bot_id, &mut button)? {
        return Ok(None);
    }
    button.set("TEXT", Php::text(text));
    button.set("VOTE", yes_or_no(defaults.vote));
    button.set("BLOCK", yes_or_no(is_exactly_y(params, "BLOCK")));
    button.set("WAIT", yes_or_no(false));
    let word = |name, words: &[&str], otherwise| {
        one_of(params, name, words).cloned().unwrap_or_else(|| Php::text(otherwise))
    };
    button.set("CONTEXT", word("CONTEXT", &["MOBILE", "DESKTOP"], "ALL"));
    button.set("DISABLED", yes_or_no(is_exactly_y(params, "DISABLED")));
    button.set("DISPLAY", word("DISPLAY", &["BLOCK", "LINE"], "BLOCK"));
    field::copy_positive(params, &["WIDTH"], &mut button);
    for name in COLORS {
        if let Some(value) = color(params, name)?.or_else(|| defaults.colors.get(name)) {
            button.set(name, value.clone());
        }
        if name == "BG_COLOR" {
            button.set("BG_COLOR_TOKEN", color_token(params, "BG_COLOR_TOKEN")?);
        }
    }
    Ok(Some(button))
}

/// Sets the first action that is valid; `false` if there is none.
fn set_action(params: &Php, bot_id: i64, button: &mut PhpArray) -> Result<bool, Fatal> {
    if let Some(link) = non_empty_text(params, "LINK")
        && is_link(&Php::text(link))?
    {
        button.set("LINK", Php::Str(html_escaped(link)));
    } else if let Some(app) = params.field("APP_ID").filter(|app| !is_empty(app)) {
        button.set("APP_ID", Php::Int(to_int(app)));
        if let Some(Php::Str(text)) = params.field("APP_PARAMS")
            && !trim(text).is_empty()
        {
            button.set("APP_PARAMS", Php::text(text));
        }
    } else if let Some(action) = non_empty_text(params, "ACTION").filter(|action| ACTIONS.contains(action))
        && is_filled(params.field("ACTION_VALUE"))?
    {
        button.set("ACTION", Php::text(action));
        button.set("ACTION_VALUE", params.field("ACTION_VALUE").cloned().unwrap_or(Php::Null));
    } else if bot_id > 0
        && let Some(command) = non_empty_text(params, "COMMAND").filter(|command| !trim(command).is_empty())
    {
        let command_params = non_empty_text(params, "COMMAND_PARAMS").filter(|text| !trim(text).is_empty());
        button.set("COMMAND", Php::text(command.strip_prefix('/').unwrap_or(command)));
        button.set("COMMAND_PARAMS", Php::text(command_params.unwrap_or("")));
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// A field that is a string and not `empty()`: the text `0` is.
fn non_empty_text<'v>(params: &'v Php, name: &str) -> Option<&'v str> {
    match params.field(name) {
        Some(value @ Php::Str(text)) if !is_empty(value) => Some(text),
        _ => None,
    }
}

fn is_exactly_y(params: &Php, name: &str) -> bool {
    matches!(params.field(name), Some(Php::Str(text)) if text == "Y")
}

fn yes_or_no(flag: bool) -> Php {
    Php::text(if flag { "Y" } else { "N" })
}
