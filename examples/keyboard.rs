//! A keyboard: buttons that carry a value, and open a page. `cargo run --example keyboard -- demo`.
//!
//! **Trap:** most channels of clients show no buttons. Ask by a [menu](menu.rs) where the answer matters.

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

/// What a press of "Cancel it" brings back, also after a redeploy.
#[derive(Serialize, Deserialize)]
struct Cancel {
    order: u32,
}

impl ButtonPayload for Cancel {
    const COMMAND: &'static str = "cancel";
}

fn keyboard(order: u32) -> Result<Keyboard, HandlerError> {
    let shop = Button::link("The shop", "https://shop.example/");
    Ok(Keyboard::builder()
        .button(Button::payload("Cancel it", &Cancel { order }))
        .row()
        .button(shop)
        .build()?)
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let router = Router::new()
        .command("order", async |_cx: Context, order: u32| {
            Ok::<_, HandlerError>(Reply::text(format!("Order {order} is packed")).keyboard(keyboard(order)?))
        })
        .button(async |_cx: Context, cancel: Cancel| format!("Order {} is cancelled", cancel.order))
        .fallback(async |_cx: Context, _message: Message| "Write /order and a number");
    App::from_env()?.bot(BotProfile::openline("keyboard").name("Orders"), router).run().await
}
