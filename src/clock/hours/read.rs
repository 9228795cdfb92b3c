//! Hours and dates as they are written: `09:00-13:00, 14:00-18:00`, `2026-12-31`, `12-31`.

use jiff::civil::Date;

use super::{HoursError, HoursErrorKind, Span};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// A leap year, which has every day a year may have.
const LEAP: i16 = 2024;

/// Spans of one day, in their order; an empty text has none.
pub(super) fn spans(text: &str) -> Result<Vec<Span>, HoursError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut spans = text.split(',').map(|part| span(part.trim())).collect::<Result<Vec<_>, _>>()?;
    spans.sort_unstable();
    if let Some(pair) = spans.windows(2).find(|pair| pair[1].from < pair[0].to) {
        let (one, other) = (shown(pair[0]), shown(pair[1]));
        let what = format!("`{one}` and `{other}` share time; make one of them, or move one");
        return Err(HoursError::new(HoursErrorKind::Overlap, what));
    }
    Ok(spans)
}

fn span(text: &str) -> Result<Span, HoursError> {
    let wrong = |why: &str| {
        let what = format!("`{text}` {why}; write hours like `09:00-18:00`, over midnight `22:00-06:00`");
        HoursError::new(HoursErrorKind::Hours, what)
    };
    let (from, to) = text.split_once('-').ok_or_else(|| wrong("is no span"))?;
    let minutes = |time: &str| minutes(time.trim()).ok_or_else(|| wrong(&format!("has the time `{time}`")));
    let (from, to) = (minutes(from)?, minutes(to)?);
    if from == DAY {
        return Err(wrong("begins at 24:00, which is 00:00 of the next day"));
    }
    match to {
        to if to == from => Err(wrong("has no length (a whole day is `00:00-24:00`)")),
        to if to < from => Ok(Span { from, to: to + DAY }),
        to => Ok(Span { from, to }),
    }
}

fn minutes(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let number = |text: &str, most: usize| -> Option<u16> {
        let is_number = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse().ok() } else { None }
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2).filter(|_| minutes.len() == 2)?);
    let sum = hours * 60 + minutes;
    (minutes < 60 && sum <= DAY).then_some(sum)
}

fn shown(Span { from, to }: Span) -> String {
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    format!("{}-{}", time(from), time(if to > DAY { to - DAY } else { to }))
}

fn number<T: std::str::FromStr>(text: &str, digits: usize) -> Option<T> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `2026-12-31`.
pub(super) fn date(text: &str) -> Result<Date, HoursError> {
    let read = || {
        let (year, rest) = text.trim().split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?).ok()
    };
    read().ok_or_else(|| {
        let what = format!("`{text}` is no date; write the year, the month and the day, `2026-12-31`");
        HoursError::new(HoursErrorKind::Date, what)
    })
}

/// `12-31`.
pub(super) fn yearly(text: &str) -> Result<(i8, i8), HoursError> {
    let read = || {
        let (month, day) = text.trim().split_once('-')?;
        let date = Date::new(LEAP, number(month, 2)?, number(day, 2)?).ok()?;
        Some((date.month(), date.day()))
    };
    read().ok_or_else(|| {
        let what = format!("`{text}` is no day of a year; write the month and the day, `12-31`");
        HoursError::new(HoursErrorKind::Date, what)
    })
}
