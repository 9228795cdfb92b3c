//! What the page side of RT tells to whom, over plain HTTP.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use openlines::prelude::*;
use openlines_emulator::{RestFault, SystemRefusal};
use serde_json::Value;
use stage::{Stage, stage};

async fn with_page() -> Stage {
    let bot = async |_cx: Context, _message: Message| {};
    stage(|app| app.bot(BotProfile::openline("rt"), bot).page("/board", "<p>Board</p>")).await
}

/// What the portal posts to open the page, and the page that comes back.
async fn opened(stage: &Stage, change: impl Fn(&mut Vec<(String, String)>)) -> (u16, String) {
    let delivery = stage.portal.open_page(&format!("{}/board", stage.running.url())).await;
    let mut form: Vec<(String, String)> = form_urlencoded::parse(&delivery.body).into_owned().collect();
    change(&mut form);
    let answer = reqwest::Client::new().post(&delivery.url).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn visit(stage: &Stage) -> Value {
    let (status, page) = opened(stage, |_| {}).await;
    assert_eq!(status, 200);
    let start = page.find("id=\"openlines-visit\">").unwrap() + "id=\"openlines-visit\">".len();
    let end = start + page[start..].find("</script>").unwrap();
    serde_json::from_str(&page[start..end]).unwrap()
}

async fn ask(stage: &Stage, member: &str, token: &str, fresh: bool) -> (u16, Value) {
    let fresh = if fresh { "&fresh=1" } else { "" };
    let url = format!("{}/openlines/rt?member_id={member}{fresh}", stage.running.url());
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn asked_portal(stage: &Stage) -> usize {
    stage.portal.calls().iter().filter(|call| call.method == "pull.application.config.get").count()
}

#[tokio::test]
async fn a_pages_user_is_told_where_to_listen_and_the_portal_is_asked_once() {
    let stage = with_page().await;
    let visit = visit(&stage).await;
    let (member, token) = (visit["memberId"].as_str().unwrap(), visit["accessToken"].as_str().unwrap());
    for _ in 0..5 {
        let (status, told) = ask(&stage, member, token, false).await;
        assert_eq!(status, 200, "{told}");
        assert!(told["socket"].as_str().unwrap().starts_with("ws://"), "{told}");
        assert_eq!(told["query"]["CHANNEL_ID"].as_str().unwrap().split('/').count(), 2, "{told}");
    }
    assert_eq!(asked_portal(&stage), 1);
    assert_eq!(ask(&stage, member, token, true).await.0, 200);
    assert_eq!(asked_portal(&stage), 2, "a page whose channels are over is told new ones");
}

#[tokio::test]
async fn strangers_are_told_nothing() {
    let stage = with_page().await;
    let visit = visit(&stage).await;
    let (member, token) = (visit["memberId"].as_str().unwrap(), visit["accessToken"].as_str().unwrap());
    assert_eq!(ask(&stage, "0123456789abcdef", token, false).await.0, 404);
    assert_eq!(asked_portal(&stage), 0, "an unknown portal costs no call");
    assert_eq!(ask(&stage, member, "not-a-token", false).await.0, 401);
    assert_eq!(ask(&stage, member, "", false).await.0, 401);
    let bare = reqwest::get(format!("{}/openlines/rt", stage.running.url())).await.unwrap();
    assert_eq!(bare.status(), 401);
    let answers = futures_util::future::join_all((0..60).map(|_| ask(&stage, member, "junk", true))).await;
    assert!(answers.iter().any(|(status, _)| *status == 503), "junk is not passed on without bound");
    assert!(asked_portal(&stage) <= 25, "{}", asked_portal(&stage));
}

#[tokio::test]
async fn a_portal_that_does_not_answer_is_told_of_as_such() {
    let stage = with_page().await;
    let visit = visit(&stage).await;
    let (member, token) = (visit["memberId"].as_str().unwrap(), visit["accessToken"].as_str().unwrap());
    stage.portal.faults().rest("pull.application.config.get", RestFault::HtmlBody, 1);
    let (status, told) = ask(&stage, member, token, false).await;
    assert_eq!(status, 503, "{told}");
    assert!(!told.to_string().contains(token), "{told}");
    stage.portal.refuse_calls(Some(SystemRefusal::OnHold));
    assert_ne!(ask(&stage, member, token, true).await.0, 200);
}

#[tokio::test]
async fn a_page_with_a_visit_is_for_portals_that_prove_themselves() {
    let stage = with_page().await;
    for field in ["APPLICATION_TOKEN", "member_id"] {
        let (status, page) = opened(&stage, |form| {
            form.iter_mut().filter(|(name, _)| name == field).for_each(|(_, value)| *value = "forged".into());
        })
        .await;
        assert_eq!(status, 403, "{field}");
        assert!(!page.contains("Board"));
    }
    let url = format!("{}/board", stage.running.url());
    let looked_at = reqwest::get(&url).await.unwrap().text().await.unwrap();
    assert!(looked_at.contains("null</script>") && looked_at.contains("Board"), "{looked_at}");
    let flood = reqwest::Client::new().post(&url).body(vec![b'a'; 100_000]).send().await.unwrap();
    assert_eq!(flood.status(), 413);
}

#[tokio::test]
async fn pages_that_cannot_be_served_are_refused_by_name_at_the_start() {
    for (path, why) in
        [("orders", "no plain path"), ("/events/x", "of the framework"), ("/{id}", "no plain path")]
    {
        let config =
            Config::new().listen("127.0.0.1:0".parse().unwrap()).without_admin().database_url("memory:");
        let app =
            App::new(config).bot(BotProfile::openline("rt"), async |_cx: Context, _message: Message| {});
        let error = app.page(path, "").start().await.unwrap_err().to_string();
        assert!(error.contains(path) && error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn routes_of_ones_own_stand_beside_the_apps() {
    let own = axum::Router::new()
        .route("/report", axum::routing::get(async || "mine"))
        .route("/openlines/rt.js", axum::routing::get(async || "mine"));
    let bot = async |_cx: Context, _message: Message| {};
    let stage = stage(|app| app.bot(BotProfile::openline("rt"), bot).routes(|_| own)).await;
    let get = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", stage.running.url())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("/report").await, (200, "mine".into()));
    assert!(get("/openlines/rt.js").await.1.contains("export function connect"));
    assert_eq!(get("/nothing").await.0, 404);
    assert_eq!(get("/events").await.0, 405);
}

#[tokio::test]
async fn routes_of_several_stand_beside_one_another_and_the_earlier_comes_first() {
    let route = |path: &'static str, text: &'static str| {
        move |_| axum::Router::new().route(path, axum::routing::get(async move || text))
    };
    let last = |_| {
        let routes = axum::Router::new().route("/third", axum::routing::get(async || "three"));
        routes.route("/first", axum::routing::get(async || "never")).fallback(async || "nobody's")
    };
    let bot = async |_cx: Context, _message: Message| {};
    let stage = stage(|app| {
        let app = app.bot(BotProfile::openline("rt"), bot);
        app.routes(route("/first", "one")).routes(route("/second", "two")).routes(last)
    })
    .await;
    for (path, text) in [("/first", "one"), ("/second", "two"), ("/third", "three"), ("/other", "nobody's")] {
        let answer = reqwest::get(format!("{}{path}", stage.running.url())).await.unwrap();
        assert_eq!(answer.text().await.unwrap(), text, "{path}");
    }
    let events = reqwest::get(format!("{}/events", stage.running.url())).await.unwrap();
    assert_eq!(events.status(), 405, "the app's own come before all of them");
}

#[tokio::test]
async fn a_page_is_served_under_its_policy() {
    let policy = "default-src 'none'; frame-ancestors https:";
    let bot = async |_cx: Context, _message: Message| {};
    let stage = stage(|app| {
        let app = app.bot(BotProfile::openline("rt"), bot);
        app.page_under(policy, "/strict", "<p>Strict</p>").page("/plain", "<p>Plain</p>")
    })
    .await;
    let served = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", stage.running.url())).await.unwrap();
        answer.headers().get("content-security-policy").map(|policy| policy.to_str().unwrap().to_owned())
    };
    assert_eq!(served("/strict").await.as_deref(), Some(policy));
    assert_eq!(served("/plain").await, None);
    let form = [("member_id", stage.portal.app().member_id), ("APPLICATION_TOKEN", "guessed".to_owned())];
    let refused = reqwest::Client::new().post(format!("{}/strict", stage.running.url())).form(&form);
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.headers()["content-security-policy"], policy);

    let config = Config::new().listen("127.0.0.1:0".parse().unwrap()).without_admin().database_url("memory:");
    let app = App::new(config).bot(BotProfile::openline("rt"), bot).page_under("a\nb", "/strict", "");
    let error = app.start().await.unwrap_err().to_string();
    assert!(error.contains("/strict") && error.contains("policy"), "{error}");
}
