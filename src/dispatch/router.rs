//! [`Router`]: commands and texts to handlers.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use super::{Answer, Context, Done, Handle, Handled, IntoHandle, closure::OnMessage};
use crate::wire::{Command, Event, Incoming, Message};

/// Routes commands by name and messages by text; what no route takes goes to the fallback.
///
/// ```
/// use openlines::prelude::*;
///
/// let router = Router::new()
///     .command("order", async |_cx: Context, command: Command| format!("Order {}", command.params))
///     .text("hello", async |_cx: Context, _message: Message| "Good day!")
///     .fallback(async |cx: Context, message: Message| {
///         cx.reply(format!("Nobody answers {} yet", literal(&message.text)));
///     });
/// # let _ = router;
/// ```
///
/// **Trap:** a typed command comes as a command *instead of* a message: its route is `command`, not `text`.
#[derive(Default)]
#[must_use = "give it to `App::bot`"]
pub struct Router {
    commands: HashMap<String, Arc<dyn Handle>>,
    texts: HashMap<String, Arc<dyn Handle>>,
    fallback: Option<Arc<dyn Handle>>,
    rest: Option<Arc<dyn Handle>>,
}

impl Router {
    /// A router without routes: every event passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the command `name` (without the slash, any case) to `handler`, typed or pressed. The command is registered
    /// with the bot; to have it shown in the portal's list of commands, give it a title by
    /// [`BotProfile::command`](super::BotProfile::command).
    pub fn command<F, Fut>(mut self, name: impl AsRef<str>, handler: F) -> Self
    where
        F: Fn(Context, Command) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let name = name.as_ref().trim_start_matches('/').to_lowercase();
        self.commands.insert(name, Arc::new(OnCommand(handler)));
        self
    }

    /// Sends messages whose trimmed text is `text`, in any case, to `handler`.
    pub fn text<F, Fut>(mut self, text: impl AsRef<str>, handler: F) -> Self
    where
        F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.texts.insert(text.as_ref().trim().to_lowercase(), Arc::new(OnMessage(handler)));
        self
    }

    /// Sends every other message to `handler`.
    pub fn fallback<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Context, Message) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.fallback = Some(Arc::new(OnMessage(handler)));
        self
    }

    /// Sends everything that is neither a message nor a routed command to another bot: a
    /// [`BotHandler`](super::BotHandler), for joins, sessions and the rest.
    pub fn rest<Door>(mut self, handler: impl IntoHandle<Door>) -> Self {
        self.rest = Some(handler.into_handle());
        self
    }

    fn route(&self, event: &Event) -> Option<&Arc<dyn Handle>> {
        match event {
            Event::Command(command) => self.commands.get(&command.name.to_lowercase()).or(self.rest.as_ref()),
            Event::Message(message) => {
                self.texts.get(&message.text.trim().to_lowercase()).or(self.fallback.as_ref())
            }
            _ => self.rest.as_ref(),
        }
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router")
            .field("commands", &self.commands.keys())
            .field("texts", &self.texts.keys())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Handle for Router {
    fn commands(&self) -> Vec<String> {
        let rest = self.rest.iter().flat_map(|rest| rest.commands());
        self.commands.keys().cloned().chain(rest).collect()
    }

    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled {
        match self.route(&incoming.event) {
            Some(handler) => handler.handle(cx, incoming).await,
            None => Ok(Done),
        }
    }
}

/// The door of routers.
#[derive(Debug)]
pub enum RouterDoor {}

impl IntoHandle<RouterDoor> for Router {
    fn into_handle(self) -> Arc<dyn Handle> {
        Arc::new(self)
    }
}

/// A closure that hears commands.
struct OnCommand<F>(F);

#[async_trait]
impl<F, Fut> Handle for OnCommand<F>
where
    F: Fn(Context, Command) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Answer,
{
    async fn handle(&self, cx: &Context, incoming: &Incoming) -> Handled {
        match &incoming.event {
            Event::Command(command) => (self.0)(cx.clone(), command.clone()).await.answer(cx),
            _ => Ok(Done),
        }
    }
}
