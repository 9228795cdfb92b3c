//! A portal gets what it should have, gets it back when it is gone, and is left alone otherwise.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use doorstep::*;
use openlines::{
    portal::{
        BotKind, BotSpec, Delivery, Drain, PortalError, PortalErrorKind, Reconciler, RegisteredBot, Wanted,
    },
    rest::{Api, Call, CallError, CallErrorKind},
    wire::{BotId, PortalKey},
};
use serde_json::{Value, json};

const URL: &str = "https://bot.example/events";

/// The registrations of a portal, and everything that was asked of it, in order.
#[derive(Debug, Default)]
struct Portal {
    bots: Mutex<BTreeMap<String, Value>>,
    bound: Mutex<Vec<(String, String)>>,
    asked: Mutex<Vec<(String, Value)>>,
    away: AtomicBool,
    serial: Mutex<i64>,
}

impl Portal {
    fn asked(&self, method: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(name, _)| name == method).map(|(_, params)| params.clone()).collect()
    }

    fn methods(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }

    fn next(&self) -> i64 {
        let mut serial = self.serial.lock().unwrap();
        *serial += 1;
        566 + *serial
    }
}

#[async_trait]
impl Api for Portal {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let refused = |code: &str, text: &str| {
            Err(CallError::new(CallErrorKind::Refused, call.method.clone())
                .code_of_portal(code)
                .describe(text))
        };
        self.asked.lock().unwrap().push((call.method.to_string(), call.params.clone()));
        if self.away.load(Ordering::SeqCst) {
            return Err(CallError::new(CallErrorKind::Unreachable, call.method));
        }
        let params = &call.params;
        match call.method.as_ref() {
            "imbot.v2.Bot.register" => {
                let fields = &params["fields"];
                let code = fields["code"].as_str().unwrap().to_owned();
                let mut bots = self.bots.lock().unwrap();
                let bot = bots.entry(code.clone()).or_insert_with(|| {
                    json!({"id": self.next(), "code": code, "type": fields["type"], "eventMode": fields["eventMode"],
                           "isSupportOpenline": fields["isSupportOpenline"], "url": fields["webhookUrl"]})
                });
                Ok(json!({"bot": bot, "users": []}))
            }
            "imbot.v2.Bot.update" => {
                let mut bots = self.bots.lock().unwrap();
                let bot = bots.values_mut().find(|bot| bot["id"] == params["botId"]).unwrap();
                if let Some(mode) = params["fields"].get("eventMode") {
                    bot["eventMode"] = mode.clone();
                }
                if let Some(url) = params["fields"].get("webhookUrl") {
                    bot["url"] = url.clone();
                }
                Ok(json!({"bot": bot, "users": []}))
            }
            "imbot.v2.Command.register" => Ok(json!({"command": {"id": 103, "botId": params["botId"]}})),
            "imbot.register" => Ok(json!("901")),
            "imbot.command.register" => Ok(json!(104)),
            "event.bind" => {
                let text = |name: &str| params[name].as_str().unwrap().to_owned();
                let row = (text("EVENT"), text("HANDLER"));
                let mut bound = self.bound.lock().unwrap();
                if bound.contains(&row) {
                    return refused("ERROR_CORE", "Unable to set event handler: Handler already binded");
                }
                if row.0.starts_with("ONUNKNOWN") {
                    return refused("ERROR_EVENT_NOT_FOUND", "Event not found");
                }
                bound.push(row);
                Ok(json!(true))
            }
            other => panic!("{other} was not expected"),
        }
    }
}

/// Notes when it was asked to drain.
struct Drained {
    portal: Arc<Portal>,
    fails: AtomicBool,
}

#[async_trait]
impl Drain for Drained {
    async fn drain(&self, _: &PortalKey, bot: BotId) -> Result<(), PortalError> {
        self.portal.asked.lock().unwrap().push(("drain".into(), json!(bot.get())));
        match self.fails.load(Ordering::SeqCst) {
            true => Err(PortalError::new(PortalErrorKind::Unavailable, "the log could not be read out")),
            false => Ok(()),
        }
    }
}

struct Scene {
    stage: Stage,
    portal: Arc<Portal>,
    drained: Arc<Drained>,
}

impl Scene {
    fn on(stage: Stage) -> Self {
        let portal = Arc::new(Portal::default());
        let drained = Arc::new(Drained { portal: Arc::clone(&portal), fails: AtomicBool::new(false) });
        Self { stage, portal, drained }
    }

    fn reconciler(&self, wanted: Wanted) -> Reconciler {
        Reconciler::new(
            self.stage.registry.clone(),
            Arc::<Portal>::clone(&self.portal),
            Arc::<Drained>::clone(&self.drained),
            wanted,
        )
    }

    async fn reconcile(&self, wanted: Wanted) -> Result<(), PortalError> {
        self.portal.asked.lock().unwrap().clear();
        self.reconciler(wanted).reconcile(&self.stage.key()).await
    }

    fn bot(&self) -> RegisteredBot {
        self.stage.registry.portal(&self.stage.key()).unwrap().bots[0].clone()
    }
}

fn fetching() -> Wanted {
    Wanted::new().bot(BotSpec::openline("helper", "Helper").command("/help", "Shows what I can do"))
}

fn posted(url: &str) -> Wanted {
    Wanted::new().handler_url(url).bot(BotSpec::openline("helper", "Helper").delivery(Delivery::Webhook))
}

#[tokio::test]
async fn a_bot_is_registered_once_and_its_id_is_kept() {
    let scene = Scene::on(Stage::installed().await);
    scene.reconcile(fetching()).await.unwrap();
    let fields = &scene.portal.asked("imbot.v2.Bot.register")[0]["fields"];
    assert_eq!(
        (&fields["type"], &fields["eventMode"], &fields["isSupportOpenline"], &fields["properties"]["name"]),
        (&json!("openline"), &json!("fetch"), &json!(true), &json!("Helper"))
    );
    assert_eq!(scene.portal.asked("imbot.v2.Command.register")[0]["fields"]["command"], "help");
    assert_eq!((scene.bot().id, scene.bot().commands["help"].get()), (BotId::new(567), 103));
    let restarted = scene.stage.again().await;
    assert_eq!(restarted.registry.bot(&scene.stage.key(), BotId::new(567)).unwrap().code, "helper");

    scene.reconcile(fetching()).await.unwrap();
    assert!(scene.portal.asked("imbot.v2.Bot.update").is_empty(), "nothing is changed that is right");
    assert_eq!(scene.bot().id, BotId::new(567));
}

#[tokio::test]
async fn a_bot_deleted_by_hand_comes_back() {
    let scene = Scene::on(Stage::installed().await);
    scene.reconcile(fetching()).await.unwrap();
    scene.portal.bots.lock().unwrap().clear();
    scene.reconcile(fetching()).await.unwrap();
    assert_eq!(scene.bot().id, BotId::new(568));
}

#[tokio::test]
async fn before_a_switch_to_webhook_the_unread_events_are_read_out() {
    let scene = Scene::on(Stage::installed().await);
    scene.reconcile(fetching()).await.unwrap();
    scene.drained.fails.store(true, Ordering::SeqCst);
    assert!(scene.reconcile(posted(URL)).await.is_err());
    assert!(scene.portal.asked("imbot.v2.Bot.update").is_empty(), "not switched before they are read out");
    assert_eq!(scene.bot().delivery, Delivery::Fetch);

    scene.drained.fails.store(false, Ordering::SeqCst);
    scene.reconcile(posted(URL)).await.unwrap();
    let methods = scene.portal.methods();
    let at = |name: &str| methods.iter().position(|method| method == name).unwrap();
    assert!(at("drain") < at("imbot.v2.Bot.update"), "{methods:?}");
    let update = &scene.portal.asked("imbot.v2.Bot.update")[0];
    assert_eq!(
        (&update["fields"]["eventMode"], &update["fields"]["webhookUrl"]),
        (&json!("webhook"), &json!(URL))
    );
    assert_eq!(scene.bot().delivery, Delivery::Webhook);

    scene.reconcile(fetching()).await.unwrap();
    assert!(scene.portal.asked("drain").is_empty(), "the way back loses nothing");
    assert_eq!(scene.bot().delivery, Delivery::Fetch);
}

#[tokio::test]
async fn a_new_public_address_is_told_to_the_portal() {
    let scene = Scene::on(Stage::installed().await);
    scene.reconcile(posted(URL)).await.unwrap();
    scene.reconcile(posted("https://moved.example/events")).await.unwrap();
    assert_eq!(
        scene.portal.asked("imbot.v2.Bot.update")[0]["fields"]["webhookUrl"],
        "https://moved.example/events"
    );
    assert!(scene.portal.asked("drain").is_empty());
}

#[tokio::test]
async fn the_handler_of_a_webhook_bot_names_its_bot_token_in_v2_only() {
    let stage = Stage::with(vec![webhook().into()]).await;
    let scene = Scene::on(stage);
    let key = webhook().key().clone();
    let wanted = posted(URL)
        .bot(BotSpec::new(BotKind::Supervisor, "old", "Old").v1().command("order", "Orders"))
        .event("ONOPENLINEMESSAGEADD");
    scene.reconciler(wanted).reconcile(&key).await.unwrap();
    let register = &scene.portal.asked("imbot.v2.Bot.register")[0];
    assert_eq!(register["botToken"], BOT_TOKEN);
    assert_eq!(register["fields"]["webhookUrl"], format!("{URL}?CLIENT_ID={BOT_TOKEN}"));
    let v1 = &scene.portal.asked("imbot.register")[0];
    assert_eq!(
        (&v1["CLIENT_ID"], &v1["EVENT_HANDLER"], &v1["TYPE"]),
        (&json!(BOT_TOKEN), &json!(URL), &json!("S"))
    );
    assert_eq!(scene.portal.asked("imbot.command.register")[0]["LANG"][0]["TITLE"], "Orders");
    assert!(scene.portal.asked("event.bind").is_empty(), "a webhook can bind nothing");
    let bots = scene.stage.registry.portal(&key).unwrap().bots;
    assert_eq!(bots.iter().map(|bot| bot.id.get()).collect::<Vec<_>>(), [567, 901]);
    assert!(bots.iter().all(|bot| !format!("{bot:?}").contains(BOT_TOKEN)));
}

#[tokio::test]
async fn events_are_bound_and_being_bound_already_is_success() {
    let scene = Scene::on(Stage::installed().await);
    let wanted = || Wanted::new().handler_url(URL).event("OnOpenLineMessageAdd");
    scene.reconcile(wanted()).await.unwrap();
    scene.reconcile(wanted()).await.unwrap();
    let bound: Vec<_> = scene.portal.bound.lock().unwrap().iter().map(|(event, _)| event.clone()).collect();
    assert_eq!(bound, ["ONAPPUNINSTALL", "ONAPPUPDATE", "ONOPENLINEMESSAGEADD"]);
    let error = scene.reconcile(wanted().event("OnUnknownThing")).await.unwrap_err();
    assert_eq!(error.kind(), PortalErrorKind::Refused);
}

#[tokio::test]
async fn webhook_delivery_without_a_public_address_is_refused_by_name() {
    let scene = Scene::on(Stage::installed().await);
    let wanted = Wanted::new().bot(BotSpec::openline("helper", "Helper").delivery(Delivery::Webhook));
    let error = scene.reconcile(wanted).await.unwrap_err();
    assert_eq!(error.kind(), PortalErrorKind::Setting);
    assert!(error.to_string().contains("OPENLINES_PUBLIC_URL"), "{error}");
}

#[tokio::test]
async fn portals_are_seen_to_at_the_start_when_they_become_active_and_again_after_failures() {
    let scene = Scene::on(Stage::new().await);
    scene.portal.away.store(true, Ordering::SeqCst);
    let reconciler = scene.reconciler(fetching());
    let seeing = Background::start(move |stop| async move { reconciler.run(stop).await });
    scene.stage.install(REFRESH_TOKEN, APPLICATION_TOKEN).await;
    until("the new portal is tried", || !scene.portal.methods().is_empty()).await;
    scene.portal.away.store(false, Ordering::SeqCst);
    let bots = || scene.stage.registry.portal(&scene.stage.key()).map_or(0, |view| view.bots.len());
    until("it is tried again", || {
        scene.stage.clock.advance(Duration::from_secs(1));
        bots() == 1
    })
    .await;
    scene.portal.bots.lock().unwrap().clear();
    scene.portal.asked.lock().unwrap().clear();
    until("it is looked at again", || {
        scene.stage.clock.advance(Duration::from_secs(60));
        !scene.portal.asked("imbot.v2.Bot.register").is_empty()
    })
    .await;
    seeing.stop().await;
}
