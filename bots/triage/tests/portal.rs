//! The bot on an emulated portal, whose events it is sent, or fetches.
#![allow(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use std::time::Duration;

use openlines::{app::Running, prelude::*};
use openlines_emulator::{BotLeaves, Emulator, Portal, containing};
use rstest::rstest;
use triage::{Settings, routes};

const SOON: Duration = Duration::from_secs(20);

struct Stage {
    portal: Portal,
    running: Running,
    _emulator: Emulator,
}

async fn stage(fetches: bool, change: impl FnOnce(&Portal, &mut Settings)) -> Stage {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let mut settings = Settings::default();
    change(&portal, &mut settings);
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new()
        .without_admin()
        .listen(address)
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let config = if fetches { config } else { config.public_url(format!("http://{address}")) };
    let profile = BotProfile::openline("triage").name("Reception").return_command("/bot");
    let running = App::new(config).bot(profile, routes(settings)).start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    Stage { portal, running, _emulator: emulator }
}

impl Stage {
    async fn quiet(&self) {
        self.portal.settled(SOON).await;
        tokio::time::timeout(SOON, self.running.idle()).await.expect("the app comes to rest");
    }

    fn calls(&self, method: &str) -> usize {
        self.portal.calls().iter().filter(|call| call.method.eq_ignore_ascii_case(method)).count()
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_the_session_and_gives_it_back(#[values(false, true)] fetches: bool) {
    let stage = stage(fetches, |portal, _| {
        portal.line().bot_leaves(BotLeaves::WhenClosed);
    })
    .await;
    let (ann, ivan) = (stage.portal.client("Ann"), stage.portal.operator("Ivan"));
    ann.says("hello").await;
    ann.hears(containing("What is it about?")).within(SOON).await;
    ann.says("2").await;
    ann.hears(containing("How urgent is it?")).within(SOON).await;
    ann.says("1").await;
    ann.hears(containing("A colleague will be with you")).within(SOON).await;
    stage.quiet().await;
    assert!(
        stage.portal.messages(ann.chat_id()).iter().any(|said| said.text.contains("[b]Complaint[/b], Today"))
    );
    assert_eq!(stage.calls("imopenlines.bot.session.operator"), 1);

    ivan.says(&ann, "Good day, I am Ivan").await;
    ann.says("and what now?").await;
    stage.quiet().await;
    let said = stage.portal.bot_messages().len();
    ivan.says(&ann, "/bot").await;
    stage.quiet().await;
    assert_eq!(stage.portal.bot_messages().len(), said, "it was silent");
    ann.says("one more thing").await;
    ann.hears(containing("What is it about?")).within(SOON).await;
    assert_eq!(stage.portal.bot_messages().len(), said + 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_with_a_queue_of_its_own_goes_there(#[values(false, true)] fetches: bool) {
    let mut line = 0;
    let stage = stage(fetches, |portal, settings| {
        portal.add_line("Complaints");
        line = portal.lines().into_iter().find(|(_, name)| name == "Complaints").unwrap().0;
        settings.topics[1].line = Some(line);
    })
    .await;
    let ann = stage.portal.client("Ann");
    for (says, hears) in [("hello", "What is it about?"), ("2", "How urgent is it?"), ("2", "A colleague")] {
        ann.says(says).await;
        ann.hears(containing(hears)).within(SOON).await;
    }
    stage.quiet().await;
    assert_eq!(stage.calls("imopenlines.bot.session.transfer"), 1);
    assert_eq!(stage.portal.session_line(ann.chat_id()), Some(line));
}
