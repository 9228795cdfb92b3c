//! The figures of the process, as Prometheus reads them. Everything counts through the `metrics` facade, so that what a
//! bot counts itself with it stands in the same answer.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    clock::Clock,
    portal::Registry,
    rest::Slots,
    store::{InboxState, PortalStatus, Store},
};

/// How often what was measured is taken into its buckets, so that it does not pile up while nobody asks.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of everything that takes seconds: a handler some milliseconds, a language model half a minute.
const SECONDS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0];

/// So many of the inbox are counted; who has more knows enough.
const COUNTED: u32 = 1_000;

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count, once in a process and before anything that counts is made. A program that counts with a recorder of
/// its own keeps it, and reads our figures there.
pub(super) fn begin() -> Option<&'static PrometheusHandle> {
    let handle = HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
        let recorder = builder.map(PrometheusBuilder::build_recorder);
        let recorder = recorder.inspect_err(|error| tracing::error!(%error, "nothing is counted")).ok()?;
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::info!(
                "this program counts with a recorder of its own: /metrics has nothing, ask that one"
            );
            return None;
        }
        describe();
        Some(handle)
    });
    handle.as_ref()
}

/// Takes in what was measured until `stop` is done.
pub(super) async fn tidy(
    handle: &'static PrometheusHandle,
    clock: std::sync::Arc<dyn Clock>,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            () = clock.sleep_until(clock.now().plus(TIDY_EVERY)) => handle.run_upkeep(),
        }
    }
}

/// What is known only when somebody asks.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) store: Arc<dyn Store>,
    pub(super) registry: Registry,
    pub(super) slots: Slots,
}

impl Snapshot {
    /// What waits for a person, as far as is counted.
    pub(super) async fn look_into_the_inbox(&self) {
        let states = [
            (InboxState::Parked, "parked"),
            (InboxState::Uncertain, "uncertain"),
            (InboxState::Rejected, "rejected"),
        ];
        for (state, name) in states {
            let waiting = self.store.inbox(Some(state), COUNTED).await;
            gauge!("openlines_inbox", "state" => name).set(waiting.map_or(f64::NAN, |all| all.len() as f64));
        }
    }

    /// All figures as text.
    pub(super) fn render(&self, handle: &PrometheusHandle) -> String {
        let portals = self.registry.portals();
        let statuses = [
            (PortalStatus::Active, "active"),
            (PortalStatus::Broken, "broken"),
            (PortalStatus::Uninstalled, "uninstalled"),
        ];
        for (status, name) in statuses {
            let count = portals.iter().filter(|portal| portal.status == status).count();
            gauge!("openlines_portals", "status" => name).set(count as f64);
        }
        let active = || portals.iter().filter(|portal| portal.status == PortalStatus::Active);
        let waiting: usize = active().map(|portal| self.slots.waiting(&portal.key.member)).sum();
        gauge!("openlines_calls_waiting").set(waiting as f64);
        let free = active().map(|portal| self.slots.free(&portal.key.member)).min();
        gauge!("openlines_free_slots_min").set(free.map_or(f64::NAN, f64::from));
        handle.render()
    }
}

fn describe() {
    describe_counter!("openlines_events_total", "Events taken in, by what became of them.");
    describe_counter!("openlines_refusals_total", "Requests refused at the public address, by reason.");
    describe_counter!(
        "openlines_gap_repaired_messages_total",
        "Messages found in histories after a downtime."
    );
    describe_histogram!(
        "openlines_poll_lag_seconds",
        Unit::Seconds,
        "Age of the oldest event of a poll that brought some."
    );
    describe_counter!("openlines_turns_total", "Tries of turns, by their end.");
    describe_histogram!("openlines_turn_seconds", Unit::Seconds, "How long a try of a turn took.");
    describe_gauge!("openlines_events_waiting", "Events in memory that wait for their turn or are in it.");
    describe_counter!("openlines_outbox_total", "Tries of calls from the outbox, by their end.");
    describe_counter!("openlines_calls_total", "Calls over the wire, by class of method and outcome.");
    describe_histogram!("openlines_call_seconds", Unit::Seconds, "How long a call over the wire took.");
    describe_gauge!("openlines_calls_waiting", "Calls that wait for a portal's limit.");
    describe_gauge!(
        "openlines_free_slots_min",
        "Calls that would go out at once, of the portal with the fewest."
    );
    describe_gauge!("openlines_inbox", "What waits for a person, by state; a thousand at most are counted.");
    describe_gauge!("openlines_portals", "Portals, by status.");
}
