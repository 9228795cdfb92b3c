//! Writing a nested value as `http_build_query` does.

use std::fmt::Write as _;

use serde_json::Value;

/// One value as a form body. Nulls and empty arrays leave no trace.
pub(crate) fn encode(root: &Value) -> String {
    let mut out = String::with_capacity(2_048);
    match root {
        Value::Object(map) => {
            for (key, value) in map {
                write_pair(&percent(key), value, &mut out);
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                write_pair(&at.to_string(), value, &mut out);
            }
        }
        _ => {}
    }
    out
}

fn write_pair(key: &str, value: &Value, out: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => write_scalar(key, if *flag { "1" } else { "0" }, out),
        Value::Number(number) => write_scalar(key, &number.to_string(), out),
        Value::String(text) => write_scalar(key, text, out),
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                write_pair(&format!("{key}%5B{at}%5D"), value, out);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                write_pair(&format!("{key}%5B{}%5D", percent(name)), value, out);
            }
        }
    }
}

fn write_scalar(key: &str, text: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(key);
    out.push('=');
    percent_into(text, out);
}

/// PHP's `urlencode`: letters, digits, `-`, `_` and `.` stay, a space becomes `+`.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    percent_into(text, &mut out);
    out
}

fn percent_into(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::encode;
    use serde_json::json;

    #[test]
    fn nulls_and_empty_arrays_leave_no_trace_and_booleans_become_digits() {
        let form = encode(&json!({"a": null, "b": [], "c": {}, "d": true, "e": false, "f": 7, "g": ""}));
        assert_eq!(form, "d=1&e=0&f=7&g=");
    }

    #[test]
    fn brackets_are_percent_encoded_and_spaces_are_plus_signs() {
        let form = encode(&json!({"data": {"BOT": {"567": {"NAME": "a b*~"}}, "LIST": ["x"]}}));
        assert_eq!(form, "data%5BBOT%5D%5B567%5D%5BNAME%5D=a+b%2A%7E&data%5BLIST%5D%5B0%5D=x");
    }
}
