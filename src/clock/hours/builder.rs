//! Putting hours together.

use jiff::tz::TimeZoneDatabase;

use super::{HoursError, HoursErrorKind, Weekday, WorkingHours, read};

/// Makes [`WorkingHours`]. What is said later about a day replaces what was said before.
#[derive(Debug, Clone)]
#[must_use = "call build"]
pub struct WorkingHoursBuilder {
    zone: String,
    week: Vec<(Weekday, String)>,
    dates: Vec<(String, String)>,
    yearly: Vec<(String, String)>,
}

impl WorkingHoursBuilder {
    pub(super) fn new(zone: String) -> Self {
        Self { zone, week: Vec::new(), dates: Vec::new(), yearly: Vec::new() }
    }

    /// The hours of each of these days of the week, `09:00-13:00, 14:00-18:00`. A span that ends before it begins runs
    /// over midnight; `00:00-24:00` is the whole day; an empty text closes the day.
    pub fn days(mut self, days: impl IntoIterator<Item = Weekday>, hours: impl AsRef<str>) -> Self {
        self.week.extend(days.into_iter().map(|day| (day, hours.as_ref().to_owned())));
        self
    }

    /// The hours of one day of the week.
    pub fn day(self, day: Weekday, hours: impl AsRef<str>) -> Self {
        self.days([day], hours)
    }

    /// A holiday, `2026-05-01`.
    pub fn holiday(self, date: impl Into<String>) -> Self {
        self.date(date, "")
    }

    /// A date with hours of its own, in place of those of its weekday: a short day, or a working Saturday.
    pub fn date(mut self, date: impl Into<String>, hours: impl Into<String>) -> Self {
        self.dates.push((date.into(), hours.into()));
        self
    }

    /// A holiday of every year, month and day: `01-01`. A single date goes before it.
    pub fn yearly(self, day: impl Into<String>) -> Self {
        self.yearly_hours(day, "")
    }

    /// A day of every year with hours of its own.
    pub fn yearly_hours(mut self, day: impl Into<String>, hours: impl Into<String>) -> Self {
        self.yearly.push((day.into(), hours.into()));
        self
    }

    /// The hours, or what is wrong with them.
    pub fn build(self) -> Result<WorkingHours, HoursError> {
        // Built in, and not the machine's: the same program counts the same everywhere.
        let zone = TimeZoneDatabase::bundled().get(&self.zone).map_err(|_| {
            let what = format!(
                "there is no time zone `{}`; use a name of the IANA list, such as `Europe/Moscow`",
                self.zone
            );
            HoursError::new(HoursErrorKind::Zone, what)
        })?;
        let name = zone.iana_name().unwrap_or(&self.zone).to_owned();
        let mut hours = WorkingHours {
            zone,
            name,
            week: Default::default(),
            dates: Default::default(),
            yearly: Default::default(),
        };
        for (day, text) in &self.week {
            hours.week[*day as usize] = read::spans(text).map_err(|error| error.of(&format!("{day:?}")))?;
        }
        if hours.week.iter().all(Vec::is_empty) {
            let what = "no day of the week has hours; give them with `days`".to_owned();
            return Err(HoursError::new(HoursErrorKind::Empty, what));
        }
        for (day, text) in &self.dates {
            let spans = read::spans(text).map_err(|error| error.of(day))?;
            hours.dates.insert(read::date(day)?, spans);
        }
        for (day, text) in &self.yearly {
            let spans = read::spans(text).map_err(|error| error.of(day))?;
            hours.yearly.insert(read::yearly(day)?, spans);
        }
        Ok(hours)
    }
}
