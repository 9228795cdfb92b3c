//! The smallest bot: says back what it hears. `cargo run --example echo -- demo`, `-- chat`, `-- serve`.

use openlines::prelude::*;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let echo =
        async |cx: Context, message: Message| cx.reply(format!("You said: {}", literal(&message.text)));
    App::from_env()?.bot(BotProfile::openline("echo").name("Echo"), echo).run().await
}
