//! Testing a bot without a portal: `cargo test --example testing`.
//!
//! A [`Conversation`] is one dialog with the bot, in memory and on a clock that stands still; the engine inside is the one
//! of production. A [`CrashSweep`] ends the process at every point and expects the same answers.

use openlines::prelude::*;

fn bot() -> Router {
    Router::new()
        .text("person", async |cx: Context, _message: Message| cx.hand_over())
        .on(async |_cx: Context, _fired: TimerFired| "Are you still there?")
        .fallback(async |cx: Context, message: Message| {
            cx.timer("reminder").after(std::time::Duration::from_secs(600));
            format!("You said: {}", literal(message.text))
        })
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    App::from_env()?.bot(BotProfile::openline("tested").name("Tested"), bot()).run().await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use openlines::testing::{Conversation, CrashSweep};

    use super::bot;

    #[test]
    fn it_answers_reminds_and_hands_over() {
        let mut talk = Conversation::with(bot());
        talk.client_says("hi").expect("You said: hi");
        talk.after(Duration::from_secs(600)).expect("Are you still there?");
        talk.client_says("person").expect_hand_over();
    }

    #[test]
    fn wherever_it_is_stopped_it_answers_each_message_once_and_in_order() {
        CrashSweep::of(bot).says(["one", "two"]).run();
    }
}
