//! Polling: the offset acknowledges, so it moves only behind the journal; an idle poll is cheap.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use doorstep::*;
use openlines::{
    clock::Clock,
    ingest::Poller,
    portal::{BotSpec, Drain, Reconciler, Wanted},
    rest::{Api, Call, CallError, CallErrorKind},
    wire::BotId,
};
use serde_json::{Value, json};

/// The portal's log of events of one bot, as protocol 4.8 describes it.
#[derive(Debug, Default)]
struct Log {
    events: Mutex<VecDeque<(i64, Value)>>,
    offsets: Mutex<Vec<i64>>,
    limited: AtomicBool,
    collected: AtomicUsize,
}

impl Log {
    fn add(&self, id: i64, event: Value) {
        self.events.lock().unwrap().push_back((id, event));
    }

    fn add_message(&self, id: i64, message: i64) {
        self.add(
            id,
            json!({"eventId": id, "type": "ONIMBOTV2MESSAGEADD", "date": "2026-03-16T20:41:58+01:00", "data": {
                "bot": {"id": 567, "code": "helper"},
                "message": {"id": message, "authorId": 599, "text": "Hi", "isSystem": false, "params": []},
                "chat": {"id": 1777, "dialogId": "chat1777", "messageType": "L", "entityType": "LINES",
                         "entityId": "livechat|22|1775|599"},
                "user": {"id": 599, "connector": true}, "language": "en"}}),
        );
    }

    fn polls(&self) -> usize {
        self.offsets.lock().unwrap().len()
    }
}

#[async_trait]
impl Api for Log {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        if call.method == "imbot.v2.Bot.register" {
            return Ok(
                json!({"bot": {"id": 567, "code": "helper", "eventMode": "fetch", "isSupportOpenline": true}}),
            );
        }
        if call.method == "event.offline.list" {
            return Ok(json!([]));
        }
        if call.method == "event.offline.get" {
            self.collected.fetch_add(1, Ordering::SeqCst);
            return Ok(json!({"process_id": "0123456789abcdef0123456789abcdef", "events": []}));
        }
        assert_eq!(call.method, "imbot.v2.Event.get");
        if self.limited.swap(false, Ordering::SeqCst) {
            return Err(CallError::new(CallErrorKind::Limited, "imbot.v2.Event.get")
                .retry_after_of_portal(Duration::from_secs(30)));
        }
        let offset = call.params["offset"].as_i64().unwrap();
        let limit = call.params["limit"].as_u64().unwrap() as usize;
        self.offsets.lock().unwrap().push(offset);
        let mut events = self.events.lock().unwrap();
        events.retain(|(id, _)| *id >= offset);
        let page: Vec<_> = events.iter().take(limit).collect();
        let next = page.last().map_or(offset, |(id, _)| id + 1);
        let more = page.len() == limit;
        Ok(
            json!({"events": page.iter().map(|(_, event)| event).collect::<Vec<_>>(), "nextOffset": next, "hasMore": more}),
        )
    }
}

async fn ready(stage: &Stage, log: &Arc<Log>) -> Poller {
    let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
    let poller = Poller::new(stage.gate.clone(), stage.registry.clone(), Arc::<Log>::clone(log), clock);
    let wanted = Wanted::new().bot(BotSpec::openline("helper", "Helper"));
    let drain = Arc::new(poller.clone());
    Reconciler::new(stage.registry.clone(), Arc::<Log>::clone(log), drain, wanted)
        .reconcile(&stage.key())
        .await
        .unwrap();
    poller
}

fn running(stage: &Stage, poller: &Poller) -> Background {
    let (poller, key) = (poller.clone(), stage.key());
    Background::start(move |stop| async move { poller.run(&key, stop).await })
}

#[tokio::test]
async fn events_are_journaled_before_they_are_acknowledged() {
    let stage = Stage::installed().await;
    let log = Arc::new(Log::default());
    let poller = ready(&stage, &log).await;
    for number in 0..3 {
        log.add_message(1001 + number, 86101 + number);
    }
    stage.journal.fails.store(true, Ordering::SeqCst);
    let polling = running(&stage, &poller);
    until("the first poll is made", || {
        stage.clock.advance(Duration::from_millis(500));
        log.polls() >= 2
    })
    .await;
    assert!(log.offsets.lock().unwrap().iter().all(|offset| *offset == 0), "nothing is acknowledged");
    assert_eq!(log.events.lock().unwrap().len(), 3);

    stage.journal.fails.store(false, Ordering::SeqCst);
    until("the events are acknowledged", || {
        stage.clock.advance(Duration::from_millis(500));
        log.events.lock().unwrap().is_empty()
    })
    .await;
    polling.stop().await;
    let ids: Vec<_> = stage.rows().iter().map(|row| row.message.unwrap().get()).collect();
    assert_eq!(ids, [86101, 86102, 86103]);
}

#[tokio::test]
async fn after_a_restart_nothing_is_lost_and_nothing_comes_twice() {
    let stage = Stage::installed().await;
    let log = Arc::new(Log::default());
    let poller = ready(&stage, &log).await;
    log.add_message(1001, 86101);
    let polling = running(&stage, &poller);
    until("the event is journaled", || stage.rows().len() == 1).await;
    polling.stop().await;
    // Not acknowledged yet, and another has come meanwhile; one also came by webhook.
    log.add_message(1002, 86102);
    stage.gate.accept(None, FORM, message_body("86102", APPLICATION_TOKEN).into()).await.unwrap();
    log.add_message(1003, 86103);
    let polling = running(&stage, &poller.clone());
    until("the new one is journaled", || stage.rows().len() == 3).await;
    polling.stop().await;
    let ids: Vec<_> = stage.rows().iter().map(|row| row.message.unwrap().get()).collect();
    assert_eq!(ids, [86101, 86102, 86103]);
}

#[tokio::test]
async fn an_idle_poll_takes_at_most_a_tenth_of_the_rate_and_a_busy_one_comes_soon() {
    let stage = Stage::installed().await;
    let log = Arc::new(Log::default());
    let poller = ready(&stage, &log).await;
    let polling = running(&stage, &poller);
    let advance = async |half_seconds: u32| {
        for _ in 0..half_seconds {
            stage.clock.advance(Duration::from_millis(500));
            // Every task that the new time woke runs before time moves on.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    advance(200).await;
    let idle = log.polls();
    assert!((15..=21).contains(&idle), "{idle} polls in 100 s; a tenth of 2 calls a second is 20");
    log.add_message(1001, 86101);
    let mut waited = 0;
    while stage.rows().is_empty() {
        advance(1).await;
        waited += 1;
        assert!(waited <= 10, "an idle bot is asked every five seconds");
    }
    let busy = log.polls();
    log.add_message(1002, 86102);
    advance(2).await;
    assert!(log.polls() > busy && stage.rows().len() == 2, "after an event the next poll comes soon");
    polling.stop().await;
}

#[tokio::test]
async fn offline_events_and_bots_share_the_tenth() {
    for (at_most, polls, collected) in [(0, 8..=12, 8..=12), (60, 8..=12, 2..=5)] {
        let stage = Stage::installed().await;
        let log = Arc::new(Log::default());
        let poller = ready(&stage, &log).await.offline_events(Duration::from_secs(at_most));
        let polling = running(&stage, &poller);
        for _ in 0..200 {
            stage.clock.advance(Duration::from_millis(500));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
        let of_offline = log.collected.load(Ordering::SeqCst);
        assert!(polls.contains(&log.polls()), "{} polls in 100 s", log.polls());
        assert!(collected.contains(&of_offline), "{of_offline} collections in 100 s");
        polling.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_by_the_limit_is_waited_for_as_long_as_the_portal_says() {
    let stage = Stage::installed().await;
    let log = Arc::new(Log::default());
    let poller = ready(&stage, &log).await;
    log.limited.store(true, Ordering::SeqCst);
    let polling = running(&stage, &poller);
    until("the limit was met", || !log.limited.load(Ordering::SeqCst)).await;
    for _ in 0..29 {
        stage.clock.advance(Duration::from_secs(1));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(log.polls(), 0);
    until("it asks again", || {
        stage.clock.advance(Duration::from_secs(1));
        log.polls() > 0
    })
    .await;
    polling.stop().await;
}

#[tokio::test]
async fn one_event_of_an_unknown_shape_is_parked_and_does_not_stop_the_rest() {
    let stage = Stage::installed().await;
    let log = Arc::new(Log::default());
    let poller = ready(&stage, &log).await;
    log.add(1001, json!("nonsense"));
    log.add(1002, json!({"eventId": 1002, "type": "ONIMBOTV2MESSAGEADD", "date": null, "data": []}));
    log.add(1003, json!({"eventId": {"x": [1]}, "type": 5}));
    log.add_message(1004, 86104);
    let polling = running(&stage, &poller);
    until("the good one is journaled", || stage.rows().iter().any(|row| row.park.is_none())).await;
    polling.stop().await;
    assert_eq!(stage.rows().iter().filter(|row| row.park.is_some()).count(), 3);
}

#[tokio::test]
async fn a_log_is_drained_to_its_end() {
    let stage = Stage::installed().await;
    let log = Arc::new(Log::default());
    let poller = ready(&stage, &log).await;
    for number in 0..450 {
        log.add_message(1001 + number, 86101 + number);
    }
    poller.drain(&stage.key(), BotId::new(567)).await.unwrap();
    assert_eq!(stage.rows().len(), 450);
    assert!(log.events.lock().unwrap().is_empty(), "and the last page is acknowledged");
    stage.journal.fails.store(true, Ordering::SeqCst);
    log.add_message(2000, 90000);
    assert!(poller.drain(&stage.key(), BotId::new(567)).await.is_err());
    assert_eq!(log.events.lock().unwrap().len(), 1);
}
