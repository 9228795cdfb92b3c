//! The bot of the program itself, for lines without another one: it passes clients on to people, and stays to listen.

use openlines::{dispatch::Holder, prelude::*};

/// Says its greeting once a session, unless that is empty, and hands over.
#[derive(Debug, Clone)]
pub struct Passing(pub String);

#[async_trait]
impl BotHandler for Passing {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        // The text `0` calls a person by itself.
        let is_passed = cx.session().is_some_and(|session| session.holder != Holder::Bot);
        if is_passed || !message.chat.is_line() || message.text.trim() == "0" {
            return Ok(Done);
        }
        if !self.0.trim().is_empty() {
            cx.reply(&*self.0);
        }
        cx.hand_over();
        Ok(Done)
    }
}
