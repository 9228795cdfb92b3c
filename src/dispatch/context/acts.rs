//! What the bot does to messages and chats besides speaking: edits, deletions, reactions, read marks, members.

use super::Context;
use crate::{
    dispatch::{
        ChatColor, Effect, HandlerError, Outgoing,
        acts::{self, ChatAct},
    },
    message::Reply,
    portal::RegisteredBot,
    wire::{DialogId, MessageId, UserId},
};

impl Context {
    /// Changes a message of the bot, in an open line of anybody, into `reply`: buttons and blocks that `reply` does
    /// not have are removed. Tried again until its outcome is known. A v1 bot may do so for three days.
    pub fn edit(&self, message: MessageId, reply: impl Into<Reply>) {
        let reply = reply.into();
        self.act(|bot| acts::edit(bot, message, &reply));
    }

    /// Deletes a message of the bot, in an open line of anybody; a note that it is gone stays.
    pub fn delete(&self, message: MessageId) {
        self.act(|bot| acts::delete(bot, message, false));
    }

    /// Deletes a message without a trace.
    pub fn delete_completely(&self, message: MessageId) {
        self.act(|bot| acts::delete(bot, message, true));
    }

    /// Reacts to a message, by the name of the reaction in camelCase. A v1 bot only has `like`; another fails the
    /// turn.
    pub fn react(&self, message: MessageId, reaction: &str) {
        self.act(|bot| acts::react(bot, message, reaction, true));
    }

    /// Takes a reaction of the bot back.
    pub fn unreact(&self, message: MessageId, reaction: &str) {
        self.act(|bot| acts::react(bot, message, reaction, false));
    }

    /// Marks all messages of the dialog as read by the bot. A v1 bot cannot, and fails the turn.
    pub fn read(&self) {
        self.act(|bot| acts::read(bot, &self.dialog_heard("read")?, None));
    }

    /// Marks the messages of the dialog as read by the bot, up to this one.
    pub fn read_up_to(&self, message: MessageId) {
        self.act(|bot| acts::read(bot, &self.dialog_heard("read_up_to")?, Some(message)));
    }

    /// Changes the chat of the event.
    pub fn chat_acts(&self) -> ChatActs<'_> {
        ChatActs { cx: self, dialog: self.dialog() }
    }

    /// Changes another chat, by its dialog id `chat15`.
    pub fn chat_acts_in(&self, dialog: &DialogId) -> ChatActs<'_> {
        ChatActs { cx: self, dialog: Some(dialog.clone()) }
    }

    fn act(&self, call: impl FnOnce(&RegisteredBot) -> Result<Outgoing, HandlerError>) {
        self.ask(|_| Ok(Effect::act(call(self.acting_bot()?)?, self.queue())));
    }

    pub(super) fn dialog_heard(&self, wanted: &str) -> Result<DialogId, HandlerError> {
        let event = &self.inner.incoming.code;
        self.dialog().ok_or_else(|| HandlerError::msg(format!("{wanted}: {event} belongs to no dialog")))
    }
}

/// Changes of one chat, as the bot, carried out after the commit and tried again until their outcome is known. What
/// the bot's generation has no call for fails the turn with an error that says so.
///
/// **Trap:** most of them need the bot to own the chat (protocol 4.6, 4.8). In an open line the session's calls are
/// what changes hands: [`Context::hand_over`], [`Context::transfer_to`].
#[derive(Debug)]
#[must_use = "call what is to be changed"]
pub struct ChatActs<'a> {
    cx: &'a Context,
    dialog: Option<DialogId>,
}

impl ChatActs<'_> {
    /// Sets the title.
    pub fn title(self, title: impl Into<String>) -> Self {
        self.act(ChatAct::Title(title.into()))
    }

    /// Sets the description; v2 only.
    pub fn description(self, text: impl Into<String>) -> Self {
        self.act(ChatAct::Description(text.into()))
    }

    /// Sets the colour.
    pub fn color(self, color: ChatColor) -> Self {
        self.act(ChatAct::Color(color))
    }

    /// Adds users.
    pub fn add_users(self, users: impl IntoIterator<Item = UserId>) -> Self {
        self.act(ChatAct::Add { users: users.into_iter().collect(), hide_history: false })
    }

    /// Adds users who do not see what was said before; v1 only.
    pub fn add_users_without_history(self, users: impl IntoIterator<Item = UserId>) -> Self {
        self.act(ChatAct::Add { users: users.into_iter().collect(), hide_history: true })
    }

    /// Removes a user.
    pub fn remove_user(self, user: UserId) -> Self {
        self.act(ChatAct::Remove(user))
    }

    /// Makes a member the owner.
    pub fn owner(self, user: UserId) -> Self {
        self.act(ChatAct::Owner(user))
    }

    /// Makes a member a manager, or no manager any more.
    pub fn manager(self, user: UserId, is_manager: bool) -> Self {
        self.act(ChatAct::Manager { user, is: is_manager })
    }

    /// Lets people write into the field below the chat, or not.
    pub fn text_field(self, enabled: bool) -> Self {
        self.act(ChatAct::TextField(enabled))
    }

    /// The bot leaves.
    pub fn leave(self) {
        let _ = self.act(ChatAct::Leave);
    }

    fn act(self, act: ChatAct) -> Self {
        self.cx.ask(|_| {
            let dialog = match &self.dialog {
                Some(dialog) => dialog.clone(),
                None => self.cx.dialog_heard("chat_acts")?,
            };
            let call = acts::chat(self.cx.acting_bot()?, &dialog, act)?;
            Ok(Effect::act(call, self.cx.queue_of(&dialog)))
        });
        self
    }
}
