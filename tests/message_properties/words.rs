//! What all generators share: texts of every kind, limits and their neighbours, and how a portal trims.

use std::cell::Cell;

use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use serde_json::Value;

/// A thousand cases, or fifty thousand in a soak.
pub(crate) fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("OPENLINES_SOAK").is_some() { 50_000 } else { 1_000 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Runs all cases; `each` tells whether its case was built. Both kinds must be met often, or the test says nothing.
pub(crate) fn meet<T: std::fmt::Debug>(
    kind: &str,
    cases_of: impl Strategy<Value = T>,
    each: impl Fn(T) -> Result<bool, TestCaseError>,
) {
    let (built, refused) = (Cell::new(0), Cell::new(0));
    let met = TestRunner::new(cases()).run(&cases_of, |case| {
        let count = if each(case)? { &built } else { &refused };
        count.set(count.get() + 1);
        Ok(())
    });
    let (built, refused) = (built.get(), refused.get());
    println!("{kind}: {built} built and kept whole, {refused} refused and cut by the portal, too");
    if let Err(failure) = met {
        panic!("{kind}: {failure}");
    }
    assert!(built * 5 >= refused && refused * 5 >= built, "{kind}: one of the two is hardly met");
}

/// A part stored with this many characters is taken, with one more it is not.
pub(crate) const LIMIT: usize = 59_999;

/// Any text: empty, blank, PHP's idea of nothing, escapes, codes, HTML, all of Unicode.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~а-яё]{1,16}",
        2 => "(\\PC|[\u{0}-\u{1f}\u{85}\u{2028}\u{2029}\u{a0}]|\\\\[nt\"\\\\]|\\\\|#BR#|\\[BR\\]|[&<>\"'/]|😀){0,12}",
        1 => "(<(/)?(b|i|u|s|a href='/x'|br|hr|span|div|font size=3|script|em)>|&nbsp;|x| |\\PC){0,8}",
        1 => any::<String>(),
        1 => prop::sample::select(vec![
            "", " ", "\n", "\u{b}\0", "\u{c}", "\u{a0}", "\u{2060}", "0", "00", "0.0", "/", "//go", "/go", "/0", "-1",
            "true", "null", "[]", "#BR#", "[BR]", "FIRST_MESSAGE", "SKIP_MESSAGE", "C:\\new\\table", "\\\\", "\\",
            "two words", " padded ", "line\r\nline",
        ]).prop_map(str::to_owned),
    ]
}

/// An address, good or bad.
pub(crate) fn any_address() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(/|https?://)[!-~а-я&\"<>]{0,12}",
        1 => "(/|http://|HTTPS://|ftp:|javascript:| /|\\./|)(\\PC|\\\\[nt\"\\\\]|[\u{0}-\u{1f}]){0,8}",
    ]
}

/// A colour that the portal takes; others cannot be said.
pub(crate) fn any_color() -> impl Strategy<Value = String> {
    prop_oneof!["#[0-9a-fA-F]{6}", "#[0-9a-fA-F]{3}"]
}

pub(crate) fn any_token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["base", "primary", "secondary", "alert"])
}

/// Pixels, with the limits.
pub(crate) fn any_pixels() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()]
}

/// Ids, with the limits.
pub(crate) fn any_id() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 1..1_000_000_i64, 1 => prop::sample::select(vec![-1, 0, 1, i64::MAX, i64::MIN])]
}

/// How a case is made as long as the limit: the sign that fills it, and how far over the limit it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fill {
    pub(crate) sign: char,
    pub(crate) over: i64,
    /// Which part of those there are.
    pub(crate) part: usize,
}

/// A case about as long as the limit.
pub(crate) fn some_fill() -> impl Strategy<Value = Fill> {
    let signs = vec!['a', 'я', '😀', '/', '"', '&', '<', '\n', '\u{1}', '\u{2028}', '\''];
    (prop::sample::select(signs), -3..4_i64, 0..8_usize).prop_map(|(sign, over, part)| Fill {
        sign,
        over,
        part,
    })
}

/// One case of twenty is about as long as the limit.
pub(crate) fn any_fill() -> impl Strategy<Value = Option<Fill>> {
    prop_oneof![19 => Just(None), 1 => some_fill().prop_map(Some)]
}

impl Fill {
    /// The text that brings a part of `size`, in which it counts with `cost` a sign, to the limit and `over`.
    pub(crate) fn text(self, size: usize, cost: usize) -> String {
        let wanted = (LIMIT as i64 + self.over) as usize;
        let room = wanted.saturating_sub(size);
        format!("{}{}", self.sign.to_string().repeat(room / cost), "a".repeat(room % cost))
    }

    /// What the sign costs as it is.
    pub(crate) fn plain_cost(self) -> usize {
        match self.sign {
            '/' | '"' | '\n' => 2,
            '\u{1}' | '\u{2028}' => 6,
            _ => 1,
        }
    }

    /// What the sign costs where HTML is escaped.
    pub(crate) fn html_cost(self) -> usize {
        match self.sign {
            '&' => 5,
            '<' => 4,
            '"' => 6,
            _ => self.plain_cost(),
        }
    }
}

/// What PHP's `trim` cuts.
pub(crate) const TRIMMED: [char; 6] = [' ', '\t', '\n', '\r', '\0', '\u{b}'];

pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(TRIMMED)
}

/// What PHP's `htmlspecialchars` writes.
pub(crate) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What PHP's `\R` matches becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.replace("\r\n", " ").replace(breaks, " ")
}

/// A value whose texts are compared by what is seen: signs of no width, kinds of line break and blank ends aside.
pub(crate) fn seen(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(trimmed(&one_line(&text.replace('\u{2060}', "")))),
        Value::Array(items) => items.iter().map(seen).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), seen(value))).collect())
        }
        other => other.clone(),
    }
}
