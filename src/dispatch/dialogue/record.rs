//! The record of a lane: states and timers of every bot in it, kept with the lane's revision.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::state::{DialogState, read};
use crate::store::TimerChange;

/// The form in which it is written; a newer one cannot be read.
const FORM: u32 = 1;

/// What a lane remembers.
#[derive(Debug, Clone, Default)]
pub(in crate::dispatch) struct Record {
    kept: Kept,
    changed: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    form: u32,
    /// By bot and name of the state.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    states: BTreeMap<String, Stored>,
    /// Timers that count, by their ids. One that fires and is not here was set again or cancelled meanwhile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    timers: BTreeMap<String, Armed>,
}

/// A state as it was written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::dispatch) struct Stored {
    pub(in crate::dispatch) version: u32,
    pub(in crate::dispatch) value: Value,
    /// It goes with the session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::dispatch) session: bool,
}

/// One setting of a timer.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::dispatch) struct Armed {
    /// Tells this setting from every other of the same name.
    pub(in crate::dispatch) arming: Uuid,
    /// It goes with the session.
    #[serde(default)]
    pub(in crate::dispatch) session: bool,
}

impl Record {
    /// What was written; the error says why it cannot be read.
    pub(in crate::dispatch) fn read(bytes: Option<&Bytes>) -> Result<Self, String> {
        let Some(bytes) = bytes else { return Ok(Self::default()) };
        let kept: Kept = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if kept.form > FORM {
            return Err(format!("it has the form {}, this program knows {FORM}", kept.form));
        }
        Ok(Self { kept, changed: false })
    }

    /// What is to be written, if it changed: `Some(None)` once there is nothing to remember.
    pub(in crate::dispatch) fn written(&self) -> Result<Option<Option<Bytes>>, serde_json::Error> {
        if !self.changed {
            return Ok(None);
        }
        if self.kept.states.is_empty() && self.kept.timers.is_empty() {
            return Ok(Some(None));
        }
        let bytes = serde_json::to_vec(&Kept { form: FORM, ..self.kept.clone() })?;
        Ok(Some(Some(bytes.into())))
    }

    pub(in crate::dispatch) fn state(&self, key: &str) -> Option<&Stored> {
        self.kept.states.get(key)
    }

    pub(in crate::dispatch) fn put_state(&mut self, key: String, state: Stored) {
        self.kept.states.insert(key, state);
        self.changed = true;
    }

    pub(in crate::dispatch) fn drop_state(&mut self, key: &str) {
        self.changed |= self.kept.states.remove(key).is_some();
    }

    pub(in crate::dispatch) fn arm(&mut self, id: String, armed: Armed) {
        self.kept.timers.insert(id, armed);
        self.changed = true;
    }

    /// Whether there was one.
    pub(in crate::dispatch) fn disarm(&mut self, id: &str) -> bool {
        let was = self.kept.timers.remove(id).is_some();
        self.changed |= was;
        was
    }

    /// Takes a setting that fires; whether it still counted.
    pub(in crate::dispatch) fn fire(&mut self, id: &str, arming: Uuid) -> bool {
        self.kept.timers.get(id).is_some_and(|armed| armed.arming == arming) && self.disarm(id)
    }

    /// The session is over: takes its timers away, and the states that belong to it.
    pub(in crate::dispatch) fn end_session(&mut self) -> Vec<TimerChange> {
        let states = self.kept.states.len();
        self.kept.states.retain(|_, stored| !stored.session);
        self.changed |= self.kept.states.len() < states;
        let over = self.kept.timers.extract_if(.., |_, armed| armed.session);
        let over: Vec<TimerChange> = over.map(|(id, _)| TimerChange::Cancel { id }).collect();
        self.changed |= !over.is_empty();
        over
    }
}

/// The states in a record as it is stored, by bot and name: `shop/dialogue`.
pub(crate) fn states_in(record: &Bytes) -> BTreeMap<String, Value> {
    let kept = Record::read(Some(record)).unwrap_or_default().kept;
    kept.states.into_iter().map(|(key, stored)| (key, stored.value)).collect()
}

/// The state of the bot `code` in a record as it is stored; the error says why it cannot be read.
pub(crate) fn state_in<S: DialogState>(record: &Bytes, code: &str) -> Result<S, String> {
    let record = Record::read(Some(record))?;
    match record.state(&format!("{code}/{}", S::NAME)) {
        Some(stored) => read(stored).map_err(|why| why.to_string()),
        None => Ok(S::fallback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(arming: u128, session: bool) -> Armed {
        Armed { arming: Uuid::from_u128(arming), session }
    }

    #[test]
    fn what_is_written_reads_back_and_nothing_is_written_when_nothing_changed() {
        let mut record = Record::default();
        assert_eq!(record.written().unwrap(), None);
        record.arm("a/t".into(), armed(1, true));
        record.put_state("a/s".into(), Stored { version: 3, value: "Start".into(), session: false });
        let bytes = record.written().unwrap().unwrap();
        let mut again = Record::read(bytes.as_ref()).unwrap();
        assert_eq!(again.written().unwrap(), None);
        assert_eq!(again.state("a/s").unwrap().version, 3);
        assert!(again.fire("a/t", Uuid::from_u128(1)));
        assert!(again.written().unwrap().unwrap().is_some());
    }

    #[test]
    fn a_setting_that_was_replaced_does_not_fire() {
        let mut record = Record::default();
        record.arm("t".into(), armed(1, false));
        record.arm("t".into(), armed(2, false));
        assert!(!record.fire("t", Uuid::from_u128(1)));
        assert!(record.fire("t", Uuid::from_u128(2)));
        assert!(!record.fire("t", Uuid::from_u128(2)), "it fires once");
        assert_eq!(record.written().unwrap(), Some(None), "nothing is left to remember");
    }

    #[test]
    fn the_end_of_a_session_takes_its_own_timers_only() {
        let mut record = Record::default();
        record.arm("mine".into(), armed(1, true));
        record.arm("later".into(), armed(2, false));
        let over = record.end_session();
        assert!(matches!(&over[..], [TimerChange::Cancel { id }] if id == "mine"));
        assert!(record.fire("later", Uuid::from_u128(2)));
    }

    #[test]
    fn a_newer_or_damaged_record_is_an_error() {
        for bytes in [&b"{\"form\":2}"[..], b"", b"{", b"\xff", b"[]", b"{\"form\":1,\"states\":7}"] {
            assert!(Record::read(Some(&Bytes::from_static(bytes))).is_err());
        }
    }
}
