//! The alarm of a portal: wakes when a timer is due, and makes it an event of its lane.

use futures_util::future::try_join_all;

use super::{Services, timer};
use crate::{
    store::{Lease, StoreError},
    wire::Timestamp,
};

/// Timers taken at once.
const PAGE: u32 = 512;

/// When the next timer of a portal is due.
#[derive(Debug)]
pub(super) struct Alarm {
    at: Option<Timestamp>,
    /// Timers were changed since it was last looked.
    look: bool,
}

impl Alarm {
    pub(super) fn new() -> Self {
        Self { at: None, look: true }
    }

    /// A commit changed timers.
    pub(super) fn changed(&mut self) {
        self.look = true;
    }

    /// The moment to wake at.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Puts every timer that is due into the journal; whether there was one.
    pub(super) async fn ring(&mut self, services: &Services, lease: &Lease) -> Result<bool, StoreError> {
        let Services { store, clock, .. } = services;
        let mut rang = false;
        loop {
            if self.look {
                self.at = store.next_timer(lease).await?;
                self.look = false;
            }
            let now = clock.now();
            if self.at.is_none_or(|at| at > now) {
                return Ok(rang);
            }
            let due = store.due_timers(lease, PAGE, now).await?;
            let mut events = Vec::with_capacity(due.len());
            for timer in &due {
                match timer::event_of(&lease.portal, timer) {
                    Ok(event) => events.push(event),
                    Err(error) => {
                        tracing::error!(portal = %lease.portal, timer = timer.id, %error, "a timer is lost")
                    }
                }
            }
            // In this order: a process that ends in between fires again, and the journal knows it.
            store.append(events, now).await?;
            try_join_all(due.iter().map(|timer| store.timer_fired(lease, timer))).await?;
            self.look = true;
            rang = true;
        }
    }
}
