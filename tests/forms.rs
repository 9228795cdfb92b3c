//! Forms through the whole pipeline: answers by every way, and everything that comes between.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{sync::Arc, time::Duration};

use openlines::{
    app::Running,
    clock::{Clock, ManualClock, SystemClock},
    dispatch::{FormLeft, assert_form},
    prelude::*,
    store::{MemoryStore, Store},
    wire::FileRef,
};
use openlines_emulator::{Emulator, Portal};
use serde::{Deserialize, Serialize};
use stage::{SOON, Stage, settings, stage};

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
struct Lead {
    name: String,
    phone: Option<String>,
    need: Need,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Need {
    Repair,
    Spares,
}

fn needs() -> Menu<Need> {
    Menu::new("What is it about?").item(Need::Repair, "A repair").item(Need::Spares, "Spare parts")
}

fn lead() -> Form<Lead> {
    Form::new("lead")
        .ask(Field::text("name", "Your name?"))
        .ask(Field::phone("phone", "Your phone?").optional().time_out(10 * MINUTE))
        .ask(Field::choice("need", needs()))
        .summary("Right?")
        .time_out(60 * MINUTE)
}

/// The form among routes that would take its answers if they could.
fn shop(form: Form<Lead>) -> Router {
    Router::new()
        .text(["begin", "Ann", "1"], async |cx: Context, message: Message| match &*message.text {
            "begin" => cx.begin(&lead()),
            _ => cx.reply("the text's route"),
        })
        .menu(needs(), async |_cx: Context, _need: Need| "the menu's route")
        .command("help", async |_cx: Context, _command: Command| "the help")
        .form(form, async |_cx: Context, lead: Lead| {
            format!("{}, {}, {:?}", lead.name, lead.phone.unwrap_or_default(), lead.need)
        })
        .fallback(async |_cx: Context, message: Message| format!("Heard {}", message.text))
}

async fn on_stage(routes: Router) -> (Stage, ManualClock) {
    let clock = ManualClock::new(SystemClock.now());
    let of_app = clock.clone();
    let app =
        |app: App| app.clock(Arc::new(of_app)).bot(BotProfile::openline("shop").hears_operators(), routes);
    (stage(app).await, clock)
}

/// First lines of what the bot said.
fn said(stage: &Stage) -> Vec<String> {
    first_lines(&stage.portal)
}

fn first_lines(portal: &Portal) -> Vec<String> {
    let first = |text: String| text.lines().next().unwrap_or_default().replace('\u{2060}', "");
    portal.bot_messages().into_iter().map(|message| first(message.text)).collect()
}

#[test]
fn the_form_makes_its_type() {
    let lead = assert_form(&lead(), &[("name", "Ann"), ("phone", "5550100200"), ("need", "spare")]);
    assert!(matches!(
        (&*lead.name, lead.phone.as_deref(), lead.need),
        ("Ann", Some("5550100200"), Need::Spares)
    ));
}

#[tokio::test]
async fn answers_go_to_the_open_form_before_every_route_and_to_the_routes_afterwards() {
    let (stage, _) = on_stage(shop(lead())).await;
    let ann = stage.portal.client("Ann");
    for text in ["begin", "Ann", "/help", "soon", "skip", "1", "change the name", "Eve", "yes", "Ann", "1"] {
        ann.says(text).await;
        stage.quiet().await;
    }
    let wanted = [
        "Your name?",
        "Your phone?",
        "the help",
        "This does not look like a phone number. Please write it like +1 555 010 0200.",
        "What is it about?",
        "Name: Ann",
        "Your name?",
        "Name: Eve",
        "Eve, , Repair",
        "the text's route",
        "the text's route",
    ];
    assert_eq!(said(&stage), wanted);
}

#[tokio::test]
async fn an_operator_does_not_answer_for_the_client_and_zero_ends_the_form() {
    let (stage, _) = on_stage(shop(lead())).await;
    let (ann, bob) = (stage.portal.client("Ann"), stage.portal.client("Bob"));
    ann.says("begin").await;
    bob.says("begin").await;
    stage.quiet().await;
    bob.says("Bob").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["Your name?", "Your name?", "Your phone?"]);
    let ivan = stage.portal.operator("Ivan");
    ivan.takes(&ann).await;
    ivan.says(&ann, "I am the operator").await;
    stage.quiet().await;
    let after: Vec<String> = said(&stage).split_off(3);
    assert!(!after.iter().any(|text| text.contains("Your phone?")), "the form took it: {after:?}");
    bob.says("0").await;
    stage.quiet().await;
    assert!(!said(&stage).iter().any(|text| text.contains("phone number")), "{:?}", said(&stage));
}

#[tokio::test]
async fn a_form_ends_with_its_session() {
    let (stage, clock) = on_stage(shop(lead())).await;
    let ann = stage.portal.client("Ann");
    ann.says("begin").await;
    stage.quiet().await;
    stage.portal.operator("Ivan").finishes(&ann).await;
    stage.quiet().await;
    clock.advance(120 * MINUTE);
    ann.says("hello").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["Your name?", "Heard hello"], "nothing is left of it, its time-out neither");
}

#[tokio::test]
async fn a_question_and_the_whole_form_end_in_time() {
    let left = async |_cx: Context, left: FormLeft| format!("{:?} {}", left.why, left.answers.len());
    let (stage, clock) = on_stage(shop(lead().left(left))).await;
    let [ann, bob, eve] = ["Ann", "Bob", "Eve"].map(|name| stage.portal.client(name));
    for client in [&ann, &bob, &eve] {
        client.says("begin").await;
        stage.quiet().await;
    }
    ann.says("Ann").await;
    eve.says("cancel").await;
    stage.quiet().await;
    assert_eq!(said(&stage)[3..].iter().filter(|text| *text == "Cancelled 0").count(), 1);
    let before = said(&stage).len();
    clock.advance(9 * MINUTE);
    stage.quiet().await;
    assert_eq!(said(&stage).len(), before);
    clock.advance(MINUTE);
    stage.quiet().await;
    assert_eq!(said(&stage)[before..], ["TimedOut 1"], "the phone had ten minutes");
    clock.advance(50 * MINUTE);
    stage.quiet().await;
    assert_eq!(said(&stage)[before + 1..], ["TimedOut 0"], "and the other form an hour");
    bob.says("Bob").await;
    stage.quiet().await;
    assert_eq!(said(&stage)[before + 2..], ["Heard Bob"]);
}

#[tokio::test]
async fn several_quick_answers_answer_several_questions_and_what_is_left_is_routed_on() {
    const QUIET: Duration = Duration::from_secs(2);
    let (stage, clock) = on_stage(Router::new().burst(QUIET).nest(shop(lead()))).await;
    let ann = stage.portal.client("Ann");
    let bursts: [&[&str]; 3] =
        [&["begin"], &["Ann", "my number is", "+15550100200"], &["2", "yes", "and when?", "today?"]];
    for burst in bursts {
        for text in burst {
            ann.says(text).await;
        }
        stage.portal.settled(SOON).await;
        clock.advance(QUIET);
        stage.quiet().await;
    }
    assert_eq!(
        said(&stage),
        ["Your name?", "What is it about?", "Ann, +15550100200, Spares", "Heard and when?"]
    );
    assert_eq!(stage.said().last().unwrap(), "Heard and when?\ntoday?");
}

#[derive(Debug, Deserialize)]
struct Damage {
    pictures: Vec<FileRef>,
    insured: bool,
    day: String,
    cost: Option<f64>,
}

fn damage() -> Form<Damage> {
    Form::new("damage")
        .ask(Field::files("pictures", "Pictures, please"))
        .ask(Field::yes_no("insured", "Insured?"))
        .ask(Field::date("day", "When?"))
        .ask(Field::number("cost", "Cost?").optional())
}

#[tokio::test]
async fn files_yes_and_no_and_dates_are_answers_in_a_private_chat_too() {
    let routes = Router::new()
        .form(damage(), async |_cx: Context, done: Damage| {
            assert!(done.pictures.iter().all(|file| file.id > 0));
            format!("{} {} {} {:?}", done.pictures.len(), done.insured, done.day, done.cost)
        })
        .fallback(async |cx: Context, _message: Message| cx.begin(&damage()));
    let (stage, _) = on_stage(routes).await;
    let (bot, max) = (stage.portal.bot_id("shop").unwrap(), stage.portal.employee("Max"));
    max.says_to(bot, "begin").await;
    stage.quiet().await;
    max.says_to(bot, "which?").await;
    stage.quiet().await;
    max.sends_file_to(bot, "a.png", b"a".to_vec()).await;
    stage.quiet().await;
    for text in ["no", "1.2.2026", "1 500,5"] {
        max.says_to(bot, text).await;
        stage.quiet().await;
    }
    assert_eq!(
        said(&stage),
        [
            "Pictures, please",
            "Please send a file.",
            "Insured?",
            "When?",
            "Cost?",
            "1 false 2026-02-01 Some(1500.5)"
        ]
    );
}

#[tokio::test]
async fn a_button_that_sends_a_command_answers_its_question() {
    fn form() -> Form<serde_json::Value> {
        Form::new("f").ask(Field::choice("need", needs().by_command()))
    }
    let routes = Router::new()
        .form(form(), async |_cx: Context, made: serde_json::Value| made["need"].to_string())
        .fallback(async |cx: Context, _message: Message| cx.begin(&form()));
    let (stage, _) = on_stage(routes).await;
    let (bot, max) = (stage.portal.bot_id("shop").unwrap(), stage.portal.employee("Max"));
    max.says_to(bot, "begin").await;
    stage.quiet().await;
    max.presses(bot, "Spare parts").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["What is it about?", "\"Spares\""]);
}

async fn life(
    portal: &Portal,
    store: &Arc<dyn Store>,
    port: std::net::SocketAddr,
    routes: Router,
) -> Running {
    let config = settings(portal).listen(port).public_url(format!("http://{port}"));
    App::new(config).store(store.clone()).bot(BotProfile::openline("shop"), routes).start().await.unwrap()
}

/// Begins the form, answers two questions, and goes on with another program; what that said.
async fn redeployed(successor: Router, texts: &[&str]) -> Vec<String> {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let first = life(&portal, &store, port, shop(lead())).await;
    portal.install(&format!("{}/install", first.url())).await;
    tokio::time::timeout(SOON, first.set_up(1)).await.unwrap();
    let ann = portal.client("Ann");
    for text in ["begin", "Ann", "+15550100200"] {
        ann.says(text).await;
        portal.settled(SOON).await;
        first.idle().await;
    }
    first.stop().await;
    let second = life(&portal, &store, port, successor).await;
    for text in texts {
        ann.says(text).await;
        portal.settled(SOON).await;
        second.idle().await;
    }
    second.stop().await;
    first_lines(&portal).split_off(3)
}

#[tokio::test]
async fn a_form_goes_on_after_a_restart() {
    let said = redeployed(shop(lead()), &["1", "yes"]).await;
    assert_eq!(said, ["Name: Ann", "Ann, +15550100200, Repair"]);
}

#[tokio::test]
async fn a_form_that_was_changed_keeps_the_answers_that_fit_and_asks_for_the_rest() {
    let said = redeployed(
        Router::new().form(
            Form::<serde_json::Value>::new("lead")
                .ask(Field::text("name", "Your name?"))
                .ask(Field::email("mail", "Your mail?")),
            async |_cx: Context, made: serde_json::Value| format!("{} {}", made["name"], made["mail"]),
        ),
        &["1", "ann@shop.example"],
    )
    .await;
    assert_eq!(said, ["Our questions have changed meanwhile.", "\"Ann\" \"ann@shop.example\""]);
}

/// Known of other frameworks: who was in the middle of what is gone is locked out.
#[tokio::test]
async fn a_form_that_is_gone_locks_nobody_out() {
    let echo = Router::new().fallback(async |_cx: Context, message: Message| message.text);
    assert_eq!(redeployed(echo, &["1", "hello"]).await, ["1", "hello"]);
}

#[tokio::test]
async fn answers_that_do_not_make_the_new_type_are_asked_for_again() {
    #[derive(Debug, Deserialize)]
    struct Strict {
        name: u8,
        age: u8,
    }
    let said = redeployed(
        Router::new().form(
            Form::<Strict>::new("lead")
                .ask(Field::text("name", "Your number?"))
                .ask(Field::integer("age", "Your age?")),
            async |_cx: Context, made: Strict| format!("{} {}", made.name, made.age),
        ),
        &["1", "30", "cancel"],
    )
    .await;
    assert_eq!(
        said,
        ["Our questions have changed meanwhile.", "Our questions have changed meanwhile.", "Cancelled."]
    );
}
