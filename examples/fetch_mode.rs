//! No public address: the bot asks the portal for its events, and nothing is lost while it is away.
//!
//! `cargo run --example fetch_mode -- demo`, or with an incoming webhook of a portal that has the scopes `imbot` and
//! `imopenlines`, from behind any firewall:
//!
//! ```console
//! BITRIX24_WEBHOOK_URL=https://portal.example/rest/1/code/ BITRIX24_BOT_TOKEN=a-token-of-your-own \
//!     cargo run --example fetch_mode
//! ```
//!
//! **Trap:** it is the missing `OPENLINES_PUBLIC_URL` that makes a bot fetch, so the same program does both. `serve` prints
//! which it is. Events of the application itself (an installation, a removed line) come by webhook only.

use openlines::prelude::*;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let answer = async |_cx: Context, message: Message| format!("You said: {}", literal(message.text));
    App::from_env()?.bot(BotProfile::openline("fetch").name("Listener"), answer).run().await
}
