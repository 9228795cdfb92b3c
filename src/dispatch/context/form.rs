//! The form that is open in the dialog.

use std::sync::PoisonError;

use serde_json::Value;

use super::Context;
use crate::{
    dispatch::{
        burst,
        dialogue::Stored,
        form::{Form, Open, TIMER},
    },
    wire::{Event, Incoming, Message, Timestamp},
};

/// How an open form is written; a newer one cannot be read.
const FORM: u32 = 1;

impl Context {
    /// Begins a form: asks its first question, and hears what the client writes from now on, until it is filled in or
    /// left. A [`Router`](crate::dispatch::Router) of the bot must have it. A form with a mistake in it fails the turn.
    pub fn begin<T>(&self, form: &Form<T>) {
        if let Err(error) = form.definition().open(self) {
            self.wrong(error);
        }
    }

    /// The name of the form that is open in this dialog.
    pub fn form_open(&self) -> Option<String> {
        self.open_form().map(|open| open.name().to_owned())
    }

    /// Leaves the form that is open in this dialog, without a word. It is no error if there is none.
    pub fn leave_form(&self) {
        self.drop_form();
    }

    pub(in crate::dispatch) fn open_form(&self) -> Option<Open> {
        let asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = asked.record.state(&self.form_key())?;
        let open = if stored.version > FORM {
            Err(format!("it has the form {}, this program knows {FORM}", stored.version))
        } else {
            serde_json::from_value::<Open>(stored.value.clone()).map_err(|error| error.to_string())
        };
        match open {
            Ok(open) => Some(open).filter(|open| !open.is_over(self.now()) || self.is_end_of_form()),
            Err(error) => {
                tracing::warn!(
                    portal = %self.portal(),
                    dialog = self.inner.lane.as_str(),
                    error,
                    "the form that was open cannot be read, and is left"
                );
                None
            }
        }
    }

    fn is_end_of_form(&self) -> bool {
        matches!(&self.inner.incoming.event, Event::Timer(fired) if fired.name == TIMER)
    }

    pub(in crate::dispatch) fn keep_form(&self, open: &Open, due: Timestamp) {
        self.change(|asked| {
            let value = serde_json::to_value(open)?;
            asked.record.put_state(self.form_key(), Stored { version: FORM, value, session: true });
            self.arm(asked, TIMER.to_owned(), due, Value::Null, true)
        });
    }

    pub(in crate::dispatch) fn drop_form(&self) {
        self.change(|asked| {
            asked.record.drop_state(&self.form_key());
            asked.disarm(self.timer_id(TIMER));
            Ok(())
        });
    }

    /// The messages of this turn that no form has taken yet.
    pub(in crate::dispatch) fn unheard(&self) -> &[Message] {
        let taken = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner).taken;
        self.burst().get(taken..).unwrap_or_default()
    }

    /// A form has taken so many messages of this turn.
    pub(in crate::dispatch) fn hears(&self, messages: usize) {
        self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner).taken += messages;
    }

    /// What is left of a burst for other routes, once a form has had what it wanted.
    pub(in crate::dispatch) fn left_of_burst(&self) -> Option<Incoming> {
        let left = self.unheard();
        if left.is_empty() || left.len() == self.burst().len() {
            return None;
        }
        let single = |message: &Message| Incoming {
            event: Event::Message(message.clone()),
            ..self.incoming().clone()
        };
        burst::join(left.iter().map(single).collect()).map(|(incoming, _)| incoming)
    }

    /// Apart from the names of states, which are the author's.
    fn form_key(&self) -> String {
        format!("{}//form", self.inner.code)
    }
}
