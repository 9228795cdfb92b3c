//! Working hours as they stand in a settings file.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};

use super::{Weekday, WorkingHours};

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    zone: String,
    week: BTreeMap<String, String>,
    #[serde(default)]
    dates: BTreeMap<String, String>,
    #[serde(default)]
    yearly: BTreeMap<String, String>,
}

const CLOSED: &str = "closed";
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A table of `zone`, `week` (`mon` to `sun`, or `mon-fri`), and where there are holidays `dates` and `yearly`:
///
/// ```
/// use openlines::{clock::WorkingHours, prelude::Weekday};
///
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     hours: WorkingHours,
/// }
///
/// let settings: Settings = toml::from_str(
///     r#"
///     [hours]
///     zone = "Europe/Berlin"
///     week = { mon-fri = "09:00-13:00, 14:00-18:00", sat = "10:00-14:00" }
///     dates = { 2026-12-31 = "09:00-12:00" }
///     yearly = { 12-25 = "closed" }
///     "#,
/// )?;
/// let built = WorkingHours::builder("Europe/Berlin")
///     .days(Weekday::WORKDAYS, "09:00-13:00, 14:00-18:00")
///     .day(Weekday::Saturday, "10:00-14:00")
///     .date("2026-12-31", "09:00-12:00")
///     .yearly("12-25")
///     .build()?;
/// assert_eq!(settings.hours, built);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de> Deserialize<'de> for WorkingHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { zone, week, dates, yearly } = Written::deserialize(deserializer)?;
        let mut builder = Self::builder(zone);
        for (days, hours) in week {
            let days = days_of(&days).ok_or_else(|| {
                D::Error::custom(format!(
                    "`{days}` is no day of the week; write `mon` to `sun`, or `mon-fri`"
                ))
            })?;
            builder = builder.days(days, hours);
        }
        for (date, hours) in dates {
            builder = if hours == CLOSED { builder.holiday(date) } else { builder.date(date, hours) };
        }
        for (day, hours) in yearly {
            builder = if hours == CLOSED { builder.yearly(day) } else { builder.yearly_hours(day, hours) };
        }
        builder.build().map_err(D::Error::custom)
    }
}

/// `mon`, or `mon-fri`; `sat-mon` goes over Sunday.
fn days_of(text: &str) -> Option<Vec<Weekday>> {
    let day = |name: &str| NAMES.iter().position(|known| name.trim().eq_ignore_ascii_case(known));
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7 + 1;
    Some(Weekday::ALL.into_iter().cycle().skip(first).take(count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        toml::from_str::<WorkingHours>(text).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_span_of_days_may_go_over_sunday() {
        assert_eq!(days_of("Sat-Mon").unwrap(), [Weekday::Saturday, Weekday::Sunday, Weekday::Monday]);
        assert_eq!(days_of("wed").unwrap(), [Weekday::Wednesday]);
        assert_eq!(days_of("mon-sun").unwrap(), Weekday::ALL);
        assert!(days_of("mon-").is_none() && days_of("today").is_none());
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_allowed() {
        let week =
            |days: &str, hours: &str| refused(&format!("zone = 'UTC'\nweek = {{ {days} = '{hours}' }}"));
        assert!(week("workdays", "09:00-18:00").contains("`mon` to `sun`"));
        assert!(week("mon", "9 to 5").contains('9'));
        assert!(refused("zone = 'Mars/Olympus'\nweek = { mon = '09:00-18:00' }").contains("Mars/Olympus"));
        assert!(
            refused("zone = 'UTC'\nweek = { mon = '09:00-18:00' }\ndates = { 2026-02-30 = 'closed' }")
                .contains("2026-02-30")
        );
        assert!(refused("zone = 'UTC'").contains("week"));
    }
}
