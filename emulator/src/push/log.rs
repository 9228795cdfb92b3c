//! What was sent, by strictly increasing mid, for a day.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// How long a message waits for a page that is away.
const KEPT_SECONDS: i64 = 86_400;
/// Messages kept at most, so that an emulator that is never asked for them does not grow for ever.
const KEPT: usize = 20_000;
/// Digits of the second half of a mid.
const PER_SECOND: u128 = 10_000_000_000_000_000;

/// Who gets an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Who listens to the channel, now or within a day.
    Channel(String),
    /// Everybody who is connected now; nobody later.
    Connected,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Body(Value),
    /// The web socket closes with this code.
    Close(u16, &'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) mid: u128,
    id: u64,
    unix: i64,
    target: Target,
    pub(super) what: What,
}

#[derive(Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    last_id: u64,
    last_unix: i64,
}

impl Log {
    pub(super) fn add(&mut self, now: i64, target: Target, what: What) {
        self.last_id += 1;
        // Real time can step back; a mid never does.
        self.last_unix = self.last_unix.max(now);
        while self.entries.len() >= KEPT || self.entries.front().is_some_and(|old| expired(old, now)) {
            self.entries.pop_front();
        }
        let (mid, id) = (self.last_mid(), self.last_id);
        self.entries.push_back(Entry { mid, id, unix: now, target, what });
    }

    /// The mid of the newest entry.
    pub(super) fn last_mid(&self) -> u128 {
        u128::try_from(self.last_unix).unwrap_or(0) * PER_SECOND + u128::from(self.last_id)
    }

    pub(super) fn news(
        &self,
        now: i64,
        channels: &[String],
        connected_at: u128,
        mid: u128,
    ) -> (Vec<Entry>, u128) {
        let from = self.entries.partition_point(|entry| entry.mid <= mid);
        let fresh = self.entries.range(from..).filter(|entry| match &entry.target {
            Target::Channel(id) => channels.contains(id) && !expired(entry, now),
            Target::Connected => entry.mid > connected_at,
        });
        (fresh.cloned().collect(), self.last_mid().max(mid))
    }
}

fn expired(entry: &Entry, now: i64) -> bool {
    entry.unix + KEPT_SECONDS <= now
}

impl Entry {
    /// The entry in the framing of version 3; empty for one that is no message.
    pub(super) fn frame(&self) -> String {
        let What::Body(body) = &self.what else { return String::new() };
        let channel = match &self.target {
            Target::Channel(id) => id.as_str(),
            Target::Connected => "",
        };
        let time = http_date(self.unix);
        let message = json!({
            "id": self.id,
            "mid": mid_text(self.mid),
            "channel": channel,
            "tag": (self.id % 1_000).to_string(),
            "time": time,
            "text": body,
        });
        format!("#!NGINXNMS!#{message}#!NGINXNME!#")
    }
}

/// 26 digits: the second, then the number.
pub(super) fn mid_text(mid: u128) -> String {
    format!("{mid:026}")
}

/// A mid as a client gives it back; `None` for anything else.
pub(super) fn read_mid(text: &str) -> Option<u128> {
    (text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `Thu, 29 Jun 2017 09:50:16 GMT`.
pub(super) fn http_date(unix: i64) -> String {
    match jiff::Timestamp::from_second(unix) {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(log: &mut Log, now: i64, channel: &str) {
        log.add(now, Target::Channel(channel.to_owned()), What::Body(json!({})));
    }

    fn channels(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_mid_grows_even_when_the_clock_steps_back() {
        let mut log = Log::default();
        for now in [1_700_000_000, 1_699_999_000, 1_700_000_000] {
            let before = log.last_mid();
            sent(&mut log, now, "a");
            assert!(log.last_mid() > before);
        }
        assert_eq!(mid_text(log.last_mid()), "17000000000000000000000003");
        assert_eq!(read_mid("17000000000000000000000003"), Some(log.last_mid()));
    }

    #[test]
    fn what_is_no_mid_is_none() {
        for text in ["", "1", "undefined", "-7000000000000000000000003", "１７０００００００００"]
        {
            assert_eq!(read_mid(text), None);
        }
    }

    #[test]
    fn news_are_those_of_the_channels_after_the_mid_and_younger_than_a_day() {
        let mut log = Log::default();
        sent(&mut log, 1_000, "a");
        sent(&mut log, 2_000, "b");
        sent(&mut log, 3_000, "a");
        let (all, newest) = log.news(3_000, &channels(&["a", "b"]), 0, 0);
        assert_eq!((all.len(), newest), (3, log.last_mid()));
        assert_eq!(log.news(3_000, &channels(&["a"]), 0, 0).0.len(), 2);
        assert_eq!(log.news(3_000, &channels(&["a"]), 0, all[0].mid).0.len(), 1);
        assert_eq!(log.news(1_000 + KEPT_SECONDS, &channels(&["a"]), 0, 0).0.len(), 1);
        assert!(log.news(3_000 + KEPT_SECONDS, &channels(&["a", "b"]), 0, 0).0.is_empty());
    }

    #[test]
    fn a_control_message_is_for_those_who_were_there() {
        let mut log = Log::default();
        sent(&mut log, 1_000, "a");
        let there = log.last_mid();
        log.add(1_000, Target::Connected, What::Body(json!({})));
        assert_eq!(log.news(1_000, &channels(&["a"]), there, there).0.len(), 1);
        assert!(log.news(1_000, &channels(&["a"]), log.last_mid(), there).0.is_empty());
    }
}
