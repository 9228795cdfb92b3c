//! Connectors: the channels by which clients reach a line, and what each of them shows of a message.
//!
//! The portal hands a channel text, files and attachments (protocol 3.5); what the client sees of that is up to the
//! channel. Keyboards belong to the portal's own messenger, so only the network, whose clients sit in another portal,
//! draws them. A connector that an application has registered gets `ONIMCONNECTOR…` events, and its messages count as
//! delivered only when the application says so.
//!
//! The trap: the code is lower case everywhere, also if the application registered it in upper case.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::World;

/// One kind of channel.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    /// Lower case, such as `livechat`.
    pub(crate) code: String,
    pub(crate) title: String,
    /// The application that registered it; `None` for the portal's own.
    pub(crate) app: Option<String>,
    /// Whether texts of employees and bots begin with their name.
    pub(crate) signs: bool,
    pub(crate) shows: Shows,
    /// `CHAT_GROUP`: the channel's chats hold several clients.
    pub(crate) groups: bool,
    /// Whether the client sees edits, and deletions, of what was sent before.
    pub(crate) follows_edits: bool,
    pub(crate) follows_deletions: bool,
    /// Every message that leaves is lost, and the operator is told so.
    pub(crate) failing: bool,
}

/// What a channel draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shows {
    pub(crate) markup: bool,
    pub(crate) files: bool,
    pub(crate) attachments: bool,
    pub(crate) keyboards: bool,
}

/// A channel as it is switched on for one line.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) active: bool,
    pub(crate) error: bool,
    /// What `imconnector.connector.data.set` left.
    pub(crate) data: Map<String, Value>,
}

impl Channel {
    /// Whether messages go through it: switched on, and without an error.
    pub(crate) fn takes(&self) -> bool {
        self.active && !self.error
    }
}

impl Default for Channel {
    fn default() -> Self {
        Self { active: true, error: false, data: Map::new() }
    }
}

/// Every connector of the portal, and the clients that came through them.
#[derive(Default)]
pub(crate) struct Connectors {
    by_code: BTreeMap<String, Connector>,
    /// Which channel a client belongs to; a client who is not here uses the line's first one.
    pub(crate) of_client: BTreeMap<i64, String>,
    /// Clients by connector, line and the channel's own user id.
    pub(crate) external: BTreeMap<(String, String), i64>,
    /// The channel's own message ids by portal message id.
    pub(crate) message_ids: BTreeMap<i64, Vec<String>>,
}

impl Connectors {
    /// The portal's own connectors.
    pub(crate) fn standard() -> Self {
        let all = Shows { markup: true, files: true, attachments: true, keyboards: false };
        let plain = Shows { markup: false, files: true, attachments: false, keyboards: false };
        let own = |code: &str, title: &str, signs: bool, shows: Shows, follows_edits: bool| Connector {
            code: code.to_owned(),
            title: title.to_owned(),
            app: None,
            signs,
            shows,
            groups: false,
            follows_edits,
            follows_deletions: follows_edits,
            failing: false,
        };
        let mut this = Self::default();
        for connector in [
            own("livechat", "Live Chat", false, all, true),
            own("telegrambot", "Telegram", true, plain, true),
            own("whatsapp", "WhatsApp", true, plain, false),
            own("network", "Bitrix24.Network", false, Shows { keyboards: true, ..all }, true),
        ] {
            this.put(connector);
        }
        this
    }

    pub(crate) fn get(&self, code: &str) -> Option<&Connector> {
        self.by_code.get(code)
    }

    pub(crate) fn get_mut(&mut self, code: &str) -> Option<&mut Connector> {
        self.by_code.get_mut(code)
    }

    pub(crate) fn put(&mut self, connector: Connector) {
        self.by_code.insert(connector.code.clone(), connector);
    }

    pub(crate) fn remove(&mut self, code: &str) -> Option<Connector> {
        self.by_code.remove(code)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Connector> {
        self.by_code.values()
    }

    /// A connector with this code and title: the known one under its new title, or a plain new one.
    pub(crate) fn named(&mut self, code: &str, title: &str) {
        if let Some(known) = self.by_code.get_mut(code) {
            title.clone_into(&mut known.title);
            return;
        }
        self.put(Connector {
            code: code.to_owned(),
            title: title.to_owned(),
            app: None,
            signs: true,
            shows: Shows { markup: false, files: true, attachments: false, keyboards: false },
            groups: false,
            follows_edits: true,
            follows_deletions: true,
            failing: false,
        });
    }
}

impl World {
    /// The connector of a line's chat, from its entity id.
    pub(crate) fn connector_of(&self, chat_id: i64) -> Option<&Connector> {
        self.connectors.get(self.chats.get(&chat_id)?.entity_id.split('|').next()?)
    }

    /// Whether the chat's line takes messages through its channel. The network needs no line of its own.
    pub(crate) fn channel_is_on(&self, chat_id: i64) -> bool {
        let Some(line) = self.line_of(chat_id) else { return true };
        let Some(connector) = self.connector_of(chat_id) else { return false };
        connector.code == "network"
            || (line.active && line.channels.get(&connector.code).is_some_and(Channel::takes))
    }

    /// Removes the connectors of an application, which is gone, from every line.
    pub(crate) fn remove_connectors_of(&mut self, client_id: &str) {
        let gone: Vec<String> = self
            .connectors
            .all()
            .filter(|connector| connector.app.as_deref() == Some(client_id))
            .map(|connector| connector.code.clone())
            .collect();
        for code in gone {
            self.connectors.remove(&code);
            for line in self.lines.values_mut() {
                line.channels.remove(&code);
            }
        }
    }

    /// A client by name on a channel, made on demand. The same name on another channel is another client.
    pub(crate) fn client_on(&mut self, name: &str, code: &str) -> i64 {
        let known = self.connectors.of_client.iter().find(|(id, own)| {
            *own == code && self.users.get(id).is_some_and(|user| user.full_name() == name)
        });
        if let Some((id, _)) = known {
            return *id;
        }
        let id = self.add_user(super::people::UserKind::Client, name, "");
        self.connectors.of_client.insert(id, code.to_owned());
        id
    }
}
