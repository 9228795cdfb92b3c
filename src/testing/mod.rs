//! Floor 6: the test face for bot authors. A bot is talked to without a portal, and stopped wherever it may be.
//!
//! A [`Conversation`] is one dialog with a bot, in memory. Inside runs what runs in production, from the callback to the
//! call: verification, journal, lanes, turns, timers, retries, outbox. Only the store and the portal are in memory, and
//! the clock stands still. It needs no runtime and works inside of one.
//!
//! ```
//! use openlines::{prelude::*, testing::Conversation};
//!
//! let bot = Router::new()
//!     .text("hi", async |_cx: Context, _message: Message| "Hello")
//!     .fallback(async |cx: Context, _message: Message| cx.hand_over());
//! Conversation::with(bot).client_says("hi").expect("Hello").client_says("A person!").expect_hand_over();
//! ```
//!
//! # Menus, buttons and commands
//!
//! ```
//! # use openlines::{prelude::*, testing::Conversation};
//! # use serde::{Deserialize, Serialize};
//! #[derive(Clone, Serialize, Deserialize)]
//! enum Topic {
//!     Delivery,
//!     Payment,
//! }
//!
//! fn topics() -> Menu<Topic> {
//!     Menu::new("What about?").item(Topic::Delivery, "Delivery").item(Topic::Payment, "Payment")
//! }
//!
//! fn bot() -> Router {
//!     Router::new()
//!         .command("help", async |cx: Context, (): ()| cx.reply_menu(&topics()))
//!         .menu(topics(), async |_cx: Context, topic: Topic| match topic {
//!             Topic::Delivery => "Two days",
//!             Topic::Payment => "By card",
//!         })
//! }
//!
//! // Live chat shows no buttons, a private chat does.
//! let mut client = Conversation::with(bot());
//! client.client_says("/help").expect_menu("What about?", ["Delivery", "Payment"]);
//! client.client_says("2").expect("By card");
//! let mut employee = Conversation::builder().private_chat().with(bot());
//! employee.client_says("/help").expect_menu("What about?", ["Delivery", "Payment"]);
//! employee.expect_buttons(["Delivery", "Payment"]).client_presses("Delivery").expect("Two days");
//! ```
//!
//! # Time, states and restarts
//!
//! ```
//! # use std::time::Duration;
//! # use openlines::{prelude::*, testing::{Conversation, Sent}};
//! # use serde::{Deserialize, Serialize};
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! enum Order {
//!     Start,
//!     Address { dish: String },
//! }
//!
//! impl DialogState for Order {
//!     const VERSION: u32 = 1;
//!     fn fallback() -> Self {
//!         Self::Start
//!     }
//! }
//!
//! let bot = Router::new()
//!     .on(async |_cx: Context, _fired: TimerFired| "Are you still there?")
//!     .fallback(async |cx: Context, message: Message| match cx.state::<Order>() {
//!         Order::Start => {
//!             cx.goto(Order::Address { dish: message.text });
//!             cx.timer("reminder").after(Duration::from_secs(600));
//!             "Where to?".to_owned()
//!         }
//!         Order::Address { dish } => {
//!             cx.goto(Order::Start);
//!             format!("{} to {}", literal(dish), literal(message.text))
//!         }
//!     });
//! let mut talk = Conversation::with(bot);
//! talk.client_says("soup").expect("Where to?").expect_state(Order::Address { dish: "soup".into() });
//! talk.restart().after(Duration::from_secs(599)).expect_nothing();
//! talk.after(Duration::from_secs(1)).expect("Are you still there?");
//! talk.client_says("Elm Street").expect("soup to Elm Street").expect_state(Order::Start);
//! assert!(talk.effects().iter().any(|sent| matches!(sent, Sent::Timer { name, .. } if name == "reminder")));
//! ```
//!
//! # The portal's part
//!
//! What the framework calls is answered as by a portal; what a handler calls besides is answered by the test. Calls fail
//! when they are told to, and what the bot did is a value.
//!
//! ```
//! # use std::time::Duration;
//! # use openlines::{prelude::*, rest::{CallError, CallErrorKind}, testing::{Conversation, Sent}};
//! # use serde_json::json;
//! let bot = async |cx: Context, _message: Message| {
//!     let deal = cx.call("crm.deal.get", json!({"id": 15})).await?;
//!     cx.call_later("crm.timeline.comment.add", json!({"fields": {"ENTITY_ID": 15}}));
//!     Ok::<_, HandlerError>(deal["TITLE"].as_str().unwrap_or_default().to_owned())
//! };
//! let mut talk = Conversation::with(bot);
//! talk.answers("crm.deal.get", json!({"TITLE": "A boat"}));
//! // The answer to the reply is lost: it is sent again under its key, and is one message.
//! talk.fails(CallError::new(CallErrorKind::Unknown, "imbot.v2.Chat.Message.send"));
//! talk.client_says("what?").after(Duration::from_secs(2)).expect("A boat").expect_nothing();
//! let calls = talk.effects().into_iter().filter(|sent| matches!(sent, Sent::Call { .. }));
//! assert_eq!(calls.count(), 2);
//!
//! talk.fails(CallError::new(CallErrorKind::Refused, "crm.deal.get").code_of_portal("ACCESS_DENIED"));
//! talk.client_says("and now?").expect_nothing().expect_parked("ACCESS_DENIED");
//! ```
//!
//! # Crashes
//!
//! [`CrashSweep`] runs a scenario again and again and ends the process at another point each time.
//!
//! ```
//! # use openlines::{prelude::*, testing::CrashSweep};
//! let bot = || Router::new().fallback(async |_cx: Context, message: Message| format!("{}!", literal(message.text)));
//! let stops = CrashSweep::of(bot).says(["one", "two"]).script(|talk| {
//!     talk.expect("one!").expect("two!").expect_nothing();
//! });
//! assert!(stops.run().count("after commit") >= 2);
//! ```
//!
//! **Trap:** a conversation is not a portal. It knows nothing of rights, limits and what a channel drops, and events of a
//! session come only when they are said ([`joins`](Conversation::joins),
//! [`session_starts`](Conversation::session_starts)); for those there is the crate `openlines-emulator`. And time stands
//! still: a turn that failed is not tried again before [`after`](Conversation::after). What a handler waits for outside, be
//! it a socket or a timer of tokio's, takes its real time ([`patience`](ConversationBuilder::patience)), and what it leaves running in a task of its own is not waited
//! for.

mod builder;
mod conversation;
mod expect;
mod hourglass;
mod life;
mod points;
mod portal;
mod sent;
mod sweep;

pub use builder::ConversationBuilder;
pub use conversation::Conversation;
pub use points::Points;
pub use sent::{Press, Pressable, Said, Sent};
pub use sweep::{CrashSweep, Stops};
