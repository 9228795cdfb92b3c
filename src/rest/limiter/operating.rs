//! What a portal says of operating time in its answers.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;

/// The longest that is believed of a portal: the limit looks at ten minutes.
const LONGEST: f64 = 3600.0;

/// How much operating time a method has used, by the `time` of an answer (protocol 8.2).
///
/// ```
/// use std::time::Duration;
/// use openlines::rest::Operating;
/// use serde_json::json;
///
/// let time = json!({"start": 100, "finish": 100.5, "duration": 0.5, "operating": 12.5, "operating_reset_at": 160});
/// let operating = Operating::of_time(&time).unwrap();
/// assert_eq!(operating.spent(), Duration::from_millis(12_500));
/// assert_eq!(operating.resets_in(), Duration::from_millis(59_500));
/// assert_eq!(Operating::of_time(&json!({"start": 100, "duration": 0.5})), None);
/// ```
///
/// **Trap:** portals without the limit say nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operating {
    spent: Duration,
    resets_in: Duration,
    took: Duration,
}

impl Operating {
    /// So much was spent, the oldest of it is forgotten in `resets_in`, and this call took `took`.
    pub const fn new(spent: Duration, resets_in: Duration, took: Duration) -> Self {
        Self { spent, resets_in, took }
    }

    /// Reads the `time` of an answer; none if it does not speak of operating time.
    pub fn of_time(time: &Value) -> Option<Self> {
        let number = |name: &str| match time.get(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let spent = number("operating")?;
        let resets_at = number("operating_reset_at")?;
        let now = number("finish").or_else(|| number("start"))?;
        let took = number("duration").unwrap_or_default();
        Some(Self::of_seconds(spent, resets_at - now, took))
    }

    pub(crate) fn of_seconds(spent: f64, resets_in: f64, took: f64) -> Self {
        let span =
            |seconds: f64| Duration::try_from_secs_f64(seconds.clamp(0.0, LONGEST)).unwrap_or_default();
        Self { spent: span(spent), resets_in: span(resets_in), took: span(took) }
    }

    /// Used in the last ten minutes, this call included.
    pub const fn spent(&self) -> Duration {
        self.spent
    }

    /// How long after the answer the oldest of it is forgotten.
    pub const fn resets_in(&self) -> Duration {
        self.resets_in
    }

    /// How long this call took at the portal.
    pub const fn took(&self) -> Duration {
        self.took
    }
}

/// Where a call's answer leaves what it says of operating time, for the limiter.
#[derive(Clone, Default)]
pub(in crate::rest) struct Told(Arc<Mutex<Option<Operating>>>);

impl Told {
    pub(in crate::rest) fn put(&self, operating: Operating) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(operating);
    }

    pub(in crate::rest) fn take(&self) -> Option<Operating> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_that_make_no_sense_do_no_harm() {
        for (spent, resets_at) in [(-5.0, 1e300), (1e308, -1e308), (0.0, 0.0)] {
            let time = json!({"start": 100, "operating": spent, "operating_reset_at": resets_at});
            let read = Operating::of_time(&time).unwrap();
            assert!(
                read.spent() <= Duration::from_secs(3600) && read.resets_in() <= Duration::from_secs(3600)
            );
        }
        for time in
            [json!(null), json!([]), json!({"operating": "NaN", "operating_reset_at": {}, "start": 1})]
        {
            assert_eq!(Operating::of_time(&time), None, "{time}");
        }
        let nan = json!({"operating": "NaN", "operating_reset_at": "inf", "start": 1});
        assert_eq!(Operating::of_time(&nan).unwrap().spent(), Duration::ZERO);
    }
}
