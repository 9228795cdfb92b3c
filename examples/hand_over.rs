//! Handing over to a person, and back. `cargo run --example hand_over -- demo`.
//!
//! From the moment an operator has the session the bot says nothing to the client; what it wanted to say is told to the
//! operator. `/bot`, written by an operator, gives the session back.

use openlines::prelude::*;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let router = Router::new()
        .text(["person", "operator"], async |cx: Context, message: Message| {
            let who = message.user.map_or("A client".to_owned(), |user| user.name);
            cx.reply(Reply::text(format!("{} asks for a person", literal(who))).internal_note());
            cx.reply("One moment, please");
            cx.hand_over();
        })
        .on(async |_cx: Context, withheld: Withheld| {
            let text = withheld.text.unwrap_or_default();
            Reply::text(format!("Not said to the client: {}", literal(text))).internal_note()
        })
        .fallback(async |_cx: Context, message: Message| format!("You said: {}", literal(message.text)));
    let profile = BotProfile::openline("hand-over").name("First line").return_command("/bot");
    App::from_env()?.bot(profile, router).run().await
}
