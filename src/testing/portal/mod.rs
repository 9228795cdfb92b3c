//! The portal of a conversation, in memory: answers calls as a portal does, and keeps what reached it.

mod answers;
mod batch;
mod loose;
mod scene;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Map, Value, json};

pub(super) use scene::{File, Given, Person, Scene, Written};

use super::sent::{Press, Said, Sent};
use crate::{
    dispatch::{setting_in, states_in},
    rest::{Api, Call, CallError, CallErrorKind, KeptFiles},
    store::{LaneChange, LaneKey, TimerChange},
    wire::{MessageId, UserId},
};

/// A portal with one dialog. Clones are the same portal.
#[derive(Clone)]
pub(super) struct TestPortal(Arc<Mutex<Ledger>>);

/// Everything that is known of it.
pub(super) struct Ledger {
    pub(super) scene: Scene,
    /// What the bot did, and whether the test has seen it.
    pub(super) sent: Vec<(Sent, bool)>,
    /// What happened, for people who read why a test failed.
    pub(super) log: Vec<String>,
    pub(super) files: KeptFiles,
    next_id: i64,
    /// Messages by their idempotency keys.
    keys: HashMap<String, i64>,
    /// Who wrote which message.
    written: Vec<(i64, UserId, String)>,
    commands: BTreeMap<String, i64>,
    answers: HashMap<String, Value>,
    failures: VecDeque<CallError>,
    lanes: HashMap<LaneKey, Bytes>,
}

/// Who makes a call: what nobody waits for needs no answer of the test's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Outbox,
    Handler,
}

impl TestPortal {
    pub(super) fn new(scene: Scene) -> Self {
        Self(Arc::new(Mutex::new(Ledger {
            scene,
            sent: Vec::new(),
            log: Vec::new(),
            files: KeptFiles::default(),
            next_id: 86_100,
            keys: HashMap::new(),
            written: Vec::new(),
            commands: BTreeMap::new(),
            answers: HashMap::new(),
            failures: VecDeque::new(),
            lanes: HashMap::new(),
        })))
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A failed expectation panics while it is held; what is in it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its REST face for `caller`.
    pub(super) fn api(&self, caller: Caller) -> Arc<dyn Api> {
        Arc::new(Face { portal: self.clone(), caller })
    }
}

struct Face {
    portal: TestPortal,
    caller: Caller,
}

#[async_trait]
impl Api for Face {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let mut params = call.params.clone();
        if let Some(content) = &call.content {
            params["content_bytes"] = json!(content.size());
        }
        call.begin().await?;
        self.portal.ledger().call(&call.method, &params, self.caller)
    }
}

impl Ledger {
    /// The next id of a message or a file.
    pub(super) fn next_id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id
    }

    /// A message of somebody else than the bot.
    pub(super) fn write(&mut self, author: &Person, text: &str) -> MessageId {
        let id = self.next_id();
        self.written.push((id, author.id, text.to_owned()));
        MessageId::new(id)
    }

    pub(super) fn command_id(&self, name: &str) -> Option<i64> {
        self.commands.get(&name.to_ascii_lowercase()).copied()
    }

    pub(super) fn answer(&mut self, method: &str, answer: Value) {
        self.answers.insert(method.to_ascii_lowercase(), answer);
    }

    pub(super) fn fail(&mut self, error: CallError) {
        self.failures.push_back(error);
    }

    /// The last message that has a button of this label, and what a press on that does.
    pub(super) fn button(&self, label: &str) -> Option<(&Said, &Press)> {
        self.messages().rev().find_map(|said| {
            let button = said.buttons.iter().find(|button| button.label == label)?;
            Some((said, &button.press))
        })
    }

    pub(super) fn messages(&self) -> impl DoubleEndedIterator<Item = &Said> {
        self.sent.iter().filter_map(|(sent, _)| sent.said())
    }

    fn call(&mut self, method: &str, params: &Value, caller: Caller) -> Result<Value, CallError> {
        if method.eq_ignore_ascii_case("batch") {
            let (mut results, mut errors) = (Map::new(), Map::new());
            for (key, method, params) in batch::calls(params) {
                match self.call(&method, &params, caller) {
                    Ok(result) => drop(results.insert(key, result)),
                    // A portal that is lost in the middle says nothing of the rest.
                    Err(error) if error.kind() == CallErrorKind::Unknown => {}
                    Err(error) => {
                        let error = json!({"error": error.code(), "error_description": error.description()});
                        errors.insert(key, error);
                    }
                }
            }
            return Ok(json!({"result": results, "result_error": errors}));
        }
        let failure = self.failures.iter().position(|error| error.method().eq_ignore_ascii_case(method));
        if let Some(error) = failure.and_then(|at| self.failures.remove(at)) {
            if error.kind() == CallErrorKind::Unknown {
                // The harder half of not knowing: it was done, and the answer was lost.
                let _ = self.carry_out(method, params, caller);
            }
            self.log.push(format!("! {error}"));
            return Err(error);
        }
        self.carry_out(method, params, caller)
    }

    fn record(&mut self, line: impl Into<String>, sent: Sent) {
        self.log.push(line.into());
        self.sent.push((sent, false));
    }

    /// Timers and states that a turn changed, whether it was committed or parked.
    pub(super) fn ended(&mut self, lane: &LaneKey, change: Option<&LaneChange>, timers: &[TimerChange]) {
        for change in timers {
            match change {
                TimerChange::Set { at, payload, .. } => {
                    let (name, payload) = setting_in(payload).unwrap_or_default();
                    self.record(format!("bot sets the timer {name}"), Sent::Timer { name, at: *at, payload });
                }
                TimerChange::Cancel { id } => {
                    let name = id.split_once('/').map_or(id.as_str(), |(_, name)| name).to_owned();
                    self.record(format!("bot cancels the timer {name}"), Sent::TimerCancelled { name });
                }
            }
        }
        let Some(change) = change else { return };
        let before = self.lanes.get(lane).map(states_in).unwrap_or_default();
        let now = change.state.dialogue.as_ref();
        let after = now.map(states_in).unwrap_or_default();
        let keys = before.keys().chain(after.keys()).collect::<BTreeSet<_>>();
        let changed: Vec<(String, Value)> = keys
            .into_iter()
            .filter(|key| before.get(*key) != after.get(*key))
            .map(|key| {
                let name = key.split_once('/').map_or(key.as_str(), |(_, name)| name);
                (name.to_owned(), after.get(key).cloned().unwrap_or_default())
            })
            .collect();
        match now {
            Some(record) => drop(self.lanes.insert(lane.clone(), record.clone())),
            None => drop(self.lanes.remove(lane)),
        }
        for (name, state) in changed {
            self.record(format!("bot goes to {state}"), Sent::State { name, state });
        }
    }

    /// What each lane remembers.
    pub(super) fn records(&self) -> Vec<Bytes> {
        self.lanes.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rest::Batch, testing::Conversation, wire::PortalKey};

    #[tokio::test]
    async fn a_batch_is_answered_call_by_call_and_a_key_names_one_message() {
        let talk =
            Conversation::with(async |_cx: crate::dispatch::Context, _message: crate::wire::Message| ());
        let (portal, key) = (talk.world.portal.clone(), PortalKey::new("webhook", "portal.example"));
        let send = |key: &PortalKey| {
            let fields = json!({"message": "hi", "templateId": "796c45aa-70e5-45aa-930c-c7fb32710c62"});
            let params = json!({"botId": 567, "dialogId": "chat1777", "fields": fields});
            Call::new(key.clone(), "imbot.v2.Chat.Message.send", params)
        };
        let mut batch = Batch::new(key.clone());
        for call in [send(&key), Call::new(key.clone(), "crm.deal.get", json!({"id": 15})), send(&key)] {
            batch.add(call).unwrap();
        }
        let lost = CallError::new(CallErrorKind::Unknown, "crm.lead.get");
        portal.ledger().fail(lost);
        batch.add(Call::new(key.clone(), "crm.lead.get", json!({}))).unwrap();
        let answers = batch.read(portal.api(Caller::Handler).call(batch.to_call()).await.unwrap());
        assert_eq!(answers[0].as_ref().unwrap()["id"], answers[2].as_ref().unwrap()["id"]);
        assert!(answers[1].as_ref().unwrap_err().is("ERROR_METHOD_NOT_FOUND"));
        assert_eq!(answers[3].as_ref().unwrap_err().kind(), CallErrorKind::Unknown);
        let alone = portal.api(Caller::Outbox).call(send(&key)).await.unwrap();
        assert_eq!(alone["id"], answers[0].as_ref().unwrap()["id"]);
        assert_eq!(portal.ledger().messages().count(), 1);
    }
}
