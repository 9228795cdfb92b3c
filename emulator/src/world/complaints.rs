//! What happened that a careful bot never causes: methods nobody models, events nobody hears.

use std::collections::{BTreeMap, VecDeque};

use crate::record::{RecordedCall, push_bounded};

/// Different method names that are counted; a scanner could send any number.
const MOST_NAMES: usize = 1_000;

/// The complaints of one portal.
#[derive(Default)]
pub(crate) struct Complaints {
    /// Methods that no table has, with how often they were called.
    pub(crate) unmodelled: BTreeMap<String, u64>,
    /// Events that concerned a bot and found no handler.
    pub(crate) unheard: VecDeque<String>,
}

impl Complaints {
    /// Looks at a call that was answered.
    pub(crate) fn see(&mut self, call: &RecordedCall) {
        let unknown = call.answer["error"] == "ERROR_METHOD_NOT_FOUND";
        if unknown && (self.unmodelled.len() < MOST_NAMES || self.unmodelled.contains_key(&call.method)) {
            *self.unmodelled.entry(call.method.clone()).or_default() += 1;
        }
    }

    /// Notes an event without a handler.
    pub(crate) fn unheard(&mut self, event: &str, bots: &[i64]) {
        push_bounded(
            &mut self.unheard,
            format!(
                "{event} for bot {bots:?}: no handler is registered, or the installation is not finished"
            ),
        );
    }
}
