//! Dialogs that wait before their first turn: what was missed in them is still being looked for, and has to go before
//! what has come since.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{store::LaneKey, wire::PortalKey};

/// The lanes held back, by portal. Empty but for the moments after a start.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<HashMap<PortalKey, HashSet<LaneKey>>>);

impl Holds {
    fn all(&self) -> MutexGuard<'_, HashMap<PortalKey, HashSet<LaneKey>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&self, portal: &PortalKey, lanes: impl IntoIterator<Item = LaneKey>) {
        self.all().entry(portal.clone()).or_default().extend(lanes);
    }

    /// Lets one lane go, or all of the portal; whether any was held.
    pub(super) fn release(&self, portal: &PortalKey, lane: Option<&LaneKey>) -> bool {
        let mut all = self.all();
        let Some(lane) = lane else { return all.remove(portal).is_some() };
        let Some(held) = all.get_mut(portal) else { return false };
        let was_held = held.remove(lane);
        if held.is_empty() {
            all.remove(portal);
        }
        was_held
    }

    /// The lanes held now. To be asked for before the journal is read: what a release waited for is then in what is read.
    pub(super) fn of(&self, portal: &PortalKey) -> HashSet<LaneKey> {
        self.all().get(portal).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_held_until_it_or_its_portal_is_released() {
        let (holds, portal) = (Holds::default(), PortalKey::new("app", "p"));
        let other = PortalKey::new("app", "q");
        let lanes = ["a", "b"].map(LaneKey::new);
        holds.hold(&portal, lanes.clone());
        let held = |portal| holds.of(portal).len();
        assert_eq!((held(&portal), held(&other)), (2, 0));
        assert!(holds.release(&portal, Some(&lanes[0])));
        assert!(!holds.release(&portal, Some(&lanes[0])) && !holds.release(&other, None));
        assert_eq!(holds.of(&portal), HashSet::from([lanes[1].clone()]));
        assert!(holds.release(&portal, None));
        assert_eq!(held(&portal), 0);
    }
}
