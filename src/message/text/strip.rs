//! BB code to plain text, as the portal does it for previews and notices.
//!
//! It works pass by pass, a code at a time, and each pass goes over the text once: of `[b][b]x[/b][/b]` one pair
//! stays. That is how the portal does it, and what a preview shows is what this is for.

use std::borrow::Cow;

use crate::message::{literal::FENCE, trim::trimmed};

/// Words that stand for what has no text; the portal has them in its own language.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Phrases {
    /// For an icon without a title, shown in round brackets.
    pub icon: String,
    /// For a rating, in square brackets.
    pub rating: String,
    /// For an attachment, in square brackets.
    pub attachment: String,
    /// For a quote between lines of hyphens, in square brackets.
    pub quote: String,
}

impl Default for Phrases {
    fn default() -> Self {
        let phrase = str::to_owned;
        Self {
            icon: phrase("Icon"),
            rating: phrase("Rating"),
            attachment: phrase("Attachment"),
            quote: phrase("Quote"),
        }
    }
}

/// The text without its codes, as a preview or a channel without markup shows it: struck-out text is gone, links and
/// mentions leave their words. A mention without a name is empty here; the portal fills it in.
///
/// ```
/// use openlines::message::strip;
///
/// assert_eq!(strip("[b]Order[/b] [url=https://e.example/[1]]15[/url] [s]old[/s]new"), "Order 15 new");
/// assert_eq!(strip("[list]kept[/list] [b]alone"), "[list]kept[/list] [b]alone");
/// ```
///
/// **Trap:** codes that the portal's previews do not know stay: `[code]`, `[img]`, `[br]`.
pub fn strip(text: &str) -> String {
    strip_with(text, &Phrases::default())
}

/// The same with phrases of your own.
pub fn strip_with(text: &str, phrases: &Phrases) -> String {
    const STYLES: [&str; 4] = ["[/b]", "[/u]", "[/i]", "[/s]"];
    let digits = |value: &str| is_digits(value);
    let mut text = Cow::Borrowed(text);
    let mut pass = |next: &dyn Fn(&str) -> String| text = Cow::Owned(next(&text));
    pass(&|text| pairs(text, |rest| exactly(rest, "[s]"), &["[/s]"], Keep::Nothing));
    pass(&|text| {
        pairs(
            text,
            |rest| STYLES.iter().find_map(|style| exactly(rest, &style.replace('/', ""))),
            &STYLES,
            Keep::Line,
        )
    });
    pass(&|text| pairs(text, |rest| exactly(rest, "[url]"), &["[/url]"], Keep::Line));
    pass(&|text| pairs(text, address, &["[/url]"], Keep::Lines));
    pass(&|text| {
        singles(text, "[rating=", |value| {
            matches!(value, "1" | "2" | "3" | "4" | "5").then(|| format!(" [{}] ", phrases.rating))
        })
    });
    pass(&|text| {
        singles(text, "[attach=", |value| is_digits(value).then(|| format!(" [{}] ", phrases.attachment)))
    });
    pass(&|text| {
        pairs(
            text,
            |rest| valued(rest, "[user=", |value| digits(cut_end(value, " REPLACE"))),
            &["[/user]"],
            Keep::Line,
        )
    });
    pass(&|text| pairs(text, |rest| valued(rest, "[dialog=", is_dialog), &["[/dialog]"], Keep::Line));
    pass(&|text| pairs(text, |rest| valued(rest, "[context=", is_context), &["[/context]"], Keep::Line));
    pass(&|text| {
        pairs(
            text,
            |rest| valued(rest, "[chat=", |value| digits(cut_start(value, "imol|"))),
            &["[/chat]"],
            Keep::Line,
        )
    });
    for (open, close) in [("[send", "[/send]"), ("[put", "[/put]"), ("[call", "[/call]")] {
        pass(&|text| pairs(text, |rest| worded(rest, open), &[close], Keep::Line));
    }
    pass(&|text| pairs(text, |rest| valued(rest, "[pch=", digits), &["[/pch]"], Keep::Line));
    pass(&|text| pairs(text, |rest| valued(rest, "[size=", digits), &["[/size]"], Keep::Line));
    pass(&|text| pairs(text, |rest| valued(rest, "[color=", is_color), &["[/color]"], Keep::Line));
    pass(&|text| {
        singles(text, "[icon=", |value| Some(format!("({})", icon_title(value).unwrap_or(&phrases.icon))))
    });
    pass(&|text| fences(&text.replace("#BR#", " "), &format!(" [{}] ", phrases.quote)));
    trimmed(&text).to_owned()
}

/// What of a pair is kept, and whether it may stretch over lines.
#[derive(Clone, Copy, PartialEq)]
enum Keep {
    /// Nothing; on one line.
    Nothing,
    /// The inside; on one line.
    Line,
    /// The inside; over any lines.
    Lines,
}

/// Replaces each pair, of an opening whose length `opens` tells and the first of `closes` behind it.
fn pairs(text: &str, opens: impl Fn(&str) -> Option<usize>, closes: &[&str], keep: Keep) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    // Up to here there is no closing: looking again for each opening would take quadratic time.
    let mut barren = 0;
    while let Some(found) = text[at..].find('[').map(|found| at + found) {
        out.push_str(&text[at..found]);
        let opening = if found < barren { None } else { opens(&text[found..]) };
        let Some(inside) = opening.map(|length| found + length) else {
            out.push('[');
            at = found + 1;
            continue;
        };
        let rest = &text[inside..];
        let reach = if keep == Keep::Lines { rest.len() } else { rest.find('\n').unwrap_or(rest.len()) };
        let closing = rest[..reach].match_indices("[/").find_map(|(at, _)| {
            closes.iter().find_map(|close| exactly(&rest[at..], close)).map(|length| (at, length))
        });
        match closing {
            Some((end, length)) => {
                if keep != Keep::Nothing {
                    out.push_str(&rest[..end]);
                }
                at = inside + end + length;
            }
            None => {
                barren = inside + reach;
                out.push('[');
                at = found + 1;
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Replaces each `[name=value]` for which `by` has a replacement.
fn singles(text: &str, open: &str, by: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut end_of_ends = false;
    while let Some(found) = text[at..].find('[').map(|found| at + found) {
        out.push_str(&text[at..found]);
        let value = exactly(&text[found..], open).filter(|_| !end_of_ends).map(|length| found + length);
        let end = value.and_then(|value| text[value..].find(']').map(|end| (value, value + end)));
        end_of_ends |= value.is_some() && end.is_none();
        match end.and_then(|(value, end)| Some((by(&text[value..end])?, end))) {
            Some((replacement, end)) => {
                out.push_str(&replacement);
                at = end + 1;
            }
            None => {
                out.push('[');
                at = found + 1;
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Replaces what stands between two rows of 54 hyphens, and these.
fn fences(text: &str, by: &str) -> String {
    let fence = "-".repeat(FENCE);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(&fence) {
        let inside = &rest[start + FENCE..];
        let first = inside.chars().next().map_or(0, char::len_utf8);
        let Some(end) = inside[first..].find(&fence) else { break };
        out.push_str(&rest[..start]);
        out.push_str(by);
        rest = &inside[first + end + FENCE..];
    }
    out.push_str(rest);
    out
}

/// The length of `wanted` if the text begins with it, whatever the case of its letters.
fn exactly(text: &str, wanted: &str) -> Option<usize> {
    let start = text.as_bytes().get(..wanted.len())?;
    start.eq_ignore_ascii_case(wanted.as_bytes()).then_some(wanted.len())
}

/// The length of `[name=value]` if its value is right.
fn valued(text: &str, open: &str, right: impl Fn(&str) -> bool) -> Option<usize> {
    let start = exactly(text, open)?;
    let end = start + text[start..].find(']')?;
    right(&text[start..end]).then_some(end + 1)
}

/// The length of `[send]` or `[send=words]`; the words are on one line, and their first sign may be a bracket.
fn worded(text: &str, open: &str) -> Option<usize> {
    let name = exactly(text, open)?;
    match text.as_bytes().get(name)? {
        b']' => Some(name + 1),
        b'=' => {
            let words = &text[name + 1..];
            let first = words.chars().next().filter(|first| *first != '\n')?.len_utf8();
            let end = words[first..].find([']', '\n']).map(|end| first + end)?;
            words[end..].starts_with(']').then_some(name + 1 + end + 1)
        }
        _ => None,
    }
}

/// The length of `[url=address]`; the address may hold brackets one level deep.
fn address(text: &str) -> Option<usize> {
    let name = exactly(text, "[url")?;
    let blank =
        |rest: &str| rest.len() - rest.trim_start_matches(|sign: char| sign.is_ascii_whitespace()).len();
    let mut at = name + blank(&text[name..]);
    if !text[at..].starts_with('=') {
        return None;
    }
    at += 1;
    let start = at;
    loop {
        at += text[at..].find(['[', ']'])?;
        if text[at..].starts_with(']') {
            return (at > start).then_some(at + 1);
        }
        let inner = at + 1;
        at = inner + text[inner..].find(['[', ']']).filter(|end| text[inner + end..].starts_with(']'))? + 1;
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| matches!(hex.len(), 3 | 6) && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// `chat5` or `5:6`.
fn is_place(text: &str) -> bool {
    let chat = cut_start(text, "chat");
    if chat.len() < text.len() {
        return is_digits(chat);
    }
    text.split_once(':').is_some_and(|(one, other)| is_digits(one) && is_digits(other))
}

fn is_dialog(value: &str) -> bool {
    let at = value.to_ascii_lowercase().find(" message=");
    let (place, message) = at.map_or((value, "0"), |at| (&value[..at], &value[at + " message=".len()..]));
    is_place(place) && is_digits(message)
}

fn is_context(value: &str) -> bool {
    value.split_once('/').is_some_and(|(place, message)| is_place(place) && is_digits(message))
}

fn cut_start<'a>(text: &'a str, start: &str) -> &'a str {
    exactly(text, start).map_or(text, |length| &text[length..])
}

fn cut_end<'a>(text: &'a str, end: &str) -> &'a str {
    let at = text.len().checked_sub(end.len()).filter(|at| text.is_char_boundary(*at));
    at.filter(|at| text[*at..].eq_ignore_ascii_case(end)).map_or(text, |at| &text[..at])
}

/// What stands behind `title=` on its line, up to the next argument.
fn icon_title(value: &str) -> Option<&str> {
    let at = value.to_ascii_lowercase().find("title=")? + "title=".len();
    let line = value[at..].lines().next().filter(|line| !line.trim().is_empty())?;
    let end = ["width=", "height=", "size="].iter().filter_map(|other| line.find(other)).min();
    Some(trimmed(&line[..end.unwrap_or(line.len())]))
}
