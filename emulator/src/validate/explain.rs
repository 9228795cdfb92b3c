//! Why the portal drops a button or an entry: it says so to nobody.
//!
//! Whether something is dropped is asked of the check itself; here only the reason is looked for. The trap: the reason
//! is a guess where several things are wrong at once, the fact is not.

use serde_json::Value;

use super::field::is_link;
use super::php::{Fatal, Php, is_empty};
use super::size::{SIZE_LIMIT, encoded_chars};
use super::wrapped_items;

/// Lines about one value; what is more is only counted.
const MOST: usize = 8;
/// Names that a button or an entry may have.
const FIELDS: [&str; 8] =
    ["TEXT", "LINK", "APP_ID", "ACTION", "ACTION_VALUE", "COMMAND", "COMMAND_PARAMS", "TYPE"];

/// A list of things with an action: a keyboard or a menu.
pub(super) struct Form {
    pub(super) name: &'static str,
    /// The key under which an object has the list.
    pub(super) wrapper: &'static str,
    pub(super) actions: &'static [&'static str],
}

impl Form {
    /// `keeps` is the check of one item, `stored` what the check of all came to.
    pub(super) fn explain(
        &self,
        input: &Value,
        bot_id: i64,
        from_text: impl Fn(&str) -> Result<Php, Fatal>,
        keeps: impl Fn(&Php) -> Result<bool, Fatal>,
        stored: Result<Option<Php>, Fatal>,
    ) -> Vec<String> {
        let name = self.name;
        let input = Php::from_json(input);
        if is_empty(&input) {
            return Vec::new();
        }
        let input = match input {
            Php::Str(text) => from_text(&text).unwrap_or(Php::Null),
            other => other,
        };
        let mut why = Vec::new();
        let Php::Array(root) = &input else {
            return vec![format!("{name}: a list is needed, and this is none")];
        };
        if let Some(wrong) = other_case(&input, &[self.wrapper]) {
            return vec![format!("{name}: {wrong}")];
        }
        let (wrapped, items) = wrapped_items(&input, self.wrapper);
        let place = if wrapped.is_some() {
            format!("{name}.{}", self.wrapper.to_lowercase())
        } else {
            name.to_owned()
        };
        if wrapped.is_none() && !root.is_list() && FIELDS.iter().any(|field| input.field(field).is_some()) {
            return vec![format!("{name}: a list is needed, and this is a single one without its list")];
        }
        for (at, params) in items.items().enumerate() {
            if let Ok(false) = keeps(params) {
                why.push(format!("{place}[{at}]: {}", self.reason(params, bot_id)));
            }
        }
        if let Ok(Some(stored)) = &stored {
            why.extend(oversize(name, stored));
        }
        limited(why)
    }

    fn reason(&self, params: &Php, bot_id: i64) -> String {
        if !matches!(params, Php::Array(_)) {
            return "an object is needed, and this is none".to_owned();
        }
        if params.field("FUNCTION").is_some() {
            return "FUNCTION is not taken from REST".to_owned();
        }
        if let Some(wrong) = other_case(params, &FIELDS) {
            return wrong;
        }
        match params.field("TEXT") {
            None => return "TEXT is missing".to_owned(),
            Some(Php::Str(text)) if super::php::trim(text).is_empty() || text == "0" => {
                return "TEXT is blank".to_owned();
            }
            Some(Php::Str(_)) => {}
            Some(_) => return "TEXT is no text".to_owned(),
        }
        if params.field("LINK").is_some_and(|link| !is_link(link).unwrap_or(false)) {
            return NO_LINK.replace("{}", "LINK");
        }
        if let Some(Php::Str(action)) = params.field("ACTION") {
            if !self.actions.contains(&action.as_str()) {
                let action: String = action.chars().take(40).collect();
                return format!("ACTION `{action}` is none of {}", self.actions.join(", "));
            }
            return "ACTION_VALUE is missing or blank".to_owned();
        }
        if params.field("COMMAND").is_some() {
            return if bot_id > 0 { "COMMAND is blank or no text" } else { "COMMAND needs the id of a bot" }
                .to_owned();
        }
        "it does nothing: LINK, APP_ID, ACTION with ACTION_VALUE, or COMMAND is missing".to_owned()
    }
}

/// `{}` is the field.
pub(super) const NO_LINK: &str = "{} must begin with `/`, `http://` or `https://`";

/// A key that would be read if it were written in capitals.
pub(super) fn other_case(params: &Php, known: &[&str]) -> Option<String> {
    let Php::Array(fields) = params else { return None };
    fields.entries().find_map(|(key, _)| {
        let key = key.to_string();
        let meant = known.iter().find(|known| known.eq_ignore_ascii_case(&key) || **known == snake(&key))?;
        (**meant != key && params.field(meant).is_none())
            .then(|| format!("key `{key}`: the portal reads `{meant}`"))
    })
}

/// `commandParams` as `COMMAND_PARAMS`.
fn snake(key: &str) -> String {
    let mut out = String::new();
    for letter in key.chars().take(40) {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// By how much what would be stored is too long.
pub(super) fn oversize(name: &str, stored: &Php) -> Option<String> {
    let chars = encoded_chars(stored).ok().filter(|chars| *chars >= SIZE_LIMIT)?;
    let over = chars - SIZE_LIMIT + 1;
    Some(format!(
        "{name}: {chars} characters as it would be stored, {over} too many: fewer than {SIZE_LIMIT} are taken"
    ))
}

pub(super) fn limited(mut why: Vec<String>) -> Vec<String> {
    if why.len() > MOST {
        let more = why.len() - MOST;
        why.truncate(MOST);
        why.push(format!("and {more} more"));
    }
    why
}

#[cfg(test)]
mod tests {
    use crate::validate::{keyboard, menu};
    use serde_json::{Value, json};

    #[test]
    fn every_button_that_vanishes_has_its_reason_and_its_place() {
        for (sent, why) in [
            (json!([{"LINK": "/a"}]), "keyboard[0]: TEXT is missing"),
            (json!([{"TEXT": " ", "LINK": "/a"}]), "keyboard[0]: TEXT is blank"),
            (json!([{"TEXT": 5, "LINK": "/a"}]), "keyboard[0]: TEXT is no text"),
            (json!([{"TEXT": "a", "link": "/a"}]), "keyboard[0]: key `link`: the portal reads `LINK`"),
            (
                json!([{"TEXT": "a", "actionValue": "b"}]),
                "keyboard[0]: key `actionValue`: the portal reads `ACTION_VALUE`",
            ),
            (
                json!([{"TEXT": "a"}]),
                "keyboard[0]: it does nothing: LINK, APP_ID, ACTION with ACTION_VALUE, or COMMAND is missing",
            ),
            (
                json!([{"TEXT": "a", "ACTION": "FLY", "ACTION_VALUE": "b"}]),
                "keyboard[0]: ACTION `FLY` is none of PUT, SEND, COPY, CALL, DIALOG, LIVECHAT, HELP",
            ),
            (json!([{"TEXT": "a", "ACTION": "SEND"}]), "keyboard[0]: ACTION_VALUE is missing or blank"),
            (
                json!([{"TEXT": "a", "LINK": "/a", "FUNCTION": "f"}]),
                "keyboard[0]: FUNCTION is not taken from REST",
            ),
            (
                json!({"BUTTONS": [{"TEXT": "ok", "LINK": "/"}, "x"]}),
                "keyboard.buttons[1]: an object is needed, and this is none",
            ),
            (json!({"buttons": []}), "keyboard: key `buttons`: the portal reads `BUTTONS`"),
            (
                json!({"TEXT": "a", "LINK": "/a"}),
                "keyboard: a list is needed, and this is a single one without its list",
            ),
            (json!("nonsense"), "keyboard: a list is needed, and this is none"),
        ] {
            assert_eq!(keyboard::explain(&sent, 39), [why], "{sent}");
        }
        assert_eq!(
            keyboard::explain(&json!([{"TEXT": "a", "COMMAND": "b"}]), 0),
            ["keyboard[0]: COMMAND needs the id of a bot"]
        );
        assert_eq!(
            menu::explain(&json!({"ITEMS": [{"TEXT": "a", "LINK": "a"}]}), 39),
            ["menu.items[0]: LINK must begin with `/`, `http://` or `https://`"]
        );
    }

    #[test]
    fn what_is_kept_whole_needs_no_word() {
        for sent in
            [json!([]), json!(null), json!(""), json!([{"TYPE": "NEWLINE"}, {"TEXT": "a", "COMMAND": "b"}])]
        {
            assert_eq!(keyboard::explain(&sent, 39), [""; 0], "{sent}");
        }
        assert_eq!(menu::explain(&json!([{"TEXT": 5, "APP_ID": 0}]), 39), [""; 0]);
    }

    #[test]
    fn too_much_says_by_how_much_and_too_many_are_counted() {
        let long: Value = (0..700).map(|_| json!({"TEXT": "x".repeat(50), "LINK": "/a"})).collect();
        let why = keyboard::explain(&long, 39);
        assert!(why[0].contains("too many: fewer than 60000 are taken"), "{why:?}");
        let many: Value = (0..20).map(|_| json!({})).collect();
        let why = keyboard::explain(&many, 39);
        assert_eq!((why.len(), why[8].as_str()), (9, "and 12 more"));
    }
}
