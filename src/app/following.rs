//! Portals as they come and go: whoever is installed is greeted, worked for and polled, and what was missed is looked for.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::running::stopped;
use crate::{
    clock::Clock,
    dispatch::Engine,
    ingest::{GapRepair, Gate, Poller},
    portal::{PortalChange, PortalWatch, Registry, Welcome},
    store::{OpenSession, StoreError},
    wire::PortalKey,
};

/// How long a dialog waits at the start until it is known whether something was missed in it. What is found later comes
/// late.
const LOOK_BACK_LIMIT: Duration = Duration::from_secs(10);
/// Dialogs that wait so, those heard of last: about as many as are looked into within that time.
const LOOK_BACK_HELD: usize = 500;
/// How long `on_install` waits for the bots it is to find.
const SET_UP_LIMIT: Duration = Duration::from_secs(30);

/// Hears what becomes of portals. Holds the way to the engine, not the engine: that one holds the registry.
pub(super) struct Watch(pub(super) mpsc::UnboundedSender<(PortalKey, PortalChange)>);

impl PortalWatch for Watch {
    fn portal_changed(&self, portal: &PortalKey, change: PortalChange) {
        let _ = self.0.send((portal.clone(), change));
    }
}

/// Accepts the event of a proven installation once the portal's bots are registered, so that `on_install` finds them.
pub(super) struct Greeting {
    pub(super) gate: Gate,
    pub(super) registry: Registry,
    pub(super) set_up: watch::Receiver<usize>,
    pub(super) codes: Vec<String>,
}

#[async_trait::async_trait]
impl Welcome for Greeting {
    async fn installed(&self, portal: &PortalKey, notice: bytes::Bytes) -> Result<(), StoreError> {
        let has_its_bots = |_: &usize| {
            let bots = self.registry.portal(portal).map(|portal| portal.bots).unwrap_or_default();
            self.codes.iter().all(|code| bots.iter().any(|bot| bot.code == *code))
        };
        let mut set_up = self.set_up.clone();
        if tokio::time::timeout(SET_UP_LIMIT, set_up.wait_for(has_its_bots)).await.is_err() {
            tracing::warn!(%portal, "the portal is not set up yet; on_install runs without its bots");
        }
        self.gate.installed(portal, notice).await
    }
}

/// Looks for what was missed in `sessions`. Their dialogs wait for that, though not for long.
pub(super) fn look_back(
    tasks: &mut JoinSet<()>,
    engine: &Engine,
    repair: &GapRepair,
    clock: &Arc<dyn Clock>,
    portal: &PortalKey,
    sessions: Vec<OpenSession>,
    stopping: &watch::Receiver<bool>,
) {
    if sessions.is_empty() {
        return;
    }
    engine.hold(portal, sessions.iter().take(LOOK_BACK_HELD).map(|session| session.lane.clone()));
    let (waiting, key, clock, stop) =
        (engine.clone(), portal.clone(), clock.clone(), stopped(stopping.clone()));
    tasks.spawn(async move {
        tokio::select! {
            () = stop => {}
            () = clock.sleep_until(clock.now().plus(LOOK_BACK_LIMIT)) => waiting.release(&key, None),
        }
    });
    let (engine, repair, key) = (engine.clone(), repair.clone(), portal.clone());
    let stop = stopped(stopping.clone());
    tasks.spawn(async move {
        let release = |session: &OpenSession| engine.release(&key, Some(&session.lane));
        repair.run(&key, sessions, &release, stop).await;
    });
}

/// Works for every portal that is heard of, and polls the active ones for the events of bots that fetch them.
pub(super) async fn follow_portals(
    engine: Engine,
    poller: Poller,
    mut changes: mpsc::UnboundedReceiver<(PortalKey, PortalChange)>,
    stopping: watch::Receiver<bool>,
) {
    let mut polling: JoinSet<()> = JoinSet::new();
    let mut polled = HashSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(stopping.clone()) => break,
            Some((portal, change)) = changes.recv() => {
                if change != PortalChange::Forgotten {
                    engine.wake(&portal);
                }
                if change == PortalChange::Active && polled.insert(portal.clone()) {
                    let (poller, stopping) = (poller.clone(), stopped(stopping.clone()));
                    polling.spawn(async move { poller.run(&portal, stopping).await });
                }
            }
            Some(ended) = polling.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "polling a portal ended badly");
                }
            }
        }
    }
    while polling.join_next().await.is_some() {}
}
