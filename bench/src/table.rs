//! What is printed: the figures beside their goals, and the counts.

use std::fmt::Write as _;

use crate::tally::Counts;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: &'static str,
    /// What it should be.
    pub(crate) goal: &'static str,
    /// What it is.
    pub(crate) measured: String,
    /// Whether that is as good.
    pub(crate) met: bool,
    /// What else is to be known of it.
    pub(crate) notes: Vec<String>,
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The figures.
    pub(crate) figures: Vec<Figure>,
    /// Counts of the runs that sent events.
    pub(crate) runs: Vec<(String, Counts)>,
}

impl Report {
    /// Takes in a figure.
    pub(crate) fn figure(
        &mut self,
        name: &'static str,
        goal: &'static str,
        measured: String,
        met: bool,
        notes: Vec<String>,
    ) {
        self.figures.push(Figure { name, goal, measured, met, notes });
    }

    /// Takes in the counts of a run.
    pub(crate) fn run(&mut self, name: impl Into<String>, counts: Counts) {
        self.runs.push((name.into(), counts));
    }

    /// Whether nothing was lost, doubled or out of order.
    pub(crate) fn clean(&self) -> bool {
        self.runs.iter().all(|(_, counts)| counts.clean())
    }

    /// The tables as text.
    pub(crate) fn text(&self) -> String {
        let head = ["figure", "goal", "measured", ""].map(str::to_owned);
        let figures = self.figures.iter().map(|figure| {
            let verdict = if figure.met { "met" } else { "MISSED" };
            [figure.name.to_owned(), figure.goal.to_owned(), figure.measured.clone(), verdict.to_owned()]
        });
        let mut text = lines(&std::iter::once(head).chain(figures).collect::<Vec<_>>());
        text.push('\n');
        for figure in &self.figures {
            for note in &figure.notes {
                // A String takes everything.
                let _ = writeln!(text, "{}: {note}", figure.name);
            }
        }
        if self.runs.is_empty() {
            return text;
        }
        let head = ["run", "events", "lost", "duplicate", "out of order"].map(str::to_owned);
        let runs = self.runs.iter().map(|(name, counts)| {
            let Counts { events, lost, duplicate, out_of_order } = counts;
            [
                name.clone(),
                events.to_string(),
                lost.to_string(),
                duplicate.to_string(),
                out_of_order.to_string(),
            ]
        });
        text.push('\n');
        text + &lines(&std::iter::once(head).chain(runs).collect::<Vec<_>>())
    }
}

/// Rows with their columns below one another.
fn lines<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
