//! Cuts BB code into messages.

use super::{
    boundary::{Boundary, Reader, first_sign},
    tags::{Pair, Token, tokens},
};

/// A shorter limit leaves no room for tags.
const SHORTEST: usize = 64;

/// Cuts `text` into parts of at most `limit` characters that are not blank; one that fits stays as it is.
///
/// No tag is cut, and what is open at a cut is closed there and opened again behind it. Where tags would fill more
/// than half of a part, some are left out; their text stays.
pub(crate) fn split(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(SHORTEST);
    if text.chars().nth(limit).is_none() {
        return vec![text.to_owned()];
    }
    let tokens = tokens(text, limit / 4);
    let mut parts = Vec::new();
    let mut place = Place { at_line_start: true, ..Place::default() };
    while place.token < tokens.len() {
        let (part, next) = Part::begin(limit, &tokens, place).fill();
        if let Some(part) = part {
            parts.push(part);
        }
        place = next;
    }
    parts
}

/// Where a part begins.
#[derive(Debug, Clone, Default)]
struct Place<'a> {
    token: usize,
    /// Bytes of that token that are done.
    offset: usize,
    /// The pairs that are open there.
    open: Vec<Pair<'a>>,
    /// The line is a `>>` quote, and has begun before.
    in_quote: bool,
    /// It is the beginning of a line.
    at_line_start: bool,
}

impl Place<'_> {
    fn in_code(&self) -> bool {
        self.open.iter().any(|pair| pair.opening.eq_ignore_ascii_case("[code]"))
    }
}

/// Where a part might end.
#[derive(Debug, Clone)]
struct Mark<'a> {
    bytes: usize,
    chars: usize,
    /// Something of the part can be seen.
    says: bool,
    next: Place<'a>,
}

/// One part as it fills.
struct Part<'a, 't> {
    limit: usize,
    tokens: &'t [Token<'a>],
    place: Place<'a>,
    text: String,
    chars: usize,
    reader: Reader,
    /// Something of it can be seen.
    says: bool,
    /// The latest place to end, for each kind of boundary.
    marks: [Option<Mark<'a>>; Boundary::KINDS],
}

impl<'a, 't> Part<'a, 't> {
    fn begin(limit: usize, tokens: &'t [Token<'a>], mut place: Place<'a>) -> Self {
        let mut text = String::new();
        if place.in_quote {
            text.push_str(">>");
        } else if place.at_line_start
            && let Some(Token::Text(rest)) = tokens.get(place.token)
            && rest[place.offset..].starts_with(">>")
            && !place.open.is_empty()
            && !place.in_code()
        {
            // The mark of a quote must come before the tags.
            text.push_str(">>");
            place.offset += 2;
            place.in_quote = true;
        }
        for pair in in_order(&place.open) {
            text.push_str(pair.opening);
        }
        place.at_line_start = text.is_empty();
        let chars = text.chars().count();
        let marks = [const { None }; Boundary::KINDS];
        Self { limit, tokens, place, text, chars, reader: Reader::default(), says: false, marks }
    }

    /// Fills it; what it says, unless it is blank, and where the next begins.
    fn fill(mut self) -> (Option<String>, Place<'a>) {
        let tokens = self.tokens;
        while let Some(token) = tokens.get(self.place.token) {
            let room = match token {
                Token::Text(text) => self.take_text(text),
                Token::Single(raw) => self.take_single(raw),
                Token::Break(raw) => self.take_break(raw),
                Token::Open(pair) => self.open(*pair),
                Token::Close(pair) => {
                    self.close(*pair);
                    true
                }
            };
            if !room {
                return self.end();
            }
        }
        (self.says.then_some(self.text), Place { token: tokens.len(), ..Place::default() })
    }

    fn take_text(&mut self, text: &str) -> bool {
        while self.place.offset < text.len() {
            let rest = &text[self.place.offset..];
            if self.place.at_line_start && rest.starts_with(">>") && !self.place.in_code() {
                self.place.in_quote = true;
            }
            let sign = first_sign(rest, self.limit / 4);
            if !self.take(sign) {
                return false;
            }
            self.says |= !sign.chars().all(|sign| sign.is_whitespace() || sign.is_control());
            self.place.offset += sign.len();
            self.place.at_line_start = false;
            let kind = self.reader.behind(sign);
            if sign.ends_with('\n') {
                self.new_line();
            }
            self.mark(kind);
        }
        self.next_token();
        true
    }

    fn take_single(&mut self, raw: &str) -> bool {
        let room = self.take(raw);
        if room {
            self.says = true;
            self.place.at_line_start = false;
            self.reader.single();
            self.next_token();
            self.mark(Boundary::Sign);
        }
        room
    }

    fn take_break(&mut self, raw: &str) -> bool {
        let room = self.take(raw);
        if room {
            let kind = self.reader.behind_break();
            self.next_token();
            self.new_line();
            self.mark(kind);
        }
        room
    }

    /// Adds it if there is room for it and for all that is open to be closed.
    fn take(&mut self, raw: &str) -> bool {
        let chars = raw.chars().count();
        let fits = self.chars + chars + self.closing_chars() <= self.limit;
        if fits {
            self.text.push_str(raw);
            self.chars += chars;
        }
        fits
    }

    fn open(&mut self, pair: Pair<'a>) -> bool {
        let cost: usize = self.place.open.iter().map(Pair::cost).sum();
        // Left out: it would leave no room for text.
        if cost + pair.cost() > self.limit / 2 {
            self.next_token();
            return true;
        }
        let room = self.chars + self.closing_chars() + pair.cost() < self.limit;
        if room {
            self.text.push_str(pair.opening);
            self.chars += pair.opening.chars().count();
            self.place.open.push(pair);
            self.place.at_line_start = pair.fence;
            self.next_token();
        }
        room
    }

    fn close(&mut self, pair: Pair<'a>) {
        let before = self.text.len();
        self.next_token();
        let Some(at) = self.place.open.iter().rposition(|open| open.at == pair.at) else { return };
        self.place.open.remove(at);
        self.text.push_str(pair.closing);
        self.chars += pair.closing.chars().count();
        self.place.at_line_start = false;
        // A cut just before would open the pair again for nothing.
        for mark in self.marks.iter_mut().flatten().filter(|mark| mark.bytes == before) {
            let line = mark.next.at_line_start;
            let next = Place { at_line_start: line, ..self.place.clone() };
            *mark = Mark { bytes: self.text.len(), chars: self.chars, says: mark.says, next };
        }
    }

    fn mark(&mut self, kind: Boundary) {
        let (bytes, chars, says) = (self.text.len(), self.chars, self.says);
        let mark = Mark { bytes, chars, says, next: self.place.clone() };
        self.marks[kind as usize] = Some(mark);
    }

    fn next_token(&mut self) {
        self.place.token += 1;
        self.place.offset = 0;
    }

    fn new_line(&mut self) {
        self.place.at_line_start = true;
        self.place.in_quote = false;
    }

    fn closing_chars(&self) -> usize {
        self.place.open.iter().map(|pair| pair.closing.chars().count()).sum()
    }

    /// Ends it at the best place in its second half, else at the latest.
    fn end(mut self) -> (Option<String>, Place<'a>) {
        let half = self.limit / 2;
        let best = self.marks.iter().flatten().find(|mark| mark.chars >= half);
        let best = best.or_else(|| self.marks.iter().flatten().max_by_key(|mark| mark.chars));
        // Pairs with nothing in them have filled it: what follows fits into a fresh one.
        let Some(mark) = best.cloned() else { return (None, self.place) };
        self.text.truncate(mark.bytes);
        // The portal trims the ends of a message, but only what stands outside of its tags.
        if !mark.next.in_code() {
            self.text.truncate(self.text.trim_end().len());
        }
        for pair in in_order(&mark.next.open).rev() {
            self.text.push_str(pair.closing);
        }
        (mark.says.then_some(self.text), mark.next)
    }
}

/// Fences first: they must stand at the beginning of a line.
fn in_order<'p, 'a>(open: &'p [Pair<'a>]) -> impl DoubleEndedIterator<Item = &'p Pair<'a>> {
    open.iter().filter(|pair| pair.fence).chain(open.iter().filter(|pair| !pair.fence))
}
