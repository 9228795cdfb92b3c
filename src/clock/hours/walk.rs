//! Walking through working time: openings, closings, and what lies between.

use std::time::Duration;

use jiff::{
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, Offset},
};

use super::{Span, WorkingHours};
use crate::wire::Timestamp;

/// How far ahead is looked: five years.
const DAYS: usize = 366 * 5;

/// Working time without a break, from the opening to the closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl WorkingHours {
    /// The next moment at which work begins after a time without any; `None` if that is in no year to come, as where
    /// work never ends.
    pub fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        self.stretches(now).map(|open| open.from).find(|from| *from > now)
    }

    /// The next moment at which work ends; `None` if that is in no year to come.
    pub fn next_closing(&self, now: Timestamp) -> Option<Timestamp> {
        self.stretches(now).find(|open| !open.endless).map(|open| open.to)
    }

    /// The moment at which so much working time has passed since `now`: 30 minutes asked for at a quarter to closing
    /// end a quarter past the next opening. Of no time at all it is `now`, or the next opening. `None` if that is in no
    /// year to come.
    pub fn after(&self, now: Timestamp, working: Duration) -> Option<Timestamp> {
        let mut left = working;
        for open in self.stretches(now) {
            let from = open.from.max(now);
            let length = open.to.since(from);
            if left <= length {
                return Some(from.plus(left));
            }
            left -= length;
        }
        None
    }

    /// The working time between two moments, none if `to` is not after `from`. Counted for five years at most.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Duration {
        let within = self.stretches(from).take_while(|open| open.from < to);
        within.map(|open| open.to.min(to).since(open.from.max(from))).sum()
    }

    /// Hours of the days around `now`, which may hold it.
    pub(super) fn around(&self, now: Timestamp) -> impl Iterator<Item = Open> {
        // A span begins on its day and may end on the next.
        let first = self.local(now).and_then(|date| date.yesterday().ok());
        let days = std::iter::successors(first, |date| date.tomorrow().ok()).take(2);
        days.flat_map(|date| self.of_day(date))
    }

    fn local(&self, moment: Timestamp) -> Option<Date> {
        let moment = jiff::Timestamp::from_millisecond(moment.millis()).ok()?;
        Some(self.zone.to_datetime(moment).date())
    }

    /// Working time that ends after `now`, in order, what touches taken together.
    fn stretches(&self, now: Timestamp) -> Stretches<impl Iterator<Item = Open>> {
        let first = self.local(now).and_then(|date| date.yesterday().ok());
        let days = std::iter::successors(first, |date| date.tomorrow().ok()).take(DAYS);
        Stretches { spans: days.flat_map(|date| self.of_day(date)), now, next: None }
    }

    /// What begins on this day. A span that the clock jumps over is not there.
    fn of_day(&self, date: Date) -> Vec<Open> {
        let week = || &self.week[date.weekday().to_monday_zero_offset().unsigned_abs() as usize];
        let spans = self.dates.get(&date).or_else(|| self.yearly.get(&(date.month(), date.day())));
        let open = |span: &Span| {
            let from = self.moment(date, span.from, Side::Begins)?;
            let to = self.moment(date, span.to, Side::Ends)?;
            (from < to).then_some(Open { from, to })
        };
        spans.unwrap_or_else(week).iter().filter_map(open).collect()
    }

    fn moment(&self, date: Date, minutes: u16, side: Side) -> Option<Timestamp> {
        let date = if minutes >= 24 * 60 { date.tomorrow().ok()? } else { date };
        let (hour, minute) = (minutes / 60 % 24, minutes % 60);
        let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
        let local = DateTime::from_parts(date, time);
        let at = |offset: Offset| offset.to_timestamp(local).ok();
        let moment = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset)?,
            AmbiguousOffset::Fold { before, after } => match side {
                Side::Begins => at(before)?,
                Side::Ends => at(after)?,
            },
            // The later offset puts a time that the clock jumps over before the jump.
            AmbiguousOffset::Gap { after, .. } => self.zone.following(at(after)?).next()?.timestamp(),
        };
        Some(Timestamp::from_millis(moment.as_millisecond()))
    }
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Begins,
    Ends,
}

/// Working time without a break.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    /// As far as was looked there is no closing.
    endless: bool,
}

/// Takes together what touches or overlaps.
struct Stretches<I> {
    spans: I,
    now: Timestamp,
    next: Option<Open>,
}

impl<I: Iterator<Item = Open>> Iterator for Stretches<I> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let now = self.now;
        let mut open = match self.next.take() {
            Some(open) => open,
            None => self.spans.find(|open| open.to > now)?,
        };
        for span in self.spans.by_ref() {
            if span.from > open.to {
                self.next = Some(span);
                return Some(Stretch { from: open.from, to: open.to, endless: false });
            }
            open.to = open.to.max(span.to);
        }
        Some(Stretch { from: open.from, to: open.to, endless: true })
    }
}
