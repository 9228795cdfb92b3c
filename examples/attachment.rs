//! An attachment: a card of an order below the text. `cargo run --example attachment -- demo`.
//!
//! **Trap:** a channel that knows no attachments shows the text alone; say there what matters.

use openlines::{message::GridRow, prelude::*};

fn card(order: u32) -> Result<Attach, HandlerError> {
    let rows = [
        GridRow::new("Order", order.to_string()),
        GridRow::new("Sum", "120 €"),
        GridRow::new("State", "packed"),
    ];
    Ok(Attach::builder().message("[b]Your order[/b]").delimiter().grid(rows).build()?)
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let router = Router::new()
        .command("order", async |_cx: Context, order: u32| {
            let text = format!("Order {order} is packed, 120 € are to be paid");
            Ok::<_, HandlerError>(Reply::text(text).attach(card(order)?))
        })
        .fallback(async |_cx: Context, _message: Message| "Write /order and a number");
    App::from_env()?.bot(BotProfile::openline("attachment").name("Orders"), router).run().await
}
