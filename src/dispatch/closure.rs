//! An async closure as a bot: `|cx, message| async move { … }`.

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
