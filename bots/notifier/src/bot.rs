//! The bot that hears STOP and START. Whatever else a client says is for a person.

use openlines::prelude::*;

use super::{OptOuts, settings::Words};

/// The bot.
#[derive(Debug, Clone)]
pub struct Notifier {
    words: Words,
    opt_outs: OptOuts,
}

#[async_trait]
impl BotHandler for Notifier {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        let Words { stop, start, stopped, started, other } = &self.words;
        let portal = cx.portal().member.as_str();
        if says(&message.text, stop) {
            self.opt_outs.set(portal, message.author_id, true, cx.now())?;
            cx.reply(&**stopped);
        } else if says(&message.text, start) {
            self.opt_outs.set(portal, message.author_id, false, cx.now())?;
            cx.reply(&**started);
        } else if !message.chat.is_line() {
            cx.reply(&**other);
        } else if message.text.trim() != "0" {
            cx.hand_over();
        }
        Ok(Done)
    }
}

impl Notifier {
    /// Remembers there.
    pub fn new(words: Words, opt_outs: OptOuts) -> Self {
        Self { words, opt_outs }
    }
}

fn says(text: &str, words: &[String]) -> bool {
    let plain = |text: &str| text.trim_matches(|sign: char| !sign.is_alphanumeric()).to_lowercase();
    words.iter().any(|word| plain(word) == plain(text))
}
