//! Offline events: kept by the portal until they are collected, journaled before they are cleared.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::sync::{Arc, Mutex};

use openlines::prelude::*;
use openlines::{
    rest::{Api, Call, CallError, CallErrorKind},
    store::MemoryStore,
    wire::LineMessage,
};
use openlines_emulator::{Emulator, Portal};
use serde_json::Value;
use stage::{SOON, settings, stage};

const CODE: &str = "OnOpenLineMessageAdd";

/// Notes what clients write, as the line tells it.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl BotHandler for Listener {
    async fn on_line_message(&self, _cx: &Context, message: &LineMessage) -> Handled {
        self.0.lock().unwrap().push(message.text.clone());
        Ok(Done)
    }
}

impl Listener {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    async fn hears(&self, count: usize) {
        let wait = async {
            while self.0.lock().unwrap().len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, wait).await.expect("the event is handled");
    }
}

fn calls(portal: &Portal, method: &str) -> Vec<openlines_emulator::RecordedCall> {
    portal.calls().into_iter().filter(|call| call.method.eq_ignore_ascii_case(method)).collect()
}

#[tokio::test]
async fn an_offline_event_is_collected_when_the_portal_tells_of_it_and_cleared_once_it_is_stored() {
    let listener = Listener::default();
    let handler = listener.clone();
    let stage = stage(|app| app.offline_event(CODE).bot(BotProfile::openline("ear"), handler)).await;
    stage.portal.client("Ann").says("hello").await;
    listener.hears(1).await;
    stage.portal.wait_for_call("event.offline.clear", SOON).await;
    stage.quiet().await;
    assert_eq!(listener.all(), ["hello"]);
    let posted = stage.portal.deliveries();
    assert!(posted.iter().all(|delivery| delivery.event != CODE.to_uppercase()), "it was not posted");
    assert!(posted.iter().any(|delivery| delivery.event == "ONOFFLINEEVENT"));
    let bound = calls(&stage.portal, "event.bind");
    let offline = |call: &&openlines_emulator::RecordedCall| format!("{:?}", call.params).contains("offline");
    assert_eq!(bound.iter().filter(offline).count(), 1, "{bound:?}");
}

#[tokio::test]
async fn without_the_licence_for_steps_events_are_collected_at_once() {
    let listener = Listener::default();
    let handler = listener.clone();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.set_offline_steps(false);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = settings(&portal).listen(port).public_url(format!("http://{port}"));
    let app = App::new(config).offline_event(CODE).bot(BotProfile::openline("ear"), handler);
    let running = app.start().await.unwrap();
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    portal.client("Ann").says("hello").await;
    portal.client("Bob").says("good day").await;
    listener.hears(2).await;
    running.stop().await;
    // Two dialogs, side by side.
    let mut heard = listener.all();
    heard.sort();
    assert_eq!(heard, ["good day", "hello"]);
    assert!(calls(&portal, "event.offline.clear").is_empty());
}

/// Cannot clear: as if the process ended each time before it could.
struct NeverClears(Arc<dyn Api>);

#[async_trait]
impl Api for NeverClears {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        if call.method == "event.offline.clear" {
            return Err(CallError::new(CallErrorKind::Refused, call.method));
        }
        self.0.call(call).await
    }
}

#[tokio::test]
async fn what_a_process_took_and_did_not_clear_is_collected_by_the_next_one_and_runs_once() {
    let listener = Listener::default();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let store = Arc::new(MemoryStore::new());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = || {
        let config = settings(&portal).listen(port).public_url(format!("http://{port}"));
        let app = App::new(config).store(store.clone()).offline_event(CODE);
        app.bot(BotProfile::openline("ear"), listener.clone())
    };
    let running = app().wrap_api(|api| Arc::new(NeverClears(api))).start().await.unwrap();
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    let ann = portal.client("Ann");
    ann.says("one").await;
    listener.hears(1).await;
    running.stop().await;
    ann.says("two").await;
    portal.settled(SOON).await;
    assert!(calls(&portal, "event.offline.clear").is_empty());

    let running = app().start().await.unwrap();
    listener.hears(2).await;
    let cleared = portal.wait_for_calls("event.offline.clear", 2, SOON).await;
    assert!(cleared.iter().all(|call| call.status == 200), "{cleared:?}");
    running.stop().await;
    assert_eq!(listener.all(), ["one", "two"], "what was stored before ran no second time");
}
