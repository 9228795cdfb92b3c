//! A form: several questions whose answers make a value. `cargo run --example form -- demo`.
//!
//! The client may write `back`, `skip`, `cancel`, or correct an answer when asked whether all is right.

use openlines::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Visit {
    name: String,
    phone: Option<String>,
    guests: u8,
}

fn visit() -> Form<Visit> {
    Form::new("visit")
        .ask(Field::text("name", "What is your name?"))
        .ask(Field::phone("phone", "Where can we call you?").optional())
        .ask(Field::integer("guests", "How many of you?").at_least(1).at_most(20))
        .summary("Is this right?")
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let router = Router::new()
        .form(visit(), async |_cx: Context, visit: Visit| {
            let called = visit
                .phone
                .map_or("We do not call.".to_owned(), |phone| format!("We call {}.", literal(phone)));
            format!("A table for {}, {}. {called}", visit.guests, literal(visit.name))
        })
        .fallback(async |cx: Context, _message: Message| cx.begin(&visit()));
    App::from_env()?.bot(BotProfile::openline("form").name("Tables"), router).run().await
}
