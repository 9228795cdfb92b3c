//! Counts calls as they go over the wire, tries and batches one each.

use std::{sync::LazyLock, time::Instant};

use async_trait::async_trait;
use metrics::{Counter, Histogram, counter, histogram};
use serde_json::Value;

use super::{Api, Call, CallError, CallErrorKind};

/// Classes of methods, by how their names begin in lower case; the first that fits.
const CLASSES: [(&str, &str); 9] = [
    ("batch", "batch"),
    ("imbot.v2.", "imbot.v2"),
    ("imbot.", "imbot"),
    ("imopenlines.", "imopenlines"),
    ("imconnector.", "imconnector"),
    ("im.", "im"),
    ("pull.", "pull"),
    ("event.", "event"),
    ("crm.", "crm"),
];
const OTHER: &str = "other";

const OUTCOMES: [&str; 9] = [
    "ok",
    "refused",
    "limited_503",
    "limited_429",
    "limited",
    "unauthorised",
    "unreachable",
    "unknown",
    "unreadable",
];

struct Figures {
    /// By class and outcome, in the order of the lists.
    calls: Vec<[Counter; OUTCOMES.len()]>,
    seconds: Histogram,
}

static FIGURES: LazyLock<Figures> = LazyLock::new(|| {
    let names = CLASSES.iter().map(|(_, name)| *name).chain([OTHER]);
    let of_class = |class: &'static str| {
        OUTCOMES.map(|outcome| counter!("openlines_calls_total", "class" => class, "outcome" => outcome))
    };
    Figures { calls: names.map(of_class).collect(), seconds: histogram!("openlines_call_seconds") }
});

/// Counts the calls of `inner`, for the metrics of the process.
#[derive(Debug)]
pub struct Counted<A>(A);

impl<A: Api> Counted<A> {
    /// Counts what goes through.
    pub fn new(inner: A) -> Self {
        Self(inner)
    }
}

#[async_trait]
impl<A: Api> Api for Counted<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let class = class(&call.method);
        // What a call takes is real time, also in tests.
        let began = Instant::now();
        let result = self.0.call(call).await;
        FIGURES.seconds.record(began.elapsed().as_secs_f64());
        if let Some(counter) = FIGURES.calls.get(class).and_then(|row| row.get(outcome(&result))) {
            counter.increment(1);
        }
        result
    }
}

fn class(method: &str) -> usize {
    let begins =
        |prefix: &str| method.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
    CLASSES.iter().position(|(prefix, _)| begins(prefix)).unwrap_or(CLASSES.len())
}

fn outcome(result: &Result<Value, CallError>) -> usize {
    let Err(error) = result else { return 0 };
    match (error.kind(), error.status()) {
        (CallErrorKind::Limited, Some(503)) => 2,
        (CallErrorKind::Limited, Some(429)) => 3,
        (CallErrorKind::Limited, _) => 4,
        (CallErrorKind::Unauthorised, _) => 5,
        (CallErrorKind::Unreachable, _) => 6,
        (CallErrorKind::Unknown, _) => 7,
        (CallErrorKind::BadAnswer, _) => 8,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_class_of_a_short_list() {
        let name = |method| CLASSES.get(class(method)).map_or(OTHER, |(_, name)| name);
        for (method, class) in [
            ("imbot.v2.Chat.Message.send", "imbot.v2"),
            ("IMBOT.V2.Bot.list", "imbot.v2"),
            ("imbot.message.add", "imbot"),
            ("im.user.get", "im"),
            ("batch", "batch"),
            ("what.a.client.wrote", "other"),
            ("", "other"),
            ("я", "other"),
        ] {
            assert_eq!(name(method), class, "{method}");
        }
    }

    #[test]
    fn refusals_for_the_rate_are_told_apart_by_their_status() {
        let limited = |status| Err(CallError::new(CallErrorKind::Limited, "m").status_of_portal(status));
        assert_eq!(OUTCOMES[outcome(&limited(503))], "limited_503");
        assert_eq!(OUTCOMES[outcome(&limited(429))], "limited_429");
        assert_eq!(OUTCOMES[outcome(&Ok(Value::Null))], "ok");
        assert_eq!(OUTCOMES[outcome(&Err(CallError::new(CallErrorKind::Refused, "m")))], "refused");
    }
}
