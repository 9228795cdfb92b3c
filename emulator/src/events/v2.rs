//! Payloads of the v2 bot events: one callback a bot, and one a command.

use serde_json::{Value, json};

use super::bots::BotFact;
use crate::world::World;
use crate::world::chats::Chat;

impl World {
    /// `data` of a v2 event for one bot, each with a key that tells it from its siblings.
    pub(super) fn v2_data(&mut self, fact: &BotFact, bot_id: i64, fetch: bool) -> Vec<(i64, Value)> {
        let Some(bot) = self.bots.get(&bot_id).cloned() else { return Vec::new() };
        let bot_object = if fetch {
            self.bot_v2(&bot, true)
        } else {
            let auth = self.bot_auth(bot_id);
            json!({"id": bot.id, "code": bot.code, "auth": auth})
        };
        let mut data = json!({"bot": bot_object});
        match fact {
            BotFact::Message { message_id } | BotFact::Update { message_id } => {
                let Some((message, chat)) = self.with_chat(*message_id) else { return Vec::new() };
                data["message"] = message.v2();
                self.put_scene(&mut data, chat, bot_id, message.author_id);
            }
            BotFact::Delete { message_id } => {
                let Some((message, chat)) = self.with_chat(*message_id) else { return Vec::new() };
                data["messageId"] = json!(message_id);
                self.put_scene(&mut data, chat, bot_id, message.author_id);
            }
            BotFact::Join { chat_id, added_by } => {
                let Some(chat) = self.chats.get(chat_id) else { return Vec::new() };
                data["dialogId"] = json!(chat.dialog_id(bot_id));
                self.put_scene(&mut data, chat, bot_id, *added_by);
            }
            BotFact::Removed => {}
            BotFact::Context { chat_id, user_id, context } => {
                let Some(chat) = self.chats.get(chat_id) else { return Vec::new() };
                data["dialogId"] = json!(chat.dialog_id(bot_id));
                data["context"] = context.clone();
                self.put_scene(&mut data, chat, bot_id, *user_id);
            }
            BotFact::Reaction { message_id, user_id, reaction, added } => {
                let Some((message, chat)) = self.with_chat(*message_id) else { return Vec::new() };
                data["reaction"] = json!(reaction);
                data["action"] = json!(if *added { "add" } else { "delete" });
                data["message"] = message.v2();
                self.put_scene(&mut data, chat, bot_id, *user_id);
            }
            BotFact::Command(run) => {
                let Some((message, chat)) = self.with_chat(run.message_id) else { return Vec::new() };
                let mut all = Vec::new();
                for id in &run.commands {
                    if self.commands.get(id).is_none_or(|command| command.bot_id != bot_id) {
                        continue;
                    }
                    let mut data = data.clone();
                    data["command"] = json!({
                        "id": id,
                        "command": format!("/{}", run.name),
                        "params": run.params,
                        "context": run.context.to_ascii_lowercase(),
                    });
                    data["message"] = message.v2();
                    self.put_scene(&mut data, chat, bot_id, run.user_id);
                    all.push((*id, data));
                }
                return all;
            }
        }
        vec![(0, data)]
    }

    /// The chat as the bot sees it, the acting user, and the language.
    pub(super) fn put_scene(&self, data: &mut Value, chat: &Chat, bot_id: i64, user_id: i64) {
        data["chat"] = self.chat_v2(chat, bot_id);
        data["user"] = self.users.get(&user_id).map_or(Value::Null, crate::world::people::User::v2);
        data["language"] = json!(self.identity.language);
    }
}
