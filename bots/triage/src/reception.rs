//! The dialog, from the greeting to the hand-over.

use std::{sync::Arc, time::Duration};

use openlines::{dispatch::Holder, message::MenuReading, prelude::*};
use serde::{Deserialize, Serialize};

use super::{Contact, Settings, Speech, contact};

const PATIENCE: &str = "patience";

/// Where a dialog stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing was said yet.
    Start,
    /// The topic is asked for.
    Topic,
    /// How urgent it is is asked for.
    Urgency {
        /// The topic's place in the settings.
        topic: usize,
    },
    /// Nobody is there, and a contact is asked for.
    Contact {
        /// The topic's place in the settings.
        topic: usize,
        /// Today, and not later.
        urgent: bool,
    },
    /// People were called, so many times.
    Called {
        /// The topic's place in the settings.
        topic: usize,
        /// How often.
        calls: u8,
    },
    /// All is said.
    Done,
}

impl DialogState for Stage {
    const VERSION: u32 = 1;

    fn fallback() -> Self {
        Self::Start
    }
}

/// Asks, and hands over.
pub(crate) struct Reception {
    settings: Arc<Settings>,
}

#[async_trait]
impl BotHandler for Reception {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        let speech = self.speech(&message.language);
        match cx.state::<Stage>() {
            Stage::Start => {
                cx.reply(speech.with("greeting", [("bot", literal(&self.settings.name).to_string())]));
                self.ask_topic(cx, speech);
            }
            Stage::Topic => match self.topics(speech).read(message) {
                MenuReading::Chosen(topic) => {
                    cx.reply_menu(&urgencies(speech));
                    cx.goto(Stage::Urgency { topic: *topic });
                }
                // The portal has called a person already.
                MenuReading::EndsSession => cx.goto(Stage::Done),
                _ => {
                    cx.reply(speech.say("again"));
                    self.ask_topic(cx, speech);
                }
            },
            Stage::Urgency { topic } => match urgencies(speech).read(message) {
                MenuReading::Chosen(urgent) => self.decided(cx, speech, topic, *urgent),
                MenuReading::EndsSession => cx.goto(Stage::Done),
                _ => {
                    cx.reply(speech.say("again"));
                    cx.reply_menu(&urgencies(speech));
                }
            },
            // The session came back from a person, who is asked for something new now.
            Stage::Called { .. } | Stage::Done
                if cx.session().is_some_and(|session| session.holder == Holder::Bot) =>
            {
                self.ask_topic(cx, speech);
            }
            Stage::Contact { .. } | Stage::Called { .. } | Stage::Done => {}
        }
        Ok(Done)
    }

    async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
        let waits = cx.session().is_some_and(|session| session.holder == Holder::Waiting);
        if let Stage::Called { topic, calls } = cx.state()
            && fired.name == PATIENCE
            && waits
            && calls < self.settings.calls
        {
            let speech = self.speech(fired.payload.as_str().unwrap_or_default());
            cx.reply(speech.say("still-waiting"));
            self.call(cx, speech, topic, calls + 1);
        }
        Ok(Done)
    }

    async fn on_session_finish(&self, cx: &Context, _session: &LineSessionEvent) -> Handled {
        cx.goto(Stage::Start);
        Ok(Done)
    }
}

impl Reception {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }

    fn speech(&self, language: &str) -> Speech {
        Speech::of(language, &self.settings.language)
    }

    fn topics(&self, speech: Speech) -> Menu<usize> {
        let menu = Menu::new(speech.say("topic")).hint(speech.say("hint"));
        let topics = self.settings.topics.iter().enumerate();
        topics.fold(menu, |menu, (place, topic)| {
            let menu = menu.item(place, topic.named(speech.language(), &self.settings.language));
            topic.words.iter().fold(menu, Menu::synonym)
        })
    }

    fn ask_topic(&self, cx: &Context, speech: Speech) {
        cx.reply_menu(&self.topics(speech));
        cx.goto(Stage::Topic);
    }

    /// Topic and urgency are known.
    fn decided(&self, cx: &Context, speech: Speech, topic: usize, urgent: bool) {
        match self.settings.opens(cx.now()) {
            Some(opens) => {
                cx.reply(speech.with("closed", [("opens", self.settings.written(opens))]));
                cx.begin(&contact::form(speech));
                cx.goto(Stage::Contact { topic, urgent });
            }
            None => {
                cx.reply(Reply::text(summary(&self.settings, topic, urgent)).internal_note());
                cx.reply(speech.say("handed-over"));
                self.call(cx, speech, topic, 1);
            }
        }
    }

    /// Calls people, and looks again after a while.
    fn call(&self, cx: &Context, speech: Speech, topic: usize, calls: u8) {
        hand_over(cx, &self.settings, topic);
        let patience = Duration::from_secs(60 * u64::from(self.settings.patience_minutes.get()));
        cx.timer(PATIENCE).with_session().payload(&speech.language()).after(patience);
        cx.goto(Stage::Called { topic, calls });
    }
}

/// A contact was left: it is promised when, and queued for then.
pub(crate) fn promise(cx: &Context, settings: &Settings, speech: Speech, contact: &Contact) {
    let Stage::Contact { topic, urgent } = cx.state() else { return };
    let opens = settings.written(settings.opens(cx.now()).unwrap_or(cx.now()));
    let [name, way] = [&contact.name, &contact.way].map(|text| literal(text).to_string());
    let filled = [("name", name.clone()), ("way", way), ("opens", opens.clone())];
    let note = Speech::of(&settings.language, "en").with("summary-contact", filled);
    cx.reply(Reply::text(format!("{}\n{note}", summary(settings, topic, urgent))).internal_note());
    cx.reply(speech.with("promised", [("name", name), ("opens", opens)]));
    hand_over(cx, settings, topic);
    cx.goto(Stage::Done);
}

fn hand_over(cx: &Context, settings: &Settings, topic: usize) {
    match settings.topics.get(topic).and_then(|topic| topic.queue()) {
        Some(line) => cx.hand_over_to(line),
        None => cx.hand_over(),
    }
}

/// For people, in the language of the house.
fn summary(settings: &Settings, topic: usize, urgent: bool) -> String {
    let house = Speech::of(&settings.language, "en");
    let named =
        settings.topics.get(topic).map_or("", |topic| topic.named(house.language(), &settings.language));
    let urgency = house.say(if urgent { "today" } else { "later" });
    house.with("summary", [("topic", literal(named).to_string()), ("urgency", urgency)])
}

fn urgencies(speech: Speech) -> Menu<bool> {
    Menu::new(speech.say("urgency"))
        .hint(speech.say("hint"))
        .item(true, speech.say("today"))
        .item(false, speech.say("later"))
}
