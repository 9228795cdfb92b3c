//! What clients write when they mean a mark.
//!
//! ```
//! use csat::mark_in;
//!
//! for five in ["5", "5!", "Five", "five stars", "5/5", "5 из 5", "пять", "fünf", "⭐⭐⭐⭐⭐", "5️⃣", "Excellent"] {
//!     assert_eq!(mark_in(five), Some(5), "{five}");
//! }
//! for none in ["0", "6", "55", "3.5", "4-5", "-5", "5 days late", "call me", "☆☆☆", ""] {
//!     assert_eq!(mark_in(none), None, "{none}");
//! }
//! ```
//!
//! **Trap:** a text that holds a number among other words is no mark: it may be the next question.

use openlines::message::Menu;

use super::speech::{SPEECHES, Speech};

/// The mark that a text is, whichever of the bot's languages it is in.
pub fn mark_in(text: &str) -> Option<u8> {
    let text = text.trim().to_lowercase();
    if text.starts_with(['-', '−']) {
        return None;
    }
    let labelled = || SPEECHES.into_iter().find_map(|(speech, ..)| menu(speech).choice(&text).copied());
    stars(&text).or_else(labelled).or_else(|| worded(&text))
}

/// The question with its answers, the worst first.
pub(crate) fn menu(speech: Speech) -> Menu<u8> {
    let menu = Menu::new(speech.say("question", &[])).hint(speech.say("hint", &[]));
    (1..=5).fold(menu, |menu, mark| menu.item(mark, speech.say(&format!("mark-{mark}"), &[])))
}

/// `⭐⭐⭐`, `★★★☆☆`.
fn stars(text: &str) -> Option<u8> {
    let signs = || text.chars().filter(|sign| !sign.is_whitespace() && *sign != '\u{fe0f}');
    let is_full = |sign: &char| matches!(sign, '⭐' | '★' | '🌟');
    let count = signs().filter(is_full).count();
    (signs().all(|sign| is_full(&sign) || sign == '☆') && (1..=5).contains(&count)).then_some(count as u8)
}

/// `five stars`, `4/5`, `3 из 5`, `4+`: by the words that each language has for that.
fn worded(text: &str) -> Option<u8> {
    let is_one_of = |name: &str, word: &str| {
        SPEECHES.into_iter().any(|(speech, ..)| speech.say(name, &[]).split(' ').any(|known| known == word))
    };
    let number = |word: &str| -> Option<u8> {
        let said = (1..=5).find(|mark| is_one_of(&format!("words-{mark}"), word));
        said.or_else(|| word.parse().ok()).filter(|mark| (1..=5).contains(mark))
    };
    let words = || text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty());
    let of = text.contains('/') || words().any(|word| is_one_of("words-of", word));
    let numbers = words().filter(|word| !is_one_of("words-of", word) && !is_one_of("words-around", word));
    match numbers.map(number).collect::<Option<Vec<u8>>>()?.as_slice() {
        [mark] => Some(*mark),
        [mark, 5] if of => Some(*mark),
        _ => None,
    }
}
