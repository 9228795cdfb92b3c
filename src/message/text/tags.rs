//! BB code read into tokens: which tags belong together, and what may not be cut.
//!
//! A tag that is never closed, and a closing one of nothing, is text. Tags of one name are paired with each other
//! only, so what crosses is still paired. In `[code]` nothing is a tag.

use std::collections::HashMap;

use crate::message::literal::FENCE;

/// A part of a text, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// May be cut anywhere.
    Text(&'a str),
    /// Stands alone and is not cut.
    Single(&'a str),
    /// `[br]` or `#BR#`.
    Break(&'a str),
    /// The opening of a pair.
    Open(Pair<'a>),
    /// The closing of that pair.
    Close(Pair<'a>),
}

/// A pair of tags that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    /// Where it opens: its identity.
    pub(super) at: usize,
    pub(super) opening: &'a str,
    pub(super) closing: &'a str,
    /// A quote between two lines of hyphens, which must stand on lines of their own.
    pub(super) fence: bool,
}

impl Pair<'_> {
    /// Characters that closing and opening it again cost.
    pub(super) fn cost(&self) -> usize {
        self.opening.chars().count() + self.closing.chars().count()
    }
}

const PAIRED: [&str; 16] = [
    "b", "i", "u", "s", "size", "color", "url", "user", "chat", "context", "dialog", "call", "pch", "send",
    "put", "img",
];

const SINGLE: [&str; 8] = ["user", "dialog", "pch", "icon", "timestamp", "disk", "rating", "attach"];

/// Their inside is an argument if they have none.
const SAY_THEIR_INSIDE: [&str; 4] = ["url", "call", "send", "put"];

/// A tag as it stands in the text.
struct Tag {
    start: usize,
    end: usize,
    name: &'static str,
    closes: bool,
    bare: bool,
    partner: Option<usize>,
}

/// Reads `text`; no token but text is longer than `longest` characters.
pub(super) fn tokens(text: &str, longest: usize) -> Vec<Token<'_>> {
    let mut tags = scan(text);
    pair(&mut tags);
    fences(text, &mut tags);
    tags.sort_by_key(|tag| tag.start);
    emit(text, &tags, longest)
}

fn scan(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    let lower = text.to_ascii_lowercase();
    let mut code_ends = true;
    while let Some(found) = lower[at..].find(['[', '#']).map(|found| at + found) {
        at = found + 1;
        if lower[found..].starts_with("#br#") {
            let (start, end) = (found, found + 4);
            tags.push(Tag { start, end, name: "br", closes: false, bare: true, partner: None });
            at = end;
            continue;
        }
        let Some(tag) = tag(&lower, found) else { continue };
        at = tag.end;
        if tag.name != "code" {
            tags.push(tag);
        } else if !tag.closes && code_ends {
            let Some(end) = lower[at..].find("[/code]").map(|end| at + end) else {
                code_ends = false;
                continue;
            };
            let partner = Some(tags.len() + 1);
            let closing = Tag {
                start: end,
                end: end + "[/code]".len(),
                name: "code",
                closes: true,
                bare: true,
                partner: Some(tags.len()),
            };
            at = closing.end;
            tags.extend([Tag { partner, ..tag }, closing]);
        }
    }
    tags
}

/// The tag that begins at `start`, if one does.
fn tag(lower: &str, start: usize) -> Option<Tag> {
    let rest = lower[start..].strip_prefix('[')?;
    let (closes, named) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let length = named.bytes().take_while(u8::is_ascii_lowercase).count();
    let name = PAIRED.iter().chain(&SINGLE).chain(&["br", "code"]).find(|name| **name == &named[..length])?;
    let value = &named[length..];
    let before = start + 1 + usize::from(closes) + length;
    let plain = |end| Tag { start, end, name, closes, bare: true, partner: None };
    if value.starts_with(']') {
        return Some(plain(before + 1));
    }
    if closes || !value.starts_with(['=', ' ']) {
        return None;
    }
    let end = if *name == "url" { nested_end(value)? } else { value.find([']', '\n'])? };
    value[end..].starts_with(']').then(|| Tag { bare: false, ..plain(before + end + 1) })
}

/// The bracket that ends a value which may hold brackets itself.
fn nested_end(value: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, sign) in value.match_indices(['[', ']', '\n']) {
        match sign {
            "[" => depth += 1,
            "]" if depth == 0 => return Some(at),
            "]" => depth -= 1,
            _ => break,
        }
    }
    value.find([']', '\n']).filter(|end| value[*end..].starts_with(']'))
}

fn pair(tags: &mut [Tag]) {
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    for at in 0..tags.len() {
        let name = tags[at].name;
        if name == "code" || !PAIRED.contains(&name) {
            continue;
        }
        if !tags[at].closes {
            open.entry(name).or_default().push(at);
        } else if let Some(opening) = open.get_mut(name).and_then(Vec::pop) {
            tags[opening].partner = Some(at);
            tags[at].partner = Some(opening);
        }
    }
    // Partners are told by where they begin: places change when more tags come between.
    let starts: Vec<usize> = tags.iter().map(|tag| tag.start).collect();
    for tag in tags {
        tag.partner = tag.partner.map(|at| starts[at]);
    }
}

/// Lines of 54 hyphens, two and two.
fn fences(text: &str, tags: &mut Vec<Tag>) {
    let inside_code = |at: usize, tags: &[Tag]| {
        tags.iter().any(|tag| {
            tag.name == "code" && !tag.closes && tag.start < at && tag.partner.is_some_and(|end| at < end)
        })
    };
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        if line.len() == FENCE && line.bytes().all(|sign| sign == b'-') && !inside_code(start, tags) {
            lines.push((start, end));
        }
        start = end + 1;
    }
    for pair in lines.chunks_exact(2) {
        let ((first, first_end), (second, second_end)) = (pair[0], pair[1]);
        let opening_end = (first_end + 1).min(second);
        let closing_start = (second - 1).max(opening_end);
        let fence = |start, end, closes, partner| Tag {
            start,
            end,
            name: "-",
            closes,
            bare: true,
            partner: Some(partner),
        };
        tags.push(fence(first, opening_end, false, closing_start));
        tags.push(fence(closing_start, second_end, true, first));
    }
}

fn emit<'a>(text: &'a str, tags: &[Tag], longest: usize) -> Vec<Token<'a>> {
    let ends: HashMap<usize, usize> = tags.iter().map(|tag| (tag.start, tag.end)).collect();
    let fits = |part: &str| part.chars().nth(longest).is_none();
    let mut out = Vec::new();
    let mut at = 0;
    for tag in tags.iter() {
        if tag.start < at {
            continue;
        }
        let raw = &text[tag.start..tag.end];
        let token = match (tag.partner, tag.closes) {
            (Some(end), false) => {
                let closing = &text[end..ends.get(&end).copied().unwrap_or(end)];
                let whole = &text[tag.start..end + closing.len()];
                let says = tag.name == "img" || tag.bare && SAY_THEIR_INSIDE.contains(&tag.name);
                if says && fits(whole) {
                    Token::Single(whole)
                } else {
                    Token::Open(of_pair(tag.start, raw, closing, tag.name))
                }
            }
            (Some(start), true) => {
                let opening = &text[start..ends.get(&start).copied().unwrap_or(start)];
                Token::Close(of_pair(start, opening, raw, tag.name))
            }
            (None, false) if tag.name == "br" => Token::Break(raw),
            (None, false) if SINGLE.contains(&tag.name) && fits(raw) => Token::Single(raw),
            (None, _) => continue,
        };
        if tag.start > at {
            out.push(Token::Text(&text[at..tag.start]));
        }
        at = match token {
            Token::Single(whole) => tag.start + whole.len(),
            _ => tag.end,
        };
        out.push(token);
    }
    if at < text.len() {
        out.push(Token::Text(&text[at..]));
    }
    out
}

fn of_pair<'a>(at: usize, opening: &'a str, closing: &'a str, name: &str) -> Pair<'a> {
    Pair { at, opening, closing, fence: name == "-" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens as text, a letter before each.
    fn read(text: &str) -> Vec<String> {
        tokens(text, 1000)
            .iter()
            .map(|token| match token {
                Token::Text(text) => format!("t {text}"),
                Token::Single(text) => format!("s {text}"),
                Token::Break(text) => format!("n {text}"),
                Token::Open(pair) => format!("o {}", pair.opening),
                Token::Close(pair) => format!("c {}", pair.closing),
            })
            .collect()
    }

    #[test]
    fn what_is_never_closed_is_text() {
        assert_eq!(read("[b]a [/i][B]b[/b]"), ["t [b]a [/i]", "o [B]", "t b", "c [/b]"]);
        assert_eq!(read("[x]a[/x] [user=all]"), ["t [x]a[/x] ", "s [user=all]"]);
    }

    #[test]
    fn what_crosses_is_still_paired() {
        assert_eq!(read("[b][i]x[/b][/i]"), ["o [b]", "o [i]", "t x", "c [/b]", "c [/i]"]);
    }

    #[test]
    fn nothing_is_a_tag_in_code() {
        assert_eq!(read("[code][b]x[/b][/CODE]#BR#"), ["o [code]", "t [b]x[/b]", "c [/CODE]", "n #BR#"]);
        assert_eq!(read("[code]x"), ["t [code]x"]);
    }

    #[test]
    fn an_inside_that_is_an_argument_is_not_cut() {
        assert_eq!(read("[url]https://x/[/url]"), ["s [url]https://x/[/url]"]);
        assert_eq!(
            read("[img size=small]https://x/ [/img]!"),
            ["s [img size=small]https://x/ [/img]", "t !"]
        );
        assert_eq!(read("[url=https://x/[1]]y[/url]"), ["o [url=https://x/[1]]", "t y", "c [/url]"]);
    }

    #[test]
    fn two_lines_of_hyphens_are_a_pair() {
        let fence = "-".repeat(FENCE);
        assert_eq!(
            read(&format!("a\n{fence}\nb\n{fence}\nc")),
            [
                "t a\n".to_owned(),
                format!("o {fence}\n"),
                "t b".to_owned(),
                format!("c \n{fence}"),
                "t \nc".to_owned()
            ]
        );
        assert_eq!(read(&format!("{fence}\n{fence}\n{fence}")).len(), 3);
    }
}
