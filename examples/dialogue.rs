//! A dialogue: a state per dialog, with a version and a migration. `cargo run --example dialogue -- demo`.
//!
//! **Trap:** a variant that is renamed is one that no stored state has any more. Raise the version and migrate, as here:
//! version 1 called `Address` `Where`.

use openlines::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Order {
    Start,
    Address { dish: String },
}

impl DialogState for Order {
    const VERSION: u32 = 2;

    fn fallback() -> Self {
        Self::Start
    }

    fn migrate(from: u32, mut state: Value) -> Option<Value> {
        if from == 1
            && let Some(inner) = state.as_object_mut().and_then(|map| map.remove("Where"))
        {
            state["Address"] = inner;
        }
        Some(state)
    }
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let waiter = async |cx: Context, message: Message| match cx.state::<Order>() {
        Order::Start => {
            cx.goto(Order::Address { dish: message.text });
            "Where shall we bring it?".to_owned()
        }
        Order::Address { dish } => {
            cx.goto(Order::Start);
            format!("{} for {}", literal(dish), literal(message.text))
        }
    };
    App::from_env()?.bot(BotProfile::openline("dialogue").name("Waiter"), waiter).run().await
}
