//! Lines, their clients on every channel, and what time does to their sessions.

use serde_json::Value;

use super::{Client, LineSettings, Portal};
use crate::record::SeenMessage;
use crate::world::World;
use crate::world::crm::kind_of;

/// One entity of the CRM.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CrmItem {
    /// `DEAL`, `LEAD`, `CONTACT` or `COMPANY`.
    pub kind: String,
    /// Its id.
    pub id: i64,
    /// Its fields, as `crm.deal.get` and its kin answer them.
    pub fields: Value,
    /// The chats bound to it.
    pub chats: Vec<i64>,
    /// The comments in its timeline, the oldest first.
    pub comments: Vec<CrmComment>,
}

/// One comment in the timeline of a CRM item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrmComment {
    /// Its id.
    pub id: i64,
    /// Who wrote it.
    pub author_id: i64,
    /// What it says.
    pub text: String,
}

impl Portal {
    /// A new line, reached by live chat until told otherwise. Its settings, which know its id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use openlines_emulator::Emulator;
    ///
    /// let emulator = Emulator::start().await;
    /// let portal = emulator.portal();
    /// let sales = portal.add_line("Sales");
    /// let ann = portal.client_on("Ann", "telegrambot", sales.id());
    /// ann.says("hello").await;
    /// assert_eq!(ann.sees()[0].connector, "telegrambot");
    /// # }
    /// ```
    pub fn add_line(&self, name: &str) -> LineSettings {
        let id = self.shared.hit(|world| world.add_line(name, "livechat"));
        self.line_by_id(id)
    }

    /// The settings of a line by its id.
    #[must_use]
    pub fn line_by_id(&self, id: i64) -> LineSettings {
        LineSettings { portal: self.clone(), id }
    }

    /// Every line, as id and name.
    #[must_use]
    pub fn lines(&self) -> Vec<(i64, String)> {
        self.shared.look(|world| world.lines.values().map(|line| (line.id, line.name.clone())).collect())
    }

    /// Every connector, as code and title: `livechat`, `telegrambot`, `whatsapp`, `network`, and what applications
    /// have registered.
    #[must_use]
    pub fn connectors(&self) -> Vec<(String, String)> {
        let row = |connector: &crate::world::connectors::Connector| {
            (connector.code.clone(), connector.title.clone())
        };
        self.shared.look(|world| world.connectors.all().map(row).collect())
    }

    /// A client by name on a channel of a line, made on demand; the channel is switched on if the line had none such.
    /// The same name on another channel is another client.
    ///
    /// # Panics
    ///
    /// When there is no such line or connector.
    #[must_use]
    pub fn client_on(&self, name: &str, connector: &str, line_id: i64) -> Client {
        let made = self.shared.hit(|world| {
            world.connectors.get(connector)?;
            let line = world.lines.get_mut(&line_id)?;
            line.channels.entry(connector.to_owned()).or_default();
            Some(world.client_on(name, connector))
        });
        match made {
            Some(user_id) => Client { portal: self.clone(), user_id, line_id },
            None => self.fail(&format!(
                "there is no line {line_id} or no connector {connector:?}; see Portal::lines and Portal::connectors"
            )),
        }
    }

    /// Does what time has made due: bots hand over, queues move on, sessions close. How many sessions it closed.
    ///
    /// It also happens by itself, before anything else that happens on the portal and within a second.
    pub fn close_due_sessions(&self) -> usize {
        let shared = &self.shared;
        let open = |world: &World| world.sessions.values().filter(|session| session.is_open()).count();
        let before = shared.look(open);
        shared.hit(|_| {});
        before.saturating_sub(shared.look(open))
    }

    /// Whom the queue asks to take the chat's session.
    #[must_use]
    pub fn session_asked(&self, chat_id: i64) -> Option<i64> {
        self.shared.look(|world| world.last_session(chat_id)?.asked.map(|(operator, _)| operator))
    }

    /// The line whose queue works on the chat's session: its own, until it is transferred.
    #[must_use]
    pub fn session_line(&self, chat_id: i64) -> Option<i64> {
        self.shared.look(|world| world.last_session(chat_id).map(|session| session.line_id))
    }

    /// The id of the chat's last session.
    #[must_use]
    pub fn session_id(&self, chat_id: i64) -> Option<i64> {
        self.shared.look(|world| world.last_session(chat_id).map(|session| session.id))
    }

    /// Makes a connector lose every message that leaves, or mends it. The operator is told by a system message.
    pub fn set_connector_failing(&self, connector: &str, failing: bool) {
        self.shared.hit(|world| {
            if let Some(connector) = world.connectors.get_mut(connector) {
                connector.failing = failing;
            }
        });
    }

    /// Whether a connector takes files; all do by default. Without them the client is shown the text alone.
    pub fn set_connector_takes_files(&self, connector: &str, takes: bool) {
        self.shared.hit(|world| {
            if let Some(connector) = world.connectors.get_mut(connector) {
                connector.shows.files = takes;
            }
        });
    }

    /// Takes away, or gives back, a user's right to work on open lines.
    pub fn set_line_access(&self, user_id: i64, may: bool) {
        self.shared.hit(|world| {
            if may {
                world.kept_out.remove(&user_id);
            } else {
                world.kept_out.insert(user_id);
            }
        });
    }

    /// An entity of the CRM by type, in any case, and id.
    #[must_use]
    pub fn crm_item(&self, kind: &str, id: i64) -> Option<CrmItem> {
        self.shared.look(|world| {
            let kind = kind_of(kind)?;
            let entity = world.crm.entities.get(&(kind, id))?;
            let comments = world.crm.comments.iter().filter(|one| (one.kind, one.entity) == (kind, id));
            Some(CrmItem {
                kind: kind.to_owned(),
                id,
                fields: Value::Object(entity.fields.clone()),
                chats: entity.chats.clone(),
                comments: comments
                    .map(|one| CrmComment { id: one.id, author_id: one.author_id, text: one.text.clone() })
                    .collect(),
            })
        })
    }

    /// What the client's channel of a line's chat shows, oldest first.
    #[must_use]
    pub fn seen_in(&self, chat_id: i64) -> Vec<SeenMessage> {
        self.shared.look(|world| world.seen.get(&chat_id).cloned().unwrap_or_default())
    }
}

impl Client {
    /// What the client sees: the own messages, and of the others what the channel shows.
    #[must_use]
    pub fn sees(&self) -> Vec<SeenMessage> {
        self.portal.seen_in(self.chat_id())
    }
}
