//! Payloads of the v1 bot events.

use serde_json::{Map, Value, json};

use super::bots::{BotFact, CommandRun};
use crate::world::World;
use crate::world::bots::{mentions, without_mentions};
use crate::world::chats::{Chat, ChatKind};
use crate::world::messages::Message;
use crate::world::people::UserKind;

impl World {
    /// `data` of a v1 event for the bots of one application.
    pub(super) fn v1_data(&mut self, fact: &BotFact, bots: &[i64]) -> Value {
        let (params, user) = match fact {
            BotFact::Removed => {
                let bot_id = bots.first().copied().unwrap_or(0);
                let code = self.bots.get(&bot_id).map(|bot| bot.code.clone());
                return json!({"BOT_ID": bot_id, "BOT_CODE": code});
            }
            BotFact::Command(run) => return self.v1_command(run, bots),
            BotFact::Message { message_id } => self.v1_message(*message_id, bots),
            BotFact::Update { message_id } => self.v1_stored(*message_id, true),
            BotFact::Delete { message_id } => self.v1_stored(*message_id, false),
            BotFact::Join { chat_id, added_by } => self.v1_join(*chat_id, *added_by, bots),
            BotFact::Context { chat_id, user_id, context } => {
                self.v1_context(*chat_id, *user_id, context, bots)
            }
            BotFact::Reaction { .. } => (Value::Null, Value::Null),
        };
        let mut entries = Map::new();
        for bot_id in bots {
            let mut entry = self.doubled_auth(*bot_id);
            entry.insert("BOT_ID".to_owned(), json!(bot_id));
            entry.insert("BOT_CODE".to_owned(), json!(self.bots.get(bot_id).map(|bot| bot.code.clone())));
            entries.insert(bot_id.to_string(), Value::Object(entry));
        }
        json!({"BOT": entries, "PARAMS": params, "USER": user})
    }

    /// The auth set flattened, then once more under `AUTH`.
    fn doubled_auth(&mut self, bot_id: i64) -> Map<String, Value> {
        let auth = self.bot_auth(bot_id);
        let mut entry = auth.clone();
        entry.insert("AUTH".to_owned(), Value::Object(auth));
        entry
    }

    fn v1_message(&self, message_id: i64, bots: &[i64]) -> (Value, Value) {
        let Some((message, chat)) = self.with_chat(message_id) else { return (Value::Null, Value::Null) };
        let mut params = self.v1_message_params(message, chat);
        if chat.kind == ChatKind::Private {
            params["TO_USER_ID"] = json!(bots.first());
        }
        params["MESSAGE_ID"] = json!(message.id);
        params["CHAT_TYPE"] = json!(chat.message_type());
        params["LANGUAGE"] = json!(self.identity.language);
        (params, self.v1_user(message.author_id, true))
    }

    fn v1_message_params(&self, message: &Message, chat: &Chat) -> Value {
        let private = chat.kind == ChatKind::Private;
        let text = if private { message.text.clone() } else { without_mentions(&message.text) };
        let mut params = json!({
            "MESSAGE": text,
            "TEMPLATE_ID": message.uuid,
            "MESSAGE_TYPE": chat.message_type(),
            "FROM_USER_ID": message.author_id,
            "DIALOG_ID": if private { message.author_id.to_string() } else { format!("chat{}", chat.id) },
            "TO_CHAT_ID": chat.id,
            "PARAMS": message.params(),
            "FILES": self.files_v1(message),
            "AUTHOR_ID": message.author_id,
            "SYSTEM": if message.system { "Y" } else { "N" },
        });
        if !private {
            let [data1, data2, data3] = self.entity_data(chat);
            let lines = chat.kind == ChatKind::Lines;
            for (key, value) in [
                ("CHAT_ID", json!(chat.id)),
                ("CHAT_TITLE", json!(chat.title)),
                ("CHAT_AUTHOR_ID", json!(chat.owner)),
                ("CHAT_TYPE", json!(chat.message_type())),
                ("CHAT_AVATAR", json!(0)),
                ("CHAT_COLOR", json!(chat.color)),
                ("CHAT_ENTITY_TYPE", json!(chat.entity_type())),
                ("CHAT_ENTITY_ID", json!(chat.entity_id)),
                ("CHAT_ENTITY_DATA_1", json!(data1)),
                ("CHAT_ENTITY_DATA_2", json!(data2)),
                ("CHAT_ENTITY_DATA_3", json!(data3)),
                ("CHAT_EXTRANET", json!(if lines { "Y" } else { "N" })),
                ("CHAT_PREV_MESSAGE_ID", json!(message.previous)),
                ("CHAT_CAN_POST", json!("MEMBER")),
                ("RID", json!(message.author_id)),
                ("IS_MANAGER", json!("N")),
            ] {
                params[key] = value;
            }
        }
        let client = self.user_kind(message.author_id) == Some(UserKind::Client);
        let skip_connector = message.skip_connector || client;
        for (flag, on) in [
            ("PUSH", true),
            ("PUSH_IMPORTANT", false),
            ("RECENT_SKIP_AUTHOR", false),
            ("CONVERT", false),
            ("SKIP_COMMAND", false),
            ("SKIP_COUNTER_INCREMENTS", false),
            ("SILENT_CONNECTOR", false),
            ("SKIP_CONNECTOR", skip_connector),
            ("IMPORTANT_CONNECTOR", false),
            ("NO_SESSION_OL", false),
        ] {
            params[flag] = json!(if on { "Y" } else { "N" });
        }
        params["FAKE_RELATION"] = json!(0);
        params["SKIP_URL_INDEX"] = json!("N");
        params["COMMAND_CONTEXT"] = json!("TEXTAREA");
        params["CHAT_USER_COUNT"] = json!(chat.members.len());
        if !private {
            let mentioned = mentions(&message.text);
            let list: Map<String, Value> = mentioned.iter().map(|id| (id.to_string(), json!(id))).collect();
            params["MENTIONED_LIST"] = Value::Object(list);
        }
        params["PLATFORM_CONTEXT"] = json!("web");
        if !private {
            let first = mentions(&message.text).first().copied();
            params["MESSAGE_ORIGINAL"] = json!(message.text);
            params["TO_USER_ID"] = json!(first.unwrap_or(0));
        }
        params
    }

    /// UPDATE and DELETE are built from the stored message.
    fn v1_stored(&self, message_id: i64, update: bool) -> (Value, Value) {
        let Some((message, chat)) = self.with_chat(message_id) else { return (Value::Null, Value::Null) };
        let private = chat.kind == ChatKind::Private;
        let mut params = json!({
            "ID": message.id,
            "CHAT_ID": chat.id,
            "AUTHOR_ID": message.author_id,
            "MESSAGE": if private { message.text.clone() } else { without_mentions(&message.text) },
            "MESSAGE_TYPE": chat.message_type(),
            "CHAT_AUTHOR_ID": chat.owner,
        });
        if !private {
            let [data1, data2, data3] = self.entity_data(chat);
            params["CHAT_ENTITY_TYPE"] = json!(chat.entity_type());
            params["CHAT_ENTITY_ID"] = json!(chat.entity_id);
            params["CHAT_ENTITY_DATA_1"] = json!(data1);
            params["CHAT_ENTITY_DATA_2"] = json!(data2);
            params["CHAT_ENTITY_DATA_3"] = json!(data3);
        }
        params["PARAMS"] = message.params();
        if private {
            params["FROM_USER_ID"] = json!(message.author_id);
            params["TO_USER_ID"] = json!(chat.counterpart(message.author_id));
        }
        if update {
            params["CHAT_USER_COUNT"] = json!(chat.members.len());
            params["PLATFORM_CONTEXT"] = json!("web");
            params["MESSAGE_ORIGINAL"] = json!(message.text);
        }
        params["DIALOG_ID"] =
            json!(if private { message.author_id.to_string() } else { format!("chat{}", chat.id) });
        params["MESSAGE_ID"] = json!(message.id);
        params["CHAT_TYPE"] = json!(chat.message_type());
        params["LANGUAGE"] = json!(self.identity.language);
        // Only private changes know FROM_USER_ID, and USER hangs on it.
        (params, if private { self.v1_user(message.author_id, true) } else { Value::Null })
    }

    fn v1_join(&self, chat_id: i64, added_by: i64, bots: &[i64]) -> (Value, Value) {
        let Some(chat) = self.chats.get(&chat_id) else { return (Value::Null, Value::Null) };
        let bot_id = bots.first().copied().unwrap_or(0);
        let mut params = json!({
            "CHAT_TYPE": chat.message_type(),
            "MESSAGE_TYPE": chat.message_type(),
            "BOT_ID": bot_id,
            "USER_ID": added_by,
            "CHAT_ID": chat.id,
        });
        if chat.kind == ChatKind::Private {
            params["TO_USER_ID"] = json!(bot_id);
            params["FROM_USER_ID"] = json!(added_by);
            params["DIALOG_ID"] = json!(added_by);
        } else {
            params["CHAT_AUTHOR_ID"] = json!(chat.owner);
            params["CHAT_ENTITY_TYPE"] = json!(chat.entity_type());
            params["CHAT_ENTITY_ID"] = json!(chat.entity_id);
            params["ACCESS_HISTORY"] = json!(true);
            params["DIALOG_ID"] = json!(format!("chat{}", chat.id));
        }
        params["LANGUAGE"] = json!(self.identity.language);
        (params, self.v1_user(added_by, false))
    }

    fn v1_context(&self, chat_id: i64, user_id: i64, context: &Value, bots: &[i64]) -> (Value, Value) {
        let bot_id = bots.first().copied().unwrap_or(0);
        let dialog = self.chats.get(&chat_id).map(|chat| chat.dialog_id(bot_id));
        let params = json!({
            "CONTEXT": context,
            "USER_ID": user_id,
            "DIALOG_ID": dialog,
            "LANGUAGE": self.identity.language,
        });
        (params, self.v1_user(user_id, false))
    }

    fn v1_command(&mut self, run: &CommandRun, bots: &[i64]) -> Value {
        let mut entries = Map::new();
        for id in &run.commands {
            let Some(command) = self.commands.get(id).filter(|command| bots.contains(&command.bot_id)) else {
                continue;
            };
            let bot_id = command.bot_id;
            let mut entry = self.doubled_auth(bot_id);
            for (key, value) in [
                ("BOT_ID", json!(bot_id)),
                ("BOT_CODE", json!(self.bots.get(&bot_id).map(|bot| bot.code.clone()))),
                ("COMMAND", json!(run.name)),
                ("COMMAND_ID", json!(id)),
                ("COMMAND_PARAMS", json!(run.params)),
                ("COMMAND_CONTEXT", json!(run.context)),
                ("MESSAGE_ID", json!(run.message_id)),
            ] {
                entry.insert(key.to_owned(), value);
            }
            entries.insert(id.to_string(), Value::Object(entry));
        }
        let Some((message, chat)) = self.with_chat(run.message_id) else { return Value::Null };
        let private = chat.kind == ChatKind::Private;
        let mut params = if run.context == "TEXTAREA" {
            let mut params = self.v1_message_params(message, chat);
            if private {
                params["TO_USER_ID"] = json!(chat.counterpart(run.user_id));
            } else {
                let inside: Map<String, Value> = bots
                    .iter()
                    .filter(|bot_id| chat.members.contains(bot_id))
                    .map(|bot_id| (bot_id.to_string(), json!(bot_id)))
                    .collect();
                params["BOT_IN_CHAT"] = Value::Object(inside);
            }
            params
        } else {
            let to = if private { "TO_USER_ID" } else { "TO_CHAT_ID" };
            let to_id = if private { chat.counterpart(run.user_id) } else { chat.id };
            let mut params = json!({"FROM_USER_ID": run.user_id});
            params[to] = json!(to_id);
            params["MESSAGE"] = json!(format!("/{} {}", run.name, run.params).trim_end());
            params["MESSAGE_TYPE"] = json!(chat.message_type());
            if !private {
                params["CHAT_ENTITY_TYPE"] = json!(chat.entity_type());
                params["CHAT_ENTITY_ID"] = json!(chat.entity_id);
            }
            params["AUTHOR_ID"] = json!(run.user_id);
            params["DIALOG_ID"] =
                json!(if private { run.user_id.to_string() } else { format!("chat{}", chat.id) });
            params
        };
        params["MESSAGE_ID"] = json!(run.message_id);
        params["CHAT_TYPE"] = json!(chat.message_type());
        params["LANGUAGE"] = json!(self.identity.language);
        json!({"COMMAND": entries, "PARAMS": params, "USER": self.v1_user(run.user_id, false)})
    }

    fn v1_user(&self, user_id: i64, flags: bool) -> Value {
        self.users.get(&user_id).map_or(Value::Null, |user| user.v1(flags))
    }

    pub(super) fn with_chat(&self, message_id: i64) -> Option<(&Message, &Chat)> {
        let message = self.messages.get(&message_id)?;
        Some((message, self.chats.get(&message.chat_id)?))
    }
}
