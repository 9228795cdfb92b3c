//! Timers: a reminder that ends with the session, also over a restart. `cargo run --example timers -- demo`.
//!
//! `remind me in 5` answers after five seconds; what the client writes meanwhile calls it off.

use std::time::Duration;

use openlines::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let remind = Pattern::new(r"(?i)remind me in (?<seconds>\d+)")?;
    let router = Router::new()
        .text(["never mind"], async |cx: Context, _message: Message| {
            cx.cancel_timer("reminder");
            "As you like"
        })
        .pattern(remind, async |cx: Context, found: Captures| {
            let seconds = found.get("seconds").unwrap_or_default().parse()?;
            cx.timer("reminder").with_session().after(Duration::from_secs(seconds));
            Ok::<_, HandlerError>(format!("In {seconds} seconds"))
        })
        .on(async |_cx: Context, fired: TimerFired| format!("This is your {}", literal(fired.name)))
        .fallback(async |_cx: Context, _message: Message| "Write `remind me in 5`");
    Ok(App::from_env()?.bot(BotProfile::openline("timers").name("Clock"), router).run().await?)
}
