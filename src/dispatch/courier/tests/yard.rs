//! A courier between a store in memory and a portal of its own, on a clock that the test moves.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::super::{Errand, Post, carry_out};
use crate::{
    clock::{Clock, ManualClock},
    dispatch::{
        Policy, Services,
        ownership::{Fence, Sessions},
        watch::Watch,
    },
    portal::{Credentials, OAuthApp, Registry, Vault},
    rest::{
        Api, Call, CallError, CallErrorKind, Downloads, HttpOptions, Limited, Limits, MemoryLevels,
        oauth::OAuthClient,
    },
    store::{
        DedupeKey, DedupeKind, Inbox, InboxEntry, Journal, LaneKey, Lease, MemoryStore, NewEvent,
        NewOutboxRow, NodeId, OutboxId, Priority, Seq, TurnCommit, Work,
    },
    wire::{BotId, PortalKey, Timestamp},
};

pub(super) const KEYED: &str = "imbot.v2.Chat.Message.send";
pub(super) const PLAIN: &str = "imbot.message.add";

/// A request that the portal took in.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Since the test began.
    pub(super) at: Duration,
    pub(super) together: bool,
    pub(super) texts: Vec<String>,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// It is carried out and the answer is lost.
    AnswerLost,
    /// The portal refuses it, batches as a whole.
    Refused,
}

/// The portal: a leaky bucket of 50 and 2 a second, and an operating limit for what it is told.
pub(super) struct Portal {
    clock: ManualClock,
    begun: Timestamp,
    latency: Duration,
    inside: Mutex<Inside>,
}

#[derive(Default)]
pub(super) struct Inside {
    pub(super) requests: Vec<Request>,
    /// Texts that arrived, each key once.
    pub(super) said: Vec<String>,
    pub(super) refused: usize,
    /// Methods over their operating limit.
    pub(super) over: Vec<&'static str>,
    pub(super) mishaps: Vec<Mishap>,
    /// How many requests are inside, and the most there ever were.
    pub(super) under_way: usize,
    pub(super) most_under_way: usize,
    bucket: Option<(f64, Timestamp)>,
    keys: HashMap<String, ()>,
}

impl Portal {
    pub(super) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    fn admits(&self) -> bool {
        let now = self.clock.now();
        let mut inside = self.inside();
        let (level, at) = inside.bucket.unwrap_or((0.0, now));
        let level = (level - 2.0 * now.since(at).as_secs_f64()).max(0.0);
        let admits = level + 1.0 <= 50.0 + 1e-9;
        inside.bucket = Some((level + f64::from(u8::from(admits)), now));
        inside.refused += usize::from(!admits);
        admits
    }

    /// Carries one call out: the text arrives once for each key.
    fn execute(&self, method: &str, text: &str, key: &str) -> Result<Value, CallError> {
        let mut inside = self.inside();
        if inside.over.contains(&method) {
            return Err(CallError::new(CallErrorKind::Limited, method.to_owned())
                .code_of_portal("OPERATION_TIME_LIMIT")
                .retry_after_of_portal(Duration::from_secs(30)));
        }
        if method != KEYED || inside.keys.insert(key.to_owned(), ()).is_none() {
            inside.said.push(text.to_owned());
        }
        Ok(json!({"id": inside.said.len()}))
    }

    fn batch(&self, params: &Value) -> (Vec<String>, Value) {
        let (mut texts, mut results, mut errors) = (Vec::new(), json!({}), json!({}));
        for (name, command) in params["cmd"].as_object().unwrap() {
            let (method, query) = command.as_str().unwrap().split_once('?').unwrap();
            let fields: HashMap<String, String> =
                form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            texts.push(fields["text"].clone());
            match self.execute(method, &fields["text"], &fields["key"]) {
                Ok(result) => results[name] = result,
                Err(error) => errors[name] = json!({"error": error.code()}),
            }
        }
        (texts, json!({"result": results, "result_error": errors}))
    }
}

#[async_trait]
impl Api for Portal {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        call.begin().await?;
        let at = self.clock.now().since(self.begun);
        {
            let mut inside = self.inside();
            inside.under_way += 1;
            inside.most_under_way = inside.most_under_way.max(inside.under_way);
        }
        let sleep = async || self.clock.sleep_until(self.clock.now().plus(self.latency / 2)).await;
        sleep().await;
        let fail = |kind| Err(CallError::new(kind, call.method.clone()));
        let answer = if !self.admits() {
            fail(CallErrorKind::Limited)
        } else {
            let mishap = self.inside().mishaps.pop();
            if mishap == Some(Mishap::Refused) {
                fail(CallErrorKind::Refused)
            } else {
                let together = call.method == "batch";
                let text = |name: &str| call.params[name].as_str().unwrap_or_default().to_owned();
                let (texts, answer) = if together {
                    let (texts, answer) = self.batch(&call.params);
                    (texts, Ok(answer))
                } else {
                    (vec![text("text")], self.execute(&call.method, &text("text"), &text("key")))
                };
                self.inside().requests.push(Request { at, together, texts });
                if mishap == Some(Mishap::AnswerLost) { fail(CallErrorKind::Unknown) } else { answer }
            }
        };
        sleep().await;
        self.inside().under_way -= 1;
        answer
    }
}

pub(super) struct Yard {
    pub(super) clock: ManualClock,
    pub(super) portal: Arc<Portal>,
    pub(super) post: Arc<Post>,
    store: MemoryStore,
    lease: Lease,
    errands: mpsc::UnboundedSender<Errand>,
    courier: JoinHandle<()>,
    events: i64,
}

impl Yard {
    pub(super) async fn new(latency: Duration) -> Self {
        let clock = ManualClock::at_seconds(1_773_682_918);
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = MemoryStore::new();
        let portal =
            Arc::new(Portal { clock: clock.clone(), begun: clock.now(), latency, inside: Mutex::default() });
        let limited = Limited::new(portal.clone(), Limits::standard(), time.clone())
            .keeper(Arc::new(MemoryLevels::new()));
        let slots = limited.slots();
        let api: Arc<dyn Api> = Arc::new(limited);
        let grants = Arc::new(OAuthClient::new(HttpOptions::default()).unwrap());
        let app = Credentials::from(OAuthApp::new("app", "secret").unwrap());
        let registry = Registry::load(
            Arc::new(store.clone()),
            time.clone(),
            Vault::from_base64(&"dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=".into()).unwrap(),
            grants,
            vec![app],
        )
        .await
        .unwrap();
        let downloads =
            Downloads::new(api.clone(), Arc::new(registry.clone()), HttpOptions::default()).unwrap();
        let services = Services {
            store: Arc::new(store.clone()),
            api: api.clone(),
            direct: api,
            slots: Some(slots),
            downloads: Arc::new(downloads),
            clock: time,
            registry,
            bots: Vec::new(),
            policy: Policy::default(),
            node: NodeId::new("here"),
        };
        let key = PortalKey::new("app", "7c1f");
        let lease = store.acquire(&[key], &services.node, clock.now()).await.unwrap().remove(0);
        let services = Arc::new(services);
        let sessions = Arc::new(Sessions::new(lease.portal.clone(), Watch::new()));
        sessions.has_read(sessions.to_read());
        let fence = Arc::new(Fence::new(services.clone(), lease.clone(), sessions));
        let post = Arc::new(Post::new(services, lease.clone(), fence));
        let (errands, inbox) = mpsc::unbounded_channel();
        let courier = tokio::spawn({
            let post = post.clone();
            async move { carry_out(&post, inbox).await }
        });
        Self { clock, portal, post, store, lease, errands, courier, events: 0 }
    }

    /// Commits a message for each text, in a dialog of that name; their rows.
    pub(super) async fn say(&mut self, method: &str, texts: &[String]) -> Vec<OutboxId> {
        let rows = texts.iter().map(|text| call(text, text, method)).collect();
        self.commit(rows).await
    }

    /// Commits rows as a turn does.
    pub(super) async fn commit(&mut self, mut rows: Vec<NewOutboxRow>) -> Vec<OutboxId> {
        self.post.fence.room().allot(&mut rows);
        self.events += 1;
        let dedupe =
            DedupeKey { bot: BotId::new(1), kind: DedupeKind::Other, ordinal: self.events, digest: [0; 16] };
        let event = NewEvent {
            portal: self.lease.portal.clone(),
            lane: LaneKey::new("lane"),
            dedupe,
            code: "TEST".into(),
            message: None,
            body: "".into(),
            park: None,
            quiet: false,
            read: None,
        };
        let now = self.clock.now();
        self.store.append(vec![event], now).await.unwrap();
        let seq = Seq(self.events);
        let turn = self.store.start_turn(&self.lease, &[seq], now).await.unwrap();
        let commit = TurnCommit {
            turn: turn.id,
            lane: LaneKey::new("lane"),
            consumed: turn.seqs,
            change: None,
            outbox: rows,
            timers: Vec::new(),
        };
        let committed = self.store.commit(&self.lease, commit, now).await.unwrap();
        let crate::store::Committed::Done(ids) = committed else { panic!("{committed:?}") };
        self.errands.send(Errand::Look).ok().unwrap();
        ids
    }

    /// Lets time pass in steps until all that was committed is settled; how much passed.
    pub(super) async fn until_idle(&self, step: Duration) -> Duration {
        let (tell, mut told) = oneshot::channel();
        self.errands.send(Errand::TellWhenIdle(tell)).ok().unwrap();
        let begun = self.clock.now();
        self.pass_while(step, || told.try_recv().is_err()).await;
        self.clock.now().since(begun)
    }

    pub(super) async fn pass_while(&self, step: Duration, mut go_on: impl FnMut() -> bool) {
        let begun = self.clock.now();
        settle().await;
        while go_on() {
            assert!(!self.courier.is_finished(), "the courier has ended");
            assert!(self.clock.now().since(begun) < Duration::from_secs(7200), "it does not end");
            self.clock.advance(step);
            settle().await;
        }
    }

    pub(super) async fn inbox(&self) -> Vec<InboxEntry> {
        self.store.inbox(None, 99).await.unwrap()
    }
}

/// A row that says `text` in `dialog`, under a key of its own.
pub(super) fn call(dialog: &str, text: &str, method: &str) -> NewOutboxRow {
    let route = if method == KEYED { "keyed_message" } else { "plain_message" };
    let params = json!({"text": text, "key": text});
    NewOutboxRow {
        dialog: dialog.to_owned(),
        priority: Priority::Reply,
        call: json!({"route": route, "method": method, "params": params}).to_string(),
        uuid: uuid::Uuid::nil(),
        marked: method == KEYED,
    }
}

pub(super) fn texts(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n:03}")).collect()
}

/// Lets every task run until none can without the clock.
async fn settle() {
    for _ in 0..40 {
        tokio::task::yield_now().await;
    }
}
