//! One program, many portals: each that installs the application has its own tokens, limits and dialogs.
//!
//! `cargo run --example many_portals -- demo`, or for real with `BITRIX24_CLIENT_ID`, `BITRIX24_CLIENT_SECRET`,
//! `OPENLINES_MASTER_KEY` and `OPENLINES_PUBLIC_URL`; `portals list` tells who has installed it.
//!
//! **Trap:** what a handler keeps in memory is shared by all portals. Keep it by `cx.portal()`, as here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use openlines::{prelude::*, wire::PortalKey};

#[derive(Default)]
struct Counter {
    heard: Arc<Mutex<HashMap<PortalKey, usize>>>,
}

#[async_trait]
impl BotHandler for Counter {
    async fn on_install(&self, cx: &Context, install: &AppInstall) -> Handled {
        let profile = cx.call("profile", serde_json::json!({})).await?;
        eprintln!("{} installed version {}, by user {}", cx.portal(), install.version, profile["ID"]);
        Ok(Done)
    }

    async fn on_message(&self, cx: &Context, _message: &Message) -> Handled {
        let count = {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let count = heard.entry(cx.portal().clone()).or_default();
            *count += 1;
            *count
        };
        cx.reply(format!("Message {count} of this portal"));
        Ok(Done)
    }
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    App::from_env()?.bot(BotProfile::openline("many").name("Counter"), Counter::default()).run().await
}
