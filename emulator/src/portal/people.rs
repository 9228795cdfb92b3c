//! The people a test plays: clients, operators, employees.

use std::panic::Location;
use std::time::Duration;

use serde_json::Value;

use super::Portal;
use crate::events::{BotFact, ChatFact};
use crate::record::Vote;
use crate::world::World;
use crate::world::chats::{Chat, ChatKind};
use crate::world::sending::NewMessage;

/// How long a press waits for its button.
const BUTTON_WAIT: Duration = Duration::from_secs(5);

/// A client of the open line.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) portal: Portal,
    pub(super) user_id: i64,
    pub(super) line_id: i64,
}

impl Client {
    /// The client's user id on the portal (`IS_CONNECTOR=Y`).
    #[must_use]
    pub fn user_id(&self) -> i64 {
        self.user_id
    }

    /// The client's chat on the line, opened if need be; no session starts yet.
    #[must_use]
    pub fn chat_id(&self) -> i64 {
        self.portal.shared.hit(|world| world.seat(self.line_id, self.user_id).unwrap_or(0))
    }

    /// `chat<ID>` of that chat.
    #[must_use]
    pub fn dialog_id(&self) -> String {
        format!("chat{}", self.chat_id())
    }

    /// The deal bound to that chat.
    #[must_use]
    pub fn deal_id(&self) -> i64 {
        let chat_id = self.chat_id();
        self.portal.shared.look(|world| world.crm.deal_of(chat_id).unwrap_or(0))
    }

    /// Writes; the first message of a dialog starts a session. The new message's id.
    pub async fn says(&self, text: &str) -> i64 {
        self.portal.shared.hit(|world| world.client_says(self.line_id, self.user_id, text))
    }

    /// Sends a file; bots hear of a message without text. The new message's id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let emulator = openlines_emulator::Emulator::start().await;
    /// let portal = emulator.portal();
    /// let ann = portal.client("Ann");
    /// ann.sends_file("bill.pdf", b"%PDF-1.7").await;
    /// let file = portal.file(ann.sees()[0].files[0]).unwrap();
    /// assert_eq!((file.name.as_str(), file.content.len()), ("bill.pdf", 8));
    /// # }
    /// ```
    pub async fn sends_file(&self, name: &str, content: impl Into<Vec<u8>>) -> i64 {
        let content = content.into();
        let (line_id, user_id) = (self.line_id, self.user_id);
        self.portal.shared.hit(|world| world.client_sends_file(line_id, user_id, name, content))
    }

    /// Presses the button with this text on the newest keyboard in the chat that has it. Waits for it five seconds.
    ///
    /// A COMMAND button runs the command, a `SEND` button says its value, other buttons do nothing on the portal.
    ///
    /// # Panics
    ///
    /// When no such button comes.
    #[track_caller]
    pub fn presses(&self, button: &str) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            let (message_id, button) = self.portal.button(self.chat_id(), button, self.user_id, at).await;
            self.press(message_id, &button);
        }
    }

    /// Presses a given button of a given message; used by the page.
    pub(crate) fn press(&self, message_id: i64, button: &Value) {
        let (user_id, line_id) = (self.user_id, self.line_id);
        self.portal.shared.hit(|world| press(world, line_id, user_id, message_id, button, KEYBOARD));
    }

    /// Rates the dialog, as soon as the line asks for it: by a button in live chat, by writing `1` or `0` on another
    /// channel. Waits for the request five seconds.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use openlines_emulator::{Emulator, Vote};
    /// let emulator = Emulator::start().await;
    /// let portal = emulator.portal();
    /// portal.line().vote_text(Some("Were you satisfied?"));
    /// let ann = portal.client("Ann");
    /// ann.says("hello").await;
    /// portal.operator("Ivan").finishes(&ann).await;
    /// ann.votes(Vote::Like).await;
    /// assert_eq!(portal.session_vote(ann.chat_id()), Some(Vote::Like));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When nobody asks, or the time for an answer is over.
    pub async fn votes(&self, vote: Vote) {
        let chat_id = self.chat_id();
        let what = format!("a request to rate the dialog of chat {chat_id}");
        self.portal.until(&what, BUTTON_WAIT, |world| world.is_vote_awaited(chat_id).then_some(())).await;
        if !self.presses_vote(vote) {
            self.says(vote.answer()).await;
        }
    }

    /// Presses a button of the request, if the channel shows any; used by the page.
    pub(crate) fn presses_vote(&self, vote: Vote) -> bool {
        let (chat_id, user_id) = (self.chat_id(), self.user_id);
        self.portal
            .shared
            .hit(|world| world.vote_buttons(chat_id).is_some() && world.vote(chat_id, user_id, vote))
    }

    /// Edits one of the chat's messages.
    pub async fn edits(&self, message_id: i64, text: &str) {
        self.portal.shared.hit(|world| world.edit(message_id, text, self.user_id));
    }

    /// Deletes one of the chat's messages.
    pub async fn deletes(&self, message_id: i64) {
        self.portal.shared.hit(|world| world.delete(message_id, self.user_id));
    }

    /// Sets a reaction on a bot's message; the code is camelCase, such as `like`.
    pub async fn reacts(&self, message_id: i64, reaction: &str) {
        self.portal.shared.hit(|world| react(world, self.user_id, message_id, reaction, true));
    }

    /// Takes a reaction back.
    pub async fn unreacts(&self, message_id: i64, reaction: &str) {
        self.portal.shared.hit(|world| react(world, self.user_id, message_id, reaction, false));
    }

    /// What was said in the chat.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.portal.transcript(self.chat_id())
    }
}

impl Portal {
    /// A user's name, for failures.
    pub(super) fn name_of(&self, user_id: i64) -> String {
        self.shared.look(|world| world.name_of(user_id))
    }

    /// Waits for the button; fails with what there is instead of it.
    async fn button(&self, chat_id: i64, button: &str, user_id: i64, at: &Location<'_>) -> (i64, Value) {
        if let Some(found) = self.wait(BUTTON_WAIT, |world| newest_button(world, chat_id, button)).await {
            return found;
        }
        let (there, near) = self.shared.look(|world| other_buttons(world, chat_id, button));
        let mut why =
            format!("waited {BUTTON_WAIT:?} in vain for a button {button:?} for {}", self.name_of(user_id));
        for near in near {
            why.push_str(&format!("\n  near miss: {near}"));
        }
        if there.is_empty() {
            why.push_str("\n  there is no button in this chat");
        } else {
            why.push_str(&format!("\n  buttons in this chat: {}", there.join(", ")));
        }
        self.fail(&format!("{why}\n  expected at {at}"))
    }
}

/// The texts of all buttons of the chat, and what is to be said of those that are nearly the one that was wanted.
fn other_buttons(world: &World, chat_id: i64, wanted: &str) -> (Vec<String>, Vec<String>) {
    let (mut there, mut near) = (Vec::new(), Vec::new());
    for message in world.messages_of(chat_id) {
        let buttons = message.keyboard.as_ref().and_then(Value::as_array);
        for button in buttons.into_iter().flatten() {
            let Some(text) = button["TEXT"].as_str() else { continue };
            if text == wanted {
                near.push(format!("{text:?} of message {} is disabled", message.id));
            } else if plainly(text) == plainly(wanted) {
                near.push(format!("{text:?} differs in case or spaces only"));
            }
            there.push(format!("{text:?}"));
        }
    }
    (there, near)
}

/// The text without what the eye overlooks: case and spaces.
pub(super) fn plainly(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The newest message of the chat with an enabled button of that text, and the button.
fn newest_button(world: &World, chat_id: i64, text: &str) -> Option<(i64, Value)> {
    world.messages_of(chat_id).rev().find_map(|message| {
        let buttons = message.keyboard.as_ref()?.as_array()?;
        let button = buttons.iter().find(|button| {
            button["TEXT"].as_str() == Some(text) && button["DISABLED"].as_str() != Some("Y")
        })?;
        Some((message.id, button.clone()))
    })
}

/// Where a pressed command came from.
const KEYBOARD: &str = "KEYBOARD";

fn press(
    world: &mut World,
    line_id: i64,
    user_id: i64,
    message_id: i64,
    button: &Value,
    context: &'static str,
) {
    let field = |name: &str| button[name].as_str().unwrap_or_default();
    let Some(message) = world.messages.get(&message_id) else { return };
    let chat_id = message.chat_id;
    let bot_id = button["BOT_ID"].as_i64().filter(|id| *id > 0).unwrap_or(message.author_id);
    let command = field("COMMAND").trim_start_matches('/').to_owned();
    if !command.is_empty() {
        let run = world.pressed_command(bot_id, &command, field("COMMAND_PARAMS"), message_id, user_id);
        match run {
            Some(mut run) => {
                run.context = context;
                world.raise_command(run, chat_id, user_id);
            }
            None => tracing::warn!(%command, "a button was pressed whose command its bot has not registered"),
        }
    } else if field("ACTION") == "SEND" {
        let text = field("ACTION_VALUE").to_owned();
        let is_inside = |chat: &Chat| matches!(chat.kind, ChatKind::Private | ChatKind::Group);
        if world.chats.get(&chat_id).is_some_and(is_inside) {
            world.post(NewMessage { chat_id, author_id: user_id, text, ..NewMessage::default() }, user_id);
        } else {
            world.client_says(line_id, user_id, &text);
        }
    }
}

fn react(world: &mut World, user_id: i64, message_id: i64, reaction: &str, added: bool) {
    let Some(message) = world.messages.get_mut(&message_id) else { return };
    let author = message.author_id;
    let entry = (user_id, reaction.to_owned());
    let there = message.reactions.contains(&entry);
    if there == added {
        return;
    }
    if added {
        message.reactions.push(entry);
    } else {
        message.reactions.retain(|known| *known != entry);
    }
    world.tell_users(ChatFact::Reaction { message_id, user_id, reaction, added });
    if world.bots.get(&author).is_some_and(|bot| bot.reactions) {
        let fact = BotFact::Reaction { message_id, user_id, reaction: reaction.to_owned(), added };
        world.raise_bots(&fact, &[author], user_id);
    }
}

/// An employee who answers clients.
#[derive(Clone, Debug)]
pub struct Operator {
    pub(super) portal: Portal,
    pub(super) user_id: i64,
}

impl Operator {
    /// The operator's user id.
    #[must_use]
    pub fn user_id(&self) -> i64 {
        self.user_id
    }

    /// Writes to the client. If somebody else or a bot leads the session, this is also taking it over: bots that are
    /// still in the chat hear the message, then the operator leads. The new message's id.
    pub async fn says(&self, client: &Client, text: &str) -> i64 {
        let (author_id, text) = (self.user_id, text.to_owned());
        self.speaks(client, |world, chat_id| {
            world.post(NewMessage { chat_id, author_id, text, ..NewMessage::default() }, author_id)
        })
    }

    /// Sends the client a file, as [`says`](Self::says) says a text.
    pub async fn sends_file(&self, client: &Client, name: &str, content: impl Into<Vec<u8>>) -> i64 {
        let (user_id, content) = (self.user_id, content.into());
        self.speaks(client, |world, chat_id| world.post_file(chat_id, user_id, name, content))
    }

    fn no_session(&self, client: &Client, verb: &str, at: &Location<'_>) -> ! {
        let name = self.portal.name_of(client.user_id);
        self.portal.fail(&format!(
            "{name} has no open session to {verb}: it begins with the client's first message\n  expected at {at}"
        ))
    }

    fn speaks(&self, client: &Client, post: impl FnOnce(&mut World, i64) -> i64) -> i64 {
        let chat_id = client.chat_id();
        self.portal.shared.hit(|world| {
            world.ensure_session(chat_id, self.user_id);
            if let Some(chat) = world.chats.get_mut(&chat_id) {
                chat.members.insert(self.user_id);
            }
            let id = post(world, chat_id);
            if world.last_session(chat_id).is_some_and(|session| session.operator_id != self.user_id) {
                world.take_over(chat_id, self.user_id);
            }
            id
        })
    }

    /// Presses a command button of a given message; used by the page.
    pub(crate) fn press(&self, message_id: i64, button: &Value) {
        self.portal.shared.hit(|world| press(world, 0, self.user_id, message_id, button, KEYBOARD));
    }

    /// Chooses a command from the context menu of a given message; used by the page.
    pub(crate) fn chooses(&self, message_id: i64, entry: &Value) {
        self.portal.shared.hit(|world| press(world, 0, self.user_id, message_id, entry, "MENU"));
    }

    /// Takes the client's session by a click, which no bot hears.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    #[track_caller]
    pub fn takes(&self, client: &Client) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            let chat_id = client.chat_id();
            if !self.portal.shared.hit(|world| world.take_over(chat_id, self.user_id)) {
                self.no_session(client, "take", at);
            }
        }
    }

    /// Closes the client's session.
    ///
    /// # Panics
    ///
    /// When the client has no open session.
    #[track_caller]
    pub fn finishes(&self, client: &Client) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            let chat_id = client.chat_id();
            if !self.portal.shared.hit(|world| world.finish_session(chat_id, self.user_id)) {
                self.no_session(client, "finish", at);
            }
        }
    }

    /// Edits one of the chat's messages.
    pub async fn edits(&self, message_id: i64, text: &str) {
        self.portal.shared.hit(|world| world.edit(message_id, text, self.user_id));
    }

    /// Deletes one of the chat's messages.
    pub async fn deletes(&self, message_id: i64) {
        self.portal.shared.hit(|world| world.delete(message_id, self.user_id));
    }

    /// Sets a reaction on a bot's message; the code is camelCase, such as `like`.
    pub async fn reacts(&self, message_id: i64, reaction: &str) {
        self.portal.shared.hit(|world| react(world, self.user_id, message_id, reaction, true));
    }

    /// Takes a reaction back.
    pub async fn unreacts(&self, message_id: i64, reaction: &str) {
        self.portal.shared.hit(|world| react(world, self.user_id, message_id, reaction, false));
    }
}

/// An employee who writes to bots in private.
#[derive(Clone, Debug)]
pub struct Employee {
    pub(super) portal: Portal,
    pub(super) user_id: i64,
}

impl Employee {
    /// The employee's user id, which is also the dialog id for bots.
    #[must_use]
    pub fn user_id(&self) -> i64 {
        self.user_id
    }

    /// Writes to a bot; the first message opens the dialog. The new message's id.
    pub async fn says_to(&self, bot_id: i64, text: &str) -> i64 {
        self.portal.shared.hit(|world| world.says_in_private(self.user_id, bot_id, text))
    }

    /// Sends a bot a file in private; the first message opens the dialog. The new message's id.
    pub async fn sends_file_to(&self, bot_id: i64, name: &str, content: impl Into<Vec<u8>>) -> i64 {
        let (user_id, content) = (self.user_id, content.into());
        self.portal.shared.hit(|world| {
            let chat_id = world.private_dialog(user_id, bot_id, user_id);
            world.post_file(chat_id, user_id, name, content)
        })
    }

    /// Writes into a group chat made by [`Portal::group_chat`]. The new message's id.
    pub async fn says_in(&self, chat_id: i64, text: &str) -> i64 {
        let new =
            NewMessage { chat_id, author_id: self.user_id, text: text.to_owned(), ..NewMessage::default() };
        self.portal.shared.hit(|world| world.post(new, self.user_id))
    }

    /// The private chat with a bot, opened if need be.
    #[must_use]
    pub fn chat_with(&self, bot_id: i64) -> i64 {
        self.portal.shared.hit(|world| world.private_dialog(self.user_id, bot_id, self.user_id))
    }

    /// Opens the chat with a bot through a link that carries a context.
    pub async fn opens_with_context(&self, bot_id: i64, context: Value) {
        self.portal.shared.hit(|world| {
            let chat_id = world.private_dialog(self.user_id, bot_id, self.user_id);
            let fact = BotFact::Context { chat_id, user_id: self.user_id, context };
            world.raise_bots(&fact, &[bot_id], self.user_id);
        });
    }

    /// Edits a message.
    pub async fn edits(&self, message_id: i64, text: &str) {
        self.portal.shared.hit(|world| world.edit(message_id, text, self.user_id));
    }

    /// Deletes a message.
    pub async fn deletes(&self, message_id: i64) {
        self.portal.shared.hit(|world| world.delete(message_id, self.user_id));
    }

    /// Presses the button with this text in the private chat with a bot. Waits for it five seconds.
    ///
    /// # Panics
    ///
    /// When no such button comes.
    #[track_caller]
    pub fn presses(&self, bot_id: i64, button: &str) -> impl Future<Output = ()> + Send {
        let at = Location::caller();
        async move {
            let (message_id, button) =
                self.portal.button(self.chat_with(bot_id), button, self.user_id, at).await;
            let line_id = self.portal.line_id();
            self.portal
                .shared
                .hit(|world| press(world, line_id, self.user_id, message_id, &button, KEYBOARD));
        }
    }
}
