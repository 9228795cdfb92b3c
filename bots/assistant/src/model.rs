//! The model behind the endpoint: what it is told, what it is asked, and what comes of it.
//!
//! **Trap:** an endpoint's own errors may repeat the key. None of their texts is kept or logged, only their kind.

use std::time::Duration;

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::OpenAIError,
    types::chat::{
        ChatCompletionRequestAssistantMessage as Assistant, ChatCompletionRequestMessage as Line,
        ChatCompletionRequestSystemMessage as System, ChatCompletionRequestUserMessage as User,
        CreateChatCompletionRequest,
    },
};
use rusqlite::Result;
use serde::{Deserialize, Serialize};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use crate::{Ledger, Settings, brief::Reason, knowledge::Passage, talk::Talk};

/// What the model says when it does not know, alone.
const UNSURE: &str = "HAND_OVER";
/// What the model is told first.
const RULES: &str = include_str!("rules.md");

/// The model: its endpoint, and how much it may cost.
#[derive(Debug)]
pub struct Model {
    client: Client<OpenAIConfig>,
    ledger: Ledger,
    settings: Settings,
}

/// What came of a question, and what it cost. Remembered as a step of the turn.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) said: Result<String, Reason>,
    /// More of the reason.
    pub(crate) why: String,
    pub(crate) tokens: u32,
}

impl Outcome {
    pub(crate) fn free(said: Result<String, Reason>) -> Self {
        Self { said, why: String::new(), tokens: 0 }
    }
}

impl Model {
    /// With the endpoint's key.
    pub fn new(key: &str, settings: &Settings, ledger: Ledger) -> Self {
        let config = OpenAIConfig::new().with_api_base(&settings.endpoint).with_api_key(key);
        Self { client: Client::with_config(config), ledger, settings: settings.clone() }
    }

    /// Asks, within the budgets and the patience of the settings. An error is the ledger's.
    pub(crate) async fn ask(&self, day: i64, talk: &Talk, asked: &str, found: &[Passage]) -> Result<Outcome> {
        let request = self.request(talk, asked, found);
        // A token has two bytes at the least, taken together: it will not cost more.
        let bytes: usize = request.messages.iter().map(|line| format!("{line:?}").len()).sum();
        let reserved = u32::try_from(bytes / 2).unwrap_or(u32::MAX);
        let reserved = reserved.saturating_add(self.settings.tokens_per_answer.get());
        if talk.tokens.saturating_add(reserved) > self.settings.tokens_per_dialog.get() {
            return Ok(Outcome::free(Err(Reason::DialogSpent)));
        }
        if !self.ledger.reserve(day, reserved)? {
            return Ok(Outcome::free(Err(Reason::DaySpent)));
        }
        let patience = Duration::from_secs(self.settings.answer_seconds.get().into());
        let chat = self.client.chat();
        // The client writes answers that it cannot read into the log.
        let asked = chat.create(request).with_subscriber(NoSubscriber::default());
        let why = match tokio::time::timeout(patience, asked).await {
            Ok(Ok(answer)) => {
                // Without figures it cost what it may at most.
                let tokens = answer.usage.map_or(reserved, |usage| usage.total_tokens);
                self.ledger.settle(day, reserved, tokens)?;
                let said = answer.choices.into_iter().next().and_then(|choice| choice.message.content);
                let said = said.filter(|said| !said.trim().is_empty() && !said.contains(UNSURE));
                return Ok(Outcome { tokens, ..Outcome::free(said.ok_or(Reason::Unsure)) });
            }
            Ok(Err(OpenAIError::ApiError(error))) => format!("HTTP {}", error.status_code.as_u16()),
            Ok(Err(OpenAIError::Reqwest(_))) => "it cannot be reached".to_owned(),
            Ok(Err(_)) => "its answer is none of this interface".to_owned(),
            Err(_) => format!("no answer within {patience:?}"),
        };
        // What was spent on it nobody knows: the day counts it all.
        tracing::warn!(why, "the model does not answer");
        Ok(Outcome { why, ..Outcome::free(Err(Reason::Down)) })
    }

    fn request(&self, talk: &Talk, question: &str, found: &[Passage]) -> CreateChatCompletionRequest {
        let mut rules = format!("{RULES}\n{}\n", self.settings.instructions);
        for Passage { place, text, .. } in found {
            rules.push_str(&format!("\n<passage from=\"{place}\">\n{text}\n</passage>\n"));
        }
        let before = talk.lines.iter().map(|(by_client, line)| -> Line {
            if *by_client { User::from(line.as_str()).into() } else { Assistant::from(line.as_str()).into() }
        });
        let mut messages: Vec<Line> = vec![System::from(rules.as_str()).into()];
        messages.extend(before);
        messages.push(User::from(question).into());
        CreateChatCompletionRequest {
            model: self.settings.model.clone(),
            messages,
            max_completion_tokens: Some(self.settings.tokens_per_answer.get()),
            ..Default::default()
        }
    }
}
