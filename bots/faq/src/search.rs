//! Which topic a question is about.
//!
//! A topic is meant if all words of its label, or of one of its synonyms, are in the question, in any order, each with
//! small misspellings. More words count for more than fewer misspellings; what is equally good is asked for.
//!
//! ```
//! use faq::{Answers, Found, search};
//!
//! let answers = Answers::read("answers.toml".as_ref(), r#"
//!     topics = [
//!         { label = "Payment", synonyms = ["card"], answer = "By card." },
//!         { label = "Gift card", answer = "At the desk." },
//!     ]
//! "#)?;
//! assert_eq!(search(&answers, "can I pay by CARD?"), Found::One(vec!["Payment".into()]));
//! assert_eq!(search(&answers, "a gfit card please"), Found::One(vec!["Gift card".into()]));
//! assert_eq!(search(&answers, "where are you?"), Found::None);
//! # Ok::<(), openlines::prelude::AppError>(())
//! ```
//!
//! **Trap:** words of up to three letters have to be right: one letter makes another word of them.

use std::cmp::Reverse;

use strsim::osa_distance;

use super::{Answers, Path, Topic};

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// This topic.
    One(Path),
    /// One of these.
    Several(Vec<Path>),
    /// None that is known.
    None,
}

/// How well a topic fits, the greater the better: the question has no other words; how many words it is; letters that
/// are wrong.
type Fit = (bool, usize, Reverse<usize>);

/// Looks through all topics.
pub fn search(answers: &Answers, question: &str) -> Found {
    let question = words(question);
    let mut best = Vec::new();
    let mut how = None;
    walk(&answers.topics, &mut Vec::new(), &mut |path, topic| {
        let phrases = topic.synonyms.iter().chain([&topic.label]);
        let fit = phrases.filter_map(|phrase| fit(&words(phrase), &question)).max();
        if fit.is_none() || fit < how {
            return;
        }
        if fit > how {
            best.clear();
            how = fit;
        }
        best.push(path.to_vec());
    });
    match best.len() {
        0 => Found::None,
        1 => Found::One(best.remove(0)),
        _ => Found::Several(best),
    }
}

/// Whether the two say the same, case and signs aside.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let one = words(one);
    !one.is_empty() && one == words(other)
}

fn walk(topics: &[Topic], path: &mut Path, see: &mut impl FnMut(&[String], &Topic)) {
    for topic in topics {
        path.push(topic.label.clone());
        see(path, topic);
        walk(&topic.topics, path, see);
        path.pop();
    }
}

fn fit(phrase: &[String], question: &[String]) -> Option<Fit> {
    let nearest = |word: &String| {
        let distances = question.iter().map(|asked| osa_distance(word, asked));
        distances.min().filter(|distance| *distance <= may_differ(word))
    };
    let misspelt = phrase.iter().map(nearest).sum::<Option<usize>>()?;
    (!phrase.is_empty()).then_some((phrase.len() == question.len(), phrase.len(), Reverse(misspelt)))
}

/// Letters that may be missing, wrong, one too many, or two of them swapped.
fn may_differ(word: &str) -> usize {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('ё', "е");
    plain
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
