//! Counting calls.

use std::fmt::{self, Write as _};
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::PATIENCE;
use crate::portal::Portal;
use crate::record::{RecordedCall, masked};
use crate::world::World;

/// How long nothing may happen until calls that must not come are taken not to come.
const QUIET: Duration = Duration::from_millis(250);
/// Calls of the method that a failure shows.
const SHOWN: usize = 20;
/// Letters of a call's parameters that a failure shows.
const SHOWN_LETTERS: usize = 400;

type Fits = Arc<dyn Fn(&RecordedCall) -> bool + Send + Sync>;

/// Calls of a method that are expected: at least one, unless told otherwise. Await it to wait for them; dropped, it is
/// checked as things stand then.
#[must_use = "an expectation is checked when it is dropped: bind it to a variable, or `.await` it to wait for the calls"]
pub struct CallExpectation {
    portal: Portal,
    method: String,
    least: usize,
    most: Option<usize>,
    /// What parameters must be, by path.
    params: Vec<(String, Value)>,
    fits: Vec<Fits>,
    /// Only calls after that many.
    after: u64,
    within: Duration,
    at: &'static Location<'static>,
    /// Not checked yet.
    open: bool,
}

impl Portal {
    /// Expects calls of a method, in any case; items of a batch count. Calls that came before count too: see
    /// [`from_now_on`](CallExpectation::from_now_on).
    #[track_caller]
    pub fn expect_call(&self, method: &str) -> CallExpectation {
        CallExpectation {
            portal: self.clone(),
            method: method.to_ascii_lowercase(),
            least: 1,
            most: None,
            params: Vec::new(),
            fits: Vec::new(),
            after: 0,
            within: PATIENCE,
            at: Location::caller(),
            open: true,
        }
    }
}

impl CallExpectation {
    /// Exactly so many.
    pub fn times(mut self, count: usize) -> Self {
        (self.least, self.most) = (count, Some(count));
        self
    }

    /// So many or more.
    pub fn at_least(mut self, count: usize) -> Self {
        (self.least, self.most) = (count, None);
        self
    }

    /// So many or fewer.
    pub fn at_most(mut self, count: usize) -> Self {
        (self.least, self.most) = (0, Some(count));
        self
    }

    /// None at all.
    pub fn never(self) -> Self {
        self.times(0)
    }

    /// Only calls whose parameter is this. The path goes down by dots (`fields.message`, `KEYBOARD.0.TEXT`); names are
    /// found in any case, and a number is the same as its text, as it is on the wire.
    pub fn where_param(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.params.push((path.to_owned(), value.into()));
        self
    }

    /// Only calls that fit this condition. It runs while the portal is locked: it must look at the call only.
    pub fn where_call(mut self, fits: impl Fn(&RecordedCall) -> bool + Send + Sync + 'static) -> Self {
        self.fits.push(Arc::new(fits));
        self
    }

    /// Only calls that come after this.
    pub fn from_now_on(mut self) -> Self {
        self.after = self.portal.shared.look(World::calls_seen);
        self
    }

    /// Waits this long for enough calls instead of ten seconds.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    fn matches(&self, call: &RecordedCall) -> bool {
        let param = |(path, wanted): &(String, Value)| {
            found(&call.params, path).is_some_and(|value| is_same(value, wanted))
        };
        call.method == self.method && self.params.iter().all(param) && self.fits.iter().all(|fits| fits(call))
    }

    fn matching<'w>(&'w self, world: &'w World) -> impl Iterator<Item = &'w RecordedCall> {
        world.calls_after(self.after).filter(|call| self.matches(call))
    }

    /// What is wrong as things stand.
    fn complaint(&self) -> Option<String> {
        self.portal.shared.look(|world| {
            let count = self.matching(world).count();
            if count >= self.least && self.most.is_none_or(|most| count <= most) {
                return None;
            }
            let mut why = format!("expected {self}, but there were {count}\n  expected at {}\n", self.at);
            let same: Vec<&RecordedCall> =
                world.calls_after(self.after).filter(|call| call.method == self.method).collect();
            let _ = writeln!(why, "calls of this method ({} in all):", same.len());
            for call in same.iter().rev().take(SHOWN).rev() {
                let mark = if self.matches(call) { '+' } else { '-' };
                let params: String = masked(&call.params).to_string().chars().take(SHOWN_LETTERS).collect();
                let _ = writeln!(why, "  {mark} {} {params}", call.status);
                if let Some(said) = &call.why {
                    let _ = writeln!(why, "      why: {said}");
                }
            }
            Some(why)
        })
    }
}

impl fmt::Display for CallExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (least, Some(most)) if least == most => write!(f, "{least}")?,
            (0, Some(most)) => write!(f, "at most {most}")?,
            (least, _) => write!(f, "at least {least}")?,
        }
        write!(f, " calls of {}", self.method)?;
        for (path, value) in &self.params {
            write!(f, ", {path} = {value}")?;
        }
        if !self.fits.is_empty() {
            f.write_str(", fitting the test's condition")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CallExpectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallExpectation").field("wanted", &self.to_string()).finish_non_exhaustive()
    }
}

impl IntoFuture for CallExpectation {
    type Output = Vec<RecordedCall>;
    type IntoFuture = Pin<Box<dyn Future<Output = Vec<RecordedCall>> + Send>>;

    /// Waits until there are enough calls; one that allows no more, or none, also waits until the portal is at rest.
    ///
    /// # Panics
    ///
    /// When there are too few or too many; the panic tells the calls that did come, and the transcript.
    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let enough = |world: &World| (self.matching(world).count() >= self.least).then_some(());
            self.portal.wait(self.within, enough).await;
            if self.most.is_some() {
                self.portal.comes_to_rest(QUIET).await;
            }
            self.open = false;
            if let Some(why) = self.complaint() {
                self.portal.fail(&why);
            }
            self.portal.shared.look(|world| self.matching(world).cloned().collect())
        })
    }
}

impl Drop for CallExpectation {
    fn drop(&mut self) {
        // A second panic while the first unwinds would end the process and hide both.
        if !self.open || std::thread::panicking() {
            return;
        }
        self.open = false;
        if let Some(why) = self.complaint() {
            self.portal.fail(&why);
        }
    }
}

/// The value at the end of a dotted path.
fn found<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, name| match value {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        Value::Object(map) => map
            .get(name)
            .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v)),
        _ => None,
    })
}

/// Equal, or scalars with the same text.
fn is_same(value: &Value, wanted: &Value) -> bool {
    value == wanted || text(value).is_some_and(|value| text(wanted).is_some_and(|wanted| value == wanted))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{found, is_same};
    use serde_json::json;

    #[test]
    fn a_path_goes_through_maps_and_lists_in_any_case() {
        let params = json!({"fields": {"Keyboard": [{"TEXT": "Pay"}]}, "botId": "567"});
        assert_eq!(found(&params, "FIELDS.keyboard.0.text"), Some(&json!("Pay")));
        assert_eq!(found(&params, "fields.keyboard.1.text"), None);
        assert_eq!(found(&params, "botId.x"), None);
        assert!(is_same(&params["botId"], &json!(567)));
        assert!(!is_same(&json!([567]), &json!(567)));
    }
}
