//! Reading the histories of open sessions: in batches that let everything else go first, again when the portal was away,
//! and never anything but what clients wrote and nobody answered.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use doorstep::*;
use openlines::{
    clock::Clock,
    ingest::{GapRepair, Gate, Poller, Repaired},
    portal::{BotSpec, Delivery, Reconciler, Wanted},
    rest::{Api, Call, CallError, CallErrorKind, CallPriority},
    store::{OpenSession, Sessions},
    wire::Timestamp,
};
use serde_json::{Value, json};

/// A portal that knows one bot, and histories by chat.
#[derive(Debug, Default)]
struct Histories {
    /// What a chat's history is, or the code that it is refused with.
    of: Mutex<BTreeMap<i64, Result<Value, &'static str>>>,
    /// What the next batches meet before any is answered.
    away: Mutex<VecDeque<CallErrorKind>>,
    batches: Mutex<Vec<(usize, CallPriority)>>,
    commands: AtomicUsize,
}

impl Histories {
    fn has(&self, chat: i64, owner: i64, messages: &[(i64, i64, &str)]) {
        let messages: serde_json::Map<_, _> = messages
            .iter()
            .map(|(id, sender, text)| (id.to_string(), json!({"id": id, "senderId": sender, "text": text})))
            .collect();
        let history = json!({
            "chatId": chat,
            "message": messages,
            "users": {"599": {"id": 599, "connector": true, "bot": false}, "27": {"id": 27, "connector": false, "bot": false}},
            "chat": {chat.to_string(): {"id": chat, "owner": owner, "entityType": "LINES"}},
        });
        self.of.lock().unwrap().insert(chat, Ok(history));
    }

    fn refuses(&self, chat: i64, code: &'static str) {
        self.of.lock().unwrap().insert(chat, Err(code));
    }

    fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().iter().map(|(size, _)| *size).collect()
    }
}

#[async_trait]
impl Api for Histories {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        match &*call.method {
            "imbot.v2.Bot.register" => {
                return Ok(
                    json!({"bot": {"id": 567, "code": "helper", "eventMode": "webhook", "isSupportOpenline": true}}),
                );
            }
            "event.bind" => return Ok(json!(true)),
            "batch" => {}
            other => panic!("{other} is not called"),
        }
        let commands = call.params["cmd"].as_object().unwrap();
        self.batches.lock().unwrap().push((commands.len(), call.priority));
        if let Some(kind) = self.away.lock().unwrap().pop_front() {
            return Err(CallError::new(kind, "batch"));
        }
        let (mut result, mut errors) = (json!({}), json!({}));
        for (key, command) in commands {
            self.commands.fetch_add(1, Ordering::SeqCst);
            let chat = command.as_str().unwrap().strip_prefix("imopenlines.session.history.get?CHAT_ID=");
            match self.of.lock().unwrap().get(&chat.unwrap().parse().unwrap()) {
                Some(Ok(history)) => result[key] = history.clone(),
                Some(Err(code)) => errors[key] = json!({"error": code, "error_description": ""}),
                None => result[key] = json!({"chatId": 0, "message": []}),
            }
        }
        Ok(json!({"result": result, "result_error": errors}))
    }
}

struct Desk {
    stage: Stage,
    gate: Gate,
    histories: Arc<Histories>,
    repair: GapRepair,
}

impl Desk {
    async fn new() -> Self {
        let stage = Stage::installed().await;
        let histories = Arc::new(Histories::default());
        let api: Arc<dyn Api> = histories.clone();
        let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
        let gate = stage.gate.clone().sessions(stage.store.clone());
        let poller = Poller::new(gate.clone(), stage.registry.clone(), api.clone(), clock.clone());
        let wanted = Wanted::new()
            .bot(BotSpec::openline("helper", "Helper").delivery(Delivery::Webhook))
            .handler_url("https://bot.example/events");
        Reconciler::new(stage.registry.clone(), api.clone(), Arc::new(poller), wanted)
            .reconcile(&stage.key())
            .await
            .unwrap();
        let window = Duration::from_secs(3 * 86_400);
        let repair = GapRepair::new(gate.clone(), stage.registry.clone(), api, clock, window);
        Self { stage, gate, histories, repair }
    }

    /// A callback of a client's message in `chat`.
    async fn message(&self, chat: i64, id: i64) {
        let body = message_body(&id.to_string(), APPLICATION_TOKEN).replace("1777", &chat.to_string());
        self.gate.accept(None, FORM, body.into()).await.unwrap();
    }

    async fn known(&self) -> Vec<OpenSession> {
        self.repair.known(&self.stage.key()).await.unwrap()
    }

    async fn repaired(&self) -> Repaired {
        self.repair.run(&self.stage.key(), self.known().await, &|_| {}, std::future::pending()).await
    }

    fn messages(&self) -> Vec<i64> {
        self.stage.rows().iter().filter_map(|row| row.message).map(|id| id.get()).collect()
    }
}

fn told(repaired: Repaired) -> (usize, usize, usize) {
    (repaired.sessions, repaired.messages, repaired.unread)
}

#[tokio::test]
async fn what_is_missing_is_taken_once_and_everything_else_is_left() {
    let desk = Desk::new().await;
    for (chat, id) in [(1777, 100), (1778, 101), (1779, 102), (1780, 103)] {
        desk.message(chat, id).await;
    }
    desk.histories.has(
        1777,
        567,
        &[
            (99, 599, "before"),
            (100, 599, "known"),
            (110, 599, "new"),
            (111, 567, "bot"),
            (112, 599, "newer"),
        ],
    );
    desk.histories.has(1778, 27, &[(113, 599, "an operator has it")]);
    desk.histories.has(
        1779,
        0,
        &[(114, 599, "asked"), (115, 27, "answered"), (116, 599, "and more"), (117, 0, "notice")],
    );
    desk.histories.refuses(1780, "ACCESS_DENIED");
    assert_eq!(told(desk.repaired().await), (3, 3, 1));
    assert_eq!(desk.messages(), [100, 101, 102, 103, 110, 112, 116], "three in the order of their sessions");
    assert_eq!(told(desk.repaired().await), (3, 0, 1), "a second look finds nothing new");
    desk.message(1777, 112).await;
    assert_eq!(desk.messages().len(), 7, "nor does a callback that comes late");
}

#[tokio::test]
async fn a_portal_that_is_away_is_asked_again_and_nothing_is_asked_twice() {
    let desk = Desk::new().await;
    for number in 0..25 {
        desk.message(2000 + number, 100 + number).await;
        desk.histories.has(2000 + number, 0, &[(200 + number, 599, "new")]);
    }
    *desk.histories.away.lock().unwrap() =
        [CallErrorKind::Unreachable, CallErrorKind::Limited, CallErrorKind::Unknown].into();
    let (repair, key, sessions) = (desk.repair.clone(), desk.stage.key(), desk.known().await);
    let running =
        tokio::spawn(async move { repair.run(&key, sessions, &|_| {}, std::future::pending()).await });
    until("all that was away is asked again", || {
        desk.stage.clock.advance(Duration::from_secs(30));
        desk.messages().len() == 50
    })
    .await;
    assert_eq!(told(running.await.unwrap()), (25, 25, 0));
    assert_eq!(desk.histories.batches(), [10, 10, 5, 10, 10, 5]);
    assert_eq!(desk.histories.commands.load(Ordering::SeqCst), 25);
    let batches = desk.histories.batches.lock().unwrap();
    assert!(batches.iter().all(|(_, priority)| *priority == CallPriority::Bulk), "{batches:?}");
}

#[tokio::test]
async fn only_sessions_of_which_something_was_heard_of_late_are_known() {
    let desk = Desk::new().await;
    desk.message(1777, 100).await;
    desk.stage.clock.advance(Duration::from_secs(2 * 86_400));
    desk.message(1778, 101).await;
    assert_eq!(desk.known().await.len(), 2);
    desk.stage.clock.advance(Duration::from_secs(86_400));
    let known = desk.known().await;
    assert_eq!((known.len(), known[0].chat.get()), (1, 1778));
    desk.message(1777, 102).await;
    assert_eq!(desk.known().await.len(), 2, "it goes on");
    assert_eq!(desk.known().await[0].last_message, 99, "and begins where it was met");
}

#[tokio::test]
async fn a_session_is_written_down_when_it_is_met_and_not_with_every_message() {
    let desk = Desk::new().await;
    let seen = async || desk.known().await[0].seen;
    let began: Timestamp = desk.stage.clock.now();
    desk.message(1777, 100).await;
    desk.stage.clock.advance(Duration::from_secs(3600));
    desk.message(1777, 101).await;
    assert_eq!(seen().await, began);
    desk.stage.clock.advance(Duration::from_secs(6 * 3600));
    desk.message(1777, 102).await;
    assert_eq!(seen().await, desk.stage.clock.now(), "only when what is written has become old");
}

#[tokio::test]
async fn a_session_that_is_over_is_forgotten_however_that_is_learnt() {
    let desk = Desk::new().await;
    for (chat, id) in [(1777, 100), (1778, 101), (1779, 102)] {
        desk.message(chat, id).await;
    }
    let finished = event_body(
        "ONSESSIONFINISH",
        &[
            ("data[DATA][connector][connector_id]", "livechat"),
            ("data[DATA][connector][line_id]", "22"),
            ("data[DATA][connector][chat_id]", "1777"),
            ("data[DATA][connector][user_id]", "599"),
            ("data[DATA][chat][chat_id]", "1777"),
        ],
        APPLICATION_TOKEN,
    );
    desk.gate.accept(None, FORM, finished.into()).await.unwrap();
    desk.histories.refuses(1778, "INVALID_SESSION_ID");
    desk.histories.has(1779, 0, &[(120, 599, "too late")]);
    desk.histories.of.lock().unwrap().get_mut(&1779).unwrap().as_mut().unwrap()["openlines"] =
        json!({"status": 60});
    assert_eq!(desk.known().await.len(), 2);
    assert_eq!(told(desk.repaired().await), (0, 0, 0));
    assert_eq!(desk.known().await, []);
    desk.message(1778, 130).await;
    assert_eq!(desk.known().await.len(), 1, "a new session in the same chat is met anew");
}

#[tokio::test]
async fn a_store_that_cannot_note_sessions_refuses_no_event() {
    let desk = Desk::new().await;
    let gate = desk.stage.gate.clone().sessions(Arc::new(Forgetful));
    let body = message_body("100", APPLICATION_TOKEN);
    assert!(gate.accept(None, FORM, body.into()).await.is_ok());
    assert_eq!(desk.messages(), [100]);
}

/// A store that notes nothing.
struct Forgetful;

#[async_trait]
impl Sessions for Forgetful {
    async fn note_sessions(
        &self,
        _: &openlines::wire::PortalKey,
        _: Vec<openlines::store::SessionChange>,
    ) -> Result<(), openlines::store::StoreError> {
        Err(openlines::store::StoreError::new(openlines::store::StoreErrorKind::Io, "the disk is full"))
    }

    async fn open_sessions(
        &self,
        _: &openlines::wire::PortalKey,
        _: Timestamp,
    ) -> Result<Vec<OpenSession>, openlines::store::StoreError> {
        Ok(Vec::new())
    }
}
