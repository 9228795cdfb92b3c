//! A message enters a chat: who may send, what is stored, and who hears of it.

use serde_json::Value;

use super::chats::ChatKind;
use super::messages::{Forward, Message};
use super::people::UserKind;
use super::{World, take};
use crate::events::{BotFact, ChatFact};

/// Longer texts are cut to [`CUT_TO`] characters.
const LONGEST: usize = 20_006;
const CUT_TO: usize = 20_000;

/// A message about to be stored.
#[derive(Default)]
pub(crate) struct NewMessage {
    pub(crate) chat_id: i64,
    pub(crate) author_id: i64,
    pub(crate) text: String,
    pub(crate) keyboard: Option<Value>,
    pub(crate) attach: Option<Value>,
    pub(crate) menu: Option<Value>,
    pub(crate) system: bool,
    pub(crate) uuid: String,
    pub(crate) skip_connector: bool,
    /// A system message that leaves the portal all the same.
    pub(crate) important: bool,
    /// Sent with `SKIP_COMMAND=Y`: raises neither command nor message events.
    pub(crate) skip_command: bool,
    pub(crate) forward: Option<Forward>,
    pub(crate) reply_to: i64,
    pub(crate) files: Vec<i64>,
    /// The client's answer to a request to rate the dialog: it changes nothing in the session.
    pub(crate) is_vote: bool,
    /// The session of whose end it tells; 0 for none.
    pub(crate) ends_session: i64,
}

impl NewMessage {
    /// A system message that the portal itself writes.
    pub(crate) fn notice(chat_id: i64, text: String) -> Self {
        Self { chat_id, text, system: true, ..Self::default() }
    }
}

/// The pending exception of a message that was not added (the override trap of protocol 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendFault {
    NoChat,
    NotInChat,
    LineOff,
    /// An application has taken the field to type in away from people.
    TextFieldOff,
}

impl SendFault {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NoChat => "CHAT_ID",
            Self::NotInChat => "CANCELED",
            Self::LineOff => "ERROR_FROM_OTHER_MODULE",
            Self::TextFieldOff => "TEXT_FIELD_DISABLED",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NoChat => "Chat ID is invalid",
            Self::NotInChat => "You cannot send messages to this chat.",
            Self::LineOff => "The message cannot be sent: the open channel or its connector is not active.",
            Self::TextFieldOff => "Sending messages is disabled in this chat.",
        }
    }
}

impl World {
    /// Whether the user may send into the chat.
    pub(crate) fn may_post(&self, chat_id: i64, author_id: i64) -> Result<(), SendFault> {
        let chat = self.chats.get(&chat_id).ok_or(SendFault::NoChat)?;
        if !chat.members.contains(&author_id) {
            return Err(SendFault::NotInChat);
        }
        let client = self.user_kind(author_id) == Some(UserKind::Client);
        if !chat.text_field && !self.is_bot(author_id) {
            return Err(SendFault::TextFieldOff);
        }
        if !client && !self.channel_is_on(chat_id) {
            return Err(SendFault::LineOff);
        }
        Ok(())
    }

    /// Stores the message and raises its events; `acting_user` is whose action it was.
    pub(crate) fn post(&mut self, new: NewMessage, acting_user: i64) -> i64 {
        let id = take(&mut self.next.message);
        let date = self.now();
        let previous = match self.chats.get_mut(&new.chat_id) {
            Some(chat) => std::mem::replace(&mut chat.last_message, id),
            None => 0,
        };
        let message = Message {
            id,
            chat_id: new.chat_id,
            author_id: new.author_id,
            text: tidy(&new.text),
            keyboard: new.keyboard,
            attach: new.attach,
            menu: new.menu,
            system: new.system,
            uuid: new.uuid,
            date,
            edited: false,
            deleted: false,
            skip_connector: new.skip_connector,
            important: new.important,
            previous,
            reactions: Vec::new(),
            forward: new.forward,
            reply_to: new.reply_to,
            files: new.files,
            vote: None,
            ends_session: new.ends_session,
        };
        if let Some(bot) = self.bots.get_mut(&message.author_id) {
            bot.count_message += 1;
            self.bot_messages.push_back(id);
            self.fresh_bot_messages.push(id);
        }
        self.messages.insert(id, message.clone());
        self.forget_old_messages(message.weight());
        self.message_ids.entry(message.chat_id).or_default().push(id);
        self.tell_users(ChatFact::Message { message_id: id });
        if (!message.system || message.important) && self.lines_chat(message.chat_id) {
            if !message.system && !new.is_vote {
                self.session_hears(message.chat_id, message.author_id);
            }
            self.channel_gets(&message);
            self.raise_line_message(&message, acting_user);
        }
        if !message.system && !new.skip_command {
            self.raise_message_or_commands(&message, acting_user);
        }
        let ends_bot_session = message.text == "0"
            && !message.system
            && !new.is_vote
            && !self.is_bot(message.author_id)
            && self.lines_chat(new.chat_id);
        if ends_bot_session {
            self.hand_over(new.chat_id, acting_user);
        }
        let client = self.user_kind(message.author_id) == Some(UserKind::Client);
        if client && !new.is_vote && self.lines_chat(new.chat_id) {
            self.line_answers(new.chat_id);
        }
        id
    }

    /// A client writes: chat and session come into being if need be.
    pub(crate) fn client_says(&mut self, line_id: i64, client_id: i64, text: &str) -> i64 {
        let Some(chat_id) = self.seat(line_id, client_id) else { return 0 };
        let vote = self.open_for(chat_id, client_id, text);
        let (author_id, is_vote) = (client_id, vote.is_some());
        let new = NewMessage { chat_id, author_id, text: text.to_owned(), is_vote, ..NewMessage::default() };
        let id = self.post(new, client_id);
        if let Some(vote) = vote {
            self.vote(chat_id, client_id, vote);
        }
        id
    }

    /// A client sends a file.
    pub(crate) fn client_sends_file(
        &mut self,
        line_id: i64,
        client_id: i64,
        name: &str,
        content: Vec<u8>,
    ) -> i64 {
        let Some(chat_id) = self.seat(line_id, client_id) else { return 0 };
        self.ensure_session(chat_id, client_id);
        self.post_file(chat_id, client_id, name, content)
    }

    /// A message that is a file and nothing else.
    pub(crate) fn post_file(&mut self, chat_id: i64, author_id: i64, name: &str, content: Vec<u8>) -> i64 {
        let files = vec![self.store_file(chat_id, author_id, name, content)];
        self.post(NewMessage { chat_id, author_id, files, ..NewMessage::default() }, author_id)
    }

    /// An employee writes to a bot in private; the first time opens the dialog.
    pub(crate) fn says_in_private(&mut self, from: i64, to: i64, text: &str) -> i64 {
        let chat_id = self.private_dialog(from, to, from);
        self.post(NewMessage { chat_id, author_id: from, text: text.to_owned(), ..Default::default() }, from)
    }

    /// The private chat of two users, opened if need be; bots hear of the opening.
    pub(crate) fn private_dialog(&mut self, one: i64, other: i64, acting_user: i64) -> i64 {
        if let Some(chat_id) = self.private_chat(one, other) {
            return chat_id;
        }
        let chat_id = self.add_chat(ChatKind::Private, "", one, &[one, other]);
        for bot_id in [one, other] {
            if self.bots.contains_key(&bot_id) && acting_user != bot_id {
                let opener = if bot_id == one { other } else { one };
                self.raise_bots(&BotFact::Join { chat_id, added_by: opener }, &[bot_id], acting_user);
            }
        }
        chat_id
    }

    /// Changes the text of a message and raises the edit.
    pub(crate) fn edit(&mut self, message_id: i64, text: &str, acting_user: i64) -> bool {
        let Some(message) = self.messages.get_mut(&message_id) else { return false };
        message.text = tidy(text);
        message.edited = true;
        let message = message.clone();
        self.channel_gets_edit(&message);
        self.raise_change(&message, BotFact::Update { message_id }, acting_user);
        self.tell_users(ChatFact::Update { message_id });
        true
    }

    /// Deletes a message softly and raises the deletion.
    pub(crate) fn delete(&mut self, message_id: i64, acting_user: i64) -> bool {
        let Some(message) = self.messages.get_mut(&message_id) else { return false };
        let before = message.clone();
        message.text = "This message has been deleted.".to_owned();
        message.deleted = true;
        message.keyboard = None;
        message.attach = None;
        message.menu = None;
        message.files.clear();
        self.channel_gets_deletion(&before);
        self.raise_change(&before, BotFact::Delete { message_id }, acting_user);
        self.tell_users(ChatFact::Delete { message_id });
        true
    }
}

/// Line breaks, outer blanks and the length limit of protocol 7.
fn tidy(text: &str) -> String {
    let text = text.replace("[BR]", "\n").replace("[br]", "\n").replace("#BR#", "\n");
    let text = text.trim();
    if text.chars().count() > LONGEST {
        let cut: String = text.chars().take(CUT_TO).collect();
        return cut + " (...)";
    }
    text.to_owned()
}
