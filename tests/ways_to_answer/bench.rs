//! A bot that does what the test tells it when somebody writes `do`, by OAuth or by incoming webhook.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use openlines::{
    dispatch::Policy,
    prelude::*,
    store::{InboxEntry, InboxState},
};
use openlines_emulator::{Emulator, Portal};

use crate::stage::{SOON, Shifted, Stage, settings};

/// How the app reaches its portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    OAuth,
    Webhook,
}

/// What the bot does when it hears `do`.
type Act = Arc<Mutex<Arc<dyn Fn(&Context) + Send + Sync>>>;

pub(crate) struct Bench {
    pub(crate) stage: Stage,
    pub(crate) clock: Shifted,
    act: Act,
}

pub(crate) fn impatient() -> Policy {
    let mut policy = Policy::default();
    policy.first_wait = Duration::from_millis(5);
    policy.longest_wait = Duration::from_millis(50);
    policy.look_up_window = Duration::from_millis(60);
    policy
}

pub(crate) async fn bench(profile: BotProfile, by: By) -> Bench {
    bench_with(profile, by, impatient()).await
}

pub(crate) async fn bench_with(profile: BotProfile, by: By, policy: Policy) -> Bench {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = match by {
        By::OAuth => settings(&portal),
        By::Webhook => Config::new()
            .without_admin()
            .database_url("memory:")
            .webhook(portal.webhook_url(), "a-token-of-our-own"),
    };
    let config = config.listen(port).public_url(format!("http://{port}"));
    let act: Act = Arc::new(Mutex::new(Arc::new(|_: &Context| {})));
    let (clock, what) = (Shifted::new(), act.clone());
    let app = App::new(config).clock(Arc::new(clock.clone())).policy(policy).bot(
        profile,
        move |cx: Context, message: Message| {
            let act = what.lock().unwrap().clone();
            async move {
                if message.text == "do" {
                    act(&cx);
                }
            }
        },
    );
    let running = app.start().await.unwrap();
    if by == By::OAuth {
        portal.install(&format!("{}/install", running.url())).await;
    }
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    Bench { stage: Stage { emulator, portal, running }, clock, act }
}

impl Bench {
    pub(crate) fn portal(&self) -> &Portal {
        &self.stage.portal
    }

    pub(crate) fn does(&self, act: impl Fn(&Context) + Send + Sync + 'static) {
        *self.act.lock().unwrap() = Arc::new(act);
    }

    /// A client writes `do`, and everything that follows from it is over.
    pub(crate) async fn client_asks(&self, client: &openlines_emulator::Client) {
        client.says("do").await;
        self.stage.quiet().await;
    }

    pub(crate) fn calls(&self, method: &str) -> Vec<openlines_emulator::RecordedCall> {
        let method = method.to_ascii_lowercase();
        self.portal().calls().into_iter().filter(|call| call.method == method).collect()
    }

    pub(crate) async fn inbox(&self) -> Vec<InboxEntry> {
        self.stage.running.store().inbox(None, 99).await.unwrap()
    }

    /// The one thing that needs a person.
    pub(crate) async fn needs_a_person(&self, state: InboxState) -> String {
        let inbox = self.inbox().await;
        assert_eq!(inbox.len(), 1, "{inbox:?}");
        assert_eq!(inbox[0].state, state, "{inbox:?}");
        inbox[0].error.clone()
    }

    pub(crate) async fn nobody_is_needed(&self) {
        let inbox = self.inbox().await;
        assert!(inbox.is_empty(), "{inbox:?}");
    }
}
