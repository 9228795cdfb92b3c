//! The faults as one value that can be stored, shown and put back.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Faults;
use super::kinds::{DeliveryFault, RestFault};
use super::plan::{Plan, PlannedCall, Rule, Which};

/// The faults that are on. Its JSON is what [`Faults::set`] takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultState {
    /// [`Faults::duplicate_deliveries`].
    pub duplicate_deliveries: bool,
    /// [`Faults::drop_deliveries`].
    pub drop_deliveries: bool,
    /// [`Faults::hold_deliveries`].
    pub hold_deliveries: bool,
    /// [`Faults::reorder_deliveries`]; 0 when it is off.
    pub reorder_deliveries: usize,
    /// [`Faults::delay_deliveries`] in milliseconds; 0 when it is off.
    pub delay_deliveries_millis: u64,
    /// [`Faults::delivery`], in the order in which they are tried.
    pub deliveries: Vec<DeliveryFaultRow>,
    /// [`Faults::rest`], in the order in which they are tried.
    pub rest: Vec<RestFaultRow>,
    /// [`Faults::invalid_grants`].
    pub invalid_grants: u32,
}

/// One fault of deliveries to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeliveryFaultRow {
    /// The event's code, or `*`; empty for a predicate.
    #[serde(default)]
    pub event: String,
    /// `{"fault": "drop"}`, `duplicate`, `overtaken`, or `{"fault": "delay", "millis": 50}`.
    #[serde(flatten)]
    pub fault: DeliveryFault,
    /// How many more times.
    #[serde(default = "once")]
    pub times: u32,
    /// Made by [`Faults::delivery_when`]: it is shown, and [`Faults::set`] lets it be.
    #[serde(default)]
    pub by_predicate: bool,
}

/// One fault of calls to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RestFaultRow {
    /// The method in lower case, `*`, or `oauth/token`.
    pub method: String,
    /// `{"fault": "html_body"}` and so on; `slow_answer` has `millis` too, `error` has `status` and `code`.
    #[serde(flatten)]
    pub fault: RestFault,
    /// How many more times.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// JSON that names no faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultStateError(String);

impl fmt::Display for FaultStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "these are no faults: {}; `Faults::state` shows their form", self.0)
    }
}

impl std::error::Error for FaultStateError {}

impl Faults {
    /// The faults that are on, with how often each will still strike.
    #[must_use]
    pub fn state(&self) -> FaultState {
        let plan = self.plan();
        FaultState {
            duplicate_deliveries: plan.duplicate,
            drop_deliveries: plan.drop,
            hold_deliveries: plan.hold,
            reorder_deliveries: plan.reorder,
            delay_deliveries_millis: u64::try_from(plan.delay.as_millis()).unwrap_or(u64::MAX),
            deliveries: plan.rules.iter().map(shown).collect(),
            rest: plan
                .rest
                .iter()
                .map(|planned| RestFaultRow {
                    method: planned.method.clone(),
                    fault: planned.fault.clone(),
                    times: planned.times,
                })
                .collect(),
            invalid_grants: plan.invalid_grants,
        }
    }

    /// Sets the faults that the JSON object names, and lets the others be: `{"drop_deliveries": true}` is one switch,
    /// the JSON of a [`FaultState`] is all of them.
    ///
    /// # Errors
    ///
    /// When the object has a name or a value that is no fault; then nothing has changed.
    pub fn set(&self, json: &Value) -> Result<(), FaultStateError> {
        let wrong = |error: serde_json::Error| FaultStateError(error.to_string());
        let Value::Object(given) = json else {
            return Err(FaultStateError("a JSON object was expected".to_owned()));
        };
        let mut whole = serde_json::to_value(self.state()).map_err(wrong)?;
        if let Value::Object(whole) = &mut whole {
            whole.extend(given.clone());
        }
        let state: FaultState = serde_json::from_value(whole).map_err(wrong)?;
        self.change(|plan| apply(plan, state));
        Ok(())
    }
}

fn shown(rule: &Rule) -> DeliveryFaultRow {
    let (event, by_predicate) = match &rule.which {
        Which::Event(event) => (event.clone(), false),
        Which::Predicate(_) => (String::new(), true),
    };
    DeliveryFaultRow { event, fault: rule.fault, times: rule.times, by_predicate }
}

fn apply(plan: &mut Plan, state: FaultState) {
    plan.duplicate = state.duplicate_deliveries;
    plan.drop = state.drop_deliveries;
    plan.hold = state.hold_deliveries;
    plan.reorder = state.reorder_deliveries;
    plan.delay = Duration::from_millis(state.delay_deliveries_millis);
    plan.invalid_grants = state.invalid_grants;
    plan.rules.retain(|rule| matches!(rule.which, Which::Predicate(_)));
    let rows = state.deliveries.into_iter().filter(|row| !row.by_predicate && row.times > 0);
    plan.rules.extend(rows.map(|row| Rule {
        which: Which::Event(row.event.to_ascii_uppercase()),
        fault: row.fault,
        times: row.times,
    }));
    plan.rest = state
        .rest
        .into_iter()
        .filter(|row| row.times > 0)
        .map(|row| PlannedCall {
            method: row.method.to_ascii_lowercase(),
            fault: row.fault,
            times: row.times,
        })
        .collect();
}
