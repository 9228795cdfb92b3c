//! Timers of the dialog.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{Asked, Context};
use crate::{
    clock::WorkingHours,
    dispatch::{
        HandlerError,
        dialogue::Armed,
        effect::uuid_of,
        timer::{Place, Setting},
    },
    store::TimerChange,
    wire::{Event, Timestamp},
};

impl Context {
    /// A durable timer of this dialog. When it is due it comes as an event of the dialog, once, to
    /// [`BotHandler::on_timer`](crate::dispatch::BotHandler::on_timer) or a route
    /// `.on(async |cx, fired: TimerFired| …)`; also after a restart. Set again under its name it is moved.
    ///
    /// ```
    /// use std::time::Duration;
    /// use openlines::prelude::*;
    ///
    /// struct Shop;
    ///
    /// #[async_trait]
    /// impl BotHandler for Shop {
    ///     async fn on_message(&self, cx: &Context, _message: &Message) -> Handled {
    ///         cx.timer("reminder").with_session().after(Duration::from_secs(600));
    ///         Ok(Done)
    ///     }
    ///     async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
    ///         if fired.name == "reminder" {
    ///             cx.reply("Are you still there?");
    ///         }
    ///         Ok(Done)
    ///     }
    /// }
    /// ```
    ///
    /// **Trap:** like all effects, it is set when the turn is committed, and not before.
    pub fn timer(&self, name: impl Into<String>) -> Timer<'_> {
        Timer { cx: self, name: name.into(), payload: Ok(Value::Null), session: false }
    }

    /// Cancels a timer of this dialog, also one that is due and waits behind this turn. It is no error if there is
    /// none.
    pub fn cancel_timer(&self, name: &str) {
        let id = self.timer_id(name);
        self.change(|asked| {
            asked.disarm(id);
            Ok(())
        });
    }

    pub(super) fn timer_id(&self, name: &str) -> String {
        format!("{}/{name}", self.inner.code)
    }

    fn place(&self) -> Option<Place> {
        if let Some(chat) = self.chat() {
            return Some(Place::of(chat));
        }
        match &self.inner.incoming.event {
            Event::LineMessage(event) => event.chat.map(|chat| Place::of_line(&event.address, chat)),
            Event::SessionStarted(event) | Event::SessionFinished(event) => {
                Some(Place::of_line(&event.address, event.chat))
            }
            _ => None,
        }
    }

    pub(super) fn arm(
        &self,
        asked: &mut Asked,
        name: String,
        at: Timestamp,
        payload: Value,
        session: bool,
    ) -> Result<(), HandlerError> {
        let id = self.timer_id(&name);
        let arming = uuid_of(self.inner.turn.id, &format!("timer:{}", asked.timers.len()));
        let bot = self.inner.incoming.bot.as_ref().map(|bot| (bot.id, bot.code.clone()));
        let setting = Setting { name, arming, bot, place: self.place(), payload };
        let payload = serde_json::to_vec(&setting)?.into();
        asked.record.arm(id.clone(), Armed { arming, session });
        asked.timers.push(TimerChange::Set { id, at, payload });
        Ok(())
    }
}

impl Asked {
    pub(super) fn disarm(&mut self, id: String) {
        if self.record.disarm(&id) {
            self.timers.push(TimerChange::Cancel { id });
        }
    }
}

/// A timer about to be set.
#[derive(Debug)]
#[must_use = "say when: after, at or within"]
pub struct Timer<'a> {
    cx: &'a Context,
    name: String,
    payload: Result<Value, HandlerError>,
    session: bool,
}

impl Timer<'_> {
    /// What it brings along.
    pub fn payload(mut self, payload: &impl Serialize) -> Self {
        self.payload = serde_json::to_value(payload).map_err(HandlerError::from);
        self
    }

    /// It goes with the session of the open line: once that is finished it does not fire any more. Where no session
    /// events come (an incoming webhook) that is not known, and it stays.
    pub fn with_session(mut self) -> Self {
        self.session = true;
        self
    }

    /// Sets it, to be due when so much time has passed.
    pub fn after(self, span: Duration) {
        let at = self.cx.now().plus(span);
        self.at(at);
    }

    /// Sets it, to be due at this moment; one that is past is due at once.
    pub fn at(self, moment: Timestamp) {
        let Self { cx, name, payload, session } = self;
        cx.change(|asked| cx.arm(asked, name, moment, payload?, session));
    }

    /// Sets it, to be due when so much working time has passed. Fails the turn if the hours have no such moment.
    pub fn within(self, hours: &WorkingHours, span: Duration) {
        match hours.after(self.cx.now(), span) {
            Some(moment) => self.at(moment),
            None => self.cx.wrong(HandlerError::msg(format!(
                "timer `{}`: there are no {span:?} of working time in the years to come; look at its holidays",
                self.name
            ))),
        }
    }
}
