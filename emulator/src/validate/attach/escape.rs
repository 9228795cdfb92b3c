//! The second unescaping that every text of an attachment goes through (protocol 6.4).

use crate::validate::php::Php;

/// Turns the two-character sequences `\n`, `\t`, `\"` and `\\` of every string into what they stand for, in this
/// order, one after the other; keys stay as they are.
pub(super) fn unescape(value: &mut Php) {
    match value {
        Php::Str(text) if text.contains('\\') => {
            *text =
                text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"").replace("\\\\", "\\");
        }
        Php::Array(array) => array.values_mut().for_each(unescape),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_sequences_are_unescaped_and_others_stay() {
        let mut text = Php::text(r#"C:\new\table \"q\" \\ \e"#);
        unescape(&mut text);
        assert_eq!(text, Php::text("C:\new\table \"q\" \\ \\e"));
    }
}
