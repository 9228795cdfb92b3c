//! `strip` against what the portal's own previews show.
//!
//! `OPENLINES_FIXTURES=DIR` names a directory of more rows; without it those in `tests/fixtures` run.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use openlines::message::{Phrases, literal, strip, strip_with};
use serde_json::Value;

fn rows() -> Vec<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("OPENLINES_FIXTURES").unwrap_or_else(|| "tests/fixtures".into());
    let file = root.join(given).join("text.jsonl");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn phrases() -> Phrases {
    let mut phrases = Phrases::default();
    phrases.icon = "{IM_MESSAGE_ICON}".to_owned();
    phrases.rating = "{IM_MESSAGE_RATING}".to_owned();
    phrases.attachment = "{IM_MESSAGE_ATTACH}".to_owned();
    phrases.quote = "{IM_QUOTE}".to_owned();
    phrases
}

#[test]
fn texts_are_stripped_as_the_portal_strips_them() {
    let (mut held, mut others, mut wrong) = (0, 0, Vec::new());
    for row in rows() {
        let (input, wanted) = (row["input"].as_str().unwrap(), row["output"].as_str().unwrap());
        // What becomes of HTML in descriptions is prevented, not done, by this library.
        if row["kind"] != "text_plain" {
            others += 1;
            continue;
        }
        let stripped = strip_with(input, &phrases());
        // The portal calls a text of nothing a deleted message.
        let stripped = if stripped.is_empty() { "{IM_MESSAGE_DELETE}".to_owned() } else { stripped };
        if stripped == wanted {
            held += 1;
        } else {
            wrong.push(format!("{}: {input:?} became {stripped:?}, not {wanted:?}", row["name"]));
        }
    }
    println!(
        "text: {held} rows of text_plain held, {} differ, {others} of other kinds left out",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held >= 5, "only {held} rows were held");
}

#[test]
fn the_text_of_every_row_is_kept_whole_by_literal() {
    for row in rows() {
        for text in [row["input"].as_str().unwrap(), row["output"].as_str().unwrap()] {
            let kept = strip(&literal(text).to_string()).replace('\u{2060}', "");
            let trim = |text: &str| text.trim_matches([' ', '\t', '\n', '\r', '\0', '\u{b}']).to_owned();
            assert_eq!(trim(&kept), trim(text), "{}", row["name"]);
        }
    }
}
