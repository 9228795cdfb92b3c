//! Events of connectors (protocol 2.4), which go to the application that registered the connector and to no other.

use serde_json::{Value, json};

use super::auth::AuthNeed;
use crate::world::World;
use crate::world::messages::Message;

/// How an event is addressed: connector, line, the channel's chat, the application.
struct Way {
    app: String,
    connector: String,
    line_id: i64,
    external_chat: String,
    client_id: i64,
}

impl World {
    fn way_of(&self, chat_id: i64) -> Option<Way> {
        let connector = self.connector_of(chat_id)?;
        let external_chat = self.chats.get(&chat_id)?.entity_id.split('|').nth(2)?.to_owned();
        Some(Way {
            app: connector.app.clone()?,
            connector: connector.code.clone(),
            line_id: self.line_of(chat_id)?.id,
            external_chat,
            client_id: self.client_of(chat_id),
        })
    }

    fn raise_connector(&mut self, event: &str, way: &Way, field: &str, rows: Value, acting_user: i64) {
        let mut data = json!({"CONNECTOR": way.connector, "LINE": way.line_id});
        data[field] = rows;
        self.raise_app_event(event, &data, AuthNeed::Access, acting_user, Some(&way.app));
    }

    /// ONIMCONNECTORMESSAGEADD.
    pub(crate) fn raise_connector_message(&mut self, message: &Message) {
        let Some(way) = self.way_of(message.chat_id) else { return };
        let Some(connector) = self.connector_of(message.chat_id) else { return };
        let text = self.signed_text(connector, message);
        let user = self.users.get(&message.author_id).map(|user| {
            let mut block = user.v1(false);
            block["AVATAR"] = json!("");
            block["AVATAR_ID"] = json!(0);
            block["ONLINE"] = json!(1);
            block
        });
        let rows = json!([{
            "im": {"chat_id": message.chat_id, "message_id": message.id},
            "message": {
                "user_id": message.author_id,
                "text": text,
                "files": self.files_of_channel(message),
                "attachments": message.attach.iter().map(Value::to_string).collect::<Vec<_>>(),
                "params": message.params(),
            },
            "chat": {"id": way.external_chat},
            "user": user,
        }]);
        self.raise_connector("ONIMCONNECTORMESSAGEADD", &way, "MESSAGES", rows, message.author_id);
    }

    /// ONIMCONNECTORMESSAGEUPDATE or …DELETE; only a message that the channel has named raises it.
    pub(crate) fn raise_connector_change(&mut self, message: &Message, deleted: bool) {
        let Some(way) = self.way_of(message.chat_id) else { return };
        let Some(ids) = self.connectors.message_ids.get(&message.id).cloned() else { return };
        let im = json!({"chat_id": message.chat_id, "message_id": message.id});
        let chat = json!({"id": way.external_chat});
        let (event, rows) = if deleted {
            let rows = ids.iter().map(|id| json!({"im": im, "message": {"id": id}, "chat": chat})).collect();
            ("ONIMCONNECTORMESSAGEDELETE", rows)
        } else {
            let message = json!({"id": ids, "text": message.text});
            ("ONIMCONNECTORMESSAGEUPDATE", json!([{"im": im, "message": message, "chat": chat}]))
        };
        self.raise_connector(event, &way, "MESSAGES", rows, message.author_id);
    }

    /// ONIMCONNECTORDIALOGSTART or …FINISH.
    pub(crate) fn raise_connector_dialog(&mut self, event: &str, session_id: i64, acting_user: i64) {
        let Some(session) = self.sessions.get(&session_id) else { return };
        let Some(way) = self.way_of(session.chat_id) else { return };
        let minutes = self.lines.get(&session.line_id).map_or(0, |line| line.full_close_seconds / 60);
        let external_user = self
            .connectors
            .external
            .iter()
            .find(|((connector, _), id)| *connector == way.connector && **id == way.client_id)
            .map_or_else(|| way.client_id.to_string(), |((_, user), _)| user.clone());
        let rows = json!([{
            "connector": {
                "connector_id": way.connector,
                "line_id": way.line_id,
                "chat_id": way.external_chat,
                "user_id": external_user,
            },
            "session": {
                "id": session.id,
                "closed": if session.is_open() { "N" } else { "Y" },
                "parent_id": session.parent_id,
                "close_term": minutes,
            },
            "chat": {"id": way.external_chat},
            "user": {"id": external_user},
        }]);
        self.raise_connector(event, &way, "DATA", rows, acting_user);
    }

    /// ONIMCONNECTORSTATUSDELETE: the connector was switched off on a line.
    pub(crate) fn raise_channel_off(&mut self, app: &str, connector: &str, line_id: i64, acting_user: i64) {
        let data = json!({"connector": connector, "line": line_id});
        let event = "ONIMCONNECTORSTATUSDELETE";
        self.raise_app_event(event, &data, AuthNeed::Access, acting_user, Some(app));
    }

    /// ONIMCONNECTORLINEDELETE: the one connector event that every subscriber gets.
    pub(crate) fn raise_line_removed(&mut self, line_id: i64, acting_user: i64) {
        let data = json!(line_id);
        self.raise_app_event("ONIMCONNECTORLINEDELETE", &data, AuthNeed::Access, acting_user, None);
    }
}
