//! A portal that keeps its identity is the same for a bot after a restart, and never tells it old numbers.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::{Emulator, Entrance, Portal};
use support::{App, Handler};

async fn start(file: &std::path::Path) -> (Emulator, Portal) {
    let emulator = Emulator::builder().identity(file).unwrap().start().await.unwrap();
    let portal = emulator.portal();
    (emulator, portal)
}

#[tokio::test]
async fn what_a_bot_has_in_its_environment_serves_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let known = |portal: &Portal| {
        let app = portal.app();
        let code = portal.webhook_url().rsplit("/rest/").next().unwrap().to_owned();
        // Addresses follow from the port, which the system chooses anew.
        let environment = portal.bot_environment(Entrance::Webhook).into_iter();
        let webhook: Vec<_> = environment.filter(|(_, value)| !value.contains("127.0.0.1")).collect();
        (
            [app.client_id, app.client_secret, app.member_id, app.application_token, code],
            [portal.network_code(), portal.unjoined_network_code()],
            webhook,
        )
    };
    let (first, portal) = start(&file).await;
    let before = known(&portal);
    drop(first);
    let (_second, portal) = start(&file).await;
    assert_eq!(known(&portal), before);
    let stranger = Emulator::start().await;
    assert_ne!(known(&stranger.portal()).0, before.0, "without an identity everything is random");
}

#[tokio::test]
async fn numbers_go_on_where_no_earlier_start_has_come_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portal.json");
    let mut last: Option<[i64; 4]> = None;
    for _ in 0..3 {
        let (emulator, portal) = start(&file).await;
        let handler = Handler::start().await;
        let app = App::install(&emulator, &handler).await;
        let bot_id = app.register_v1("helper", &handler).await;
        let ann = portal.client("Ann");
        let message = ann.says("hello").await;
        let numbers = [message, ann.chat_id(), ann.user_id(), bot_id];
        for (now, before) in last.into_iter().flat_map(|last| numbers.into_iter().zip(last)) {
            assert!(now > before + 100_000 && now < i64::from(i32::MAX), "{numbers:?} after {last:?}");
        }
        last = Some(numbers);
    }
}
