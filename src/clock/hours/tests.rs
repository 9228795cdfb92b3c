use std::time::Duration;

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A moment as UTC, `2026-03-13T14:30`.
fn utc(text: &str) -> Timestamp {
    let moment: jiff::Timestamp = format!("{text}:00Z").parse().unwrap();
    Timestamp::from_millis(moment.as_millisecond())
}

fn office() -> WorkingHoursBuilder {
    WorkingHours::builder("Europe/Berlin").days(Weekday::WORKDAYS, "09:00-13:00, 14:00-18:00")
}

fn nights() -> WorkingHours {
    WorkingHours::builder("Europe/Berlin").days(Weekday::ALL, "22:00-02:30").build().unwrap()
}

#[test]
fn the_moment_of_opening_is_open_and_the_moment_of_closing_is_not() {
    let hours = office().build().unwrap();
    // A Friday in winter: Berlin is an hour before UTC.
    for (moment, open) in [
        ("2026-03-13T07:59", false),
        ("2026-03-13T08:00", true),
        ("2026-03-13T11:59", true),
        ("2026-03-13T12:00", false),
        ("2026-03-13T13:00", true),
        ("2026-03-13T17:00", false),
        ("2026-03-14T09:00", false),
    ] {
        assert_eq!(hours.is_open(utc(moment)), open, "{moment}");
    }
    assert_eq!(hours.next_opening(utc("2026-03-13T17:00")), Some(utc("2026-03-16T08:00")));
    assert_eq!(hours.next_opening(utc("2026-03-13T08:00")), Some(utc("2026-03-13T13:00")));
    assert_eq!(hours.next_closing(utc("2026-03-13T08:00")), Some(utc("2026-03-13T12:00")));
    assert_eq!(hours.next_closing(utc("2026-03-13T12:00")), Some(utc("2026-03-13T17:00")));
}

#[test]
fn working_time_goes_on_after_the_break_the_weekend_and_a_holiday() {
    let hours = office().holiday("2026-03-16").date("2026-03-17", "10:00-11:00").build().unwrap();
    let friday = utc("2026-03-13T11:45");
    assert_eq!(hours.after(friday, 30 * MINUTE), Some(utc("2026-03-13T13:15")));
    assert_eq!(
        hours.after(friday, 15 * MINUTE),
        Some(utc("2026-03-13T12:00")),
        "what ends with work ends then"
    );
    assert_eq!(hours.after(friday, 5 * HOUR), Some(utc("2026-03-17T09:45")));
    assert_eq!(hours.after(utc("2026-03-14T00:00"), Duration::ZERO), Some(utc("2026-03-17T09:00")));
    assert_eq!(hours.between(friday, utc("2026-03-20T00:00")), 15 * MINUTE + (4 + 1 + 8 + 8) * HOUR);
    assert_eq!(hours.between(friday, friday.minus(HOUR)), Duration::ZERO);
}

#[test]
fn a_day_of_every_year_is_a_holiday_unless_its_date_says_otherwise() {
    let hours = office().yearly("01-01").yearly("02-29").date("2027-01-01", "09:00-10:00").build().unwrap();
    assert!(!hours.is_open(utc("2026-01-01T08:30")), "a Thursday");
    assert!(hours.is_open(utc("2027-01-01T08:30")), "a Friday");
    assert!(!hours.is_open(utc("2028-02-29T08:30")), "a Tuesday");
    assert!(hours.is_open(utc("2027-03-01T08:30")), "a Monday");
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let hours = WorkingHours::builder("Europe/Berlin")
        .day(Weekday::Friday, "22:00-06:00")
        .day(Weekday::Saturday, "06:00-07:00")
        .holiday("2026-03-20")
        .build()
        .unwrap();
    assert!(hours.is_open(utc("2026-03-14T04:59")), "Saturday morning");
    assert_eq!(
        hours.next_closing(utc("2026-03-13T21:30")),
        Some(utc("2026-03-14T06:00")),
        "shifts that touch are one"
    );
    assert_eq!(
        hours.next_opening(utc("2026-03-13T23:30")),
        Some(utc("2026-03-21T05:00")),
        "the holiday's night is gone"
    );
}

/// Berlin skips 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
#[test]
fn what_begins_or_ends_in_a_gap_does_so_at_its_end() {
    assert_eq!(nights().next_closing(utc("2026-03-28T22:00")), Some(utc("2026-03-29T01:00")));
    let hours = |text| WorkingHours::builder("Europe/Berlin").day(Weekday::Sunday, text).build().unwrap();
    let before = utc("2026-03-28T12:00");
    assert_eq!(hours("02:30-04:00").next_opening(before), Some(utc("2026-03-29T01:00")));
    assert_eq!(hours("02:30-04:00").next_closing(before), Some(utc("2026-03-29T02:00")));
    assert_eq!(
        hours("02:10-02:50").next_opening(before),
        Some(utc("2026-04-05T00:10")),
        "there are no such hours"
    );
    assert_eq!(hours("00:00-24:00").between(before, before.plus(48 * HOUR)), 23 * HOUR);
}

/// Berlin has 02:00 to 03:00 twice on 25 October 2026, until 01:00 UTC in summer time.
#[test]
fn what_comes_twice_begins_at_its_first_and_ends_at_its_second() {
    assert_eq!(nights().next_closing(utc("2026-10-24T22:00")), Some(utc("2026-10-25T01:30")));
    let hours = |text| WorkingHours::builder("Europe/Berlin").day(Weekday::Sunday, text).build().unwrap();
    let before = utc("2026-10-24T12:00");
    assert_eq!(hours("02:30-04:00").next_opening(before), Some(utc("2026-10-25T00:30")));
    assert_eq!(hours("00:00-24:00").between(before, before.plus(48 * HOUR)), 25 * HOUR);
}

#[test]
fn a_midnight_that_does_not_exist_opens_when_its_day_begins() {
    // Beirut set its clock forward at midnight: 29 March 2026 begins at 01:00, which is 22:00 UTC.
    let hours = WorkingHours::builder("Asia/Beirut").day(Weekday::Sunday, "00:00-24:00").build().unwrap();
    assert_eq!(hours.next_opening(utc("2026-03-28T12:00")), Some(utc("2026-03-28T22:00")));
    assert_eq!(hours.between(utc("2026-03-28T12:00"), utc("2026-03-31T00:00")), 23 * HOUR);
}

#[test]
fn who_never_closes_has_neither_opening_nor_closing() {
    let hours = WorkingHours::builder("UTC").days(Weekday::ALL, "00:00-24:00").build().unwrap();
    let now = utc("2026-03-13T12:00");
    assert!(hours.is_open(now));
    assert_eq!((hours.next_opening(now), hours.next_closing(now)), (None, None));
    assert_eq!(hours.after(now, 1000 * HOUR), Some(now.plus(1000 * HOUR)));
}

#[test]
fn moments_beyond_the_calendar_are_closed_and_have_no_opening() {
    let hours = office().build().unwrap();
    for millis in
        [i64::MIN, i64::MAX, jiff::Timestamp::MAX.as_millisecond(), jiff::Timestamp::MIN.as_millisecond()]
    {
        let now = Timestamp::from_millis(millis);
        assert!(!hours.is_open(now), "{millis}");
        let _ = (hours.next_closing(now), hours.after(now, HOUR), hours.between(now, now.plus(HOUR)));
    }
    assert_eq!(hours.after(utc("2026-03-13T12:00"), Duration::MAX), None);
}

#[test]
fn errors_name_what_is_wrong_and_what_to_write() {
    let monday = |text: &str| WorkingHours::builder("UTC").day(Weekday::Monday, text).build();
    let told = |built: Result<WorkingHours, HoursError>| {
        let error = built.unwrap_err();
        (error.kind(), error.to_string())
    };
    for (built, kind, words) in [
        (
            WorkingHours::builder("Europe/Berlln").build(),
            HoursErrorKind::Zone,
            "`Europe/Berlln`; use a name of the IANA list",
        ),
        (
            monday("9-18"),
            HoursErrorKind::Hours,
            "Monday: `9-18` has the time `9`; write hours like `09:00-18:00`",
        ),
        (monday("09:00"), HoursErrorKind::Hours, "`09:00` is no span"),
        (monday("09:60-10:00"), HoursErrorKind::Hours, "has the time `09:60`"),
        (monday("09:00-24:01"), HoursErrorKind::Hours, "has the time `24:01`"),
        (monday("24:00-06:00"), HoursErrorKind::Hours, "begins at 24:00"),
        (monday("+9:00-10:00"), HoursErrorKind::Hours, "has the time `+9:00`"),
        (monday("09:00-09:00"), HoursErrorKind::Hours, "a whole day is `00:00-24:00`"),
        (
            monday("13:00-18:00, 09:00-13:30"),
            HoursErrorKind::Overlap,
            "Monday: `09:00-13:30` and `13:00-18:00` share time",
        ),
        (monday(""), HoursErrorKind::Empty, "no day of the week has hours"),
        (office().holiday("2026-02-29").build(), HoursErrorKind::Date, "`2026-02-29` is no date"),
        (
            office().holiday("1 May").build(),
            HoursErrorKind::Date,
            "`1 May` is no date; write the year, the month",
        ),
        (office().yearly("02-30").build(), HoursErrorKind::Date, "`02-30` is no day of a year"),
        (office().date("2026-12-31", "9").build(), HoursErrorKind::Hours, "2026-12-31: `9` is no span"),
    ] {
        let (found, text) = told(built);
        assert_eq!(found, kind, "{text}");
        assert!(text.starts_with("working hours: ") && text.contains(words), "{text}");
    }
}

prop_compose! {
    /// Up to three spans, the last of which may run over midnight.
    fn day()(cuts in prop::collection::btree_set(0..1440u16, 0..6), over in 0..400u16) -> String {
        let mut cuts: Vec<u16> = cuts.into_iter().collect();
        if cuts.len() % 2 == 1 {
            cuts.push(over.min(cuts[0].saturating_sub(1)));
        }
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let spans = cuts.chunks(2).filter(|span| span[0] != span[1]);
        spans.map(|span| format!("{}-{}", time(span[0]), time(span[1]))).collect::<Vec<_>>().join(",")
    }
}

fn hours() -> impl Strategy<Value = WorkingHours> {
    let zones = prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Europe/Moscow",
    ]);
    let week = prop::collection::vec(day(), 7);
    (zones, week, prop::collection::vec((1..13u8, 1..29u8), 0..4)).prop_filter_map(
        "there is working time",
        |(zone, week, holidays)| {
            let mut builder = WorkingHours::builder(zone);
            for (day, text) in Weekday::ALL.into_iter().zip(week) {
                builder = builder.day(day, text);
            }
            for (month, day) in holidays {
                builder = builder.yearly(format!("{month:02}-{day:02}"));
            }
            builder.build().ok()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn openings_and_closings_are_where_it_opens_and_closes(hours in hours(), minute in 0..1_051_200i64) {
        let now = Timestamp::from_seconds(1_767_225_600 + minute * 60);
        let moment = Duration::from_millis(1);
        if let Some(opening) = hours.next_opening(now) {
            prop_assert!(opening > now && hours.is_open(opening) && !hours.is_open(opening.minus(moment)));
        }
        if let Some(closing) = hours.next_closing(now) {
            prop_assert!(closing > now && !hours.is_open(closing) && hours.is_open(closing.minus(moment)));
            // Nothing changes up to the first of the two.
            let first = hours.next_opening(now).map_or(closing, |opening| opening.min(closing));
            for part in 0..20 {
                let between = now.plus(first.since(now) * part / 20);
                prop_assert_eq!(hours.is_open(between), hours.is_open(now));
            }
            prop_assert_eq!(first == closing, hours.is_open(now));
        }
    }

    #[test]
    fn so_much_working_time_lies_between_now_and_then(hours in hours(), minute in 0..1_051_200i64, asked in 0..6000u32) {
        let now = Timestamp::from_seconds(1_767_225_600 + minute * 60);
        let asked = asked * MINUTE;
        if let Some(then) = hours.after(now, asked) {
            prop_assert!(then >= now);
            prop_assert_eq!(hours.between(now, then), asked);
            prop_assert!(hours.is_open(then) || hours.is_open(then.minus(Duration::from_millis(1))));
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_no_panic(text in "[0-9:, -]{0,24}", date in "[0-9-]{0,12}") {
        let _ = office().day(Weekday::Sunday, &text).date(&date, &text).build();
        let _ = office().yearly(&date).build();
    }
}
