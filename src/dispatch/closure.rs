//! An async closure as a bot: `async |cx: Context, message: Message| …`.
//!
//! One that keeps something of its own is called for every message, so it hands each call a copy:
//!
//! ```
//! use std::sync::Arc;
//! use openlines::prelude::*;
//!
//! let shop = Arc::new("Shop".to_owned());
//! let hello = move |_cx: Context, _message: Message| {
//!     let shop = shop.clone();
//!     async move { format!("Welcome to {shop}") }
//! };
//! # let _ = App::new(Config::new()).bot(BotProfile::openline("hello"), hello);
//! ```
//!
//! **Trap:** an `async move |…|` closure that captures is called once only; the compiler says that it "does not
//! implement `Fn`".

use std::sync::Arc;

use async_trait::async_trait;

use super::{Answer, Context, Done, Handle, Handled, IntoHandle};
use crate::wire::{Event, Incoming, Message};

/// The door of closures over messages.
#[derive(Debug)]
pub enum ClosureDoor {}

/// A closure that hears messages.
pub(crate) struct OnMessage<F>(pub(crate) F);

#[async_trait]
impl<F, Fut> Handle for OnMessage<F>
where
    F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Answer,
{
    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled {
        match &incoming.event {
            Event::Message(message) => (self.0)(cx.clone(), message.clone()).await.answer(cx),
            _ => Ok(Done),
        }
    }
}

impl<F, Fut> IntoHandle<ClosureDoor> for F
where
    F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Answer,
{
    fn into_handle(self) -> Arc<dyn Handle> {
        Arc::new(OnMessage(self))
    }
}
