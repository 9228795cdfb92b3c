//! Where the dialogue stands.

use std::sync::PoisonError;

use serde_json::Value;

use super::Context;
use crate::{
    dispatch::dialogue::{self, DialogState},
    wire::Event,
};

impl Context {
    /// The state the bot is in with this dialog: where [`goto`](Self::goto) led, in this turn or an earlier one, else
    /// the [`fallback`](DialogState::fallback). So it is, with a warning in the log, if what is stored cannot be read.
    pub fn state<S: DialogState>(&self) -> S {
        let asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stored) = asked.record.state(&self.state_key::<S>()) else { return S::fallback() };
        dialogue::read(stored).unwrap_or_else(|why| {
            tracing::warn!(
                portal = %self.portal(),
                dialog = self.inner.lane.as_str(),
                state = std::any::type_name::<S>(),
                "the stored state cannot be read, the dialogue begins anew: {why}"
            );
            S::fallback()
        })
    }

    /// Leads to this state, with the commit of the turn. The time-out of the state left is cancelled, that of the new
    /// one begins.
    ///
    /// **Trap:** the same state again is a new one: its time-out begins anew.
    pub fn goto<S: DialogState>(&self, state: S) {
        let time_out = state.time_out();
        self.change(|asked| {
            asked.record.put_state(self.state_key::<S>(), dialogue::write(&state)?);
            let name = dialogue::time_out_name::<S>();
            match time_out {
                Some(span) => self.arm(asked, name, self.now().plus(span), Value::Null, true)?,
                None => asked.disarm(self.timer_id(&name)),
            }
            Ok(())
        });
    }

    /// The state whose time is over, if that is what this event is. The dialogue is still in it; lead it somewhere.
    pub fn timed_out<S: DialogState>(&self) -> Option<S> {
        match &self.inner.incoming.event {
            Event::Timer(fired) if fired.name == dialogue::time_out_name::<S>() => Some(self.state()),
            _ => None,
        }
    }

    fn state_key<S: DialogState>(&self) -> String {
        format!("{}/{}", self.inner.code, S::NAME)
    }
}
