//! The show: the contact centre as a process of its own, on one portal, with a supervisor who looks. It is killed twice in the
//! middle. Screenshots go to `target/screens`; those in `docs/show` come from such a run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

#[path = "../../../emulator/tests/browser/window.rs"]
#[allow(dead_code, unreachable_pub)]
mod window;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use bot_trials::{Home, until};
use openlines_emulator::{BotLeaves, Client, Emulator, Portal, containing};
use window::{Window, play};

const SOON: Duration = Duration::from_secs(30);

fn contact_centre() -> PathBuf {
    let program =
        Path::new(env!("CARGO_BIN_EXE_dashboard")).parent().unwrap().join("examples/contact_centre");
    assert!(program.is_file(), "{} is not built: `cargo build -p dashboard --examples`", program.display());
    program
}

/// What bots said to the client, in order, with the id of each message; notes are not said to clients.
fn said(portal: &Portal, client: &Client) -> Vec<(i64, String)> {
    let all = portal.bot_messages().into_iter();
    let to_client = all.filter(|message| message.chat_id == client.chat_id() && !message.internal);
    to_client.map(|message| (message.id, message.text)).collect()
}

fn row(client: &Client, part: &str) -> String {
    format!("#chat{} {part}", client.chat_id())
}

async fn opens(window: &Window, portal: &Portal) {
    window.size(1_280, 720).await;
    window
        .visit(&format!("{}?user={}", portal.frame_url(), portal.operator("Olga Supervisor").user_id()))
        .await;
    window.enters_frame("#app").await;
    window.sees("#way", "Live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_said_twice_nor_over_a_person() {
    play("show", async |window| {
        let program = contact_centre();
        let emulator = Emulator::start().await;
        let portal = emulator.portal();
        let (ivan, olga) = (portal.operator("Ivan"), portal.operator("Olga Supervisor"));
        let questions = portal.add_line("Questions");
        for line in [&portal.line(), &questions] {
            line.bot_leaves(BotLeaves::WhenClosed);
        }
        let home = Home::of_application(&portal, &format!("supervisors = [{}]", olga.user_id()));
        // Each bot has a file of its own, by its name.
        std::fs::rename(home.path().join("settings.toml"), home.path().join("dashboard.toml")).unwrap();
        let home = home.without("OPENLINES_SETTINGS");
        let life = home.serve(&program, &portal, "triage").await;
        until("the portal knows the assistant", || home.log(), || portal.bot_id("assistant").is_some()).await;
        questions.welcome_bot(portal.bot_id("assistant"));
        portal.set_page_url(Some(&format!("http://{}/dashboard", home.address())));
        opens(&window, &portal).await;

        // Four quick messages are one question, and get one answer.
        let ann = portal.client_on("Ann", "telegrambot", questions.id());
        for text in ["Hi!", "A question:", "how long is the delivery", "within the city?"] {
            ann.says(text).await;
        }
        ann.hears(containing("within [b]two days[/b]")).within(SOON).await;
        window.sees(&row(&ann, ".words"), "within two days").await;
        window.sees(&row(&ann, ".pill"), "Assistant").await;
        // The first line greets another client, and hands over to the queue.
        let bob = portal.client("Bob");
        for (says, hears) in
            [("Good day", "What is it about?"), ("complaint", "How urgent is it?"), ("today", "A colleague")]
        {
            bob.says(says).await;
            bob.hears(containing(hears)).within(SOON).await;
        }
        window.sees(&row(&bob, ".pill"), "Queue").await;
        window.sees(&row(&bob, ".waits"), "0:05").await;
        assert_eq!(said(&portal, &ann).len(), 1, "{:?}", said(&portal, &ann));
        window.shot("show-1-live").await;

        // Killed where it stands; what is written meanwhile is answered once it is back.
        life.kill();
        window.sees("#way", "cannot be reached").await;
        ann.says("And how do I send a parcel back?").await;
        bob.says("Is anybody there?").await;
        window.shot("show-2-killed").await;
        let life = home.serve(&program, &portal, "triage").await;
        ann.hears(containing("within 30 days")).within(SOON).await;
        window.sees("#way", "Live").await;
        window.sees(&row(&ann, ".words"), "within 30 days").await;
        window.sees(&row(&ann, ".pill"), "Assistant").await;
        window.sees(&row(&bob, ".words"), "A colleague will be with you").await;
        window.sees(&row(&bob, ".words"), "Is anybody there?").await;
        window.sees(&row(&bob, ".pill"), "Queue").await;
        window.shot("show-3-back").await;

        // An operator takes one dialog over by a word, the supervisor the other by a button.
        ivan.says(&ann, "Good day, Ann, this is Ivan. I see your parcel.").await;
        window.sees(&row(&ann, ".pill"), "Ivan").await;
        window.clicks(&row(&bob, "button[aria-label='Take over Bob']")).await;
        window.sees(&row(&bob, ".pill"), "You").await;
        let before = [said(&portal, &ann), said(&portal, &bob)];
        ann.says("Thank you! Is the delivery within the city free?").await;
        bob.says("My parcel came open").await;
        window.sees(&row(&ann, ".words"), "Is the delivery within the city free?").await;
        window.sees(&row(&bob, ".words"), "My parcel came open").await;
        window.shot("show-4-taken").await;

        // Killed again: who has a dialog is not forgotten.
        life.kill();
        ann.says("Ivan?").await;
        let life = home.serve(&program, &portal, "triage").await;
        ann.says("Are you there, Ivan?").await;
        window.sees(&row(&ann, ".words"), "Are you there, Ivan?").await;
        ivan.says(&ann, "From 50 euros it is free").await;
        window.sees(&row(&ann, ".words"), "From 50 euros it is free").await;
        window.sees(&row(&ann, ".pill"), "Ivan").await;
        portal.settled(SOON).await;
        assert_eq!([said(&portal, &ann), said(&portal, &bob)], before, "nothing was said over a person");

        // Returned, the bot goes on.
        window.clicks(&row(&bob, "button[aria-label='Return Bob to the bot']")).await;
        window.sees(&row(&bob, ".pill"), "Reception").await;
        bob.says("One more thing").await;
        bob.hears(containing("What is it about?")).within(SOON).await;
        window.sees("#news li.bot", "What is it about?").await;
        window.sees(&row(&bob, ".words"), "What is it about?").await;
        window.shot("show-5-returned").await;
        life.terminate().await;

        // By the portal's own log.
        for client in [&ann, &bob] {
            let mut times: BTreeMap<(usize, String), usize> = BTreeMap::new();
            let mut asked = 0;
            for message in portal.messages(client.chat_id()) {
                if message.author_id == client.user_id() {
                    asked += 1;
                } else if said(&portal, client).iter().any(|(id, _)| *id == message.id) {
                    *times.entry((asked, message.text)).or_default() += 1;
                }
            }
            println!("{}", portal.transcript(client.chat_id()));
            assert!(times.values().all(|times| *times == 1), "said twice: {times:?}");
        }
        let answers = |of: &Client, part: &str| {
            said(&portal, of).iter().filter(|(_, text)| text.contains(part)).count()
        };
        assert_eq!(
            (answers(&ann, "two days"), answers(&ann, "30 days"), said(&portal, &ann).len()),
            (1, 1, 2)
        );
        assert_eq!(
            (answers(&bob, "What is it about?"), answers(&bob, "A colleague"), answers(&bob, "Good day!")),
            (2, 1, 1)
        );
    })
    .await;
}
