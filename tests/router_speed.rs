//! What a decision among two hundred routes costs. The bound is generous, for debug builds and busy machines; the goal,
//! 2 µs, is for a release build: `cargo test --release --test router_speed -- --nocapture` prints what it is.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{hint::black_box, time::Instant};

use openlines::prelude::*;

/// Runs, of which the least disturbed counts, and decisions in each.
const RUNS: u32 = 40;
const ROUNDS: u32 = 50;

async fn deaf<E>(_: Context, _: E) {}

/// 80 commands, 80 texts, 38 patterns, 2 kinds of events, half of each under a filter; a fallback.
fn two_hundred_routes() -> Router {
    let half = |from: usize| {
        let mut router = Router::new();
        for at in (from..80).step_by(2) {
            router = router.command(format!("command{at}"), deaf::<Command>);
            router = router.text(format!("Текст {at}"), deaf::<Message>);
        }
        for at in (from..38).step_by(2) {
            let pattern = Pattern::new(&format!(r"(?i)topic{at}\s+(\d+)")).unwrap();
            router = router.pattern(pattern, deaf::<Captures>);
        }
        router
    };
    let clients = half(0).on(deaf::<Joined>);
    Router::new()
        .when(Filter::author(Author::Client), clients)
        .nest(half(1).on(deaf::<Reaction>))
        .fallback(deaf::<Message>)
}

/// The worst that can be: nothing but patterns.
fn two_hundred_patterns() -> Router {
    let mut router = Router::new().fallback(deaf::<Message>);
    for at in 0..200 {
        let pattern = Pattern::new(&format!(r"(?i)тема{at}\s+(\d+)")).unwrap();
        router = router.pattern(pattern, deaf::<Captures>);
    }
    router
}

fn said(text: &str) -> Incoming {
    let message = Message::new(1.into(), text, Chat::default(), 7.into(), Author::Client);
    Incoming::new("ONIMBOTV2MESSAGEADD", Event::Message(message), Origin::BotV2)
}

fn given(name: &str) -> Incoming {
    let mut command = Command::new(1.into(), name, "15", CommandContext::Typed);
    command.author = Author::Client;
    Incoming::new("ONIMBOTV2COMMANDADD", Event::Command(command), Origin::BotV2)
}

/// Has the decision made many times.
fn measure(what: &str, router: &Router, incoming: &Incoming, takes: &str) {
    assert_eq!(router.takes(incoming), Some(takes), "{what}");
    let run = |_| {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            black_box(router.takes(black_box(incoming)));
        }
        began.elapsed() / ROUNDS
    };
    let each = (0..RUNS).map(run).min().unwrap();
    println!("{what}: {each:?}");
    assert!(each.as_micros() < 500, "{what} took {each:?}: the routes are not found by their index");
}

#[test]
fn a_decision_among_two_hundred_routes_is_quick() {
    let router = two_hundred_routes();
    let long = said("Здравствуйте! Подскажите, пожалуйста, когда приедет мой заказ?");
    measure("a command", &router, &given("command79"), "command `command79`");
    measure("a text", &router, &said("ТЕКСТ 79"), "text `текст 79`");
    measure("a pattern", &router, &said("where is Topic37 15"), r"pattern `(?i)topic37\s+(\d+)`");
    measure("the fallback", &router, &long, "fallback");
    let patterns = two_hundred_patterns();
    measure(
        "the last of 200 patterns",
        &patterns,
        &said("где Тема199 15?"),
        r"pattern `(?i)тема199\s+(\d+)`",
    );
    measure("the fallback after 200 patterns", &patterns, &long, "fallback");
}
