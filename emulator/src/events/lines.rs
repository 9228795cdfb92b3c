//! Open-line and session events (protocol 2.3).

use serde_json::{Value, json};

use super::auth::AuthNeed;
use crate::world::World;
use crate::world::messages::Message;
use crate::world::people::UserKind;

impl World {
    /// ONSESSIONSTART or ONSESSIONFINISH.
    pub(crate) fn raise_session(&mut self, event: &str, session_id: i64, acting_user: i64) {
        let Some(session) = self.sessions.get(&session_id) else { return };
        let Some(line) = self.lines.get(&session.line_id) else { return };
        let connector =
            self.connector_of(session.chat_id).map_or(&line.connector, |connector| &connector.code);
        let data = json!({"DATA": {
            "connector": {
                "connector_id": connector,
                "line_id": line.id,
                "chat_id": session.chat_id,
                "user_id": session.client_id,
            },
            "chat": {"chat_id": session.chat_id},
            "line": {"id": line.id, "name": line.name},
        }});
        self.raise_app_event(event, &data, AuthNeed::Access, acting_user, None);
    }

    /// ONOPENLINEMESSAGEADD in the shape of its direction, if there is one.
    pub(crate) fn raise_line_message(&mut self, message: &Message, acting_user: i64) {
        let Some(scene) = self.line_scene(message) else { return };
        let data = if scene.inbound {
            json!({"DATA": {
                "connector": scene.connector,
                "chat": {"id": scene.external_chat},
                "message": {
                    "id": scene.external_message,
                    "date": if scene.live_chat { json!("") } else { json!(message.date) },
                    "text": message.text,
                    "files": self.files_of_channel(message),
                    "attach": null,
                    "system": "N",
                    "user_id": message.author_id,
                },
                "ref": [],
                "extra": {"EXTRA_URL": ""},
            }})
        } else if scene.live_chat || !self.leaves_the_portal(message) {
            return;
        } else {
            json!({
                "CONNECTOR": scene.connector["connector_id"],
                "LINE": scene.connector["line_id"],
                "DATA": {
                    "connector": scene.connector,
                    "message": {
                        "id": message.id,
                        "chat_id": message.chat_id,
                        "user_id": message.author_id,
                        "text": scene.text,
                        "files": self.files_of_channel(message),
                        "attachments": message.attach.iter().map(Value::to_string).collect::<Vec<_>>(),
                        "params": message.params(),
                        "system": if message.system { "Y" } else { "N" },
                    },
                    "no_session": if message.system { "Y" } else { "N" },
                },
            })
        };
        self.raise_app_event("ONOPENLINEMESSAGEADD", &data, AuthNeed::Access, acting_user, None);
    }

    /// ONOPENLINEMESSAGEUPDATE or …DELETE.
    pub(super) fn raise_line_change(&mut self, message: &Message, deleted: bool, acting_user: i64) {
        let Some(scene) = self.line_scene(message) else { return };
        let im = json!({"chat_id": message.chat_id, "message_id": message.id});
        let chat = json!({"id": scene.external_chat});
        let (connector, line) = (scene.connector["connector_id"].clone(), scene.connector["line_id"].clone());
        let data = match (scene.inbound, deleted) {
            (true, _) => json!({"DATA": {
                "connector": scene.connector,
                "chat": chat,
                "message": {"id": scene.external_message, "text": message.text, "user_id": message.author_id},
                "ref": [],
                "extra": {"EXTRA_URL": ""},
            }}),
            (false, _) if scene.live_chat => return,
            (false, false) => json!({"CONNECTOR": connector, "LINE": line, "DATA": {
                "im": im,
                "message": {"id": [scene.external_message], "text": message.text},
                "chat": chat,
            }}),
            (false, true) => json!({"CONNECTOR": connector, "LINE": line, "DATA": [
                {"im": im, "message": {"id": scene.external_message}, "chat": chat},
            ]}),
        };
        let event = if deleted { "ONOPENLINEMESSAGEDELETE" } else { "ONOPENLINEMESSAGEUPDATE" };
        self.raise_app_event(event, &data, AuthNeed::Access, acting_user, None);
    }

    /// The channel's own id of a message: as an application gave it, or one made up.
    pub(super) fn external_id(&self, message_id: i64, live_chat: bool) -> String {
        match self.connectors.message_ids.get(&message_id).and_then(|ids| ids.first()) {
            Some(id) => id.clone(),
            None if live_chat => message_id.to_string(),
            None => format!("ext-{message_id}"),
        }
    }

    fn line_scene(&self, message: &Message) -> Option<Scene> {
        let line = self.line_of(message.chat_id)?;
        let external_chat = self.chats.get(&message.chat_id)?.entity_id.split('|').nth(2)?.to_owned();
        let connector = self.connector_of(message.chat_id)?;
        let live_chat = connector.code == "livechat";
        let client_id = self.client_of(message.chat_id);
        Some(Scene {
            inbound: self.user_kind(message.author_id) == Some(UserKind::Client),
            live_chat,
            connector: json!({
                "connector_id": connector.code,
                "line_id": line.id,
                "chat_id": external_chat,
                "user_id": client_id,
            }),
            external_message: self.external_id(message.id, live_chat),
            text: self.signed_text(connector, message),
            external_chat,
        })
    }
}

/// What the channel knows of a message.
struct Scene {
    inbound: bool,
    live_chat: bool,
    connector: Value,
    external_chat: String,
    external_message: String,
    /// The text as it leaves the portal.
    text: String,
}
