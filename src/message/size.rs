//! How long the portal finds a JSON: code points as PHP's encoder writes them (protocol 6.4).

use serde_json::Value;

/// Characters of `value` as PHP writes it: Unicode as it is, `/` as `\/`, U+2028 and U+2029 as `\u2028`.
pub(super) fn php_json_chars(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text_chars(text),
        Value::Array(items) => around(items.len()) + items.iter().map(php_json_chars).sum::<usize>(),
        Value::Object(fields) => {
            let inside: usize =
                fields.iter().map(|(name, value)| text_chars(name) + 1 + php_json_chars(value)).sum();
            around(fields.len()) + inside
        }
    }
}

/// Two brackets and the commas between.
fn around(items: usize) -> usize {
    2 + items.saturating_sub(1)
}

fn text_chars(text: &str) -> usize {
    let inside: usize = text
        .chars()
        .map(|sign| match sign {
            '"' | '\\' | '/' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => 6,
            _ => 1,
        })
        .sum();
    inside + 2
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn characters_are_counted_as_php_writes_them() {
        assert_eq!(php_json_chars(&json!({"a": [1, true, null]})), r#"{"a":[1,true,null]}"#.len());
        assert_eq!(php_json_chars(&json!("a/b")), r#""a\/b""#.len());
        assert_eq!(php_json_chars(&json!("я😀")), 4);
        assert_eq!(php_json_chars(&json!("\u{1}\u{2028}\n\"")), r#""\u0001\u2028\n\"""#.len());
    }
}
