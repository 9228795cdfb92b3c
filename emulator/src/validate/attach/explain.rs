//! Why the portal drops a block of an attachment, or a part of one.

use serde_json::Value;

use super::{add_blocks, escape, grid, link, media, message, one_or_many, stored, user};
use crate::validate::explain::{NO_LINK, limited, other_case, oversize};
use crate::validate::field::is_link;
use crate::validate::php::{Fatal, Php, from_js_literal, is_empty};

/// What a block may be; of several in one block the first counts.
const KINDS: [&str; 8] = ["USER", "LINK", "RICH_LINK", "MESSAGE", "GRID", "IMAGE", "FILE", "DELIMITER"];

pub(super) fn attachment(input: &Value) -> Vec<String> {
    let given = Php::from_json(input);
    if is_empty(&given) {
        return Vec::new();
    }
    let mut root = match given.clone() {
        Php::Str(text) => from_js_literal(&text).unwrap_or(Php::Null),
        other => other,
    };
    escape::unescape(&mut root);
    let Php::Array(fields) = &root else {
        return vec!["attach: a list of blocks is needed, and this is none".to_owned()];
    };
    let full = root.field("BLOCKS");
    if full.is_none() && !fields.is_list() {
        if let Some(wrong) = other_case(&root, &["BLOCKS"]) {
            return vec![format!("attach: {wrong}")];
        }
        if KINDS.iter().any(|kind| root.field(kind).is_some()) {
            return vec!["attach: a list is needed, and this is a single block without its list".to_owned()];
        }
    }
    let place = if full.is_some() { "attach.blocks" } else { "attach" };
    let mut why = Vec::new();
    for (at, params) in full.unwrap_or(&root).items().enumerate() {
        block(&format!("{place}[{at}]"), params, &mut why);
    }
    if let Ok(Some(stored)) = stored(given, 0, || "#000000".to_owned()) {
        why.extend(oversize("attach", &stored));
    }
    limited(why)
}

fn block(place: &str, params: &Php, why: &mut Vec<String>) {
    let there: Vec<&str> = KINDS.into_iter().filter(|kind| params.field(kind).is_some()).collect();
    let Some((kind, others)) = there.split_first() else {
        let reason = other_case(params, &KINDS);
        let reason = reason.unwrap_or_else(|| format!("none of {} is in it", KINDS.join(", ")));
        why.push(format!("{place}: {reason}"));
        return;
    };
    if !others.is_empty() {
        why.push(format!(
            "{place}: {kind} counts, and {} is dropped: one block has one of them",
            others.join(", ")
        ));
    }
    let Some(content) = params.field(kind) else { return };
    let before = why.len();
    for (at, item) in items(kind, content) {
        let place = at.map_or_else(|| format!("{place}.{kind}"), |at| format!("{place}.{kind}[{at}]"));
        if let Ok(false) = keeps(kind, item) {
            why.push(format!("{place}: {}", reason(kind, item)));
        }
    }
    let mut added = Vec::new();
    if why.len() == before && add_blocks(params, &mut added, &mut String::new()).is_ok() && added.is_empty() {
        why.push(format!("{place}.{kind}: there is nothing in it"));
    }
}

/// The parts of a block that are dropped one by one.
fn items<'v>(kind: &str, content: &'v Php) -> Vec<(Option<usize>, &'v Php)> {
    let parts = match (kind, content) {
        ("GRID", content) => content.items().collect(),
        ("USER" | "LINK" | "RICH_LINK" | "IMAGE" | "FILE", content) => one_or_many(content),
        (_, content) => return vec![(None, content)],
    };
    let single = matches!(parts.as_slice(), [only] if std::ptr::eq(*only, content));
    parts.into_iter().enumerate().map(|(at, item)| ((!single).then_some(at), item)).collect()
}

/// Whether the check keeps the part.
fn keeps(kind: &str, item: &Php) -> Result<bool, Fatal> {
    let listed = || Php::Array(std::iter::once(item.clone()).collect());
    Ok(match kind {
        "USER" => user::block(item)?.is_some(),
        "LINK" => link::block(item)?.is_some(),
        "RICH_LINK" => link::rich_block(item)?.is_some(),
        "MESSAGE" => message::block(item, &mut String::new())?.is_some(),
        "GRID" => grid::block(&listed())?.is_some(),
        "IMAGE" => media::image_block(&listed())?.is_some(),
        "FILE" => media::file_block(&listed())?.is_some(),
        _ => true,
    })
}

fn reason(kind: &str, item: &Php) -> String {
    const FIELDS: [&str; 9] =
        ["NAME", "LINK", "VALUE", "TEXT", "USER_ID", "CHAT_ID", "NETWORK_ID", "DISPLAY", "PREVIEW"];
    if let Some(wrong) = other_case(item, &FIELDS) {
        return wrong;
    }
    if kind != "MESSAGE" && !matches!(item, Php::Array(_)) {
        return "an object is needed, and this is none".to_owned();
    }
    match kind {
        "USER" => "NAME is missing or blank".to_owned(),
        "MESSAGE" => "the text is blank".to_owned(),
        "GRID" => "NAME and VALUE are missing or blank".to_owned(),
        _ if item.field("LINK").is_some_and(|link| !is_link(link).unwrap_or(false)) => {
            NO_LINK.replace("{}", "LINK")
        }
        _ => "LINK is missing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::attach::explain;
    use serde_json::{Value, json};

    #[test]
    fn every_part_that_vanishes_has_its_reason_and_its_place() {
        for (sent, why) in [
            (json!([{"message": "a"}]), "attach[0]: key `message`: the portal reads `MESSAGE`"),
            (json!({"blocks": []}), "attach: key `blocks`: the portal reads `BLOCKS`"),
            (
                json!({"MESSAGE": "a"}),
                "attach: a list is needed, and this is a single block without its list",
            ),
            (json!("nonsense"), "attach: a list of blocks is needed, and this is none"),
            (
                json!([{"TEXT": "a"}]),
                "attach[0]: none of USER, LINK, RICH_LINK, MESSAGE, GRID, IMAGE, FILE, DELIMITER is in it",
            ),
            (json!([{"MESSAGE": " "}]), "attach[0].MESSAGE: the text is blank"),
            (
                json!([{"MESSAGE": "a"}, {"LINK": {"LINK": "x"}}]),
                "attach[1].LINK: LINK must begin with `/`, `http://` or `https://`",
            ),
            (json!([{"IMAGE": [{"LINK": "/a"}, {"NAME": "b"}]}]), "attach[0].IMAGE[1]: LINK is missing"),
            (
                json!([{"GRID": [{"NAME": "a"}, {"name": "b"}]}]),
                "attach[0].GRID[1]: key `name`: the portal reads `NAME`",
            ),
            (json!([{"GRID": []}]), "attach[0].GRID: there is nothing in it"),
            (
                json!([{"MESSAGE": "a", "DELIMITER": {}}]),
                "attach[0]: MESSAGE counts, and DELIMITER is dropped: one block has one of them",
            ),
        ] {
            assert_eq!(explain(&sent), [why], "{sent}");
        }
        let whole = json!({"BLOCKS": [{"MESSAGE": "a"}, {"USER": {"NAME": "Ann"}}, {"DELIMITER": {}}]});
        assert_eq!(explain(&whole), [""; 0]);
        let long: Value = (0..70).map(|_| json!({"MESSAGE": "x".repeat(1_000)})).collect();
        assert!(explain(&long)[0].starts_with("attach: 7"), "{:?}", explain(&long));
    }
}
