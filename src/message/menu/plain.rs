//! How people write what they mean: spellings that are the same answer.

/// As compared at first: case folded (upper, then lower, so that `ß` is `ss`), `ё` as `е`, digits of any kind as 0 to 9, one space where several are.
pub(super) fn light(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase) {
        match sign {
            'ё' => plain.push('е'),
            // The dots of a decomposed `ё`, the box of an emoji digit, and signs of no width.
            '\u{308}'
            | '\u{20e3}'
            | '\u{fe0e}'
            | '\u{fe0f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{feff}' => {}
            '🔟' => plain.push_str("10"),
            _ if sign.is_whitespace() => plain.push(' '),
            _ => match number_of(sign) {
                Some(number) => plain.push_str(&number.to_string()),
                None => plain.push(sign),
            },
        }
    }
    plain.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Digits of other scripts, and numbers in circles.
fn number_of(sign: char) -> Option<u32> {
    const RANGES: [(char, u32, u32); 7] = [
        ('\u{660}', 0, 10),
        ('\u{6f0}', 0, 10),
        ('\u{966}', 0, 10),
        ('\u{ff10}', 0, 10),
        ('\u{2460}', 1, 20),
        ('\u{2776}', 1, 10),
        ('\u{2780}', 1, 10),
    ];
    RANGES.iter().find_map(|(first, number, count)| {
        let at = u32::from(sign).checked_sub(u32::from(*first))?;
        (at < *count).then_some(number + at)
    })
}

/// A light text without signs at its ends; as it is if it has nothing else.
pub(super) fn bare(light: &str) -> &str {
    let bare = light.trim_matches(|sign: char| !sign.is_alphanumeric());
    if bare.is_empty() { light } else { bare }
}

/// The number that a light text is: `2`, `2.`, `(2)`, `№2`, `#2`, `no. 2`.
pub(super) fn number(light: &str) -> Option<usize> {
    let opened = light.trim_start_matches(['(', '[', '"', '«', '\'', ' ']);
    let named = ["№", "#", "nr.", "nr", "no.", "no", "n°", "номер", "number"]
        .iter()
        .find_map(|word| opened.strip_prefix(word))
        .unwrap_or(opened);
    let digits =
        named.trim_start().trim_end_matches(['.', ')', ']', ',', ';', ':', '!', '"', '»', '\'', ' ', '…']);
    let counts = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if counts { digits.parse().ok() } else { None }
}

/// A line of the numbered list, copied: `2. delivery` is 2 and `delivery`.
pub(super) fn numbered(light: &str) -> Option<(usize, &str)> {
    let end = light.find(|sign: char| !sign.is_ascii_digit())?;
    let rest = light[end..].trim_start_matches(['.', ')', ' ', '-', '—', '–', ':']);
    if rest.len() == light.len() - end { None } else { Some((light[..end].parse().ok()?, rest)) }
}

/// Whether `text` is the first words of `whole`.
pub(super) fn begins(whole: &str, text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
        && whole.strip_prefix(text).is_some_and(|rest| rest.starts_with(|next: char| !next.is_alphanumeric()))
}
