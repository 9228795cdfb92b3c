//! What a strict emulator does not forgive.

use super::Portal;

impl Portal {
    /// Calls of methods that the portal does not model, events that found no handler, and callbacks that no handler
    /// took: one line each. Callbacks that a fault dropped are not among them.
    ///
    /// A strict emulator fails the test when it is dropped and this is not empty; any other logs it as a warning.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut all = self.shared.look(|world| {
            let complaints = &world.complaints;
            let unmodelled = complaints.unmodelled.iter().map(|(method, count)| {
                format!("REST method {method} is not modelled (called {count} times): a wrong name, or a gap of the emulator")
            });
            let unheard = complaints.unheard.iter().map(|event| format!("nobody heard {event}"));
            unmodelled.chain(unheard).collect::<Vec<_>>()
        });
        all.extend(self.shared.deliveries.lost().into_iter().map(|lost| format!("undelivered: {lost}")));
        all
    }

    /// Fails the test, or warns, as the emulator ends.
    pub(crate) fn judge(&self, strict: bool) {
        let complaints = self.complaints();
        if complaints.is_empty() || std::thread::panicking() {
            return;
        }
        let list = complaints.iter().map(|one| format!("  {one}\n")).collect::<String>();
        if strict {
            self.fail(&format!("the strict emulator saw what a bot must not cause:\n{list}"));
        }
        tracing::warn!("the emulator saw what a bot should not cause:\n{list}");
    }
}
