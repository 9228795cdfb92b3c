//! Who talks where, and how the portal tells of it in events of both generations (protocol 2.1 to 2.3).

use serde_json::{Value, json};

use crate::{
    portal::BotGeneration,
    wire::{ChatId, CommandContext, DialogId, MessageId, UserId},
};

/// Somebody in the conversation.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Person {
    pub(in crate::testing) id: UserId,
    pub(in crate::testing) name: String,
    pub(in crate::testing) client: bool,
}

/// The dialog of a conversation.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Scene {
    pub(in crate::testing) generation: BotGeneration,
    pub(in crate::testing) bot: i64,
    pub(in crate::testing) code: String,
    pub(in crate::testing) language: String,
    pub(in crate::testing) connector: String,
    pub(in crate::testing) line: i64,
    /// A private chat with an employee instead of an open line.
    pub(in crate::testing) private: bool,
    pub(in crate::testing) chat: ChatId,
    pub(in crate::testing) client: Person,
    pub(in crate::testing) operator: Person,
    /// Who has the session: the bot, an operator, or 0.
    pub(in crate::testing) owner: UserId,
    pub(in crate::testing) session: i64,
}

/// A command as it is given.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Given {
    pub(in crate::testing) id: i64,
    pub(in crate::testing) name: String,
    pub(in crate::testing) params: String,
    pub(in crate::testing) context: CommandContext,
}

/// A file that is sent.
#[derive(Debug, Clone)]
pub(in crate::testing) struct File {
    pub(in crate::testing) id: i64,
    pub(in crate::testing) name: String,
    pub(in crate::testing) size: usize,
}

/// A message, as its event tells it.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Written<'a> {
    pub(in crate::testing) id: MessageId,
    pub(in crate::testing) author: &'a Person,
    pub(in crate::testing) text: &'a str,
    pub(in crate::testing) files: &'a [File],
}

impl Scene {
    pub(in crate::testing) fn dialog(&self) -> DialogId {
        match self.private {
            true => DialogId::from(self.client.id.to_string()),
            false => DialogId::of_chat(self.chat),
        }
    }

    /// `connector|line|external chat|client`.
    pub(in crate::testing) fn address(&self) -> String {
        format!("{}|{}|{}|{}", self.connector, self.line, self.chat.get() - 2, self.client.id)
    }

    pub(in crate::testing) fn session_text(&self) -> String {
        format!("N|NONE|0|N|N|{}|0|0|0|0", self.session)
    }

    fn is_v1(&self) -> bool {
        self.generation == BotGeneration::V1
    }

    /// Code and `data` of a message's event.
    pub(in crate::testing) fn message(&self, written: &Written<'_>) -> (&'static str, Value) {
        if self.is_v1() {
            let bots = json!({self.bot.to_string(): {"BOT_ID": self.bot, "BOT_CODE": self.code}});
            let data =
                json!({"BOT": bots, "PARAMS": self.params_v1(written), "USER": self.user_v1(written.author)});
            return ("ONIMBOTMESSAGEADD", data);
        }
        let mut data = self.around_v2(Some(written.author));
        data["message"] = self.message_v2(written, written.author.id);
        ("ONIMBOTV2MESSAGEADD", data)
    }

    /// Code and `data` of a command's event. Of a button, `written` is the bot's message, by whoever pressed it.
    pub(in crate::testing) fn command(&self, written: &Written<'_>, given: &Given) -> (&'static str, Value) {
        let pressed = given.context != CommandContext::Typed;
        if self.is_v1() {
            let context = if pressed { "KEYBOARD" } else { "TEXTAREA" };
            let command = json!({
                "BOT_ID": self.bot, "BOT_CODE": self.code, "COMMAND": given.name, "COMMAND_ID": given.id,
                "COMMAND_PARAMS": given.params, "COMMAND_CONTEXT": context, "MESSAGE_ID": written.id,
            });
            let commands = json!({given.id.to_string(): command});
            let data = json!({
                "COMMAND": commands, "PARAMS": self.params_v1(written), "USER": self.user_v1(written.author),
            });
            return ("ONIMCOMMANDADD", data);
        }
        let mut data = self.around_v2(Some(written.author));
        data["command"] = json!({
            "id": given.id, "command": format!("/{}", given.name), "params": given.params,
            "context": if pressed { "keyboard" } else { "textarea" },
        });
        let author = if pressed { UserId::new(self.bot) } else { written.author.id };
        data["message"] = self.message_v2(written, author);
        ("ONIMBOTV2COMMANDADD", data)
    }

    /// Code and `data` of the event that the bot joined.
    pub(in crate::testing) fn joined(&self) -> (&'static str, Value) {
        if self.is_v1() {
            let bots = json!({self.bot.to_string(): {"BOT_ID": self.bot, "BOT_CODE": self.code}});
            let mut params = self.place_v1();
            params["BOT_ID"] = json!(self.bot);
            params["USER_ID"] = json!(if self.private { self.client.id.get() } else { 0 });
            return ("ONIMBOTJOINCHAT", json!({"BOT": bots, "PARAMS": params}));
        }
        let mut data = self.around_v2(self.private.then_some(&self.client));
        data["dialogId"] = json!(self.dialog());
        ("ONIMBOTV2JOINCHAT", data)
    }

    /// `data` of a session's beginning or end.
    pub(in crate::testing) fn session(&self) -> Value {
        json!({"DATA": {
            "connector": {
                "connector_id": self.connector, "line_id": self.line, "chat_id": self.chat,
                "user_id": self.client.id,
            },
            "chat": {"chat_id": self.chat},
            "line": {"id": self.line, "name": "Support"},
        }})
    }

    /// The bot, the chat and the user of an event of the second generation.
    pub(in crate::testing) fn around_v2(&self, user: Option<&Person>) -> Value {
        let mut data = json!({
            "bot": {"id": self.bot, "code": self.code},
            "chat": {
                "id": self.chat, "dialogId": self.dialog(), "name": format!("{} - Support", self.client.name),
                "owner": if self.private { self.client.id } else { self.owner },
                "messageType": if self.private { "P" } else { "L" },
                "type": if self.private { "private" } else { "lines" },
                "extranet": !self.private, "color": "#ab7761",
            },
            "language": self.language,
        });
        if !self.private {
            data["chat"]["entityType"] = json!("LINES");
            data["chat"]["entityId"] = json!(self.address());
            data["chat"]["entityData1"] = json!(self.session_text());
            data["chat"]["entityData3"] = json!("N");
        }
        if let Some(person) = user {
            data["user"] = json!({
                "id": person.id, "name": person.name, "firstName": person.name, "active": true, "bot": false,
                "connector": person.client, "extranet": person.client,
                "type": if person.client { "extranet" } else { "employee" },
            });
        }
        data
    }

    fn message_v2(&self, written: &Written<'_>, author: UserId) -> Value {
        let files: Vec<i64> = written.files.iter().map(|file| file.id).collect();
        json!({
            "id": written.id, "chatId": self.chat, "authorId": author, "text": written.text,
            "isSystem": false, "params": {"FILE_ID": files}, "viewedByOthers": false,
        })
    }

    fn place_v1(&self) -> Value {
        let kind = if self.private { "P" } else { "L" };
        let mut params = json!({
            "DIALOG_ID": self.dialog(), "CHAT_ID": self.chat, "CHAT_TYPE": kind, "MESSAGE_TYPE": kind,
            "CHAT_AUTHOR_ID": if self.private { self.client.id } else { self.owner },
            "CHAT_TITLE": format!("{} - Support", self.client.name), "LANGUAGE": self.language,
        });
        if !self.private {
            params["CHAT_ENTITY_TYPE"] = json!("LINES");
            params["CHAT_ENTITY_ID"] = json!(self.address());
            params["CHAT_ENTITY_DATA_1"] = json!(self.session_text());
            params["CHAT_ENTITY_DATA_3"] = json!("N");
        }
        params
    }

    fn params_v1(&self, written: &Written<'_>) -> Value {
        let mut params = self.place_v1();
        params["MESSAGE"] = json!(written.text);
        params["MESSAGE_ID"] = json!(written.id);
        params["FROM_USER_ID"] = json!(written.author.id);
        params["AUTHOR_ID"] = json!(written.author.id);
        params["SYSTEM"] = json!("N");
        for file in written.files {
            let kind =
                if file.name.ends_with(".png") || file.name.ends_with(".jpg") { "image" } else { "file" };
            params["FILES"][file.id.to_string()] =
                json!({"id": file.id, "name": file.name, "size": file.size, "type": kind});
        }
        params
    }

    fn user_v1(&self, person: &Person) -> Value {
        let flag = |set: bool| if set { "Y" } else { "N" };
        json!({
            "ID": person.id, "NAME": person.name, "FIRST_NAME": person.name, "IS_BOT": "N",
            "IS_CONNECTOR": flag(person.client), "IS_EXTRANET": flag(person.client), "IS_NETWORK": "N",
        })
    }
}
