//! A client's message goes in, the bot's answer comes out: every way to answer, through the whole pipeline.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use openlines::{message::GridRow, prelude::*};
use openlines_emulator::AuthorKind;
use stage::{SOON, stage};

async fn echo(cx: Context, message: Message) {
    cx.reply(format!("You said: {}", literal(&message.text)));
}

#[tokio::test]
async fn a_client_writes_and_the_bot_answers() {
    let stage = stage(|app| app.bot(BotProfile::openline("echo").name("Echo"), echo)).await;
    stage.portal.client("Ann").says("Where is [b]order[/b] 15?").await;
    stage.quiet().await;
    let said = stage.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].replace('\u{2060}', ""), "You said: Where is [b]order[/b] 15?");
    assert_ne!(said[0], said[0].replace('\u{2060}', ""), "the client's BB code is not live");
}

fn card() -> Reply {
    let keyboard = Keyboard::builder()
        .button(Button::command("Pay", "pay").params("15"))
        .button(Button::link("Site", "https://shop.example/"))
        .build()
        .unwrap();
    let attach = Attach::builder().message("Order 15").grid([GridRow::new("Sum", "100")]).build().unwrap();
    Reply::text("Your order").keyboard(keyboard).attach(attach)
}

async fn a_card_arrives(profile: BotProfile, method: &str) {
    let show = async |cx: Context, _message: Message| cx.reply(card());
    let stage = stage(|app| app.bot(profile.command("pay", "Pays"), show)).await;
    stage.portal.client("Ann").says("order").await;
    stage.quiet().await;
    let messages = stage.portal.bot_messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].text, "Your order");
    let keyboard = messages[0].keyboard.clone().unwrap().to_string();
    assert!(keyboard.contains("\"Pay\"") && keyboard.contains("\"Site\""), "{keyboard}");
    let attach = messages[0].attach.clone().unwrap().to_string();
    assert!(attach.contains("Order 15") && attach.contains("\"Sum\""), "{attach}");
    assert!(stage.portal.calls().iter().any(|call| call.method.eq_ignore_ascii_case(method)));
}

#[tokio::test]
async fn a_v2_bot_message_arrives_with_keyboard_and_attachment() {
    a_card_arrives(BotProfile::openline("shop").name("Shop"), "imbot.v2.Chat.Message.send").await;
}

#[tokio::test]
async fn a_v1_bot_message_arrives_with_keyboard_and_attachment() {
    a_card_arrives(BotProfile::openline("shop").name("Shop").v1(), "imbot.message.add").await;
}

#[tokio::test]
async fn a_crm_reply_arrives_in_the_chat_of_the_deal() {
    let deal = std::sync::Arc::new(std::sync::OnceLock::new());
    let stage = stage(|app| {
        let deal = deal.clone();
        app.bot(BotProfile::openline("crm"), move |cx: Context, _message: Message| {
            let deal = *deal.get().unwrap();
            async move { cx.crm_reply(CrmItem::Deal(deal), "Your deal moves on") }
        })
    })
    .await;
    deal.set(stage.portal.deal_id()).unwrap();
    let client = stage.portal.client("Ann");
    client.says("news?").await;
    stage.quiet().await;
    let call = stage.portal.wait_for_call("imopenlines.crm.message.add", SOON).await;
    assert_eq!(call.status, 200, "{call:?}");
    let messages = stage.portal.messages(client.chat_id());
    assert!(
        messages
            .iter()
            .any(|message| message.text == "Your deal moves on" && message.author == AuthorKind::Bot),
        "{}",
        stage.portal.transcript(client.chat_id())
    );
}

#[tokio::test]
async fn a_network_reply_arrives_through_the_network_line() {
    let code = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let stage = stage(|app| {
        let code = code.clone();
        app.bot(BotProfile::openline("net"), move |cx: Context, _message: Message| {
            let code = code.get().unwrap().clone();
            async move { cx.network_reply(&code, UserId::new(1), "Your invoice is ready") }
        })
    })
    .await;
    code.set(stage.portal.network_code()).unwrap();
    stage.portal.client("Ann").says("invoice").await;
    stage.quiet().await;
    let call = stage.portal.wait_for_call("imopenlines.network.message.add", SOON).await;
    assert_eq!((call.status, call.answer["result"].as_bool()), (200, Some(true)), "{call:?}");
    assert_eq!(stage.portal.network_messages().len(), 1);
}

#[tokio::test]
async fn what_no_repeat_mends_is_parked_at_once_and_its_dialog_goes_on() {
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = runs.clone();
    let stage = stage(|app| {
        app.bot(BotProfile::openline("wrong"), move |cx: Context, message: Message| {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            async move {
                match message.text.as_str() {
                    "link" => drop(Keyboard::builder().button(Button::link("Shop", "shop.example")).build()?),
                    "method" => drop(cx.call("no.such.method", serde_json::json!({})).await?),
                    _ => cx.reply("Good day!"),
                }
                Ok::<_, HandlerError>(())
            }
        })
    })
    .await;
    let ann = stage.portal.client("Ann");
    for text in ["link", "method", "hello"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(stage.said(), ["Good day!"]);
    assert_eq!(runs.load(std::sync::atomic::Ordering::SeqCst), 3, "each event ran once");
}

#[tokio::test]
async fn names_that_the_portal_would_refuse_are_refused_at_the_start() {
    let quiet = async |_cx: Context, _message: Message| {};
    for (profile, why) in [
        (BotProfile::openline("a").command("order now", ""), "`order now`"),
        (BotProfile::openline("a").command("", ""), "the command ``"),
        (BotProfile::openline("a").name(" "), "empty name"),
    ] {
        let config =
            Config::new().listen("127.0.0.1:0".parse().unwrap()).without_admin().database_url("memory:");
        let error = App::new(config).bot(profile, quiet).start().await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn an_rt_event_arrives() {
    let stage = stage(|app| {
        app.bot(BotProfile::openline("rt"), async |cx: Context, message: Message| {
            cx.rt_message(&RtMessage::new(
                "order_new",
                RtRecipients::user(1),
                serde_json::json!({ "id": message.id }),
            )?);
            Ok::<_, HandlerError>(())
        })
    })
    .await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let events = stage.portal.rt_events();
    assert_eq!(events.len(), 1, "{:?}", stage.running.store().inbox(None, 9).await);
    assert_eq!(events[0].command, "order_new");
    assert_eq!(events[0].user_ids.as_deref(), Some(&[1][..]));
}

#[tokio::test]
async fn a_join_and_the_start_of_a_session_reach_the_bot() {
    struct Greeter;
    #[async_trait]
    impl BotHandler for Greeter {
        async fn on_joined(&self, cx: &Context, _joined: &Joined) -> Handled {
            cx.reply("Good day!");
            Ok(Done)
        }
        async fn on_session_start(&self, cx: &Context, session: &LineSessionEvent) -> Handled {
            cx.reply(Reply::text(format!("Session in line {}", session.address.line)).internal_note());
            Ok(Done)
        }
    }
    let stage = stage(|app| app.bot(BotProfile::openline("greeter"), Greeter)).await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let said = stage.said();
    assert!(said.contains(&"Good day!".to_owned()), "{said:?}");
    assert!(said.iter().any(|text| text.starts_with("Session in line")), "{said:?}");
}

#[tokio::test]
async fn a_handler_that_fails_runs_again_and_its_effects_leave_once() {
    let tries = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let stage = stage(|app| {
        let tries = tries.clone();
        let mut policy = openlines::dispatch::Policy::default();
        policy.first_wait = std::time::Duration::from_millis(5);
        app.policy(policy).bot(BotProfile::openline("shaky"), move |cx: Context, _message: Message| {
            let tries = tries.clone();
            async move {
                cx.reply("once");
                match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                    0 => Err(HandlerError::msg("not yet")),
                    1 => panic!("worse"),
                    _ => Ok(Done),
                }
            }
        })
    })
    .await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["once"]);
    assert_eq!(tries.load(std::sync::atomic::Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_handler_that_always_fails_parks_its_event_and_the_dialog_goes_on() {
    let stage = stage(|app| {
        let mut policy = openlines::dispatch::Policy::default();
        policy.first_wait = std::time::Duration::from_millis(1);
        app.policy(policy).bot(BotProfile::openline("picky"), async |_cx: Context, message: Message| {
            if message.text == "bad" { Err(HandlerError::msg("I do not like it")) } else { Ok("fine") }
        })
    })
    .await;
    let client = stage.portal.client("Ann");
    client.says("bad").await;
    client.says("good").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["fine"]);
    let parked = stage.running.store().inbox(None, 10).await.unwrap();
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(parked[0].error, "I do not like it");
}

#[tokio::test]
async fn a_step_is_remembered_when_the_turn_runs_again() {
    let paid = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let tries = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let stage = stage(|app| {
        let (paid, tries) = (paid.clone(), tries.clone());
        let mut policy = openlines::dispatch::Policy::default();
        policy.first_wait = std::time::Duration::from_millis(1);
        app.policy(policy).bot(BotProfile::openline("payer"), move |cx: Context, _message: Message| {
            let (paid, tries) = (paid.clone(), tries.clone());
            async move {
                let receipt: u32 = cx
                    .step("pay", async {
                        Ok::<_, HandlerError>(paid.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 41)
                    })
                    .await?;
                if tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
                    return Err(HandlerError::msg("after the payment"));
                }
                Ok(format!("Receipt {receipt}"))
            }
        })
    })
    .await;
    stage.portal.client("Ann").says("pay").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["Receipt 41"]);
    assert_eq!(paid.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_command_that_a_router_waits_for_is_registered_with_its_bot() {
    let router = Router::new()
        .command("order", async |_cx: Context, command: Command| format!("Order {}", command.params))
        .fallback(async |_cx: Context, _message: Message| "a message");
    let stage = stage(|app| app.bot(BotProfile::openline("shop"), router)).await;
    stage.portal.client("Ann").says("/order 15").await;
    stage.quiet().await;
    assert_eq!(stage.said(), ["Order 15"]);
}

#[tokio::test]
async fn a_reply_that_cannot_be_sent_parks_its_event_at_once() {
    let stage =
        stage(|app| app.bot(BotProfile::openline("mute"), async |_cx: Context, _message: Message| "")).await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let parked = stage.running.store().inbox(None, 10).await.unwrap();
    assert_eq!((parked.len(), parked[0].attempts), (1, 1), "{parked:?}");
    assert!(parked[0].error.contains("blank"), "{}", parked[0].error);
}
