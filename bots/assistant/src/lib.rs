//! Answers clients of open lines from a folder of Markdown, through any OpenAI-compatible endpoint.
//!
//! Several quick messages are one question. The passages that fit it are found in the pages, and the model answers from
//! them, or says that it cannot: then, when a person is asked for, when the endpoint is down or the budget is spent, the
//! client is handed over, with a brief for the person. Without a key the best passage itself is the answer.
//!
//! ```
//! use assistant::{Assistant, Settings, knowledge::Knowledge};
//! use openlines::testing::Conversation;
//!
//! let pages = Knowledge::of_pages([("delivery.md", "# Delivery\nIt takes **two** days.")])?;
//! let mut talk = Conversation::with(Assistant::new(Settings::default(), pages, None));
//! talk.client_says("how long is the delivery?");
//! talk.after(std::time::Duration::from_secs(2)).expect("It takes [b]two[/b] days.");
//! talk.client_says("operator").expect_containing("fetch a colleague").expect_hand_over();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** what the model says is only as good as the pages. It is told to say nothing else; nobody can promise that it
//! obeys.

mod brief;
pub mod knowledge;
mod ledger;
mod model;
mod settings;
mod talk;

use std::{io, time::Duration};

use openlines::{dispatch::Holder, prelude::*};

use brief::{Reason, Texts};
use knowledge::{Knowledge, Passage, words};
pub use ledger::Ledger;
pub use model::Model;
use model::Outcome;
pub use settings::{KEY, Settings};
pub use talk::Talk;

/// Words of a message that asks for a person, at most.
const SHORT: usize = 8;
/// Share of a question's words that a passage must have to be an answer by itself.
const SURE: f64 = 0.5;
/// Passages found for a question.
const MOST: u32 = 4;
/// The app with the assistant in it, as its settings say.
pub fn app(app: App) -> Result<App, AppError> {
    let settings: Settings = app.settings("assistant.toml")?;
    let wrong = |key: &str, why: String| AppError::wrong_setting(format!("assistant.toml: `{key}`: {why}"));
    let knowledge = match &settings.folder {
        Some(folder) => Knowledge::of_folder(folder),
        // A page of an imagined shop, for the first look.
        None => Knowledge::of_pages([("sample.md", include_str!("sample.md"))]).map_err(io::Error::other),
    };
    let allowed = "a folder with Markdown files (.md) is allowed";
    let knowledge = knowledge.map_err(|error| wrong("folder", format!("{error}; {allowed}")))?;
    let model = match std::env::var(KEY).unwrap_or_default().trim() {
        "" => None,
        key if !key.bytes().all(|sign| sign.is_ascii_graphic()) => {
            return Err(AppError::wrong_setting(format!("{KEY}: only ASCII signs are allowed")));
        }
        key => {
            let file = settings.ledger.display();
            let ledger = Ledger::open(&settings.ledger, settings.tokens_per_day.get()).map_err(|error| {
                wrong("ledger", format!("{file}: {error}; a file that can be written is allowed"))
            })?;
            Some(Model::new(key, &settings, ledger))
        }
    };
    let profile = BotProfile::openline("assistant").name("Assistant").return_command("/bot");
    // Tells of operators also where the bot has left the chat to them.
    Ok(app.event("ONOPENLINEMESSAGEADD").bot(profile, Assistant::new(settings, knowledge, model)))
}

/// The assistant: its pages, and the model if there is a key for one.
#[derive(Debug)]
pub struct Assistant {
    settings: Settings,
    knowledge: Knowledge,
    model: Option<Model>,
}

#[async_trait]
impl BotHandler for Assistant {
    /// Who asks for a person does not wait; questions do until the client is quiet.
    fn turn_policy(&self, message: &Message) -> TurnPolicy {
        match self.settings.quiet_seconds {
            quiet if quiet > 0 && !self.asks_for_person(message) => {
                TurnPolicy::burst(Duration::from_secs(quiet.into()))
            }
            _ => TurnPolicy::Each,
        }
    }

    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        // Who is handed over waits for a person, and not for more of the bot.
        if cx.session().is_some_and(|session| matches!(session.holder, Holder::Waiting | Holder::Human)) {
            return Ok(Done);
        }
        let mut talk = Talk::of(cx, message);
        let mut found = Vec::new();
        let outcome = if self.asks_for_person(message) {
            Outcome::free(Err(Reason::AskedFor))
        } else if message.text.trim().is_empty() {
            Outcome::free(Err(Reason::NoText))
        } else {
            found = self.knowledge.find(&message.text, MOST)?;
            match &self.model {
                Some(model) => {
                    let _typing = cx.typing();
                    // A turn that runs again has its answer, and its tokens are spent once.
                    let asked = model.ask(talk::today(cx), &talk, &message.text, &found);
                    cx.step("answer", asked).await?
                }
                None => Outcome::free(from_pages(&found)),
            }
        };
        talk.tokens = talk.tokens.saturating_add(outcome.tokens);
        let misses = std::mem::take(&mut talk.misses);
        let texts = Texts::of(&message.language);
        let (said, reason) = match outcome.said {
            Ok(answer) => (answer, None),
            // By words alone it is easily missed.
            Err(Reason::Unsure) if self.model.is_none() && misses == 0 => {
                talk.misses = 1;
                (texts.rephrase.clone(), None)
            }
            Err(reason) if message.chat.is_line() => (texts.handed_over.clone(), Some(reason)),
            Err(_) => (texts.unknown.clone(), None),
        };
        match reason {
            None => cx.reply(Text::markdown(&said)),
            Some(reason) => {
                // At once: if a person has come unheard this is refused, and ends the turn without a hand-over.
                cx.send_now("said", Text::markdown(&said)).await?;
                cx.reply(texts.brief(reason, &outcome.why, &message.text, &talk, &found));
                cx.hand_over();
            }
        }
        talk.add(true, &message.text);
        talk.add(false, &said);
        cx.goto(talk);
        Ok(Done)
    }
}

impl Assistant {
    /// Without a model it answers from its pages alone.
    pub fn new(settings: Settings, knowledge: Knowledge, model: Option<Model>) -> Self {
        Self { settings, knowledge, model }
    }

    fn asks_for_person(&self, message: &Message) -> bool {
        let said = words(&message.text);
        let is_call = |word: &String| self.settings.person.iter().any(|call| call.to_lowercase() == *word);
        said.len() <= SHORT && said.iter().any(is_call)
    }
}

/// The best passage, if it has enough of the question.
fn from_pages(found: &[Passage]) -> Result<String, Reason> {
    let best = found.iter().rev().max_by(|one, other| one.share.total_cmp(&other.share));
    best.filter(|passage| passage.share >= SURE).map(|passage| passage.text.clone()).ok_or(Reason::Unsure)
}
