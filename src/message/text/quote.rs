//! Quotes: lines that begin with `>>`, or a block between two lines of 54 hyphens.

use super::Text;
use crate::message::literal::FENCE;

impl Text {
    /// Adds a quote, each line marked by `>>`. It is a block of its own: what follows begins a new line.
    pub fn quote(self, text: impl Into<Self>) -> Self {
        let text = text.into();
        let lines: Vec<String> = text.code.split('\n').map(|line| format!(">>{line}\n")).collect();
        self.at_line_start().push(&lines.concat())
    }

    /// Adds a quote as the messenger makes it of a message: `who` above it, a line of hyphens before and behind.
    pub fn quote_of(self, who: impl Into<Self>, text: impl Into<Self>) -> Self {
        let (who, text, fence) = (who.into(), text.into(), "-".repeat(FENCE));
        let who = if who.is_empty() { who } else { who.br() };
        self.at_line_start().push(&format!("{fence}\n{who}{text}\n{fence}\n"))
    }

    fn at_line_start(self) -> Self {
        if self.code.is_empty() || self.code.ends_with('\n') { self } else { self.br() }
    }
}
