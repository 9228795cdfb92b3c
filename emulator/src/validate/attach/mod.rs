//! ATTACH: blocks of content below a message (protocol 6).
//!
//! ```
//! use openlines_emulator::validate::{Outcome, attach};
//! use serde_json::json;
//!
//! let sent = json!({"COLOR": "#29619b", "BLOCKS": [{"MESSAGE": "Order 15"}, {"DELIMITER": {}}, {"IMAGE": "no list"}]});
//! let answer = attach::check(&sent, 1_770_000_000, || "#3e99ce".to_owned());
//! let Outcome::Ok { normalised, .. } = answer else { unreachable!() };
//! assert_eq!(normalised["ID"], 1_770_000_000);
//! assert_eq!(normalised["BLOCKS"], json!([{"MESSAGE": "Order 15"}, {"DELIMITER": {"SIZE": 200}}]));
//! ```
//!
//! The trap: a block that breaks a rule vanishes without a word, and the two characters `\n` in any text become a
//! line break, so a Windows path does not survive.

mod delimiter;
mod escape;
mod explain;
mod grid;
mod link;
mod media;
mod message;
mod user;

use super::Outcome;
use super::field::{color_token, is_hex_color, single_line};
use super::php::{
    Fatal, Php, PhpArray, from_js_literal, is_empty, loosely_equals_word, string_argument, trim,
};
use super::text::html_to_bb_code;
use serde_json::Value;

/// Checks an ATTACH as it came in a JSON body (protocol 6.1).
///
/// `now` is the Unix time in seconds, which becomes the `ID`. `palette` is called once if the portal draws a colour
/// of its own palette: without a valid `COLOR`, and for `CHAT`.
///
/// Errors: `ATTACH_ERROR`, `ATTACH_OVERSIZE`.
#[must_use]
pub fn check(input: &Value, now: i64, palette: impl FnOnce() -> String) -> Outcome {
    let input = Php::from_json(input);
    if is_empty(&input) {
        return Outcome::Ignored;
    }
    Outcome::of(stored(input, now, palette), "ATTACH_ERROR", "ATTACH_OVERSIZE")
}

/// What of an ATTACH the portal does not keep, and why: a line for each, with its place. Nothing for one that is kept
/// whole.
///
/// ```
/// use openlines_emulator::validate::attach;
/// use serde_json::json;
/// let why = attach::explain(&json!({"BLOCKS": [{"message": "hello"}, {"USER": {"AVATAR": "/a.png"}}]}));
/// assert_eq!(why[0], "attach.blocks[0]: key `message`: the portal reads `MESSAGE`");
/// assert_eq!(why[1], "attach.blocks[1].USER: NAME is missing or blank");
/// ```
#[must_use]
pub fn explain(input: &Value) -> Vec<String> {
    explain::attachment(input)
}

fn stored(input: Php, now: i64, palette: impl FnOnce() -> String) -> Result<Option<Php>, Fatal> {
    let mut input = match input {
        Php::Str(text) => from_js_literal(&text)?,
        other => other,
    };
    escape::unescape(&mut input);
    let full = input.field("BLOCKS");
    let root = full.map_or(&Php::Null, |_| &input);
    let color = color(root)?;
    let token = color_token(root, "COLOR_TOKEN")?;
    let mut description = description(root)?;
    let mut blocks = Vec::new();
    for params in full.unwrap_or(&input).items() {
        add_blocks(params, &mut blocks, &mut description)?;
    }
    if blocks.is_empty() {
        return Ok(None);
    }
    let mut stored = PhpArray::default();
    stored.set("ID", Php::Int(now));
    stored.set("BLOCKS", Php::Array(blocks.into_iter().collect()));
    stored.set("DESCRIPTION", Php::Str(description));
    stored.set("COLOR", Php::Str(color.unwrap_or_else(palette)));
    stored.set("COLOR_TOKEN", token);
    Ok(Some(Php::Array(stored)))
}

/// The colour that was asked for, if it counts; `true` counts as `TRANSPARENT`.
fn color(root: &Php) -> Result<Option<String>, Fatal> {
    match root.field("COLOR") {
        None => Ok(None),
        Some(value) if loosely_equals_word(value, "TRANSPARENT") => Ok(Some("transparent".to_owned())),
        Some(value) if is_empty(value) || !is_hex_color(value)? => Ok(None),
        Some(Php::Str(text)) => Ok(Some(text.clone())),
        Some(_) => Ok(None),
    }
}

fn description(root: &Php) -> Result<String, Fatal> {
    let Some(value) = root.field("DESCRIPTION") else { return Ok(String::new()) };
    let text = string_argument(value, "trim(): Argument #1 ($string)")?;
    Ok(trim(&html_to_bb_code(&single_line(&text))).to_owned())
}

/// Adds what one element of `BLOCKS` gives: of several keys the first of this order counts (protocol 6.2).
fn add_blocks(params: &Php, blocks: &mut Vec<Php>, description: &mut String) -> Result<(), Fatal> {
    let mut add = |kind: &str, content: Option<Php>| {
        if let Some(content) = content {
            let mut block = PhpArray::default();
            block.set(kind, content);
            blocks.push(Php::Array(block));
        }
    };
    if let Some(users) = params.field("USER") {
        for params in one_or_many(users) {
            add("USER", user::block(params)?);
        }
    } else if let Some(links) = params.field("LINK") {
        for params in one_or_many(links) {
            add("LINK", link::block(params)?);
        }
    } else if let Some(links) = params.field("RICH_LINK") {
        for params in one_or_many(links) {
            add("RICH_LINK", link::rich_block(params)?);
        }
    } else if let Some(message) = params.field("MESSAGE") {
        add("MESSAGE", message::block(message, description)?);
    } else if let Some(rows) = params.field("GRID") {
        add("GRID", grid::block(rows)?);
    } else if let Some(images) = params.field("IMAGE") {
        add("IMAGE", media::image_block(images)?);
    } else if let Some(files) = params.field("FILE") {
        add("FILE", media::file_block(files)?);
    } else if let Some(delimiter) = params.field("DELIMITER") {
        add("DELIMITER", Some(delimiter::block(delimiter)?));
    }
    Ok(())
}

/// The items of a list, or the value itself if it is an object or a scalar.
fn one_or_many(value: &Php) -> Vec<&Php> {
    match value {
        Php::Array(array) if array.is_list() => array.values().collect(),
        other => vec![other],
    }
}

/// The block's list of one, as the portal stores people and links.
fn list_of_one(block: PhpArray) -> Php {
    Php::Array(std::iter::once(Php::Array(block)).collect())
}
