//! The turnstiles of all portals.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{Limits, levels::LevelKeeper, turnstile::Turnstile};
use crate::{
    clock::Clock,
    wire::{MemberId, PortalKey, Timestamp},
};

/// How many portals are known before those without a call are forgotten.
const MANY_PORTALS: usize = 1024;

/// How often levels are saved at the most.
const SAVE_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Portals {
    limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    keeper: Option<Arc<dyn LevelKeeper>>,
    known: Mutex<HashMap<MemberId, Arc<Turnstile>>>,
    /// Whether a task saves levels.
    saving: AtomicBool,
}

impl Portals {
    pub(super) fn new(limits: Limits, clock: Arc<dyn Clock>, keeper: Option<Arc<dyn LevelKeeper>>) -> Self {
        Self { limits, clock, keeper, known: Mutex::default(), saving: AtomicBool::new(false) }
    }

    pub(super) fn with(&self, keeper: Arc<dyn LevelKeeper>) -> Self {
        Self::new(self.limits, Arc::clone(&self.clock), Some(keeper))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn turnstile(&self, member: &MemberId) -> Arc<Turnstile> {
        let now = self.clock.now();
        let mut known = self.known();
        if let Some(turnstile) = known.get(member) {
            return Arc::clone(turnstile);
        }
        if known.len() >= MANY_PORTALS {
            known.retain(|_, turnstile| Arc::strong_count(turnstile) > 1 || !turnstile.is_idle(now));
        }
        let turnstile = Arc::new(Turnstile::new(self.limits, self.keeper.is_none(), now));
        known.insert(member.clone(), Arc::clone(&turnstile));
        turnstile
    }

    /// Opens the turnstile with the level kept from before.
    pub(super) async fn open(&self, member: &MemberId, turnstile: &Turnstile) {
        let Some(keeper) = &self.keeper else { return };
        let load = async {
            let kept = keeper.load(member).await.unwrap_or_else(|error| {
                tracing::warn!(%member, %error, "the level of the portal's bucket was not loaded; it may refuse at first");
                None
            });
            turnstile.restore(kept, self.clock.now());
        };
        turnstile.loaded.get_or_init(|| load).await;
    }

    /// A call was sent: sees to it that its level is saved soon.
    pub(super) fn sent(self: &Arc<Self>) {
        if self.keeper.is_none() || self.saving.load(Ordering::Acquire) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.saving.swap(true, Ordering::AcqRel) {
            let portals = Arc::clone(self);
            runtime.spawn(async move { portals.save_while_sent().await });
        }
    }

    async fn save_while_sent(&self) {
        loop {
            self.save().await;
            self.clock.sleep_until(self.clock.now().plus(SAVE_EVERY)).await;
            if self.has_unsaved() {
                continue;
            }
            self.saving.store(false, Ordering::Release);
            // One that was sent just before saw this task still at work.
            if !self.has_unsaved() || self.saving.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }

    async fn save(&self) {
        let Some(keeper) = &self.keeper else { return };
        let levels: Vec<_> = self
            .known()
            .iter()
            .filter_map(|(member, turnstile)| Some((member.clone(), turnstile.unsaved()?)))
            .collect();
        if levels.is_empty() {
            return;
        }
        if let Err(error) = keeper.save(levels).await {
            tracing::warn!(%error, "levels of buckets were not saved; after a restart portals may refuse at first");
        }
    }

    fn has_unsaved(&self) -> bool {
        self.known().values().any(|turnstile| turnstile.has_unsaved())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<MemberId, Arc<Turnstile>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a limiter knows of portals: how much room there is, and how many wait for it.
///
/// ```
/// # use std::sync::Arc;
/// # use openlines::{clock::ManualClock, rest::{Api, Call, CallError, Limited, Limits}, wire::MemberId};
/// # struct Echo;
/// # #[async_trait::async_trait]
/// # impl Api for Echo {
/// #     async fn call(&self, call: Call) -> Result<serde_json::Value, CallError> { Ok(call.params) }
/// # }
/// let api = Limited::new(Echo, Limits::standard(), Arc::new(ManualClock::at_seconds(1_773_682_918)));
/// let slots = api.slots();
/// assert_eq!((slots.free(&MemberId::new("7c1f")), slots.waiting(&MemberId::new("7c1f"))), (48, 0));
/// ```
///
/// **Trap:** it is what was so when it was asked; the next call may find it otherwise.
#[derive(Clone)]
pub struct Slots(pub(super) Arc<Portals>);

impl Slots {
    /// How many calls to the portal would go out at once now. Before its first call that is what an empty bucket
    /// holds, also if the level kept from before says otherwise.
    pub fn free(&self, member: &MemberId) -> u32 {
        let now: Timestamp = self.0.clock.now();
        let known = self.0.known().get(member).map(Arc::clone);
        known.map_or_else(|| Turnstile::new(self.0.limits, true, now).free(now), |known| known.free(now))
    }

    /// How many calls to the portal wait, for room or for their method.
    pub fn waiting(&self, member: &MemberId) -> usize {
        let known = self.0.known().get(member).map(Arc::clone);
        known.map_or(0, |known| known.waiting())
    }

    /// How long a call that others may join, as in a batch, is to wait for them: not at all while half of the bucket
    /// is free, then longer and longer, up to the time in which one slot comes free.
    pub fn pause(&self, member: &MemberId) -> Duration {
        let known = self.0.known().get(member).map(Arc::clone);
        known.map_or(Duration::ZERO, |known| known.pause(self.0.clock.now()))
    }

    /// The methods, in lower case, that have to wait for their operating limit, and until when as far as is known.
    pub fn held(&self, portal: &PortalKey) -> HashMap<Box<str>, Timestamp> {
        let known = self.0.known().get(&portal.member).map(Arc::clone);
        known.map_or_else(HashMap::new, |known| known.held(&portal.app, self.0.clock.now()))
    }

    /// Saves the levels that are not saved yet, as the last thing before the process ends.
    pub async fn save(&self) {
        self.0.save().await;
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
