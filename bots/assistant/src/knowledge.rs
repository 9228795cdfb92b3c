//! The pages: a folder of Markdown, cut at its headings, and found again by BM25.
//!
//! The index is SQLite's FTS5 in memory: every bot has it already, with the store, and a search engine of its own would
//! double what is built.
//!
//! ```
//! use assistant::knowledge::Knowledge;
//!
//! let knowledge = Knowledge::of_pages([("delivery.md", "# Delivery\nTwo days.\n\n# Returns\nWithin 30 days.")])?;
//! let found = knowledge.find("How long does delivery take?", 4)?;
//! assert_eq!((found[0].place.as_str(), found[0].text.as_str()), ("delivery.md, Delivery", "Two days."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** words are compared by their beginnings, which does for the endings of English and Russian, and for no
//! synonym: what clients say for a thing must stand in its page.

use std::{
    fs, io,
    path::Path,
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, params};

/// Words that say nothing of what is asked about.
const EMPTY: &str = include_str!("empty-words.txt");

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Passage {
    /// Its page and heading, for people.
    pub place: String,
    /// Markdown.
    pub text: String,
    /// Which share of the question's words it has, 0 to 1.
    pub share: f64,
}

/// All passages.
#[derive(Debug)]
pub struct Knowledge {
    index: Mutex<Connection>,
}

impl Knowledge {
    /// Reads every `.md` in `folder` and the folders in it. An error names what cannot be read.
    pub fn of_folder(folder: &Path) -> io::Result<Self> {
        let (mut pages, mut folders) = (Vec::new(), vec![folder.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| named(&folder, error))? {
                let path = entry?.path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("md")) {
                    let text = fs::read_to_string(&path).map_err(|error| named(&path, error))?;
                    pages.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
                }
            }
        }
        if pages.is_empty() {
            return Err(named(folder, io::Error::other("there is no .md file")));
        }
        pages.sort();
        Self::of_pages(pages).map_err(io::Error::other)
    }

    /// Of pages by name and Markdown.
    pub fn of_pages<N: AsRef<str>, T: AsRef<str>>(
        pages: impl IntoIterator<Item = (N, T)>,
    ) -> rusqlite::Result<Self> {
        let index = Connection::open_in_memory()?;
        index.execute_batch(
            "CREATE VIRTUAL TABLE passages USING fts5(place UNINDEXED, text UNINDEXED, words)",
        )?;
        for (name, markdown) in pages {
            for (heading, text) in sections(markdown.as_ref()) {
                let place = format!("{}, {heading}", name.as_ref());
                let words = words(&format!("{heading} {text}")).join(" ");
                let row = params![place.trim_end_matches(", "), text, words];
                index.execute("INSERT INTO passages VALUES (?, ?, ?)", row)?;
            }
        }
        Ok(Self { index: Mutex::new(index) })
    }

    /// The passages that fit a question best, at most so many; none if no word of it is in the pages.
    pub fn find(&self, question: &str, most: u32) -> rusqlite::Result<Vec<Passage>> {
        let stems = stems(question);
        let wanted: Vec<String> = stems.iter().map(|stem| format!("\"{stem}\"*")).collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let sql =
            "SELECT place, text, words FROM passages WHERE passages MATCH ? ORDER BY rank, rowid LIMIT ?";
        let mut rows = index.prepare_cached(sql)?;
        let rows = rows.query_map(params![wanted.join(" OR "), most], |row| {
            let words: String = row.get(2)?;
            let has = |stem: &&String| words.split(' ').any(|word| word.starts_with(stem.as_str()));
            let share = stems.iter().filter(has).count() as f64 / stems.len() as f64;
            Ok(Passage { place: row.get(0)?, text: row.get(1)?, share })
        })?;
        rows.collect()
    }
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Headings with what stands under them; a line of code is no heading.
fn sections(markdown: &str) -> Vec<(String, String)> {
    let mut found = vec![(String::new(), String::new())];
    let mut is_code = false;
    for line in markdown.lines() {
        is_code ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if !is_code && heading.len() < line.len() && heading.starts_with(' ') {
            found.push((heading.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = found.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    let trimmed = found.into_iter().map(|(heading, text)| (heading, text.trim().to_owned()));
    trimmed.filter(|(_, text)| !text.is_empty()).collect()
}

/// The words of a text in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('ё', "е");
    text.split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The beginnings of the words that count: two thirds of each, four letters at least.
fn stems(question: &str) -> Vec<String> {
    let counts =
        |word: &String| word.chars().nth(1).is_some() && !EMPTY.split_whitespace().any(|empty| empty == word);
    let stem = |word: String| word.chars().take((word.chars().count() * 2).div_ceil(3).max(4)).collect();
    let mut stems: Vec<String> = words(question).into_iter().filter(counts).map(stem).collect();
    stems.sort();
    stems.dedup();
    stems
}
