//! Sessions seen, and told of, from outside of an event: what a supervisor's page does.

use std::time::Duration;

use openlines::{
    dispatch::{Holder, OpenDialog, PortalDesk},
    prelude::*,
    rest::{CallErrorKind, methods::imopenlines::SessionHistoryGet},
    wire::ChatId,
};
use openlines_emulator::{Client, RestFault};

use crate::{
    bench::{Bench, By, Echo, Notes, profile},
    stage::SOON,
    witness::TAKES,
};

const DAY: Duration = Duration::from_secs(86_400);

fn desk(bench: &Bench) -> PortalDesk {
    bench.stage.running.desks().portals().remove(0)
}

fn dialog(client: &Client) -> DialogId {
    DialogId::from(client.dialog_id())
}

#[tokio::test]
async fn a_person_who_takes_a_session_by_a_button_of_ours_has_it_at_once() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    let ivan = bench.portal().operator("Ivan");
    ivan.takes(&ann).await;
    desk(&bench).taken_over(&dialog(&ann), UserId::new(ivan.user_id())).await.unwrap();
    // Nobody can be asked: it is known.
    bench.portal().faults().rest("imopenlines.dialog.get", RestFault::error(401, "insufficient_scope"), 99);
    desk(&bench).send("k1", "echo", &dialog(&ann), "From the desk").await.unwrap();
    bench.quiet().await;
    assert_eq!(bench.notes.withheld_texts(), ["From the desk"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello"]);

    desk(&bench).take_back(&dialog(&ann)).await.unwrap();
    ann.says("back?").await;
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann).len(), 2);
    // The same person again: the chat has been theirs all the time, so nothing else tells.
    desk(&bench).taken_over(&dialog(&ann), UserId::new(ivan.user_id())).await.unwrap();
    ann.says("and now?").await;
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann).len(), 2);
    bench.nobody_is_needed().await;
}

#[tokio::test]
async fn what_was_written_before_a_person_took_the_session_does_not_release_it() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    let ivan = bench.portal().operator("Ivan");
    // On its way while the button is pressed: the chat is the bot's in it.
    bench.portal().faults().hold_deliveries(true);
    ann.says("hello again").await;
    ivan.takes(&ann).await;
    desk(&bench).taken_over(&dialog(&ann), UserId::new(ivan.user_id())).await.unwrap();
    bench.portal().faults().hold_deliveries(false);
    bench.quiet().await;
    assert_eq!(bench.said_to(&ann), ["You said: hello"]);
}

fn echo(app: App, notes: Notes) -> App {
    app.bot(profile(), Echo(notes))
}

#[tokio::test]
async fn open_dialogs_are_told_with_who_has_them_after_a_restart_too() {
    let bench = Bench::new().await;
    let [ann, bob, eve, dan] = ["Ann", "Bob", "Eve", "Dan"]
        .map(|name| bench.portal().client_on(name, "telegrambot", bench.portal().line_id()));
    for client in [&ann, &bob, &eve, &dan] {
        client.says("hello").await;
    }
    bench.quiet().await;
    let ivan = bench.portal().operator("Ivan");
    ivan.says(&bob, TAKES).await;
    eve.says("people").await;
    ivan.takes(&dan).await;
    ivan.finishes(&dan).await;
    bench.quiet().await;

    let told = async |bench: &Bench| {
        let mut open = desk(bench).open_dialogs(DAY).await.unwrap();
        open.sort_by_key(|dialog| dialog.chat);
        open
    };
    let before = told(&bench).await;
    let of = |client: &Client| before.iter().find(|dialog| dialog.chat.get() == client.chat_id());
    let holder = |client: &Client| of(client).map(|dialog| (dialog.session.holder, dialog.session.operator));
    assert_eq!(holder(&ann), Some((Holder::Bot, None)));
    assert_eq!(holder(&bob), Some((Holder::Human, Some(UserId::new(ivan.user_id())))));
    assert_eq!(holder(&eve), Some((Holder::Waiting, None)));
    assert_eq!(holder(&dan), None, "it is over");
    let OpenDialog { address, bot, .. } = of(&ann).unwrap();
    assert_eq!((address.as_ref().unwrap().connector.as_str(), bot.as_str()), ("telegrambot", "echo"));
    assert!(desk(&bench).open_dialogs(Duration::ZERO).await.unwrap().is_empty());

    let bench = bench.restarted(echo).await;
    let after = told(&bench).await;
    let known = |all: &[OpenDialog]| {
        all.iter()
            .map(|dialog| (dialog.chat, dialog.session.holder, dialog.session.since))
            .collect::<Vec<_>>()
    };
    assert_eq!(known(&after), known(&before));
}

#[tokio::test]
async fn open_dialogs_are_told_of_bots_that_fetch_their_events_too() {
    let bench = Bench::of(By::Fetch, echo).await;
    let ann = bench.portal().client("Ann");
    ann.says("hello").await;
    ann.hears("You said: hello").within(SOON).await;
    let open = desk(&bench).open_dialogs(DAY).await.unwrap();
    let told: Vec<_> = open.iter().map(|dialog| (dialog.chat.get(), dialog.bot.as_str())).collect();
    assert_eq!(told, [(ann.chat_id(), "echo")]);
}

#[tokio::test]
async fn a_desk_makes_typed_calls_as_the_application() {
    let bench = Bench::new().await;
    let ann = bench.client("Ann").await;
    let history = SessionHistoryGet::new().chat_id(ChatId::new(ann.chat_id()));
    let read = desk(&bench).invoke(&history).await.unwrap();
    assert!(!read.is_over());
    let said: Vec<_> = read.said().into_iter().map(|said| (said.author, said.name, said.text)).collect();
    let echo = read.name_of(Author::Bot).unwrap().to_owned();
    assert_eq!(
        said,
        [
            (Author::Client, "Ann".to_owned(), "hello".to_owned()),
            (Author::Bot, echo, "You said: hello".to_owned())
        ]
    );
    assert_eq!(read.name(UserId::new(ann.user_id())), Some("Ann"));
    assert_eq!(read.address().unwrap().user.get(), ann.user_id());
    bench.portal().operator("Ivan").takes(&ann).await;
    bench.portal().operator("Ivan").finishes(&ann).await;
    assert!(desk(&bench).invoke(&history).await.unwrap().is_over());
    let refused = desk(&bench).invoke(&SessionHistoryGet::new()).await.unwrap_err();
    assert_eq!(refused.kind(), CallErrorKind::Refused);
}
