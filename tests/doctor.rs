//! What `doctor` finds, each thing provoked.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::net::SocketAddr;

use openlines::{
    app::{AppErrorKind, Diagnosis, Running, Verdict},
    portal::BotTokens,
    prelude::*,
    rest::{
        ApiExt, HttpApi, HttpOptions, Method,
        methods::{imbot, imbot_v2},
    },
    store::PortalStatus,
    wire::BotId,
};
use openlines_emulator::{Emulator, Portal};
use stage::{SOON, settings};

async fn quiet(_cx: Context, _message: Message) {}

struct Home {
    portal: Portal,
    address: SocketAddr,
    dir: tempfile::TempDir,
    emulator: Emulator,
}

impl Home {
    async fn new() -> Self {
        Self::on(Emulator::start().await).await
    }

    async fn on(emulator: Emulator) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { portal: emulator.portal(), address, dir: tempfile::tempdir().unwrap(), emulator }
    }

    fn config(&self) -> Config {
        settings(&self.portal)
            .listen(self.address)
            .public_url(format!("http://{}", self.address))
            .database_url(format!("sqlite://{}", self.dir.path().join("bot.db").display()))
    }

    fn app(&self, config: Config) -> App {
        App::new(config).bot(BotProfile::openline("helper").name("Helper"), quiet)
    }

    async fn installed(&self) -> Running {
        let running = self.app(self.config()).start().await.unwrap();
        self.portal.install(&format!("{}/install", running.url())).await;
        tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
        running
    }

    fn meets(&self, bot: Option<i64>) {
        for (id, _) in self.portal.lines() {
            self.portal.line_by_id(id).welcome_bot(bot);
        }
    }

    fn switches(&self, on: bool) {
        for (id, _) in self.portal.lines() {
            self.portal.line_by_id(id).active(on);
        }
    }

    async fn doctor(&self) -> Diagnosis {
        self.of(self.config()).await
    }

    async fn of(&self, config: Config) -> Diagnosis {
        let found = self.app(config).diagnose().await;
        let (told, app) = (format!("{found} {found:?}"), self.portal.app());
        for secret in [app.client_secret.as_str(), stage::MASTER_KEY] {
            assert!(!told.contains(secret), "{told}");
        }
        found
    }
}

#[track_caller]
fn wrong(found: &Diagnosis, part: &str) {
    let wrong = found.findings().iter().filter(|finding| finding.verdict == Verdict::Wrong);
    let texts: Vec<&str> = wrong.map(|finding| finding.text.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains(part)), "{part}\n{found}");
}

#[track_caller]
fn only_wrong(found: &Diagnosis, part: &str) {
    wrong(found, part);
    assert_eq!(found.wrong(), 1, "{found}");
}

#[tokio::test]
async fn nothing_is_wrong_beside_a_server_that_is_set_up() {
    let home = Home::new().await;
    let running = home.installed().await;
    let found = home.doctor().await;
    assert_eq!(found.wrong(), 0, "{found}");
    let told = found.to_string();
    assert!(told.contains("OAuth, webhook delivery"), "{told}");
    for good in [
        "settings:",
        "database:",
        "authorisation server:",
        "OPENLINES_PUBLIC_URL:",
        "scopes:",
        "app.info:",
        "bot `helper`:",
        "event.get:",
        "line `",
    ] {
        assert!(told.lines().any(|line| line.starts_with("ok") && line.contains(good)), "{good}\n{told}");
    }
    assert!(told.ends_with("nothing is wrong\n"));
    running.stop().await;
}

#[tokio::test]
async fn what_the_portal_lacks_is_named_with_what_to_do() {
    let home = Home::new().await;
    let running = home.installed().await;
    home.meets(None);
    only_wrong(&home.doctor().await, "none has this bot as its welcome bot");
    home.meets(home.portal.bot_id("helper"));
    home.switches(false);
    only_wrong(&home.doctor().await, "switched off");
    home.switches(true);

    let moved = home.of(home.config().public_url("http://127.0.0.1:9")).await;
    wrong(&moved, "http://127.0.0.1:9/events does not answer");
    wrong(&moved, "registered for webhook delivery to");
    wrong(&moved, "event.get: ");
    running.stop().await;
    only_wrong(&home.doctor().await, "does not answer");
}

#[tokio::test]
async fn an_installation_that_was_never_finished_is_found() {
    let home = Home::new().await;
    let running = home.app(home.config()).start().await.unwrap();
    // The page is opened, and its script, which calls installFinish, never runs.
    home.portal.install_with_page(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    only_wrong(&home.doctor().await, "installFinish");
    home.portal.install_finish();
    assert_eq!(home.doctor().await.wrong(), 0);
    running.stop().await;
}

#[tokio::test]
async fn a_bot_that_is_not_there_is_found() {
    let home = Home::new().await;
    let running = home.installed().await;
    let two = home.app(home.config()).bot(BotProfile::openline("second"), quiet).diagnose().await;
    only_wrong(&two, "bot `second`: it is not registered");
    assert!(
        two.findings()
            .iter()
            .any(|finding| finding.verdict == Verdict::Note && finding.text.contains("has 2 bots"))
    );
    running.stop().await;
}

#[tokio::test]
async fn settings_that_are_missing_and_a_database_that_is_not_there_are_found() {
    let home = Home::new().await;
    only_wrong_of(&home, Config::new().public_url("http://bot.example"), "plain http").await;
    only_wrong_of(&home, Config::new(), "no portal is configured").await;
    let found = home.of(home.config()).await;
    wrong(&found, "there is no database at");
    let app = home.portal.app();
    let keyless = Config::new().oauth_app(app.client_id, app.client_secret);
    only_wrong_of(&home, keyless, "OPENLINES_MASTER_KEY is not set").await;
}

async fn only_wrong_of(home: &Home, config: Config, part: &str) {
    wrong(&home.of(config).await, part);
}

#[tokio::test]
async fn another_master_key_and_a_server_that_is_away_are_found() {
    let home = Home::new().await;
    let running = home.installed().await;
    let key = "b3RoZXIgYnl0ZXMsIHRoaXJ0eS10d28gb2YgdGhlbSE=";
    wrong(&home.of(home.config().master_key(key)).await, "portals: ");
    let away = home.of(home.config().oauth_hosts("127.0.0.1:9")).await;
    wrong(&away, "authorisation server: http://127.0.0.1:9 does not answer");
    running.stop().await;
}

#[tokio::test]
async fn tokens_that_have_ended_are_not_renewed_but_told_of() {
    let home = Home::new().await;
    let running = home.installed().await;
    home.portal.expire_access_tokens();
    let asked = home.portal.calls().len();
    let found = home.doctor().await;
    assert!(found.to_string().contains("the access token has ended"), "{found}");
    assert_eq!(found.wrong(), 0, "{found}");
    assert!(
        home.portal.calls().split_off(asked).iter().all(|call| call.status != 200),
        "nothing went through"
    );
    assert_eq!(running.registry().portals()[0].status, PortalStatus::Active);
    running.stop().await;
    drop(home.emulator);
}

#[tokio::test]
async fn the_command_fails_when_something_is_wrong_and_only_then() {
    let home = Home::new().await;
    let running = home.installed().await;
    let app = home.portal.app();
    let database = format!("sqlite://{}", home.dir.path().join("bot.db").display());
    let url = format!("http://{}", home.address);
    let line = [
        "bot",
        "doctor",
        "--database-url",
        database.as_str(),
        "--public-url",
        url.as_str(),
        "--master-key",
        stage::MASTER_KEY,
        "--client-id",
        app.client_id.as_str(),
        "--client-secret",
        app.client_secret.as_str(),
        "--oauth-hosts",
        app.oauth_host.as_str(),
    ];
    let run = async || {
        let app = App::from_args(line).unwrap().bot(BotProfile::openline("helper").name("Helper"), quiet);
        app.run().await
    };
    run().await.unwrap();
    home.meets(None);
    assert_eq!(run().await.unwrap_err().kind(), AppErrorKind::Unwell);
    running.stop().await;
}

#[tokio::test]
async fn a_portal_by_incoming_webhook_is_looked_at_by_what_it_can_tell() {
    let home = Home::new().await;
    let config = || {
        Config::new()
            .listen(home.address)
            .without_admin()
            .database_url(format!("sqlite://{}", home.dir.path().join("bot.db").display()))
            .webhook(home.portal.webhook_url(), "a-token-of-our-own")
    };
    let running = home.app(config()).start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    let found = home.of(config()).await;
    assert_eq!(found.wrong(), 0, "{found}");
    let told = found.to_string();
    assert!(told.contains("incoming webhook, fetch") && told.contains("fetching"), "{told}");
    for secret in ["a-token-of-our-own", home.portal.webhook_url().as_str()] {
        assert!(!told.contains(secret), "{told}");
    }
    let gone = home.portal.webhook_url().replace("/rest/1/", "/rest/1/x");
    wrong(&home.of(config().webhook(gone, "a-token-of-our-own")).await, "BITRIX24_WEBHOOK_URL");
    running.stop().await;
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named_with_what_to_do() {
    for (granted, missing) in [("imbot,im", "imopenlines"), ("imopenlines,im", "imbot")] {
        let home = Home::on(Emulator::builder().scope(granted).start().await.unwrap()).await;
        let running = home.app(home.config()).start().await.unwrap();
        home.portal.install(&format!("{}/install", running.url())).await;
        home.portal.wait_for_call("event.bind", SOON).await;
        let found = home.doctor().await;
        wrong(&found, &format!("scopes: {missing} missing; add it to the application's"));
        assert!(!found.to_string().contains("scopes: imbot and"), "{found}");
        assert!(!found.to_string().contains("token has ended"), "{found}");
        running.stop().await;
    }
}

#[tokio::test]
async fn rt_events_of_a_page_need_a_scope_of_their_own() {
    let home = Home::on(Emulator::builder().scope("imbot,imopenlines").start().await.unwrap()).await;
    let app = || home.app(home.config()).page("/orders", "<!doctype html>");
    let running = app().start().await.unwrap();
    home.portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    assert_eq!(home.doctor().await.wrong(), 0, "without a page it is not needed");
    only_wrong(&app().diagnose().await, "scopes: pull missing");
    running.stop().await;
}

#[tokio::test]
async fn a_portal_whose_refresh_was_refused_is_wrong_and_one_that_may_be_dead_is_not_called_well() {
    let home = Home::new().await;
    let running = home.installed().await;
    home.portal.expire_access_tokens();
    home.portal.revoke_refresh_tokens();
    // Nobody has asked for new ones yet, and it is not for the doctor to do.
    let found = home.doctor().await;
    assert_eq!(found.wrong(), 0, "{found}");
    assert!(
        found.to_string().ends_with("nothing is wrong as far as could be asked; 1 thing could not\n"),
        "{found}"
    );

    let key = running.registry().portals().remove(0).key;
    let api = HttpApi::new(std::sync::Arc::new(running.registry().clone()), HttpOptions::default()).unwrap();
    let get = imbot_v2::BotList::new();
    assert!(api.invoke(&key, &get).await.is_err());
    assert_eq!(running.registry().portals()[0].status, PortalStatus::Broken);
    let found = home.doctor().await;
    only_wrong(
        &found,
        "its tokens no longer work, so that nothing can be sent; open the application's page there once",
    );
    wrong(&found, key.member.as_str());
    running.stop().await;
}

/// Somebody deletes the bot on the portal, and the bot is not told.
async fn deleted<M: Method>(home: &Home, running: &Running, call: impl FnOnce(BotId) -> M) {
    home.portal.faults().drop_deliveries(true);
    let portal = running.registry().portals().remove(0);
    let http = HttpApi::new(std::sync::Arc::new(running.registry().clone()), HttpOptions::default()).unwrap();
    let api = BotTokens::new(http, running.registry().clone());
    api.invoke(&portal.key, &call(portal.bots[0].id)).await.unwrap();
    assert_eq!(home.portal.bot_id("helper"), None);
}

#[tokio::test]
async fn a_bot_that_somebody_deleted_on_the_portal_is_found() {
    let gone = "bot `helper`: it was deleted on the portal; the server registers it again when it is started";
    let home = Home::new().await;
    let running = home.installed().await;
    deleted(&home, &running, imbot_v2::BotUnregister::new).await;
    wrong(&home.doctor().await, gone);
    running.stop().await;

    let home = Home::new().await;
    let app = || App::new(home.config()).bot(BotProfile::openline("helper").name("Helper").v1(), quiet);
    let running = app().start().await.unwrap();
    home.portal.install(&format!("{}/install", running.url())).await;
    tokio::time::timeout(SOON, running.set_up(1)).await.unwrap();
    let found = app().diagnose().await;
    assert_eq!(found.wrong(), 0, "{found}");
    deleted(&home, &running, imbot::Unregister::new).await;
    wrong(&app().diagnose().await, gone);
    running.stop().await;
}
