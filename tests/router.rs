//! Every kind of route through the whole pipeline: what the client does, and what comes back.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::sync::{Arc, Mutex};

use openlines::{message::Attach, prelude::*};
use openlines_emulator::BotLeaves;
use serde::{Deserialize, Serialize};
use stage::{SOON, Stage, stage};

#[derive(Serialize, Deserialize)]
struct Rate {
    order: u32,
    stars: u8,
}

impl ButtonPayload for Rate {
    const COMMAND: &'static str = "rate";
}

async fn on_stage(router: Router) -> Stage {
    stage(|app| app.bot(BotProfile::openline("shop"), router)).await
}

/// What the bot said, without the marks that keep user text from being live.
fn said(stage: &Stage) -> Vec<String> {
    stage.said().iter().map(|text| text.replace('\u{2060}', "")).collect()
}

/// What handlers were called for, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// A handler that only notes what `tell` says of its event.
    fn of<E: EventType>(
        &self,
        tell: impl Fn(E) -> String + Send + Sync + 'static,
    ) -> impl Fn(Context, E) -> std::future::Ready<()> + Send + Sync + 'static {
        let log = self.clone();
        move |_cx, event| {
            log.note(tell(event));
            std::future::ready(())
        }
    }

    fn noted(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_command_gets_its_arguments_as_types() {
    let router =
        Router::new().command("order", async |cx: Context, (number, note): (u32, Option<String>)| {
            let command: Command = cx.event().unwrap();
            format!("{} {}: {}", command.name, number, literal(note.as_deref().unwrap_or("-")))
        });
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    ann.says("/order 15 \"as a gift\"").await;
    ann.says("/order 16").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["order 15: as a gift", "order 16: -"]);
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_answered_with_how_the_command_is_written() {
    let order = async |_cx: Context, (number, _note): (u32, Option<String>)| format!("Order {number}");
    let own = Router::new()
        .command("help", async |_cx: Context, (): ()| "Help")
        .bad_args(async |_cx: Context, bad: BadArgs| format!("Just {}", bad.usage));
    let stage = on_stage(Router::new().command("order", order).nest(own)).await;
    let ann = stage.portal.client("Ann");
    ann.says("/order [b]soon[/b]").await;
    ann.says("/order").await;
    ann.says("/help me").await;
    stage.quiet().await;
    assert_eq!(
        said(&stage),
        [
            "“[b]soon[/b]” is not NUMBER. Write it like this: /order NUMBER [TEXT]",
            "NUMBER is missing. Write it like this: /order NUMBER [TEXT]",
            "Just /help",
        ]
    );
    assert!(stage.said()[0].contains("[\u{2060}b]"), "what the client typed is not live");
    assert!(stage.running.store().inbox(None, 9).await.unwrap().is_empty(), "no turn failed");
}

#[tokio::test]
async fn what_an_operator_mistypes_is_told_to_operators_only() {
    let stage = on_stage(Router::new().command("order", async |_cx: Context, _number: u32| ())).await;
    stage.portal.line().bot_leaves(BotLeaves::WhenClosed);
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("hi").await;
    stage.quiet().await;
    ivan.says(&ann, "/order soon").await;
    stage.quiet().await;
    let told = stage.portal.bot_messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].text.contains("is not NUMBER") && told[0].internal, "{told:?}");
}

async fn rating(_cx: Context, message: Message) -> Result<Reply, HandlerError> {
    let keyboard = Keyboard::builder()
        .button(Button::payload("Five", &Rate { order: 15, stars: 5 }))
        .button(Button::command("Old", "rate").params("five"))
        .button(Button::command("Gone", "gone"))
        .build()?;
    Ok(Reply::text(message.text).keyboard(keyboard))
}

fn rated() -> Router {
    Router::new()
        .text("rate", rating)
        .button(async |_cx: Context, rate: Rate| format!("{} stars for {}", rate.stars, rate.order))
}

#[tokio::test]
async fn a_pressed_button_gives_back_the_value_it_was_made_with() {
    let stage = on_stage(rated()).await;
    let ann = stage.portal.client("Ann");
    ann.says("rate").await;
    ann.presses("Five").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["rate", "5 stars for 15"]);
}

#[tokio::test]
async fn a_value_that_is_typed_and_not_pressed_is_not_taken() {
    let stage = on_stage(rated()).await;
    stage.portal.client("Ann").says("/rate 1 {\"order\":15,\"stars\":200}").await;
    stage.quiet().await;
    assert!(stage.said().is_empty(), "{:?}", stage.said());
}

#[tokio::test]
async fn buttons_of_an_older_program_are_answered_politely() {
    let stage = stage(|app| app.bot(BotProfile::openline("shop").command("gone", ""), rated())).await;
    let ann = stage.portal.client("Ann");
    ann.says("rate").await;
    ann.presses("Old").await;
    stage.quiet().await;
    ann.presses("Gone").await;
    stage.quiet().await;
    let polite = "This button is out of date. Please write what you need.";
    assert_eq!(said(&stage), ["rate", polite, polite]);
}

#[tokio::test]
async fn a_program_may_answer_stale_buttons_itself() {
    let router = rated().stale(async |cx: Context, command: Command| {
        cx.reply(format!("`{}` is over", command.params));
        "Write `rate` for a new one"
    });
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    ann.says("rate").await;
    ann.presses("Old").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["rate", "`five` is over", "Write `rate` for a new one"]);
}

#[tokio::test]
async fn texts_are_heard_in_any_case_and_patterns_with_what_they_found() {
    let router = Router::new()
        .text(["ещё", "more"], async |_cx: Context, _message: Message| "More!")
        .pattern(
            Pattern::new(r"заказ\D*(?<number>\d+)").unwrap(),
            async |_cx: Context, found: Captures| {
                format!("{} of “{}”", found.get("number").unwrap(), found.message().text)
            },
        )
        .fallback(async |_cx: Context, _message: Message| "What?");
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    for text in ["ЕЩЕ", " More ", "где заказ № 15?", "more more"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(said(&stage), ["More!", "More!", "15 of “где заказ № 15?”", "What?"]);
}

#[tokio::test]
async fn an_operators_message_does_not_reach_a_route_for_clients() {
    let log = Log::default();
    let clients = Router::new().fallback(log.of(|message: Message| format!("client: {}", message.text)));
    let staff = Router::new().text("hi", log.of(|message: Message| format!("operator: {}", message.text)));
    let router = Router::new()
        .when(Filter::author(Author::Client), clients)
        .when(Filter::author(Author::Operator).and(Filter::open_line()), staff)
        .fallback(log.of(|message: Message| format!("somebody: {}", message.text)));
    let stage = stage(|app| app.bot(BotProfile::openline("shop").hears_operators(), router)).await;
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("hi").await;
    stage.quiet().await;
    ivan.says(&ann, "hi").await;
    stage.quiet().await;
    assert_eq!(log.noted(), ["client: hi", "operator: hi"]);
}

#[tokio::test]
async fn a_nested_router_stands_where_it_was_added() {
    let channel = |name: &'static str, router: Router| Router::new().when(Filter::channel(name), router);
    let answer = |text: &'static str| move |_cx: Context, _message: Message| std::future::ready(text);
    let router = Router::new()
        .text("first", answer("outer first"))
        .nest(channel("telegrambot", Router::new().fallback(answer("in telegram"))))
        .nest(channel(
            "livechat",
            Router::new().text("first", answer("too late")).text("second", answer("inner")),
        ))
        .text("second", answer("too late"))
        .fallback(answer("outer fallback"));
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    for text in ["first", "second", "third"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(said(&stage), ["outer first", "inner", "outer fallback"]);
}

/// Says its name before and after, and the route.
struct Around(&'static str);

#[async_trait]
impl Layer for Around {
    async fn around(&self, cx: &Context, incoming: &Incoming, next: Next<'_>) -> Handled {
        cx.reply(format!("{} before {}", self.0, next.route()));
        next.run(cx, incoming).await?;
        cx.reply(format!("{} after", self.0));
        Ok(Done)
    }
}

/// Lets nobody through.
struct Closed;

#[async_trait]
impl Layer for Closed {
    async fn around(&self, cx: &Context, _incoming: &Incoming, _next: Next<'_>) -> Handled {
        "We are closed".answer(cx)
    }
}

#[tokio::test]
async fn the_layer_added_first_is_the_outermost_and_nested_routers_inherit() {
    let inner =
        Router::new().text("hi", async |_cx: Context, _message: Message| "hello").layer(Around("inner"));
    let router = Router::new()
        .nest(inner)
        .nest(Router::new().text("buy", async |_cx: Context, _message: Message| "sold").layer(Closed))
        .layer(Around("first"))
        .layer(Around("second"));
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    ann.says("hi").await;
    ann.says("buy").await;
    ann.says("no route, no layer").await;
    stage.quiet().await;
    assert_eq!(
        said(&stage),
        [
            "first before text `hi`",
            "second before text `hi`",
            "inner before text `hi`",
            "hello",
            "inner after",
            "second after",
            "first after",
            "first before text `buy`",
            "second before text `buy`",
            "We are closed",
            "second after",
            "first after",
        ]
    );
}

#[tokio::test]
async fn a_layer_goes_around_a_whole_closure() {
    let echo = async |_cx: Context, message: Message| literal(message.text);
    let stage = on_stage(Router::new().rest(echo).layer(Around("it"))).await;
    stage.portal.client("Ann").says("hi").await;
    stage.quiet().await;
    let said = said(&stage);
    let own = said.iter().position(|text| text == "hi").unwrap();
    assert_eq!(said[own - 1..=own + 1], ["it before rest", "hi", "it after"]);
}

#[tokio::test]
async fn joins_sessions_edits_and_deletions_reach_their_routes() {
    let log = Log::default();
    let router = Router::new()
        .on(log.of(|joined: Joined| format!("joined {}", joined.chat.dialog)))
        .on(log.of(|session: SessionStarted| format!("began on {}", session.address.connector)))
        .on(log.of(|session: SessionFinished| format!("ended in {}", session.chat)))
        .on(log.of(|updated: MessageUpdated| format!("edited: {}", updated.message.text)))
        .on(log.of(|deleted: MessageDeleted| format!("deleted {}", deleted.id)));
    let stage = on_stage(router).await;
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    let id = ann.says("hi").await;
    stage.quiet().await;
    ann.edits(id, "hello").await;
    stage.quiet().await;
    ann.deletes(id).await;
    stage.quiet().await;
    ivan.takes(&ann).await;
    ivan.finishes(&ann).await;
    stage.quiet().await;
    let mut noted = log.noted();
    // Whether the bot or the session is first is the portal's business.
    noted[..2].sort();
    assert_eq!(
        noted,
        [
            "began on livechat".to_owned(),
            format!("joined {}", ann.dialog_id()),
            "edited: hello".to_owned(),
            format!("deleted {id}"),
            format!("ended in {}", ann.chat_id()),
        ]
    );
}

#[tokio::test]
async fn a_message_with_files_reaches_the_route_of_files() {
    let router = Router::new()
        .files(async |_cx: Context, message: Message| format!("File {}", message.files[0].id))
        .fallback(async |_cx: Context, _message: Message| "No file");
    let stage = on_stage(router).await;
    let id = stage.portal.client("Ann").says("photo").await;
    stage.quiet().await;
    // A later message, with a file: clients of the emulator have none.
    let mut photo = stage
        .portal
        .deliveries()
        .into_iter()
        .rfind(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD")
        .unwrap();
    let body = String::from_utf8(photo.body.to_vec()).unwrap();
    let key = format!("data%5Bmessage%5D%5Bid%5D={id}");
    assert!(body.contains(&key), "the message's id is where it is looked for");
    let body = body.replacen(&key, &format!("data%5Bmessage%5D%5Bid%5D={}", id + 1000), 1);
    photo.body = format!("{body}&data%5Bmessage%5D%5Bparams%5D%5BFILE_ID%5D%5B0%5D=77").into();
    assert_eq!(stage.portal.redeliver(&photo).await.status, Ok(200));
    stage.quiet().await;
    assert_eq!(said(&stage), ["No file", "File 77"]);
}

#[tokio::test]
async fn a_reaction_reaches_its_route() {
    let router = Router::new().text("hi", async |_cx: Context, _message: Message| "hello").on(
        async |_cx: Context, reaction: Reaction| {
            reaction.added.then(|| format!("Thanks for the {}", literal(&reaction.reaction)))
        },
    );
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    ann.says("hi").await;
    stage.quiet().await;
    let hello = stage.portal.bot_messages()[0].id;
    ann.reacts(hello, "like").await;
    stage.quiet().await;
    ann.unreacts(hello, "like").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["hello", "Thanks for the like"]);
}

#[tokio::test]
async fn several_answers_leave_in_their_order() {
    let router = Router::new().text("all", async |cx: Context, _message: Message| {
        let card = Attach::builder().message("Card").build()?;
        let event = RtMessage::new(
            "told",
            openlines::message::RtRecipients::user(UserId::new(1)),
            serde_json::json!({ "dialog": cx.dialog() }),
        )?;
        let none: Option<String> = None;
        Ok::<_, HandlerError>((
            "one",
            vec![Reply::text("two"), "three".into()],
            ["four".to_owned(), "five".to_owned()],
            none,
            (card, event),
            std::borrow::Cow::Borrowed("seven"),
        ))
    });
    let stage = on_stage(router).await;
    stage.portal.client("Ann").says("all").await;
    stage.quiet().await;
    assert_eq!(said(&stage), ["one", "two", "three", "four", "five", "", "seven"]);
    assert!(stage.portal.bot_messages()[5].attach.is_some());
    stage.portal.wait_for_call("pull.application.event.add", SOON).await;
}

#[tokio::test]
async fn of_several_answers_none_leaves_when_one_fails() {
    let router = Router::new().text("all", async |_cx: Context, _message: Message| {
        ("one", Err::<(), _>(HandlerError::msg("not two").permanent()))
    });
    let stage = on_stage(router).await;
    stage.portal.client("Ann").says("all").await;
    stage.quiet().await;
    assert!(stage.said().is_empty(), "{:?}", stage.said());
    assert_eq!(stage.running.store().inbox(None, 9).await.unwrap()[0].error, "not two");
}

/// A bot of methods that holds a router, and apologises.
struct Shop {
    routes: Router,
}

#[async_trait]
impl BotHandler for Shop {
    fn commands(&self) -> Vec<String> {
        self.routes.commands()
    }

    async fn on_command(&self, cx: &Context, _command: &Command) -> Handled {
        self.routes.handle(cx, cx.incoming()).await
    }

    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        format!("Heard: {}", literal(&message.text)).answer(cx)
    }

    async fn on_error(&self, cx: &Context, error: &HandlerError, _last: bool) -> Recovery {
        cx.reply(format!("Sorry: {error}"));
        Recovery::Settle
    }
}

#[tokio::test]
async fn a_bot_of_methods_may_hold_a_router_and_stand_behind_another() {
    let inner = Router::new().command("inner", async |_cx: Context, number: u8| format!("Number {number}"));
    let router = Router::new()
        .text("fail", async |_cx: Context, _message: Message| Err::<(), _>(HandlerError::msg("no luck")))
        .rest(Shop { routes: inner });
    let stage = on_stage(router).await;
    let ann = stage.portal.client("Ann");
    for text in ["/inner 5", "hi", "fail"] {
        ann.says(text).await;
    }
    stage.quiet().await;
    assert_eq!(said(&stage), ["Number 5", "Heard: hi", "Sorry: no luck"]);
}
