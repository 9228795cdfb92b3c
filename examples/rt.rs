//! A live page: every message of a client shows on it while it is open. `cargo run --example rt -- demo`.
//!
//! **Trap:** RT events are news: they come at least once, and only while the page listens. What has to be there when it
//! opens is read from elsewhere.

use openlines::prelude::*;
use serde::Serialize;

#[derive(Serialize)]
struct Heard {
    letters: usize,
}

impl RtEvent for Heard {
    const COMMAND: &'static str = "heard";
}

const PAGE: &str = r#"<!doctype html>
<title>Heard</title>
<ol id="heard"></ol>
<script type="module">
  import { connect } from '/openlines/rt.js';
  connect().on('heard', ({ letters }) => {
    const item = document.createElement('li');
    item.textContent = `${letters} letters`;
    document.querySelector('#heard').append(item);
  });
</script>"#;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let counter = async |cx: Context, message: Message| {
        let letters = message.text.chars().count();
        // A number is no content, so every user of the application may be told.
        cx.rt_to(RtRecipients::Shared, &Heard { letters });
        format!("{letters} letters")
    };
    App::from_env()?.bot(BotProfile::openline("rt").name("Counter"), counter).page("/heard", PAGE).run().await
}
