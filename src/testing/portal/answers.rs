//! What the portal does for each method, and what it answers.

use serde_json::{Value, json};

use super::{
    Caller, Ledger,
    loose::{self, find, flag, int, text},
};
use crate::{
    rest::{CallError, CallErrorKind},
    testing::sent::{Said, Sent, plain},
    wire::{DialogId, MessageId, UserId},
};

impl Ledger {
    pub(super) fn carry_out(
        &mut self,
        method: &str,
        params: &Value,
        caller: Caller,
    ) -> Result<Value, CallError> {
        let name = method.to_ascii_lowercase();
        let scripted = self.answers.get(&name).cloned();
        let known = self.known(&name, params);
        match (scripted, known) {
            (Some(answer), None) => {
                self.called(method, params);
                Ok(answer)
            }
            (Some(answer), Some(_)) => Ok(answer),
            (None, Some(answer)) => answer,
            (None, None) if caller == Caller::Outbox => {
                self.called(method, params);
                Ok(json!(true))
            }
            (None, None) => {
                self.log.push(format!("! {method} has no answer in this test"));
                Err(CallError::new(CallErrorKind::Refused, method.to_owned())
                    .code_of_portal("ERROR_METHOD_NOT_FOUND")
                    .describe(format!("the test gives no answer to it; say .answers({method:?}, json!(…))")))
            }
        }
    }

    fn called(&mut self, method: &str, params: &Value) {
        let call = Sent::Call { method: method.to_owned(), params: params.clone() };
        self.record(format!("bot calls {method} {params}"), call);
    }

    /// What a portal answers by itself; `None` for a method that is left to the test.
    fn known(&mut self, method: &str, params: &Value) -> Option<Result<Value, CallError>> {
        let (chat, bot) = (self.scene.chat, self.scene.bot);
        Some(Ok(match method {
            "imbot.v2.bot.register" | "imbot.v2.bot.update" => {
                let fields = &params["fields"];
                json!({"bot": {
                    "id": bot, "code": fields["code"], "eventMode": fields["eventMode"],
                    "isSupportOpenline": fields["isSupportOpenline"],
                }})
            }
            "imbot.register" => json!(bot),
            "imbot.v2.command.register" => {
                let name = text(&params["fields"]["command"]);
                json!({"command": {"id": self.command(&name), "botId": bot, "command": format!("/{name}")}})
            }
            "imbot.command.register" => json!(self.command(&text(&params["COMMAND"]))),
            "event.bind" => json!(true),

            "imbot.v2.chat.message.send" => json!({"id": self.say(params), "uuidMap": {}}),
            "imbot.message.add" | "imopenlines.crm.message.add" => json!(self.say(params)),
            "imbot.v2.chat.message.update" | "imbot.message.update" => return Some(self.edit(params)),
            "imbot.v2.chat.message.delete" | "imbot.message.delete" => {
                let message = MessageId::new(int(find(params, &["messageId", "MESSAGE_ID"])));
                self.record(format!("bot deletes message {message}"), Sent::Deletion { message });
                json!(true)
            }
            "imbot.v2.file.upload" => self.file(params),
            "imbot.v2.chat.inputaction.notify" | "imbot.chat.sendtyping" => {
                self.record("bot types", Sent::Typing);
                json!(true)
            }
            "imopenlines.network.message.add" => {
                let (line, user) = (text(&params["CODE"]), UserId::new(int(&params["USER_ID"])));
                let text = text(&params["MESSAGE"]);
                let shown = plain(&text);
                self.record(
                    format!("bot writes to user {user} through a network line: {shown}"),
                    Sent::Network { line, user, text },
                );
                json!(true)
            }

            "imopenlines.bot.session.operator" => {
                self.scene.owner = UserId::new(0);
                self.record("bot hands over", Sent::HandOver);
                json!(true)
            }
            "imopenlines.bot.session.transfer" => {
                let to = text(&params["TRANSFER_ID"]);
                // Nobody has it yet where it goes to the queue of a line.
                self.scene.owner = UserId::new(to.parse().unwrap_or(0));
                self.record(format!("bot transfers to {to}"), Sent::Transfer { to });
                json!(true)
            }
            "imopenlines.bot.session.finish" => {
                self.record("bot finishes the session", Sent::SessionFinished);
                json!(true)
            }
            "pull.application.event.add" => {
                let ids = match find(params, &["USER_ID"]) {
                    Value::Array(ids) => ids.iter().map(int).collect(),
                    Value::Null => Vec::new(),
                    one => vec![int(one)],
                };
                let command = text(&params["COMMAND"]);
                let users = ids.into_iter().map(UserId::new).collect();
                self.record(
                    format!("bot emits {command}"),
                    Sent::Rt { command, params: params["PARAMS"].clone(), users },
                );
                json!(true)
            }

            "imbot.v2.chat.user.list" => json!({"users": self.people(), "hasNextPage": false}),
            "imbot.chat.user.list" => {
                json!(self.people().iter().map(|user| user["id"].clone()).collect::<Vec<_>>())
            }
            "imopenlines.dialog.get" => return Some(self.dialog(params)),
            "imopenlines.session.history.get" => self.history(),
            "imopenlines.crm.chat.get" => {
                json!([{"CHAT_ID": chat, "CONNECTOR_ID": self.scene.connector, "CONNECTOR_TITLE": ""}])
            }
            "imopenlines.crm.chat.getlastid" | "imopenlines.crm.chat.user.add" => json!(chat),
            "app.info" => json!({"LICENSE": "ru_basic"}),
            _ => return None,
        }))
    }

    fn command(&mut self, name: &str) -> i64 {
        let next = 7 + self.commands.len() as i64;
        *self.commands.entry(name.to_ascii_lowercase()).or_insert(next)
    }

    /// A message of the bot; one whose key is known is the message that it was the first time.
    fn say(&mut self, params: &Value) -> i64 {
        let fields = params.get("fields").unwrap_or(params);
        let key = text(&fields["templateId"]);
        if let Some(id) = self.keys.get(&key) {
            return *id;
        }
        let id = self.next_id();
        if !key.is_empty() {
            self.keys.insert(key, id);
        }
        let dialog = match (text(find(params, &["dialogId", "DIALOG_ID"])), &params["CHAT_ID"]) {
            (dialog, _) if !dialog.is_empty() => DialogId::from(dialog),
            (_, chat) => DialogId::of_chat(int(chat).into()),
        };
        let said = Said {
            id: MessageId::new(id),
            dialog,
            text: text(find(fields, &["message", "MESSAGE"])),
            buttons: loose::buttons(find(fields, &["keyboard", "KEYBOARD"])),
            attach: find(fields, &["attach", "ATTACH"]).clone(),
            internal_note: flag(find(fields, &["skipConnector", "SKIP_CONNECTOR"])),
            system: flag(find(fields, &["system", "SYSTEM"])),
        };
        let speaker = int(find(params, &["botId", "BOT_ID", "USER_ID"]));
        self.written.push((id, UserId::new(speaker), said.text.clone()));
        let buttons: String = said.buttons.iter().map(|button| format!(" [{}]", button.label)).collect();
        let note = if said.internal_note { " (for operators)" } else { "" };
        let elsewhere =
            if said.dialog == self.scene.dialog() { String::new() } else { format!(" in {}", said.dialog) };
        self.record(format!("bot{elsewhere}{note}: {}{buttons}", said.shown()), Sent::Message(said));
        id
    }

    fn edit(&mut self, params: &Value) -> Result<Value, CallError> {
        let message = MessageId::new(int(find(params, &["messageId", "MESSAGE_ID"])));
        let fields = params.get("fields").unwrap_or(params);
        let said = text(find(fields, &["message", "MESSAGE"]));
        let line = format!("bot changes message {message} into: {}", plain(&said));
        self.record(line, Sent::Edit { message, text: said, params: params.clone() });
        Ok(json!(true))
    }

    fn file(&mut self, params: &Value) -> Value {
        let (id, message) = (self.next_id(), self.next_id());
        let (name, said) = (text(&params["fields"]["name"]), text(&params["fields"]["message"]));
        let size = params["content_bytes"].clone();
        self.record(format!("bot sends the file {name}"), Sent::File { name: name.clone(), text: said });
        json!({
            "file": {"id": id, "name": name, "size": size}, "messageId": message,
            "chatId": self.scene.chat, "dialogId": self.scene.dialog(),
        })
    }

    /// The bot, the client, and the operator once there is one.
    fn people(&self) -> Vec<Value> {
        let scene = &self.scene;
        let mut people = vec![json!({"id": scene.bot, "bot": true})];
        let mut add = |person: &super::Person| {
            people.push(json!({"id": person.id, "name": person.name, "connector": person.client}));
        };
        add(&scene.client);
        if !scene.private && scene.owner == scene.operator.id {
            add(&scene.operator);
        }
        people
    }

    /// Of any other chat, and of one that is no open line's, a portal tells nothing.
    fn dialog(&self, params: &Value) -> Result<Value, CallError> {
        let scene = &self.scene;
        let is_this = if !params["CHAT_ID"].is_null() {
            int(&params["CHAT_ID"]) == scene.chat.get()
        } else if !params["DIALOG_ID"].is_null() {
            text(&params["DIALOG_ID"]) == scene.dialog().as_str()
        } else if !params["SESSION_ID"].is_null() {
            int(&params["SESSION_ID"]) == scene.session
        } else {
            let code = text(&params["USER_CODE"]);
            code.strip_prefix("imol|").unwrap_or(&code) == scene.address()
        };
        if scene.private || !is_this {
            return Err(CallError::new(CallErrorKind::Refused, "imopenlines.dialog.get")
                .code_of_portal("ACCESS_ERROR")
                .describe("You don't have access to this chat"));
        }
        let last = self.written.last().map_or(0, |(id, ..)| *id);
        Ok(json!({
            "id": scene.chat, "dialog_id": scene.dialog(), "name": format!("{} - Support", scene.client.name),
            "owner": scene.owner, "message_type": "L", "entity_type": "LINES", "entity_id": scene.address(),
            "entity_data_1": scene.session_text(), "entity_data_3": "N", "last_message_id": last,
        }))
    }

    fn history(&self) -> Value {
        let of = |(id, sender, text): &(i64, UserId, String)| {
            (id.to_string(), json!({"id": id, "senderId": sender, "text": text}))
        };
        let messages: serde_json::Map<String, Value> = self.written.iter().map(of).collect();
        json!({"chatId": self.scene.chat, "sessionId": self.scene.session, "message": messages})
    }
}
