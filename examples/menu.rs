//! A menu: a keyboard where the channel shows one, numbered text where it does not. `cargo run --example menu -- demo`.
//!
//! The route hears the number, the label, a synonym and the press alike.

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
enum Topic {
    Delivery,
    Payment,
}

fn topics() -> Menu<Topic> {
    Menu::new("What is it about?")
        .item(Topic::Delivery, "Delivery")
        .synonym("shipping")
        .item(Topic::Payment, "Payment")
        .synonym("money")
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let router = Router::new()
        .menu(topics(), async |_cx: Context, topic: Topic| match topic {
            Topic::Delivery => "It takes two days",
            Topic::Payment => "By card or in cash",
        })
        .fallback(async |cx: Context, _message: Message| cx.reply_menu(&topics()));
    App::from_env()?.bot(BotProfile::openline("menu").name("Desk"), router).run().await
}
