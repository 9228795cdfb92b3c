//! The bot on an emulated portal beside operators, whose events it is sent, or fetches.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../../tests/stage/shifted.rs"]
mod shifted;

use std::{sync::Arc, time::Duration};

use csat::{Settings, profile, routes};
use openlines::{app::Running, prelude::*};
use openlines_emulator::{Client, CrmItem, Emulator, Operator, Portal, containing};
use rstest::rstest;
use shifted::Shifted;

const SOON: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
const POLL: &str = "imbot.v2.event.get";
const CLOSED: Option<i64> = Some(60);

/// How the bot is reached, and what it hears of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// By incoming webhook: no session events.
    Callback,
    Fetch,
    /// As an application that hears of sessions.
    Application,
}

struct Stage {
    by: By,
    portal: Portal,
    running: Running,
    clock: Shifted,
    _emulator: Emulator,
}

async fn stage(by: By, settings: Settings) -> Stage {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new().without_admin().listen(address).database_url("memory:");
    let app = portal.app();
    let config = match by {
        By::Application => config
            .master_key("dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=")
            .oauth_app(app.client_id, app.client_secret)
            .oauth_hosts(app.oauth_host),
        _ => config.webhook(portal.webhook_url(), "a-token-of-our-own"),
    };
    let config = if by == By::Fetch { config } else { config.public_url(format!("http://{address}")) };
    let clock = Shifted::new();
    let app = App::new(config).clock(Arc::new(clock.clone())).bot(profile(&settings), routes(settings));
    let running = app.start().await.unwrap();
    if by == By::Application {
        portal.install(&format!("{}/install", running.url())).await;
    }
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    Stage { by, portal, running, clock, _emulator: emulator }
}

impl Stage {
    /// Returns once everything was heard, and nothing is under way.
    async fn quiet(&self) {
        loop {
            let delivered = self.portal.deliveries().len();
            self.portal.settled(SOON).await;
            if self.by == By::Fetch {
                // One that was under way, and one that is certainly later.
                for _ in 0..2 {
                    let polls = self.calls(POLL);
                    self.clock.advance(Duration::from_secs(10));
                    self.portal.wait_for_calls(POLL, polls + 1, SOON).await;
                }
            }
            tokio::time::timeout(SOON, self.running.idle()).await.expect("the app comes to rest");
            if self.portal.deliveries().len() == delivered {
                return;
            }
        }
    }

    fn calls(&self, method: &str) -> usize {
        self.portal.calls().iter().filter(|call| call.method == method).count()
    }

    async fn after(&self, span: Duration) {
        self.quiet().await;
        self.clock.advance(span);
        self.quiet().await;
    }

    /// A client whom an operator has answered.
    async fn answered(&self) -> (Client, Operator) {
        let (ann, ivan) = (self.portal.client("Ann"), self.portal.operator("Ivan"));
        ann.says("hello").await;
        self.quiet().await;
        ivan.says(&ann, "Your parcel is here").await;
        self.quiet().await;
        (ann, ivan)
    }

    fn deal(&self, client: &Client) -> CrmItem {
        self.portal.crm_item("deal", client.deal_id()).unwrap()
    }

    fn notes(&self, client: &Client) -> Vec<String> {
        self.deal(client).comments.into_iter().map(|comment| comment.text).collect()
    }

    /// Closed, with the mark in the CRM once, and nothing that needs a person.
    async fn is_over(&self, client: &Client, notes: &[&str]) {
        self.after(3 * MINUTE).await;
        assert_eq!(self.notes(client), notes);
        assert_eq!(self.portal.session_status(client.chat_id()), CLOSED);
        self.after(60 * 24 * MINUTE).await;
        assert_eq!(self.questions(client), 1);
        let inbox = self.running.store().inbox(None, 9).await.unwrap();
        assert!(inbox.is_empty(), "{inbox:?}");
    }

    fn questions(&self, client: &Client) -> usize {
        let said = self.portal.bot_messages().into_iter();
        said.filter(|said| said.chat_id == client.chat_id() && said.text.contains("How was it?")).count()
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_through_and_the_low_mark_is_in_the_deal_and_told(
    #[values(By::Callback, By::Fetch, By::Application)] by: By,
) {
    let emulated_boss = 27;
    let settings = Settings {
        field: Some("UF_CRM_MARK".into()),
        alert: vec![emulated_boss.to_string()],
        rt_to: if by == By::Application { vec![1.try_into().unwrap()] } else { Vec::new() },
        ..Settings::default()
    };
    let stage = stage(by, settings).await;
    let (ann, ivan) = stage.answered().await;
    ivan.says(&ann, "/rate").await;
    ann.hears(containing("How was it?")).within(SOON).await;
    ann.says("two stars").await;
    ann.hears(containing("we are sorry")).within(SOON).await;
    ann.says("It took a week").await;
    ann.hears(containing("we have passed it on")).within(SOON).await;
    stage.is_over(&ann, &["Mark 2 of 5\nIt took a week"]).await;
    assert_eq!(stage.deal(&ann).fields["UF_CRM_MARK"], "2");
    let told: Vec<String> = stage
        .portal
        .bot_messages()
        .into_iter()
        .filter(|said| said.chat_id != ann.chat_id())
        .map(|said| said.text)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Low mark, 2 of 5") && told[0].contains("It took a week"), "{told:?}");
    if by == By::Application {
        let events = stage.portal.rt_events();
        let events: Vec<_> = events.iter().filter(|event| event.command == "csat.mark").collect();
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0].params["mark"], &events[0].params["low"]), (&2.into(), &true.into()));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_closes_at_once_is_noticed_and_the_client_is_asked_through_the_deal(
    #[values(By::Callback, By::Fetch, By::Application)] by: By,
) {
    let stage = stage(by, Settings::default()).await;
    let (ann, ivan) = stage.answered().await;
    ivan.finishes(&ann).await;
    // With session events at once, without them when it looks.
    stage.after(if by == By::Application { Duration::ZERO } else { 2 * MINUTE }).await;
    ann.hears(containing("How was it?")).within(SOON).await;
    ann.says("4!").await;
    ann.hears(containing("Would you like to add something?")).within(SOON).await;
    stage.is_over(&ann, &["Mark 4 of 5"]).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_waits_before_it_closes_leaves_the_time_to_ask(
    #[values(By::Callback, By::Fetch, By::Application)] by: By,
) {
    let stage = stage(by, Settings::default()).await;
    stage.portal.line().waits_before_closing(10 * MINUTE);
    let (ann, ivan) = stage.answered().await;
    ann.says("Thank you!").await;
    ivan.finishes(&ann).await;
    stage.after(2 * MINUTE).await;
    ann.hears(containing("How was it?")).within(SOON).await;
    ann.says("5").await;
    ann.hears(containing("Would you like to add something?")).within(SOON).await;
    stage.is_over(&ann, &["Mark 5 of 5"]).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn beside_an_operator_the_bot_only_listens(#[values(By::Callback, By::Fetch)] by: By) {
    let stage = stage(by, Settings::default()).await;
    let (ann, ivan) = stage.answered().await;
    let called = stage.calls("imopenlines.bot.session.operator");
    assert_eq!(called, 1, "the client's first word went to the queue");
    assert_eq!(stage.calls("imopenlines.config.update"), 1, "the line was told to let the bot stay");
    for _ in 0..3 {
        ann.says("and now?").await;
        stage.after(50 * MINUTE).await;
        ivan.says(&ann, "One moment").await;
        stage.after(50 * MINUTE).await;
    }
    assert_eq!(stage.portal.bot_messages().len(), 0);
    assert_eq!(stage.portal.session_operator(ann.chat_id()), Some(ivan.user_id()));
    // Asked, the client has a question, which is the operator's.
    ivan.says(&ann, "/rate").await;
    ann.hears(containing("How was it?")).within(SOON).await;
    ann.says("one thing more").await;
    stage.quiet().await;
    ivan.says(&ann, "Yes?").await;
    stage.quiet().await;
    ann.says("5").await;
    stage.after(60 * 24 * MINUTE).await;
    assert_eq!(stage.portal.bot_messages().len(), 1);
    assert_eq!(stage.portal.session_operator(ann.chat_id()), Some(ivan.user_id()));
    assert!(stage.notes(&ann).is_empty());
}
