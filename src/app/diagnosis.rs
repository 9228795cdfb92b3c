//! What `doctor` finds.

use std::fmt;

/// How a [`Finding`] is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is as it should be.
    Good,
    /// It works, and is worth knowing.
    Note,
    /// It could not be asked.
    Unknown,
    /// It has to be mended.
    Wrong,
}

/// One thing that was looked at: what, where, and if it is wrong what to do. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How it is to be taken.
    pub verdict: Verdict,
    /// In words, with where it is.
    pub text: String,
}

/// Everything that was looked at, in its order. Displayed it is a line each.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    findings: Vec<Finding>,
}

impl Diagnosis {
    /// All of it.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many things have to be mended.
    pub fn wrong(&self) -> usize {
        self.count(Verdict::Wrong)
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    pub(super) fn good(&mut self, text: impl Into<String>) {
        self.add(Verdict::Good, text);
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.add(Verdict::Note, text);
    }

    pub(super) fn unknown(&mut self, text: impl Into<String>) {
        self.add(Verdict::Unknown, text);
    }

    pub(super) fn bad(&mut self, text: impl Into<String>) {
        self.add(Verdict::Wrong, text);
    }

    fn add(&mut self, verdict: Verdict, text: impl Into<String>) {
        self.findings.push(Finding { verdict, text: text.into() });
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { verdict, text } in &self.findings {
            let mark = match verdict {
                Verdict::Good => "ok   ",
                Verdict::Note => "note ",
                Verdict::Unknown => "?    ",
                Verdict::Wrong => "WRONG",
            };
            writeln!(f, "{mark}  {text}")?;
        }
        match (self.wrong(), self.count(Verdict::Unknown)) {
            (0, 0) => writeln!(f, "nothing is wrong"),
            (0, 1) => writeln!(f, "nothing is wrong as far as could be asked; 1 thing could not"),
            (0, unknown) => {
                writeln!(f, "nothing is wrong as far as could be asked; {unknown} things could not")
            }
            (1, _) => writeln!(f, "1 thing has to be mended"),
            (wrong, _) => writeln!(f, "{wrong} things have to be mended"),
        }
    }
}
