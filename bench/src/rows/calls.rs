//! How much of what a portal's bucket allows is used, and whether one call too many is made.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use openlines::{
    clock::{Clock as _, ManualClock, SystemClock},
    rest::{Api, Call, CallError, CallErrorKind, HttpApi, HttpOptions, Limited, Limits},
    wire::{PortalKey, Timestamp},
};
use openlines_emulator::{Emulator, RateLimit};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Bench;
use crate::{Failed, emulated};

/// The virtual clock moves by this.
const STEP: Duration = Duration::from_millis(50);

pub(super) async fn measure(bench: &mut Bench) -> Result<(), Failed> {
    let (small, large) = (virtually(50, 2, 1_200).await?, virtually(250, 5, 3_000).await?);
    let used = small.percent.min(large.percent);
    let refused = small.refused + large.refused;
    bench.report.figure(
        "calls a portal, virtual time",
        ">= 99.5 %, 0 refusals",
        format!("{used:.2} %, {refused}"),
        used >= 99.5 && refused == 0,
        vec![format!("bucket 50, 2/s: {small}; bucket 250, 5/s: {large}")],
    );
    let span = Duration::from_secs(bench.seconds.into());
    let (small, large) = tokio::join!(
        really(Limits::standard(), RateLimit::STANDARD, span),
        really(Limits::enterprise(), RateLimit::ENTERPRISE, span)
    );
    let (small, large) = (small?, large?);
    let used = small.percent.min(large.percent);
    let refused = small.refused + large.refused;
    bench.report.figure(
        "calls a portal, real time",
        ">= 98 %, 0 refusals",
        format!("{used:.2} %, {refused}"),
        used >= 98.0 && refused == 0,
        vec![format!("emulated portals, over HTTP; bucket 50, 2/s: {small}; bucket 250, 5/s: {large}")],
    );
    Ok(())
}

/// What was served of what was allowed.
struct Used {
    calls: usize,
    span: Duration,
    percent: f64,
    refused: usize,
}

impl std::fmt::Display for Used {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { calls, span, percent, .. } = self;
        write!(f, "{calls} calls in {:.1} s, {percent:.2} %", span.as_secs_f64())
    }
}

/// As many calls as the portal takes in `span`, over HTTP.
async fn really(limits: Limits, limit: RateLimit, span: Duration) -> Result<Used, Failed> {
    let emulator = Emulator::builder().rate_limit(limit).start().await?;
    let portal = emulator.portal();
    let tokens = Arc::new(emulated::Webhook::of(&portal));
    let http = HttpApi::new(tokens, HttpOptions::default()).map_err(|error| error.to_string())?;
    let api = Arc::new(Limited::new(http, limits, Arc::new(SystemClock)));
    let key = PortalKey::new("webhook", "emulated");
    let allowed = limit.bucket + limit.per_second * span.as_secs_f64();
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    // More than fit, so that some always wait.
    for _ in 0..(allowed as usize + 50) {
        let (api, key) = (Arc::clone(&api), key.clone());
        calls.spawn(async move { api.call(Call::new(key, "profile", json!({}))).await });
    }
    tokio::time::sleep_until((begun + span).into()).await;
    let made = portal.calls();
    calls.shutdown().await;
    let served = made.iter().filter(|call| call.status == 200).count();
    Ok(Used {
        calls: served,
        span,
        percent: 100.0 * served as f64 / allowed,
        refused: made.iter().filter(|call| matches!(call.status, 503 | 429)).count(),
    })
}

/// `calls` calls made at once against a bucket on a clock that is moved by hand.
async fn virtually(burst: u32, rate: u32, calls: usize) -> Result<Used, Failed> {
    let clock = ManualClock::at_seconds(1_773_682_918);
    let bucket = Arc::new(Bucket::new(clock.clone(), burst, rate));
    let api = Limited::new(Arc::clone(&bucket), Limits::new(burst, rate), Arc::new(clock.clone()));
    let (api, key) = (Arc::new(api), PortalKey::new("app", "7c1f"));
    let begun = clock.now();
    let mut made = JoinSet::new();
    for _ in 0..calls {
        let (api, key) = (Arc::clone(&api), key.clone());
        made.spawn(async move { api.call(Call::new(key, "imbot.message.add", json!({}))).await });
    }
    let longest = Duration::from_secs(calls as u64 * 10);
    settle().await;
    while bucket.inside().served < calls {
        clock.advance(STEP);
        settle().await;
        if clock.now().since(begun) > longest {
            return Err("calls on the virtual clock do not end".into());
        }
    }
    let span = clock.now().since(begun);
    let allowed = f64::from(burst) + f64::from(rate) * span.as_secs_f64();
    let refused = bucket.inside().refused;
    Ok(Used { calls, span, percent: 100.0 * calls as f64 / allowed, refused })
}

/// Lets every task run until none can without the clock.
async fn settle() {
    for _ in 0..12 {
        tokio::task::yield_now().await;
    }
}

/// A portal that counts as the emulated one does: one more a request, less `rate` a second, refused above `burst`.
struct Bucket {
    clock: ManualClock,
    burst: f64,
    rate: f64,
    inside: Mutex<Inside>,
}

struct Inside {
    level: f64,
    at: Timestamp,
    /// Numbers that look like chance and are the same in every run.
    chance: u64,
    served: usize,
    refused: usize,
}

impl Bucket {
    fn new(clock: ManualClock, burst: u32, rate: u32) -> Self {
        let inside = Inside { level: 0.0, at: clock.now(), chance: 41, served: 0, refused: 0 };
        Self { clock, burst: burst.into(), rate: rate.into(), inside: Mutex::new(inside) }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 25 to 425 ms on the way, as to a portal on another continent.
    async fn pass_by(&self) {
        let way = {
            let mut inside = self.inside();
            inside.chance =
                inside.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            25 + (inside.chance >> 33) % 401
        };
        self.clock.sleep_until(self.clock.now().plus(Duration::from_millis(way))).await;
    }

    fn admits(&self) -> bool {
        let now = self.clock.now();
        let mut inside = self.inside();
        inside.level = (inside.level - now.since(inside.at).as_secs_f64() * self.rate).max(0.0);
        inside.at = now;
        if inside.level + 1.0 > self.burst + 1e-9 {
            inside.refused += 1;
            return false;
        }
        inside.level += 1.0;
        inside.served += 1;
        true
    }
}

#[async_trait]
impl Api for Bucket {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        self.pass_by().await;
        let admitted = self.admits();
        self.pass_by().await;
        if admitted {
            return Ok(Value::Null);
        }
        let error = CallError::new(CallErrorKind::Limited, call.method);
        Err(error.code_of_portal("QUERY_LIMIT_EXCEEDED").status_of_portal(503))
    }
}
