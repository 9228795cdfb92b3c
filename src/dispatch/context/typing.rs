//! The indicator that the bot is typing, kept alive while its handler works.

use std::{sync::PoisonError, time::Duration};

use tokio::task::AbortHandle;

use super::Context;
use crate::{
    dispatch::{HandlerError, Outgoing, acts},
    rest::{Call, CallErrorKind, CallPriority, methods::imbot_v2::InputAction},
};

/// How many seconds a portal shows it.
const LIFE: i64 = 10;
/// When it is shown again: before it goes out.
const AGAIN: Duration = Duration::from_secs(8);
/// Longer than this it does not wait for the portal's limit; replies are worth more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows that the bot is busy until it is dropped, or the turn ends. At most once: what cannot be shown at once is
/// not shown.
#[derive(Debug)]
#[must_use = "the indicator goes out when this is dropped; keep it while you work"]
pub struct Typing {
    task: Option<AbortHandle>,
}

impl Drop for Typing {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Context {
    /// Shows that the bot is typing, in the dialog of the event, until the guard is dropped or the turn ends. Without a
    /// dialog or a bot it shows nothing.
    ///
    /// ```
    /// use openlines::prelude::*;
    ///
    /// async fn answer(cx: Context, message: Message) -> Handled {
    ///     let _typing = cx.typing();
    ///     let answer = think_long(&message.text).await;
    ///     cx.reply(answer);
    ///     Ok(Done)
    /// }
    /// # async fn think_long(question: &str) -> String { question.to_owned() }
    /// ```
    pub fn typing(&self) -> Typing {
        self.indicator(None).unwrap_or_else(|error| {
            tracing::debug!(portal = %self.portal(), %error, "typing is not shown");
            Typing { task: None }
        })
    }

    /// Shows what the bot is busy with, as [`typing`](Self::typing) shows that it types. A v1 bot cannot.
    pub fn agent_status(&self, status: InputAction) -> Result<Typing, HandlerError> {
        self.indicator(Some(status))
    }

    fn indicator(&self, status: Option<InputAction>) -> Result<Typing, HandlerError> {
        let dialog = self.dialog_heard("typing")?;
        let call = acts::typing(self.acting_bot()?, &dialog, status, LIFE)?;
        let mut asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.closed {
            return Ok(Typing { task: None });
        }
        let task = tokio::spawn(self.clone().keep_alive(call)).abort_handle();
        asked.typing.push(task.clone());
        Ok(Typing { task: Some(task) })
    }

    async fn keep_alive(self, call: Outgoing) {
        let services = &self.inner.services;
        let clock = &services.clock;
        loop {
            let again = clock.now().plus(AGAIN);
            let notice = Call::new(self.portal().clone(), call.method.clone(), call.params.clone())
                .priority(CallPriority::Rt);
            let room = services.slots.as_ref().map(|slots| slots.pause(&self.portal().member));
            tokio::select! {
                biased;
                // Half of the bucket is gone, and what is left is for replies.
                () = std::future::ready(()), if room.is_some_and(|pause| !pause.is_zero()) => {}
                shown = services.api.call(notice) => if let Err(error) = shown {
                    tracing::debug!(portal = %self.portal(), %error, "typing is not shown");
                    if error.kind() == CallErrorKind::Refused {
                        return;
                    }
                },
                () = clock.sleep_until(clock.now().plus(PATIENCE)) => {}
            }
            clock.sleep_until(again).await;
        }
    }
}
