//! What an exchange is about, in a few words beside its name: a text that was said, a command, a bot's code.

use serde_json::{Map, Value};

/// Characters that a row has room for.
const LONGEST: usize = 120;

/// Where calls keep what they are about, the most telling first.
const OF_CALLS: [&[&str]; 10] = [
    &["fields", "message"],
    &["MESSAGE"],
    &["message"],
    &["fields", "command"],
    &["fields", "code"],
    &["CODE"],
    &["EVENT"],
    &["COMMAND"],
    &["statusMessageCode"],
    &["reaction"],
];

/// The same of callbacks.
const OF_CALLBACKS: [&[&str]; 3] =
    [&["data", "reaction"], &["data", "message", "text"], &["data", "PARAMS", "MESSAGE"]];

pub(super) fn of_call(params: &Map<String, Value>) -> String {
    shortened(OF_CALLS.iter().find_map(|path| text(params, path)).unwrap_or_default())
}

pub(super) fn of_callback(form: &Map<String, Value>) -> String {
    if let Some(command) = text(form, &["data", "command", "command"]) {
        let params = text(form, &["data", "command", "params"]).unwrap_or_default();
        return shortened(format!("{command} {params}").trim());
    }
    shortened(OF_CALLBACKS.iter().find_map(|path| text(form, path)).unwrap_or_default())
}

fn text<'v>(map: &'v Map<String, Value>, path: &[&str]) -> Option<&'v str> {
    let (first, rest) = path.split_first()?;
    let mut found = map.get(*first)?;
    for name in rest {
        found = found.get(*name)?;
    }
    found.as_str().filter(|text| !text.trim().is_empty())
}

/// One line of it.
fn shortened(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST {
        return words;
    }
    words.chars().take(LONGEST).collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;

    #[test]
    fn a_callback_says_what_was_written_or_which_command_was_run() {
        let said = form::decode(b"event=ONIMBOTV2MESSAGEADD&data%5Bmessage%5D%5Btext%5D=hello%0Aworld");
        assert_eq!(of_callback(&said), "hello world");
        let run = form::decode(b"data%5Bcommand%5D%5Bcommand%5D=%2Fpay&data%5Bcommand%5D%5Bparams%5D=15");
        assert_eq!(of_callback(&run), "/pay 15");
        assert_eq!(of_callback(&form::decode(b"data=1&data%5B=2")), "");
    }

    #[test]
    fn a_long_text_is_cut_where_no_character_is_torn() {
        let params = form::decode(format!("MESSAGE={}", "ж".repeat(500)).as_bytes());
        assert_eq!(of_call(&params).chars().count(), LONGEST + 1);
    }
}
