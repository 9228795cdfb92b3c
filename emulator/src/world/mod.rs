//! What the portal knows: people, chats, messages, bots, lines, sessions, applications and tokens.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let ann = portal.client("Ann");
//! let asked = ann.says("hello").await;
//! assert_eq!(portal.messages(ann.chat_id())[0].id, asked);
//! assert_eq!(portal.session_status(ann.chat_id()), Some(0));
//! # }
//! ```
//!
//! Everything here is plain state behind one lock (see [`crate::server::shared`]); nothing waits and nothing talks to
//! the network. Facts that bots or applications hear about are raised through [`crate::events`], which fills
//! `callbacks` for the delivery task.
//!
//! The trap: only what changes through one hit of the lock is delivered; a change made otherwise raises no event.

pub(crate) mod agenda;
pub(crate) mod apps;
pub(crate) mod bots;
pub(crate) mod chats;
pub(crate) mod colors;
pub(crate) mod complaints;
pub(crate) mod connectors;
pub(crate) mod content;
pub(crate) mod crm;
pub(crate) mod files;
pub(crate) mod idempotency;
pub(crate) mod identity;
pub(crate) mod leading;
pub(crate) mod lines;
pub(crate) mod messages;
pub(crate) mod network;
pub(crate) mod offline;
pub(crate) mod people;
pub(crate) mod picture;
pub(crate) mod queue;
pub(crate) mod remarks;
pub(crate) mod seed;
pub(crate) mod seen;
pub(crate) mod sending;
pub(crate) mod sessions;
pub(crate) mod texts;
pub(crate) mod tokens;
pub(crate) mod voting;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use bytes::Bytes;
use serde_json::Value;

use crate::clock::PortalClock;
use crate::delivery::Callback;
use crate::events::subscriptions::HandlerRow;
use crate::record::{PhoneNotice, RecordedCall, RtEvent, SeenMessage, Undelivered, Unheard};
use crate::ring::Ring;
use crate::weight;

/// Calls kept for inspection, by number and by weight; older ones are forgotten.
pub(crate) const CALLS_KEPT: (usize, usize) = (50_000, 48 * 1_024 * 1_024);
/// RT events, and phone notices, and messages through network lines, each.
pub(crate) const TOLD_KEPT: (usize, usize) = (10_000, 16 * 1_024 * 1_024);
/// Messages of all chats together; the oldest make room for new ones.
const MESSAGES_KEPT: (usize, usize) = (100_000, 64 * 1_024 * 1_024);
/// Undelivered events kept for inspection.
const UNDELIVERED_KEPT: usize = 2_000;

/// The whole state of one portal.
pub(crate) struct World {
    pub(crate) clock: PortalClock,
    /// Refusals that items of a batch meet.
    pub(crate) faults: crate::faults::Faults,
    pub(crate) identity: identity::Identity,
    pub(crate) next: Counters,
    pub(crate) apps: BTreeMap<String, apps::Application>,
    pub(crate) webhooks: Vec<apps::IncomingWebhook>,
    pub(crate) tokens: tokens::Tokens,
    pub(crate) users: BTreeMap<i64, people::User>,
    pub(crate) chats: BTreeMap<i64, chats::Chat>,
    pub(crate) messages: BTreeMap<i64, messages::Message>,
    /// What the messages posted since the last look at all of them weighed, and those that were there then.
    pub(crate) posted_bytes: usize,
    pub(crate) bot_messages: VecDeque<i64>,
    pub(crate) lines: BTreeMap<i64, lines::Line>,
    pub(crate) sessions: BTreeMap<i64, sessions::Session>,
    pub(crate) connectors: connectors::Connectors,
    /// What the client's channel shows, by chat.
    pub(crate) seen: BTreeMap<i64, Vec<SeenMessage>>,
    /// Operators who pause: no queue asks them.
    pub(crate) paused: BTreeSet<i64>,
    /// Users without the right to open lines.
    pub(crate) kept_out: BTreeSet<i64>,
    /// Texts kept by `message.quick.save`.
    pub(crate) quick_answers: Vec<String>,
    /// Methods that wait for the admin's word.
    pub(crate) confirmations: BTreeMap<String, crate::rest::confirm::Confirmation>,
    /// The access token of the call that is running.
    pub(crate) acting_token: String,
    /// When something is due next.
    pub(crate) next_due: i64,
    pub(crate) crm: crm::Crm,
    pub(crate) bots: BTreeMap<i64, bots::Bot>,
    pub(crate) commands: BTreeMap<i64, bots::Command>,
    /// Until when `imbot.command.answer` may answer, by bot and chat.
    pub(crate) answer_until: HashMap<(i64, i64), i64>,
    pub(crate) handlers: Vec<HandlerRow>,
    pub(crate) fetch_log: BTreeMap<i64, bots::FetchLog>,
    /// Users whose events are logged (`im.v2.Event.subscribe`), and what was logged for them.
    pub(crate) subscribed: BTreeSet<i64>,
    pub(crate) user_logs: BTreeMap<i64, bots::FetchLog>,
    pub(crate) idempotency: idempotency::Keys,
    pub(crate) network: network::Network,
    pub(crate) rt_events: Ring<RtEvent>,
    pub(crate) push: crate::push::Push,
    pub(crate) calls: Ring<RecordedCall>,
    /// What is to be said of the call that is running; see [`remarks`].
    pub(crate) remarks: remarks::Remarks,
    pub(crate) files: files::Files,
    /// Files that were read for the call that is running, by address.
    pub(crate) fetched: HashMap<String, Bytes>,
    pub(crate) offline: offline::Offline,
    /// Phone notices sent through `pull.application.push.add`.
    pub(crate) phone_notices: Ring<PhoneNotice>,
    /// What every call is refused with, for as long as a test wants it.
    pub(crate) refusal: Option<crate::rest::SystemRefusal>,
    pub(crate) operating: crate::limits::Operating,
    /// Callbacks raised since the lock was taken, in order.
    pub(crate) callbacks: Vec<Callback>,
    /// Bot messages stored since the lock was taken.
    pub(crate) fresh_bot_messages: Vec<i64>,
    /// What this hit already sent: an identical callback is sent once.
    pub(crate) sent_this_hit: HashSet<String>,
    /// How many more rounds of events the acting token may cause (protocol 1.1); 7 for a person.
    pub(crate) event_rounds_left: u8,
    /// Callbacks that no handler row wanted.
    pub(crate) unheard: u64,
    /// Those of them since the lock was taken: the event and why nobody heard it.
    pub(crate) fresh_unheard: Vec<(String, Unheard)>,
    /// What a strict test does not forgive.
    pub(crate) complaints: complaints::Complaints,
    /// The messages of each chat, oldest first; some may be gone from `messages`.
    pub(crate) message_ids: HashMap<i64, Vec<i64>>,
    /// What found nobody, the newest last.
    pub(crate) undelivered: VecDeque<Undelivered>,
}

/// The next free numbers.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) user: i64,
    pub(crate) chat: i64,
    pub(crate) message: i64,
    pub(crate) session: i64,
    pub(crate) handler: i64,
    pub(crate) command: i64,
    pub(crate) line: i64,
    pub(crate) deal: i64,
    pub(crate) fetch_event: i64,
    pub(crate) app_row: i64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            user: 501,
            chat: 1_701,
            message: 86_001,
            session: 343,
            handler: 401,
            command: 101,
            line: 22,
            deal: 1_209,
            fetch_event: 1,
            app_row: 7,
        }
    }
}

/// More numbers than one run of the portal hands out.
const NUMBERS_OF_A_RUN: i64 = 1_000_000;

impl Counters {
    /// The numbers of a portal that was started so often before. What a bot remembers of an earlier run by its number
    /// is then never taken for something of this one.
    pub(crate) fn after(starts: i64) -> Self {
        let mut all = Self::default();
        for counter in [
            &mut all.user,
            &mut all.chat,
            &mut all.message,
            &mut all.session,
            &mut all.handler,
            &mut all.command,
            &mut all.deal,
            &mut all.fetch_event,
        ] {
            *counter += starts * NUMBERS_OF_A_RUN;
        }
        all
    }
}

/// Hands out the number and moves on.
pub(crate) fn take(counter: &mut i64) -> i64 {
    let number = *counter;
    *counter += 1;
    number
}

impl World {
    pub(crate) fn now(&self) -> i64 {
        self.clock.unix()
    }

    /// Says something of the call that is running, for those who look at it; the caller never sees it.
    pub(crate) fn remark(&self, text: impl Into<String>) {
        self.remarks.add(text.into());
    }

    /// Makes room for new messages: the oldest go, wherever they are listed. Many at once, since it looks at every list.
    pub(crate) fn forget_old_messages(&mut self, posted: usize) {
        self.posted_bytes += posted;
        if self.messages.len() <= MESSAGES_KEPT.0 && self.posted_bytes <= MESSAGES_KEPT.1 {
            return;
        }
        let mut bytes: usize = self.messages.values().map(messages::Message::weight).sum();
        let mut going = self.messages.iter();
        let mut count = self.messages.len();
        let (few, light) = (MESSAGES_KEPT.0 / 8 * 7, MESSAGES_KEPT.1 / 8 * 7);
        while (count > few || bytes > light)
            && let Some((_, message)) = going.next()
        {
            (count, bytes) = (count - 1, bytes - message.weight());
        }
        let oldest = going.next().map_or(self.next.message, |(id, _)| *id);
        self.posted_bytes = bytes;
        self.messages = self.messages.split_off(&oldest);
        self.connectors.message_ids = self.connectors.message_ids.split_off(&oldest);
        self.bot_messages.retain(|id| *id >= oldest);
        for ids in self.message_ids.values_mut() {
            ids.retain(|id| *id >= oldest);
        }
        for seen in self.seen.values_mut() {
            seen.retain(|message| message.id >= oldest);
        }
    }

    /// Notes an event that nobody got.
    pub(crate) fn note_undelivered(&mut self, event: &str, why: Unheard) {
        if self.undelivered.len() == UNDELIVERED_KEPT {
            self.undelivered.pop_front();
        }
        let unix = self.now();
        self.fresh_unheard.push((event.to_owned(), why));
        self.undelivered.push_back(Undelivered { event: event.to_owned(), why, unix });
    }

    pub(crate) fn record_call(&mut self, mut call: RecordedCall) {
        self.complaints.see(&call);
        call.answer = weight::cut_down(std::mem::take(&mut call.answer));
        let bytes = weight::weight(&call.params) + weight::weight(&call.answer) + call.method.len();
        self.calls.push(call, bytes);
    }

    /// How many calls there were in all.
    pub(crate) fn calls_seen(&self) -> u64 {
        self.calls.seen()
    }

    /// The calls that came after so many, as far as they are remembered.
    pub(crate) fn calls_after(&self, seen: u64) -> impl Iterator<Item = &RecordedCall> {
        self.calls.after(seen)
    }
}

/// A PHP truth about a loose scalar: absent, empty, `0` and `N` are no.
pub(crate) fn is_yes(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => matches!(text.as_str(), "Y" | "y" | "1" | "true"),
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    }
}
