//! Which known name was meant by one that is not known.

/// The nearest of the names, if it is near enough to be a slip.
pub(super) fn nearest<'n>(wrong: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wrong: Vec<char> = wrong.chars().take(100).map(|letter| letter.to_ascii_lowercase()).collect();
    let most = (wrong.len() / 5).clamp(1, 4);
    known
        .map(|name| (distance(&wrong, name), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed.
fn distance(wrong: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=wrong.len()).collect();
    for (line, letter) in name.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for at in 0..wrong.len() {
            let changed = diagonal + usize::from(wrong[at] != letter.to_ascii_lowercase());
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[wrong.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_the_name_that_was_meant_and_another_word_finds_none() {
        let known = ["imbot.v2.Chat.Message.send", "imbot.message.add", "batch", "imbot.v2.Chat.Message.get"];
        let found = |wrong: &str| nearest(wrong, known.into_iter());
        assert_eq!(found("imbot.v2.chat.message.sent"), Some("imbot.v2.Chat.Message.send"));
        assert_eq!(found("imbot.v2.chat.messages.send"), Some("imbot.v2.Chat.Message.send"));
        assert_eq!(found("imbot.mesage.ad"), Some("imbot.message.add"));
        assert_eq!(found("bach"), Some("batch"));
        assert_eq!((found("crm.magic"), found("x"), found("")), (None, None, None));
    }
}
