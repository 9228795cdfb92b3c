//! Sweeps over conversations in memory: a form with buttons and a time-out, a hand-over, both generations of bots; and
//! what a sweep finds in bots that keep to no rule.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use openlines::{
    prelude::*,
    testing::{Conversation, CrashSweep, Sent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);

/// The dish that waits for its address.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Ordered(Option<String>);

impl DialogState for Ordered {
    const VERSION: u32 = 1;
    fn fallback() -> Self {
        Self(None)
    }
    fn time_out(&self) -> Option<Duration> {
        self.0.is_some().then_some(10 * MINUTE)
    }
}

#[derive(Serialize, Deserialize)]
struct Dish {
    name: String,
}

impl ButtonPayload for Dish {
    const COMMAND: &'static str = "dish";
}

fn restaurant() -> Router {
    let menu = async |_cx: Context, _message: Message| {
        let soup = Button::payload("Soup", &Dish { name: "soup".into() });
        Ok::<_, HandlerError>(Reply::text("Which dish?").keyboard(Keyboard::builder().button(soup).build()?))
    };
    Router::new()
        .text("menu", menu)
        .text("person", async |cx: Context, _message: Message| cx.hand_over())
        .button(async |cx: Context, dish: Dish| {
            cx.goto(Ordered(Some(dish.name)));
            "Where to?"
        })
        .on(async |cx: Context, _fired: TimerFired| {
            let dish = cx.timed_out::<Ordered>()?.0?;
            cx.goto(Ordered(None));
            Some(format!("No {dish} then"))
        })
        .fallback(async |cx: Context, message: Message| match cx.state::<Ordered>().0 {
            None => "What?".to_owned(),
            Some(dish) => {
                cx.goto(Ordered(None));
                format!("{dish} to {}", message.text)
            }
        })
}

#[test]
fn stopped_at_every_point_a_form_asks_each_question_once_and_keeps_what_it_heard() {
    let stops = CrashSweep::of(restaurant)
        .script(|talk| {
            talk.client_says("menu").expect("Which dish?").client_presses("Soup").expect("Where to?");
            talk.expect_state(Ordered(Some("soup".into())));
            talk.client_says("Elm Street").expect("soup to Elm Street").expect_state(Ordered(None));
            talk.client_presses("Soup").expect("Where to?");
            talk.after(10 * MINUTE).expect("No soup then").expect_state(Ordered(None)).expect_nothing();
        })
        .run();
    stops.expect(["before append", "after append", "before commit", "after commit", "after settle"]);
    stops.expect(["before timer_fired", "after timer_fired", "after imbot.v2.Chat.Message.send"]);
    assert!(stops.count("after commit") >= 4, "{stops:?}");
}

#[test]
fn stopped_at_every_point_a_session_is_handed_over() {
    let stops = CrashSweep::of(restaurant)
        .says(["hm", "person"])
        .check(|talk| {
            let handed = talk.effects().into_iter().filter(|sent| *sent == Sent::HandOver).count();
            // Idempotent: made again when nobody knows whether it was made.
            assert!(matches!(handed, 1 | 2), "{handed}\n{}", talk.transcript());
        })
        .run();
    stops.expect(["before imopenlines.bot.session.operator", "after imopenlines.bot.session.operator"]);
}

#[test]
fn stopped_at_every_point_a_v1_bot_answers_once_or_shows_what_was_perhaps_sent() {
    let echo = || async |_cx: Context, message: Message| format!("You said: {}", message.text);
    let v1 = Conversation::builder().bot(BotProfile::openline("echo").v1());
    let stops = CrashSweep::of(echo)
        .settings(v1)
        .says(["a", "b"])
        .script(|talk| {
            talk.after(5 * MINUTE);
        })
        .at_most_once()
        .run();
    stops.expect(["before imbot.message.add", "after imbot.message.add"]);
}

#[test]
fn stopped_at_every_point_a_retried_turn_makes_its_step_once_or_once_more() {
    let bot = || {
        async |cx: Context, _message: Message| {
            let deal: i64 = cx
                .step("deal", cx.call("crm.deal.add", json!({})))
                .await
                .map(|deal: serde_json::Value| deal.as_i64().unwrap_or_default())?;
            let again = cx.failed_before() == 0;
            if again { Err(HandlerError::msg("not yet")) } else { Ok(format!("deal {deal}")) }
        }
    };
    let stops = CrashSweep::of(bot)
        .script(|talk| {
            talk.answers("crm.deal.add", json!(15)).client_says("go").after(MINUTE).expect("deal 15");
            let made = talk.effects().into_iter().filter(|sent| matches!(sent, Sent::Call { .. })).count();
            assert!(matches!(made, 1 | 2), "{made}");
        })
        .run();
    stops.expect(["after put_step", "after fail", "after crm.deal.add"]);
}

/// A bot that asks whether its client is still there, and cannot write the bill when the client has gone.
fn waiter() -> Router {
    Router::new()
        .on(async |_cx: Context, _fired: TimerFired| "Are you still there?")
        .on(async |_cx: Context, _finished: SessionFinished| {
            Err::<(), _>(HandlerError::msg("the bill cannot be written").permanent())
        })
        .fallback(async |cx: Context, _message: Message| {
            cx.timer("reminder").with_session().after(10 * MINUTE)
        })
}

#[test]
fn stopped_at_every_point_a_session_whose_end_is_parked_takes_its_timers_along() {
    let stops = CrashSweep::of(waiter)
        .script(|talk| {
            talk.client_says("soup").session_finishes().expect_parked("the bill cannot be written");
            talk.after(60 * MINUTE).expect_nothing().expect_parked("the bill cannot be written");
        })
        .run();
    stops.expect(["before park", "after park"]);
}

/// What a sweep of `sweep` says.
fn found(sweep: CrashSweep) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| sweep.run())).expect_err("the sweep finds it");
    panic.downcast_ref::<String>().cloned().expect("a text")
}

#[test]
fn a_bot_that_keeps_its_state_in_memory_is_found() {
    let forgetful = || {
        let heard = Arc::new(AtomicUsize::new(0));
        move |_cx: Context, _message: Message| {
            let count = heard.fetch_add(1, Ordering::SeqCst) + 1;
            async move { format!("message {count}") }
        }
    };
    let told = found(CrashSweep::of(forgetful).says(["a", "b"]));
    assert!(told.contains(r#"without a stop"#) && told.contains("the process ends"), "{told}");
}

#[test]
fn a_bot_that_speaks_past_the_outbox_is_found() {
    let hasty = || {
        async |cx: Context, message: Message| {
            // At once, without a key of the turn's: a turn that runs again says it again.
            let fields = json!({"message": format!("You said: {}", message.text)});
            let send = json!({"botId": 567, "dialogId": message.chat.dialog, "fields": fields});
            cx.call("imbot.v2.Chat.Message.send", send).await.map(drop)
        }
    };
    let told = found(CrashSweep::of(hasty).says(["a"]));
    assert!(told.contains("stopped after imbot.v2.Chat.Message.send"), "{told}");
}

#[test]
fn a_failing_expectation_of_the_scenario_names_the_stop() {
    let bot = || async |cx: Context, _message: Message| cx.failed_before().to_string();
    let told = found(CrashSweep::of(bot).script(|talk| {
        // Which is so without a stop, and at no point.
        talk.client_says("a").expect("0");
        assert!(!talk.transcript().contains("the process ends"), "{}", talk.transcript());
    }));
    assert!(told.contains("! the process ends before append"), "{told}");
}
