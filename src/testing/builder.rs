//! Settings of a conversation.

use std::{sync::Arc, time::Duration};

use super::{
    Conversation,
    conversation::MakeHandler,
    life::World,
    points::Points,
    portal::{Person, Scene, TestPortal},
};
use crate::{
    dispatch::{BotProfile, IntoHandle, Policy},
    wire::{ChatId, Timestamp, UserId},
};

/// A Monday, 2026-03-16 at 17:41:58 UTC.
const MONDAY: i64 = 1_773_682_918;

/// What a [`Conversation`] is to be like. Made by [`Conversation::builder`].
#[derive(Debug, Clone)]
#[must_use = "a conversation begins with `with(handler)`"]
pub struct ConversationBuilder {
    profile: BotProfile,
    policy: Policy,
    language: String,
    channel: String,
    client: String,
    private: bool,
    now: Timestamp,
    patience: Duration,
}

impl ConversationBuilder {
    pub(super) fn new() -> Self {
        Self {
            profile: BotProfile::openline("bot"),
            policy: Policy::default(),
            language: "en".to_owned(),
            channel: "livechat".to_owned(),
            client: "Ann".to_owned(),
            private: false,
            now: Timestamp::from_seconds(MONDAY),
            patience: Duration::from_secs(30),
        }
    }

    /// The bot: its generation, its commands, whom it hears. An open-line bot with the code `bot`, unless told otherwise.
    pub fn bot(mut self, profile: BotProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Tries and waits.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Language of the site, `en` unless told otherwise.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = language.into();
        self
    }

    /// The client's channel by its connector, `livechat` unless told otherwise.
    pub fn channel(mut self, connector: impl Into<String>) -> Self {
        self.channel = connector.into();
        self
    }

    /// The client's name, `Ann` unless told otherwise.
    pub fn client(mut self, name: impl Into<String>) -> Self {
        self.client = name.into();
        self
    }

    /// An employee in the private chat with the bot, where all buttons show, instead of a client in an open line.
    /// What `client_…` does is then that employee's doing.
    pub fn private_chat(mut self) -> Self {
        self.private = true;
        self
    }

    /// The moment at which it begins.
    pub fn clock(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// How long, in real time, a handler may wait for something outside before the test fails; 30 seconds unless told
    /// otherwise.
    pub fn patience(mut self, span: Duration) -> Self {
        self.patience = span;
        self
    }

    /// Begins it with a handler, as [`Conversation::with`] does.
    ///
    /// # Panics
    ///
    /// If the bot cannot be registered, such as one whose code is empty.
    #[track_caller]
    pub fn with<Door>(self, handler: impl IntoHandle<Door>) -> Conversation {
        let handler = handler.into_handle();
        self.begin(Arc::new(move || handler.clone()), Points::never())
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test that cannot begin")]
    pub(super) fn begin(self, make: MakeHandler, points: Points) -> Conversation {
        let Self { profile, policy, now, patience, .. } = self.clone();
        let portal = TestPortal::new(self.scene());
        let world = World::new(portal, profile, policy, now, patience);
        match world.and_then(|world| Conversation::begin(world, make, points)) {
            Ok(conversation) => conversation,
            Err(why) => panic!("the conversation cannot begin: {why}"),
        }
    }

    fn scene(self) -> Scene {
        let bot = 567;
        Scene {
            generation: self.profile.spec().generation,
            bot,
            code: self.profile.code().to_owned(),
            language: self.language,
            connector: self.channel,
            line: 22,
            private: self.private,
            chat: ChatId::new(1777),
            client: Person { id: UserId::new(599), name: self.client, client: !self.private },
            operator: Person { id: UserId::new(27), name: "Ivan".to_owned(), client: false },
            owner: UserId::new(bot),
            session: 343,
        }
    }
}
