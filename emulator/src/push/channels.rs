//! The channels of applications, and what was sent through them.

use std::collections::HashMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::log::{Entry, Log, Target, What};
use crate::clock;
use crate::record::RtEvent;
use crate::world::World;
use crate::world::identity::random_hex;

/// 12 hours and 5 seconds.
const CHANNEL_SECONDS: i64 = 43_205;

/// The user id of a channel that everybody in the application hears.
pub(crate) const EVERYBODY: i64 = 0;

/// State of the push server.
pub(crate) struct Push {
    /// What channel ids are signed with.
    key: String,
    /// The present channel of a client id and a user.
    current: HashMap<(String, i64), String>,
    channels: HashMap<String, Channel>,
    pub(super) log: Log,
    /// When the configuration last changed; pages compare it.
    pub(crate) config_timestamp: i64,
    pub(super) listeners: usize,
    /// Nobody is let in.
    pub(super) shut: bool,
}

#[derive(Clone)]
struct Channel {
    kind: String,
    start: i64,
    end: i64,
}

impl Push {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            key: random_hex(64),
            current: HashMap::new(),
            channels: HashMap::new(),
            log: Log::default(),
            config_timestamp: now,
            listeners: 0,
            shut: false,
        }
    }

    /// The channel of a user in an application, a fresh one if need be.
    fn channel(&mut self, client_id: &str, user_id: i64, now: i64) -> String {
        let owner = (client_id.to_owned(), user_id);
        let good = self.current.get(&owner).filter(|id| self.is_open(id, now));
        if let Some(id) = good {
            return id.clone();
        }
        let id = random_hex(32);
        let channel = Channel { kind: client_id.to_owned(), start: now, end: now + CHANNEL_SECONDS };
        self.channels.retain(|_, channel| channel.end > now);
        self.channels.insert(id.clone(), channel);
        self.current.insert(owner, id.clone());
        id
    }

    fn is_open(&self, id: &str, now: i64) -> bool {
        self.channels.get(id).is_some_and(|channel| channel.end > now)
    }

    /// Every present channel is over, and pages that come with one are turned away.
    pub(super) fn close_channels(&mut self) {
        self.channels.clear();
        self.current.clear();
    }

    /// The signature of an id: 40 hexadecimal digits that only the portal can make.
    fn signature(&self, id: &str) -> String {
        let digest = Sha256::digest(format!("{}|{id}|{}", self.key, self.key));
        digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
    }

    fn described(&self, id: &str) -> Value {
        let channel = self.channels.get(id).cloned();
        let (kind, start, end) = channel.map_or_else(Default::default, |it| (it.kind, it.start, it.end));
        json!({
            "id": format!("{id}.{}", self.signature(id)),
            "start": clock::iso(start),
            "end": clock::iso(end),
            "type": kind,
        })
    }

    /// `channels` of the configuration.
    pub(crate) fn channels_of(&mut self, client_id: &str, user_id: i64, now: i64) -> Value {
        let shared = self.channel(client_id, EVERYBODY, now);
        let private = self.channel(client_id, user_id, now);
        json!({"shared": self.described(&shared), "private": self.described(&private)})
    }

    /// The channels that a page asks for, `id.signature/id.signature`; `None` if any is not one of ours.
    pub(super) fn admitted(&self, asked: &str, now: i64) -> Option<Vec<String>> {
        let mut ids = Vec::new();
        for signed in asked.split('/').filter(|part| !part.is_empty()) {
            let (id, signature) = signed.split_once('.')?;
            if !self.is_open(id, now) || self.signature(id) != signature {
                return None;
            }
            ids.push(id.to_owned());
        }
        (!ids.is_empty()).then_some(ids)
    }
}

impl World {
    /// Sends an RT event to the channels of its recipients.
    pub(crate) fn push_event(&mut self, client_id: &str, event: &RtEvent) {
        let now = self.now();
        let users = match &event.user_ids {
            None => vec![EVERYBODY],
            Some(ids) => {
                ids.iter().copied().filter(|id| *id == EVERYBODY || self.users.contains_key(id)).collect()
            }
        };
        let body = self.push_body(&event.module_id, &event.command, &event.params);
        for user_id in users {
            let id = self.push.channel(client_id, user_id, now);
            self.push.log.add(now, Target::Channel(id), What::Body(body.clone()));
        }
    }

    /// Sends a control message to every page that is connected.
    pub(super) fn push_control(&mut self, command: &str, params: &Value) {
        let body = self.push_body("pull", command, params);
        let now = self.now();
        self.push.log.add(now, Target::Connected, What::Body(body));
    }

    fn push_body(&self, module_id: &str, command: &str, params: &Value) -> Value {
        let micros = self.clock.micros();
        json!({
            "module_id": module_id,
            "command": command,
            "params": params,
            "extra": {
                "server_time": clock::iso(micros.div_euclid(1_000_000)),
                "server_time_unix": micros as f64 / 1_000_000.0,
                "server_name": self.identity.domain,
                "revision_web": 19,
                "revision_mobile": 3,
            },
        })
    }

    /// What a page that has seen everything up to `mid` has still to get, and the mid after it. Messages that are too
    /// old are gone.
    pub(super) fn push_news(&self, channels: &[String], connected_at: u128, mid: u128) -> (Vec<Entry>, u128) {
        self.push.log.news(self.now(), channels, connected_at, mid)
    }
}
