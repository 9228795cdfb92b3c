//! Sweeps over what several turns or messages make together: a form, and bursts.

use std::time::Duration;

use openlines::{prelude::*, testing::CrashSweep};
use serde::Deserialize;

const QUIET: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
struct Lead {
    name: String,
    phone: Option<String>,
}

fn lead() -> Form<Lead> {
    Form::new("lead")
        .ask(Field::text("name", "Your name?"))
        .ask(Field::phone("phone", "Your phone?").optional())
        .summary("Right?")
        .time_out(Duration::from_secs(3_600))
}

fn desk() -> Router {
    Router::new()
        .form(lead(), async |_cx: Context, lead: Lead| {
            format!("{} at {}", lead.name, lead.phone.as_deref().unwrap_or("home"))
        })
        .fallback(async |cx: Context, _message: Message| cx.begin(&lead()))
}

#[test]
fn stopped_at_every_point_a_form_keeps_its_answers_and_is_done_once() {
    let stops = CrashSweep::of(desk)
        .script(|talk| {
            talk.client_says("hello").expect("Your name?");
            talk.client_says("Ann").expect_containing("Your phone?");
            talk.client_says("soon").expect_containing("phone number");
            talk.client_says("5550100200").expect_containing("Phone: 5550100200");
            talk.client_says("change the phone").expect_containing("Your phone?");
            talk.client_says("skip").expect_containing("Phone: –");
            talk.client_says("yes").expect("Ann at home");
            talk.client_says("again").expect("Your name?");
            talk.after(Duration::from_secs(3_600)).expect_containing("this is cancelled").expect_nothing();
        })
        .run();
    stops.expect(["before append", "before commit", "after commit", "after settle", "after timer_fired"]);
    assert!(stops.count("after commit") >= 9, "{stops:?}");
}

fn talker() -> Router {
    let tell = async |cx: Context, _message: Message| {
        cx.burst().iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join("+")
    };
    Router::new().burst(QUIET).fallback(tell)
}

/// Known of other frameworks: a burst is put together anew after a crash.
#[test]
fn stopped_at_every_point_a_burst_is_one_turn_of_the_same_messages() {
    let stops = CrashSweep::of(talker)
        .script(|talk| {
            talk.client_says("a").client_says("b").expect_nothing();
            talk.after(QUIET).expect("a+b");
            talk.client_says("c").after(QUIET).expect("c").expect_nothing();
        })
        .run();
    stops.expect(["after append", "before start_turn", "after start_turn", "before commit", "after commit"]);
}
