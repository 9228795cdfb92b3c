//! What a line says by itself: a welcome, a word when nobody works, a request to rate the dialog ([`super::voting`]).
//!
//! These are system messages that leave the portal all the same (`IMPORTANT_CONNECTOR=Y`, protocol 3.5), so a client
//! reads them and no bot hears them. Welcome and absence are for sessions that wait for an operator: while a bot leads,
//! the bot speaks, and `imopenlines.bot.session.message.send` lets it say the line's welcome.
//!
//! The trap: working hours are hours of UTC.

use serde_json::{Value, json};

use super::World;
use super::sending::NewMessage;
use super::voting::Rating;
use crate::rest::scalar_text;

/// Names of days as settings have them, Monday first.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A text, and whether it is said.
#[derive(Clone, Debug)]
pub(crate) struct Automatic {
    pub(crate) on: bool,
    pub(crate) text: String,
}

impl Automatic {
    fn off(text: &str) -> Self {
        Self { on: false, text: text.to_owned() }
    }

    fn spoken(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| self.on && !text.trim().is_empty())
    }
}

/// When a line works.
#[derive(Clone, Debug)]
pub(crate) struct Hours {
    /// `WORKTIME_ENABLE`; without it a line always works.
    pub(crate) on: bool,
    /// Minutes of the day, UTC.
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) days_off: Vec<String>,
}

impl Hours {
    fn works_at(&self, unix: i64) -> bool {
        if !self.on {
            return true;
        }
        let days = unix.div_euclid(86_400);
        // 1 January 1970 was a Thursday.
        let day = usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0);
        let minute = u32::try_from(unix.rem_euclid(86_400) / 60).unwrap_or(0);
        !self.days_off.iter().any(|off| off == DAYS[day]) && (self.from..self.to).contains(&minute)
    }
}

/// A line's automatic texts.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    pub(crate) welcome: Automatic,
    pub(crate) away: Automatic,
    pub(crate) rating: Rating,
    pub(crate) hours: Hours,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            welcome: Automatic::off("Welcome to the open channel!"),
            away: Automatic::off("We are away now and will answer in our working hours."),
            rating: Rating::default(),
            hours: Hours { on: false, from: 9 * 60, to: 18 * 60, days_off: vec!["SA".into(), "SU".into()] },
        }
    }
}

impl Texts {
    /// Takes one of its own settings of `imopenlines.config.*`; false if the name is none of them.
    pub(crate) fn take(&mut self, name: &str, value: &Value) -> bool {
        let text = scalar_text(value).unwrap_or_default();
        match name {
            "WELCOME_MESSAGE" => self.welcome.on = text == "Y",
            "WELCOME_MESSAGE_TEXT" => self.welcome.text = text,
            "WORKTIME_ENABLE" => self.hours.on = text == "Y",
            "WORKTIME_FROM" => self.hours.from = minutes(&text).unwrap_or(self.hours.from),
            "WORKTIME_TO" => self.hours.to = minutes(&text).unwrap_or(self.hours.to),
            "WORKTIME_DAYOFF" => self.hours.days_off = days(value),
            "WORKTIME_DAYOFF_RULE" => self.away.on = text == "text",
            "WORKTIME_DAYOFF_TEXT" => self.away.text = text,
            _ => return self.rating.take(name, value),
        }
        true
    }

    /// The settings as `imopenlines.config.get` shows them.
    pub(crate) fn rows(&self) -> Vec<(&'static str, Value)> {
        let flag = |on: bool| json!(if on { "Y" } else { "N" });
        let time = |minutes: u32| {
            let (hour, minute) = (minutes / 60, minutes % 60);
            json!(if minute == 0 { hour.to_string() } else { format!("{hour}.{minute:02}") })
        };
        let mut rows = vec![
            ("WELCOME_MESSAGE", flag(self.welcome.on)),
            ("WELCOME_MESSAGE_TEXT", json!(self.welcome.text)),
            ("WORKTIME_ENABLE", flag(self.hours.on)),
            ("WORKTIME_FROM", time(self.hours.from)),
            ("WORKTIME_TO", time(self.hours.to)),
            ("WORKTIME_TIMEZONE", json!("UTC")),
            ("WORKTIME_DAYOFF", json!(self.hours.days_off)),
            ("WORKTIME_DAYOFF_RULE", json!(if self.away.on { "text" } else { "none" })),
            ("WORKTIME_DAYOFF_TEXT", json!(self.away.text)),
        ];
        rows.extend(self.rating.rows());
        rows
    }
}

/// `9`, `9.30` or `9:30` as minutes of the day.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(['.', ':']).unwrap_or((text, "0"));
    let (hour, minute): (u32, u32) = (hour.trim().parse().ok()?, minute.trim().parse().ok()?);
    (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Days by name, from a list or from a text with commas.
fn days(value: &Value) -> Vec<String> {
    let names: Vec<String> = match value {
        Value::Array(list) => list.iter().filter_map(scalar_text).collect(),
        Value::Object(map) => map.values().filter_map(scalar_text).collect(),
        one => scalar_text(one).unwrap_or_default().split(',').map(|name| name.trim().to_owned()).collect(),
    };
    names
        .into_iter()
        .map(|name| name.to_ascii_uppercase())
        .filter(|name| DAYS.contains(&name.as_str()))
        .collect()
}

impl World {
    /// The texts of the line that works on the chat.
    pub(crate) fn texts_of(&self, chat_id: i64) -> Option<&Texts> {
        let line = self.last_session(chat_id).and_then(|session| self.lines.get(&session.line_id));
        line.or_else(|| self.line_of(chat_id)).map(|line| &line.texts)
    }

    /// Welcomes a client whom no bot met, and says that nobody works now; each once a session.
    pub(super) fn line_answers(&mut self, chat_id: i64) {
        let now = self.now();
        let Some(session) = self.last_session(chat_id).filter(|one| one.is_open() && one.operator_id == 0)
        else {
            return;
        };
        let (welcomed, told) = (session.welcomed, session.told_away);
        let Some(texts) = self.texts_of(chat_id) else { return };
        let welcome = texts.welcome.spoken().filter(|_| !welcomed).map(str::to_owned);
        let away = !told && !texts.hours.works_at(now);
        let away = texts.away.spoken().filter(|_| away).map(str::to_owned);
        if let Some(session) = self.open_session(chat_id) {
            session.welcomed = true;
            session.told_away = told || away.is_some();
        }
        for text in welcome.into_iter().chain(away) {
            self.line_says(chat_id, text);
        }
    }

    pub(super) fn line_says(&mut self, chat_id: i64, text: String) -> i64 {
        self.post(NewMessage { important: true, ..NewMessage::notice(chat_id, text) }, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Texts, minutes};
    use serde_json::json;

    #[test]
    fn a_line_works_from_its_first_minute_until_its_last_one_on_working_days() {
        let mut texts = Texts::default();
        for (name, value) in [("WORKTIME_ENABLE", "Y"), ("WORKTIME_FROM", "9.30"), ("WORKTIME_TO", "18")] {
            assert!(texts.take(name, &json!(value)));
        }
        // Friday, 20 November 2026, 00:00 UTC.
        let friday = 1_795_132_800;
        let works = |hour: i64, minute: i64| texts.hours.works_at(friday + hour * 3_600 + minute * 60);
        assert_eq!([works(9, 29), works(9, 30), works(17, 59), works(18, 0)], [false, true, true, false]);
        assert_eq!([works(24 + 10, 0), works(48 + 10, 0), works(72 + 10, 0)], [false, false, true]);
    }

    #[test]
    fn a_time_of_day_is_read_in_two_ways_or_not_at_all() {
        let read = ["9", "9.30", "18:05", "24", "25", "9.60", "nine", ""].map(minutes);
        assert_eq!(read, [Some(540), Some(570), Some(1_085), Some(1_440), None, None, None, None]);
    }
}
