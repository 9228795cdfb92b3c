//! What a test holds of the portal: people to play, things to look at, waits with a deadline.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let (ann, ivan) = (portal.client("Ann"), portal.operator("Ivan"));
//! ann.says("hello").await;
//! ivan.says(&ann, "Good day").await;
//! ann.hears("Good day").await;
//! ann.hears_nothing_more().await;
//! # }
//! ```
//!
//! The trap: people are made on demand by their name, so a misspelt name is somebody new.

mod app_form;
mod environment;
mod expect;
mod install;
mod life;
mod limits;
mod lines;
mod moves;
mod operators;
mod people;
mod settings;
mod strict;
mod waits;
mod wire;

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;

use crate::clock::PortalClock;
use crate::faults::Faults;
use crate::record::{
    ChatFile, ChatMessage, Delivery, NetworkMessage, PhoneNotice, RecordedCall, RtEvent, Undelivered, Vote,
};
use crate::server::shared::Shared;
use crate::world::chats::ChatKind;
use crate::world::people::UserKind;

pub use app_form::{FieldError, SettingsForm};
pub use environment::Entrance;
pub(crate) use expect::Heard;
pub use expect::{
    CallExpectation, MessageExpectation, SilenceExpectation, TextPattern, anything, containing,
};
pub use lines::{CrmComment, CrmItem};
pub use operators::TransferTo;
pub use people::{Client, Employee, Operator};
pub use settings::LineSettings;
pub use wire::{Direction, Exchange};

/// The emulated portal. Clones are the same portal.
#[derive(Clone, Debug)]
pub struct Portal {
    pub(crate) shared: Arc<Shared>,
}

/// Everything an application needs to know about itself and the portal. `Debug` shows no secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct AppCredentials {
    /// `local.…`
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// `127.0.0.1:PORT` of the authorisation server.
    pub oauth_host: String,
    /// The portal's member id, 32 hexadecimal digits.
    pub member_id: String,
    /// The application token that callbacks carry now; a new installation changes it.
    pub application_token: String,
    /// `127.0.0.1:PORT` of the portal.
    pub domain: String,
    /// The root of REST methods.
    pub client_endpoint: String,
    /// The REST root of the authorisation server.
    pub server_endpoint: String,
}

impl fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppCredentials")
            .field("client_id", &self.client_id)
            .field("client_secret", &"***")
            .field("oauth_host", &self.oauth_host)
            .field("member_id", &self.member_id)
            .field("application_token", &"***")
            .field("domain", &self.domain)
            .field("client_endpoint", &self.client_endpoint)
            .field("server_endpoint", &self.server_endpoint)
            .finish()
    }
}

impl Portal {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The OAuth application and the addresses it talks to.
    #[must_use]
    pub fn app(&self) -> AppCredentials {
        let client_id = self.shared.names.client_id.clone();
        self.shared.look(|world| AppCredentials {
            client_secret: world
                .apps
                .get(&client_id)
                .map(|app| app.client_secret.clone())
                .unwrap_or_default(),
            oauth_host: world.identity.oauth_domain.clone(),
            member_id: world.identity.member_id.clone(),
            application_token: world.application_token(&client_id),
            domain: world.identity.domain.clone(),
            client_endpoint: world.identity.client_endpoint(),
            server_endpoint: world.identity.server_endpoint(),
            client_id,
        })
    }

    /// The incoming webhook, `http://127.0.0.1:PORT/rest/1/CODE/`. The code in it is a secret.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        let names = &self.shared.names;
        let root = self.shared.look(|world| world.identity.client_endpoint());
        format!("{root}{}/{}/", names.admin, names.webhook_code)
    }

    /// A client by name, who writes to the portal's line. Made on demand.
    #[must_use]
    pub fn client(&self, name: &str) -> Client {
        let user_id = self.shared.hit(|world| world.client(name));
        Client { portal: self.clone(), user_id, line_id: self.shared.names.line_id }
    }

    /// A client by user id on a given line; used by the page.
    pub(crate) fn client_at(&self, line_id: i64, user_id: i64) -> Client {
        Client { portal: self.clone(), user_id, line_id }
    }

    /// An operator by name, made on demand; "Ivan" is there from the start.
    #[must_use]
    pub fn operator(&self, name: &str) -> Operator {
        Operator { portal: self.clone(), user_id: self.employee_id(name) }
    }

    /// An employee by name, made on demand, who writes to bots in private.
    #[must_use]
    pub fn employee(&self, name: &str) -> Employee {
        Employee { portal: self.clone(), user_id: self.employee_id(name) }
    }

    fn employee_id(&self, name: &str) -> i64 {
        self.shared.hit(|world| {
            world
                .find_user(UserKind::Employee, name)
                .unwrap_or_else(|| world.add_user(UserKind::Employee, name, ""))
        })
    }

    /// A group chat of these users; bots among them hear that they joined. Its id.
    #[must_use]
    pub fn group_chat(&self, title: &str, members: &[i64]) -> i64 {
        let admin = self.shared.names.admin;
        self.shared.hit(|world| {
            let chat_id = world.add_chat(ChatKind::Group, title, admin, &[admin]);
            for member in members {
                world.join_chat(chat_id, *member, admin, admin);
            }
            chat_id
        })
    }

    /// The general chat, which everybody is in and which methods may not change.
    #[must_use]
    pub fn general_chat_id(&self) -> i64 {
        crate::world::chats::GENERAL_CHAT
    }

    /// The deal that is bound to the first client's chat.
    #[must_use]
    pub fn deal_id(&self) -> i64 {
        self.shared.names.deal_id
    }

    /// The code of the network line that the portal has joined.
    #[must_use]
    pub fn network_code(&self) -> String {
        self.shared.names.network_code.clone()
    }

    /// The code of a network line that exists but is not joined yet.
    #[must_use]
    pub fn unjoined_network_code(&self) -> String {
        self.shared.names.unjoined_network_code.clone()
    }

    /// The open line's id.
    #[must_use]
    pub fn line_id(&self) -> i64 {
        self.shared.names.line_id
    }

    /// The user whom the webhook and the installation act as.
    #[must_use]
    pub fn admin_id(&self) -> i64 {
        self.shared.names.admin
    }

    /// A bot's user id by its code.
    #[must_use]
    pub fn bot_id(&self, code: &str) -> Option<i64> {
        self.shared.look(|world| world.bots.values().find(|bot| bot.code == code).map(|bot| bot.id))
    }

    /// The messages of a chat as they stand, oldest first.
    #[must_use]
    pub fn messages(&self, chat_id: i64) -> Vec<ChatMessage> {
        self.shared.look(|world| world.messages_of(chat_id).map(|message| world.seen(message)).collect())
    }

    /// A file by its id, as messages name it.
    #[must_use]
    pub fn file(&self, id: i64) -> Option<ChatFile> {
        self.shared.look(|world| {
            let file = world.files.get(id)?;
            Some(ChatFile {
                id,
                chat_id: file.chat_id,
                author_id: file.author_id,
                name: file.name.clone(),
                content: file.content.clone(),
                source: file.source.clone(),
            })
        })
    }

    /// Every message a bot has sent, in the order of sending. Messages of network lines are elsewhere.
    #[must_use]
    pub fn bot_messages(&self) -> Vec<ChatMessage> {
        self.shared.look(waits::bot_messages)
    }

    /// The calls that arrived, in the order of answering: the last 50,000, and 48 MB of them at the most.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.shared.look(|world| world.calls.iter().cloned().collect())
    }

    /// The RT events: the last 10,000, and 16 MB of them at the most.
    #[must_use]
    pub fn rt_events(&self) -> Vec<RtEvent> {
        self.shared.look(|world| world.rt_events.iter().cloned().collect())
    }

    /// Every notice for phones sent through `pull.application.push.add`.
    #[must_use]
    pub fn phone_notices(&self) -> Vec<PhoneNotice> {
        self.shared.look(|world| world.phone_notices.iter().cloned().collect())
    }

    /// Every message sent through a network line.
    #[must_use]
    pub fn network_messages(&self) -> Vec<NetworkMessage> {
        self.shared.look(|world| world.network.delivered.iter().cloned().collect())
    }

    /// The callbacks that were posted or dropped, in the order of queueing: the last 50,000, and 64 MB of bodies at the
    /// most.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.deliveries.all()
    }

    /// Events that nobody got, the newest last.
    #[must_use]
    pub fn undelivered(&self) -> Vec<Undelivered> {
        self.shared.look(|world| world.undelivered.iter().cloned().collect())
    }

    /// How many events concerned a bot and found no handler.
    #[must_use]
    pub fn unheard_events(&self) -> u64 {
        self.shared.look(|world| world.unheard)
    }

    /// Every bot message from now on, as it is sent.
    #[must_use]
    pub fn watch_bot_messages(&self) -> broadcast::Receiver<ChatMessage> {
        self.shared.bot_messages.subscribe()
    }

    /// The session's status (protocol 3.3) of a line's chat; `None` before its first session.
    #[must_use]
    pub fn session_status(&self, chat_id: i64) -> Option<i64> {
        self.shared.look(|world| world.last_session(chat_id).map(|session| session.status))
    }

    /// Who leads the last session of a line's chat: a bot, an employee, or 0 for the queue.
    #[must_use]
    pub fn session_operator(&self, chat_id: i64) -> Option<i64> {
        self.shared.look(|world| world.last_session(chat_id).map(|session| session.operator_id))
    }

    /// How the client rated the last session of a line's chat; `None` while they have not.
    #[must_use]
    pub fn session_vote(&self, chat_id: i64) -> Option<Vote> {
        self.shared.look(|world| world.last_session(chat_id)?.client_vote)
    }

    /// Switches that break things.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// The portal's clock.
    #[must_use]
    pub fn clock(&self) -> PortalClock {
        self.shared.clock.clone()
    }

    /// What was said in a chat, one line a message.
    #[must_use]
    pub fn transcript(&self, chat_id: i64) -> String {
        self.shared.look(|world| waits::transcript(world, chat_id))
    }
}
