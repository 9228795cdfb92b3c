//! What `/metrics` tells. One process counts everything in one place, so these tests look at what is there at least.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{collections::BTreeSet, net::SocketAddr};

use openlines::prelude::*;
use openlines_emulator::{Emulator, Portal};
use stage::{SOON, settings};

fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn figures(admin: SocketAddr) -> String {
    let answer = reqwest::get(format!("http://{admin}/metrics")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    answer.text().await.unwrap()
}

/// The value of a series, 0 if there is none.
fn value(figures: &str, series: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

async fn at_rest(portal: &Portal, running: &openlines::app::Running) {
    portal.settled(SOON).await;
    tokio::time::timeout(SOON, running.idle()).await.unwrap();
}

#[tokio::test]
async fn the_figures_tell_what_came_in_what_was_done_and_what_was_sent() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let (address, admin) = (free(), free());
    let dir = tempfile::tempdir().unwrap();
    let start = async || {
        let config = settings(&portal)
            .listen(address)
            .admin_listen(admin)
            .public_url(format!("http://{address}"))
            .database_url(format!("sqlite://{}", dir.path().join("bot.db").display()));
        let mut policy = openlines::dispatch::Policy::default();
        policy.first_wait = std::time::Duration::from_millis(1);
        let picky = async |_cx: Context, message: Message| match message.text.as_str() {
            "a secret of Ann" => Err(HandlerError::msg("I do not like it")),
            _ => Ok("fine"),
        };
        App::new(config).policy(policy).bot(BotProfile::openline("picky"), picky).start().await.unwrap()
    };
    let running = start().await;
    portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    let ann = portal.client("Ann");
    ann.says("hello").await;
    ann.says("a secret of Ann").await;
    at_rest(&portal, &running).await;
    let sent = portal.deliveries();
    let message = sent.iter().find(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD").unwrap();
    portal.redeliver(message).await;
    let http = reqwest::Client::new();
    let forged = http.post(format!("http://{address}/events")).body("event=ONAPPTEST");
    let forged = forged.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(forged.status(), 401);

    let told = figures(admin).await;
    let at_least = |series: &str, least: f64| {
        let value = value(&told, series);
        assert!(value >= least, "{series} is {value}\n{told}");
    };
    at_least(r#"openlines_events_total{outcome="accepted"}"#, 3.0);
    at_least(r#"openlines_events_total{outcome="duplicate"}"#, 1.0);
    at_least(r#"openlines_refusals_total{reason="MISSING_TOKEN"}"#, 1.0);
    at_least(r#"openlines_turns_total{outcome="ok"}"#, 1.0);
    at_least(r#"openlines_turns_total{outcome="failed"}"#, 1.0);
    at_least(r#"openlines_turns_total{outcome="parked"}"#, 1.0);
    at_least("openlines_turn_seconds_count", 3.0);
    at_least(r#"openlines_outbox_total{outcome="sent"}"#, 1.0);
    at_least(r#"openlines_calls_total{class="imbot.v2",outcome="ok"}"#, 2.0);
    at_least(r#"openlines_portals{status="active"}"#, 1.0);
    at_least(r#"openlines_inbox{state="parked"}"#, 1.0);
    at_least("openlines_free_slots_min", 1.0);
    assert_eq!(value(&told, "openlines_events_waiting"), 0.0, "{told}");

    let repaired = value(&told, "openlines_gap_repaired_messages_total");
    running.stop().await;
    for text in ["one", "two", "three"] {
        ann.says(text).await;
    }
    portal.settled(SOON).await;
    let running = start().await;
    portal.wait_for_bot_messages(4, SOON).await;
    at_rest(&portal, &running).await;
    let told = figures(admin).await;
    assert_eq!(value(&told, "openlines_gap_repaired_messages_total") - repaired, 3.0, "{told}");

    only_known_labels(&told);
    for secret in ["secret", "Ann", stage::MASTER_KEY, &portal.app().client_secret, &portal.app().client_id] {
        assert!(!told.contains(secret), "{secret}\n{told}");
    }
    running.stop().await;
}

/// Labels are of short lists: nothing in them grows with portals, dialogs or what people write.
fn only_known_labels(told: &str) {
    let labels: BTreeSet<&str> = told
        .lines()
        .filter(|line| line.starts_with("openlines_"))
        .filter_map(|line| Some(line.split_once('{')?.1.split_once('}')?.0))
        .flat_map(|labels| labels.split(','))
        .map(|label| label.split_once('=').unwrap().0)
        .collect();
    assert_eq!(labels, BTreeSet::from(["class", "le", "outcome", "reason", "state", "status"]), "{told}");
    let series = told.lines().filter(|line| line.starts_with("openlines_")).count();
    assert!(series < 250, "{series} series");
}
