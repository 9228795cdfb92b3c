//! Where a text may be cut: after a paragraph, a line, a sentence, a word, or at least a whole sign.

use unicode_segmentation::GraphemeCursor;

/// How good a place is, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Boundary {
    /// Behind an empty line.
    Paragraph,
    /// Behind a line break.
    Line,
    /// Behind a full stop and a space.
    Sentence,
    /// Behind a space.
    Word,
    /// Between two signs.
    Sign,
}

impl Boundary {
    /// How many kinds there are.
    pub(super) const KINDS: usize = Self::Sign as usize + 1;
}

/// What was read last, as far as the next boundary depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reader {
    /// Line breaks in a row, blanks aside.
    breaks: u8,
    /// A full stop was read, and nothing but what may stand behind one.
    stopped: bool,
}

impl Reader {
    /// The boundary behind this sign.
    pub(super) fn behind(&mut self, sign: &str) -> Boundary {
        let first = sign.chars().next().unwrap_or(' ');
        if sign.contains('\n') {
            return self.behind_break();
        }
        if first.is_whitespace() && !matches!(first, '\u{a0}' | '\u{202f}' | '\u{2007}') {
            return match (self.breaks, self.stopped) {
                (0, false) => Boundary::Word,
                (0, true) => Boundary::Sentence,
                // Indentation belongs to its line.
                _ => Boundary::Sign,
            };
        }
        self.breaks = 0;
        match first {
            // These are not followed by a space.
            '。' | '！' | '？' => {
                self.stopped = true;
                Boundary::Sentence
            }
            '.' | '!' | '?' | '…' => {
                self.stopped = true;
                Boundary::Sign
            }
            ')' | '"' | '\'' | '»' | '”' | '’' | '\u{2060}' => Boundary::Sign,
            _ => {
                self.stopped = false;
                Boundary::Sign
            }
        }
    }

    /// The boundary behind a line break, whatever it is written as.
    pub(super) fn behind_break(&mut self) -> Boundary {
        self.breaks = (self.breaks + 1).min(2);
        self.stopped = false;
        if self.breaks > 1 { Boundary::Paragraph } else { Boundary::Line }
    }

    /// Something that is no text was read.
    pub(super) fn single(&mut self) {
        *self = Self::default();
    }
}

/// The first sign of `text` as people see it, `longest` characters at most. Empty for an empty text.
pub(super) fn first_sign(text: &str, longest: usize) -> &str {
    let mut cursor = GraphemeCursor::new(0, text.len(), true);
    let whole = cursor.next_boundary(text, 0).ok().flatten().unwrap_or(text.len());
    let cut = text[..whole].char_indices().nth(longest.max(1)).map_or(whole, |(at, _)| at);
    &text[..cut]
}
