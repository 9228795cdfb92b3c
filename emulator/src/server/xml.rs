//! An answer as XML, for methods called with the ending `.xml` (protocol 8.1).
//!
//! The elements are the JSON's keys below one `response`. The trap: list items and entries by number are all called
//! `item`, so their numbers are lost, and an empty list is an empty element.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let url = format!("{}profile.xml", emulator.portal().webhook_url());
//! let text = reqwest::get(url).await.unwrap().text().await.unwrap();
//! assert!(text.contains("<response><result><ID>1</ID>"));
//! # }
//! ```

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::front::status_of;

/// The body as an XML document.
pub(super) fn xml_answer(status: u16, body: &Value) -> Response {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    write(&mut text, "response", body);
    let headers =
        [(header::CONTENT_TYPE, "text/xml; charset=utf-8"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (status_of(status), headers, text).into_response()
}

fn write(out: &mut String, name: &str, value: &Value) {
    let first = name.chars().next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let name = if first && name.chars().all(plain) { name } else { "item" };
    out.push('<');
    out.push_str(name);
    out.push('>');
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => out.push('1'),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => escape(out, text),
        Value::Array(list) => list.iter().for_each(|value| write(out, "item", value)),
        Value::Object(map) => map.iter().for_each(|(name, value)| write(out, name, value)),
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text without the characters that XML gives a meaning to, and without those that it cannot hold.
fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(letter),
            control if control.is_control() || matches!(control, '\u{FFFE}' | '\u{FFFF}') => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::write;
    use serde_json::json;

    #[test]
    fn names_that_are_none_and_characters_that_mean_something_are_written_safely() {
        let mut out = String::new();
        let body = json!({"27": "a<b & \"c\"\u{1}", "x y": [true, false, null, 1.5], "ok": []});
        write(&mut out, "response", &body);
        let expected = "<response><item>a&lt;b &amp; &quot;c&quot;</item>\
            <item><item>1</item><item></item><item></item><item>1.5</item></item><ok></ok></response>";
        assert_eq!(out, expected);
    }
}
