//! [`CrashSweep`]: a scenario run again and again, and stopped somewhere else each time.

use std::{collections::BTreeSet, fmt, sync::Arc};

use super::{Conversation, ConversationBuilder, conversation::MakeHandler, points::Points, sent::plain};
use crate::{
    dispatch::IntoHandle,
    store::{InboxItem, InboxState},
};

type Script = Box<dyn Fn(&mut Conversation)>;

/// Runs a scenario once for each point between the engine and its store, and between the engine and the portal; stops
/// the process there, begins again on the same store, and checks that the client sees what they would have seen: every
/// event handled, each answer once, in order.
///
/// ```
/// use openlines::{prelude::*, testing::CrashSweep};
///
/// let echo = || async |_cx: Context, message: Message| format!("You said: {}", literal(&message.text));
/// let stops = CrashSweep::of(echo).says(["one", "two"]).run();
/// stops.expect(["after append", "before commit", "after imbot.v2.Chat.Message.send"]);
/// ```
///
/// **Trap:** the handler is made anew for each life, as in a new process. What it keeps in memory is gone; that is what
/// the sweep finds.
#[must_use = "call `run`"]
pub struct CrashSweep {
    settings: ConversationBuilder,
    make: MakeHandler,
    script: Vec<Script>,
    checks: Vec<Script>,
    at_most_once: bool,
}

impl CrashSweep {
    /// A sweep of the bot that `handler` makes.
    pub fn of<Door, H: IntoHandle<Door>>(handler: impl Fn() -> H + Send + Sync + 'static) -> Self {
        Self {
            settings: Conversation::builder(),
            make: Arc::new(move || handler().into_handle()),
            script: Vec::new(),
            checks: Vec::new(),
            at_most_once: false,
        }
    }

    /// Settings of the conversations.
    pub fn settings(mut self, settings: ConversationBuilder) -> Self {
        self.settings = settings;
        self
    }

    /// Adds to the scenario that the client says this, one text after the other.
    pub fn says<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        self.script(move |talk| {
            for text in &texts {
                talk.client_says(text);
            }
        })
    }

    /// Adds to the scenario. Expectations in it hold wherever the process is stopped.
    pub fn script(mut self, script: impl Fn(&mut Conversation) + 'static) -> Self {
        self.script.push(Box::new(script));
        self
    }

    /// Looks at the conversation at the end of each run.
    pub fn check(mut self, check: impl Fn(&mut Conversation) + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// For routes without a key (a v1 bot, the chat of a CRM item): a message that may have been lost is not sent again
    /// but shown as uncertain.
    pub fn at_most_once(mut self) -> Self {
        self.at_most_once = true;
        self
    }

    /// Runs it at every point.
    ///
    /// # Panics
    ///
    /// If an expectation or a check fails, if the bot says something else than without a stop, or if what needs a person
    /// then is not what needs one without.
    #[track_caller]
    pub fn run(self) -> Stops {
        let undisturbed = self.once(Points::never());
        let mut stops = Vec::new();
        for at in 0.. {
            let points = Points::stop_at(at);
            let seen = self.once(points.clone());
            let Some(point) = points.stopped_at() else { break };
            self.compare(&undisturbed, &seen, at, &point);
            stops.push(point);
        }
        Stops(stops)
    }

    /// Runs `scenario` once for each point that it passes, with points that stop at that one. For scenarios that begin
    /// and end processes themselves: they put [`Points::store`] and [`Points::api`] around what a process works with, wait
    /// for [`Points::stopped`], go on from there and check what is to hold.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use openlines::{store::MemoryStore, testing::{CrashSweep, Points}};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let stops = CrashSweep::around(async |points: Points| {
    ///     let store = points.store(Arc::new(MemoryStore::new()));
    ///     tokio::select! {
    ///         _ = store.portals() => {}
    ///         _ = points.stopped() => {}
    ///     }
    /// })
    /// .await;
    /// assert_eq!(stops.names(), ["before portals", "after portals"]);
    /// # }
    /// ```
    #[allow(clippy::panic, reason = "an assertion, made in tests")]
    pub async fn around(mut scenario: impl AsyncFnMut(Points)) -> Stops {
        let (mut stops, mut names) = (Vec::new(), BTreeSet::new());
        for at in 0.. {
            let points = Points::stop_at(at);
            scenario(points.clone()).await;
            names.append(&mut points.names());
            match points.stopped_at() {
                Some(point) => stops.push(point),
                // Past the last point of the scenario.
                None if points.passed() <= at => break,
                None => {
                    panic!("{} points were passed, and it was not stopped at point {at}", points.passed())
                }
            }
        }
        // Where several things go on at once their points come in another order each time: none is left out.
        for name in names {
            if !stops.contains(&name) {
                let points = Points::stop_first(name);
                scenario(points.clone()).await;
                stops.extend(points.stopped_at());
            }
        }
        Stops(stops)
    }

    #[track_caller]
    fn once(&self, points: Points) -> Outcome {
        let mut talk = self.settings.clone().begin(self.make.clone(), points);
        for script in &self.script {
            script(&mut talk);
        }
        for check in &self.checks {
            check(&mut talk);
        }
        let inbox = talk.inbox(None);
        let uncertain = inbox.iter().filter(|entry| entry.state == InboxState::Uncertain).count();
        let events = inbox.iter().filter(|entry| matches!(entry.item, InboxItem::Event(_))).count();
        let said = talk.effects().iter().filter_map(|sent| Some(plain(&sent.said()?.text))).collect();
        Outcome { said, events, calls: inbox.len() - events, uncertain, talk }
    }

    #[track_caller]
    fn compare(&self, undisturbed: &Outcome, seen: &Outcome, at: usize, point: &str) {
        let wanted = &undisturbed.said;
        let missing = match self.at_most_once {
            false => (seen.said == *wanted).then_some(0),
            true => missing(wanted, &seen.said),
        };
        let Some(missing) = missing else {
            seen.talk.fail(&format!(
                "stopped {point} (point {at}), the bot said\n    {:?}\nand without a stop\n    {wanted:?}",
                seen.said
            ))
        };
        let shown = seen.uncertain.saturating_sub(undisturbed.uncertain);
        // What is shown as uncertain may have arrived; what did not arrive is shown.
        if missing > shown
            || seen.events != undisturbed.events
            || seen.calls - seen.uncertain != undisturbed.calls - undisturbed.uncertain
            || (!self.at_most_once && shown > 0)
        {
            seen.talk.fail(&format!(
                "stopped {point} (point {at}), something is left for a person, or is lost without a word: {missing} \
                 messages missing, {} events parked, {shown} calls uncertain",
                seen.events
            ));
        }
    }
}

impl fmt::Debug for CrashSweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrashSweep").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// How a run ended.
struct Outcome {
    said: Vec<String>,
    events: usize,
    calls: usize,
    uncertain: usize,
    talk: Conversation,
}

/// How many of `wanted` are not in `said`, which otherwise has the same in the same order; `None` if it has not.
fn missing(wanted: &[String], said: &[String]) -> Option<usize> {
    let mut left = wanted.iter();
    said.iter().all(|text| left.any(|wanted| wanted == text)).then(|| wanted.len() - said.len())
}

/// The points at which a [`CrashSweep`] stopped, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stops(Vec<String>);

impl Stops {
    /// Their names: `before commit`, `after imbot.v2.Chat.Message.send`.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// How often it stopped at the points of this name.
    pub fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|stop| *stop == name).count()
    }

    /// It stopped at each of these.
    ///
    /// # Panics
    ///
    /// If it did not; the names of those where it did are told.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion, made in tests")]
    pub fn expect<N: AsRef<str>>(&self, names: impl IntoIterator<Item = N>) -> &Self {
        for name in names {
            let name = name.as_ref();
            if self.count(name) == 0 {
                panic!("it never stopped {name}; it stopped at {} points: {:?}", self.0.len(), self.0);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_is_missing_is_counted_and_what_is_new_or_out_of_order_is_not_taken() {
        let wanted = texts(&["a", "b", "c"]);
        assert_eq!(missing(&wanted, &wanted), Some(0));
        assert_eq!(missing(&wanted, &texts(&["a", "c"])), Some(1));
        for wrong in [&["b", "a"][..], &["a", "a"], &["d"]] {
            assert_eq!(missing(&wanted, &texts(wrong)), None, "{wrong:?}");
        }
    }
}
