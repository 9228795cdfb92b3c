//! [`WorkingHours`]: when people are at work, in their time zone, through holidays and changes of the clock.
//!
//! ```
//! use std::time::Duration;
//! use openlines::{clock::{Weekday, WorkingHours}, wire::Timestamp};
//!
//! let hours = WorkingHours::builder("Europe/Moscow")
//!     .days(Weekday::WORKDAYS, "09:00-13:00, 14:00-18:00")
//!     .day(Weekday::Saturday, "22:00-06:00")
//!     .yearly("01-01")
//!     .date("2026-12-31", "09:00-12:00")
//!     .build()?;
//!
//! let friday_half_past_five = Timestamp::from_seconds(1_773_412_200);
//! assert!(hours.is_open(friday_half_past_five));
//! let due = hours.after(friday_half_past_five, Duration::from_secs(3600)).expect("some day");
//! // Half an hour on Friday, and half an hour of Saturday's night.
//! assert_eq!(due, Timestamp::from_seconds(1_773_412_200 + 29 * 3600));
//! # Ok::<(), openlines::clock::HoursError>(())
//! ```
//!
//! **Trap:** hours belong to the day on which they begin. A holiday takes its own night away, and not what is left in
//! the morning of the night before.

mod builder;
mod error;
mod read;
mod walk;
mod written;

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};

use crate::wire::Timestamp;

pub use builder::WorkingHoursBuilder;
pub use error::{HoursError, HoursErrorKind};

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "a day is called what it is")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Monday to Friday.
    pub const WORKDAYS: [Self; 5] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday];
    /// Saturday and Sunday.
    pub const WEEKEND: [Self; 2] = [Self::Saturday, Self::Sunday];
    /// Monday to Sunday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

/// Minutes from the midnight with which its day begins; the end lies up to a day after that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: u16,
    to: u16,
}

/// Hours of the week, with holidays, in a time zone.
///
/// Where the clock is set forward, hours begin and end at the first moment that is not before the one named. Where it
/// is set back and a time comes twice, hours begin at its first and end at its second.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkingHours {
    zone: TimeZone,
    name: String,
    week: [Vec<Span>; 7],
    dates: BTreeMap<Date, Vec<Span>>,
    yearly: BTreeMap<(i8, i8), Vec<Span>>,
}

impl WorkingHours {
    /// Hours in the time zone of this IANA name, `Europe/Moscow`. The zones are built in.
    pub fn builder(zone: impl Into<String>) -> WorkingHoursBuilder {
        WorkingHoursBuilder::new(zone.into())
    }

    /// The name of the time zone.
    pub fn zone(&self) -> &str {
        &self.name
    }

    /// Whether it is working time. The moment of closing is none any more.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.around(now).any(|open| open.from <= now && now < open.to)
    }
}

#[cfg(test)]
mod tests;
