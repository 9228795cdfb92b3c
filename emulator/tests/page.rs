//! The page's side of the server.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

#[path = "page/life.rs"]
mod life;
mod support;

use std::time::Duration;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::{App, Handler, SOON, of};

#[tokio::test]
async fn one_writes_on_the_page_and_sees_the_answer_with_its_buttons() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    let bot_id = app.register_v2("helper", &handler).await;
    app.ok(
        "imbot.v2.Command.register",
        json!({"botId": bot_id, "fields": {"command": "pay", "hidden": true}}),
    )
    .await;
    let page = app.http.get(emulator.url()).send().await.unwrap();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let html = page.text().await.unwrap();
    assert!(html.contains("<title>") && !html.contains("innerHTML"), "everything is shown as text");

    let say = json!({"client": "Ann", "text": "hello <b>"});
    let say = app.http.post(format!("{}/page/say", emulator.url())).json(&say).send().await.unwrap();
    assert_eq!(say.status(), 200);
    let ann = portal.client("Ann");
    let fields = json!({"message": "hi", "keyboard": [{"TEXT": "Pay", "COMMAND": "pay"}]});
    let send = json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": fields});
    let id = app.ok("imbot.v2.Chat.Message.send", send).await["id"].clone();
    let state = app.http.get(format!("{}/page/state?client=Ann", emulator.url())).send().await.unwrap();
    let state: Value = state.json().await.unwrap();
    let sides: Vec<&str> =
        state["messages"].as_array().unwrap().iter().map(|m| m["side"].as_str().unwrap()).collect();
    assert_eq!(sides, ["client", "bot"]);
    assert_eq!(state["leader"], "helper");
    let press = json!({"client": "Ann", "message": id, "button": 0});
    app.http.post(format!("{}/page/press", emulator.url())).json(&press).send().await.unwrap();
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTV2COMMANDADD").len(), 1);
    for act in ["take", "finish"] {
        let body = json!({"client": "Ann", "act": act});
        let answer =
            app.http.post(format!("{}/page/operator", emulator.url())).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(portal.session_status(ann.chat_id()), Some(60));
}

#[tokio::test]
async fn everything_the_page_loads_is_embedded_and_comes_under_its_policy() {
    let emulator = Emulator::start().await;
    let mut wanted = vec!["/".to_owned()];
    let mut seen = Vec::new();
    while let Some(path) = wanted.pop() {
        let answer = reqwest::get(format!("{}{path}", emulator.url())).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains("script-src 'self';"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let text = answer.text().await.unwrap();
        for unsafe_way in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="]
        {
            assert!(!text.contains(unsafe_way), "{path} has {unsafe_way}");
        }
        for found in text.split('"').filter(|part| part.starts_with("/page/asset/")) {
            if !seen.iter().any(|known| known == found) {
                seen.push(found.to_owned());
                wanted.push(found.to_owned());
            }
        }
    }
    assert!(seen.len() >= 13, "{seen:?}");
    let nothing = reqwest::get(format!("{}/page/asset/..%2Fmod.rs", emulator.url())).await.unwrap();
    assert_eq!(nothing.status(), 404);
}

#[tokio::test]
async fn looking_makes_nobody_and_the_inspector_tells_only_what_is_new() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let ask = async |path: &str| -> Value {
        app.http.get(format!("{}{path}", emulator.url())).send().await.unwrap().json().await.unwrap()
    };
    let state = ask("/page/state?client=Nobody").await;
    assert_eq!((&state["chat"], &state["lines"][0]["clients"]), (&json!(0), &json!([])));
    let first = ask("/page/exchanges").await;
    assert_eq!(first["rows"][0]["name"], "ONAPPINSTALL");
    app.call("no.such.method", json!({"text": "Привет"})).await;
    let news = ask(&format!("/page/exchanges?after={}", first["revision"])).await;
    assert_eq!(news["rows"].as_array().unwrap().len(), 1);
    assert_eq!(news["trouble"]["unmodelled"], json!({"no.such.method": 1}));
    let number = &news["rows"][0]["number"];
    assert_eq!(ask("/page/search?q=привет+no.such").await["numbers"], json!([number]));
    let whole = ask(&format!("/page/exchange/{number}")).await;
    assert_eq!((&whole["decoded"]["text"], &whole["status"]), (&json!("Привет"), &json!(404)));
    assert!(whole["curl"].as_str().unwrap().starts_with("curl -sS -X 'POST' 'http://127.0.0.1:"));
    let delete = |path: &str, origin: &str| {
        app.http.delete(format!("{}{path}", emulator.url())).header("Origin", origin).send()
    };
    assert_eq!(delete("/page/trouble", "http://evil.example").await.unwrap().status(), 403);
    assert_eq!(delete("/page/trouble", &emulator.url()).await.unwrap().status(), 200);
    assert_eq!(ask("/page/exchanges").await["trouble"]["unmodelled"], json!({}));
}

#[tokio::test]
async fn nonsense_from_the_page_is_refused_and_breaks_nothing() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    for (path, body) in [
        ("say", json!({"client": " ", "text": "x"})),
        ("say", json!({"client": "Ann", "text": "x", "line": 999})),
        ("say", json!({"client": "a".repeat(101), "text": "x"})),
        ("press", json!({"client": "Ann", "message": -1, "button": 7})),
        ("operator", json!({"client": "Ann", "act": "take"})),
        ("operator", json!({"client": "Ann", "act": "fly"})),
        ("operator", json!({"client": "Ann", "act": "say", "text": " "})),
        ("fault", json!({"switch": "set", "faults": {"no_such_fault": true}})),
        ("fault", json!({"switch": "call", "method": "", "fault": {"fault": "nonsense"}, "times": 1})),
        ("fault", json!({"switch": "explode"})),
        ("replay/77", json!({})),
    ] {
        let answer = http.post(format!("{}/page/{path}", emulator.url())).json(&body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path} {body}: {}", answer.status());
    }
    assert_eq!(reqwest::get(emulator.url()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_foreign_page_may_not_write() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    let body = json!({"client": "Ann", "text": "hello"});
    let from = |origin: String| {
        http.post(format!("{}/page/say", emulator.url())).header("Origin", origin).json(&body).send()
    };
    assert_eq!(from("http://evil.example".to_owned()).await.unwrap().status(), 403);
    assert_eq!(from("null".to_owned()).await.unwrap().status(), 403);
    assert_eq!(from(emulator.url()).await.unwrap().status(), 200);
    assert_eq!(emulator.portal().client("Ann").transcript().matches("hello").count(), 1);
}

#[tokio::test]
async fn the_page_is_told_of_every_change() {
    let emulator = Emulator::start().await;
    let mut live = reqwest::get(format!("{}/page/live", emulator.url())).await.unwrap();
    assert!(live.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    emulator.portal().client("Ann").says("hello").await;
    let news = tokio::time::timeout(Duration::from_secs(10), live.chunk()).await.unwrap().unwrap().unwrap();
    assert!(news.starts_with(b"data: "));
}

/// Asks the page's side of the server, as the page does.
struct Page {
    http: reqwest::Client,
    url: String,
}

impl Page {
    fn of(emulator: &Emulator) -> Self {
        Self { http: reqwest::Client::new(), url: emulator.url() }
    }

    async fn ask(&self, path: &str) -> Value {
        self.http.get(format!("{}/page/{path}", self.url)).send().await.unwrap().json().await.unwrap()
    }

    async fn does(&self, path: &str, body: Value) -> u16 {
        let answer = self.http.post(format!("{}/page/{path}", self.url)).json(&body).send().await.unwrap();
        answer.status().as_u16()
    }

    async fn state(&self) -> Value {
        self.ask("state?client=Ann").await
    }
}

/// A site whose name was made to point here (DNS rebinding) looks like the page's own site to a browser.
#[tokio::test]
async fn a_site_that_names_this_machine_as_its_own_gets_nothing() {
    let emulator = Emulator::builder().installed().start().await.unwrap();
    let http = reqwest::Client::new();
    let port = emulator.url().rsplit(':').next().unwrap().to_owned();
    let host = format!("evil.example:{port}");
    for path in
        ["/", "/page/state?client=Ann", "/page/exchanges", "/page/live", "/page/asset/main.js", "/app/"]
    {
        let url = format!("{}{path}", emulator.url());
        let answer = http.get(url).header("Host", &host).send().await.unwrap();
        assert_eq!(answer.status(), 421, "{path}");
        assert!(!answer.text().await.unwrap().contains("secret"), "{path}");
    }
    for path in ["/page/say", "/page/fault", "/page/install", "/app/refresh-auth"] {
        let url = format!("{}{path}", emulator.url());
        let asked = http.post(url).header("Host", &host).header("Origin", format!("http://{host}"));
        let answer =
            asked.json(&json!({"client": "Ann", "text": "x", "switch": "clear"})).send().await.unwrap();
        assert_eq!(answer.status(), 421, "{path}");
    }
    assert!(!emulator.portal().client("Ann").transcript().contains('x'));
    let own = http.get(emulator.url()).header("Host", format!("localhost:{port}")).send().await.unwrap();
    assert_eq!(own.status(), 200);
}

#[tokio::test]
async fn every_address_that_changes_something_refuses_another_site() {
    let emulator = Emulator::start().await;
    let http = reqwest::Client::new();
    for path in [
        "say", "press", "message", "operator", "replay/1", "fault", "limit", "line", "install", "bot", "app",
        "app-form",
    ] {
        let url = format!("{}/page/{path}", emulator.url());
        let answer =
            http.post(url).header("Origin", "http://evil.example").json(&json!({})).send().await.unwrap();

        assert_eq!(answer.status(), 403, "{path}");
    }
    assert!(emulator.url().starts_with("http://127.0.0.1:"), "loopback unless told otherwise");
}

#[tokio::test]
async fn what_a_fault_drops_is_told_apart_from_what_nobody_took() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    app.register_v2("helper", &handler).await;
    let page = Page::of(&emulator);
    emulator.portal().faults().drop_deliveries(true);
    emulator.portal().client("Ann").says("lost").await;
    emulator.portal().settled(SOON).await;
    let news = page.ask("exchanges").await;
    assert_eq!(news["trouble"]["dropped"], json!({"ONIMBOTV2JOINCHAT": 1, "ONIMBOTV2MESSAGEADD": 1}));
    assert_eq!(news["trouble"]["undelivered"], json!({}));
    let row = news["rows"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&row["dropped"], &row["bad"]), (&json!(true), &json!(false)));
    assert_eq!(row["note"], "dropped by a fault");
    assert!(emulator.portal().complaints().is_empty());
}

#[tokio::test]
async fn a_batch_is_broken_open_call_by_call() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let bot_id = app.register_v2("helper", &handler).await;
    let chat = emulator.portal().client("Ann").dialog_id();
    emulator.portal().client("Ann").says("hello").await;
    let send = format!(
        "imbot.v2.Chat.Message.send?botId={bot_id}&dialogId={chat}&fields[message]=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82"
    );
    let cmd = json!({"c01": send, "c02": "crm.magic.wand?a=1", "c03": "profile"});
    app.call("batch", json!({"halt": 0, "cmd": cmd})).await;
    let page = Page::of(&emulator);
    let found = page.ask("search?q=Привет").await;
    let whole = page.ask(&format!("exchange/{}", found["numbers"][0])).await;
    let parts = whole["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0]["method"], "imbot.v2.chat.message.send");
    assert_eq!(parts[0]["params"]["fields"]["message"], "Привет");
    assert!(parts[0]["result"]["id"].as_i64().unwrap() > 0);
    assert_eq!(parts[1]["error"]["error"], "ERROR_METHOD_NOT_FOUND");
    assert_eq!(parts[2]["key"], "c03");
    assert_eq!(whole["note"], "3 calls, 1 failed: imbot.v2.chat.message.send, crm.magic.wand, profile");
}

#[tokio::test]
async fn a_message_is_changed_only_by_its_author_and_where_the_channel_can() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let portal = emulator.portal();
    let bot_id = app.register_v2("helper", &handler).await;
    let page = Page::of(&emulator);
    let ann = portal.client("Ann");
    let own = ann.says("helo").await;
    let send = json!({"botId": bot_id, "dialogId": ann.dialog_id(), "fields": {"message": "hi"}});
    let answer = app.ok("imbot.v2.Chat.Message.send", send).await["id"].as_i64().unwrap();
    let act = |message: i64, act: &str, text: &str, operator: Option<&str>| {
        let mut body = json!({"client": "Ann", "message": message, "act": act, "text": text});
        if let Some(name) = operator {
            body["operator"] = json!(name);
        }
        page.does("message", body)
    };
    assert_eq!(act(own, "edit", "hello", None).await, 200);
    assert_eq!(act(answer, "edit", "hacked", None).await, 409, "another's message");
    assert_eq!(act(own, "delete", "", Some("Ivan")).await, 409, "another's message");
    assert_eq!(act(own, "react", "like", None).await, 409, "only bots hear reactions");
    assert_eq!(act(answer, "react", "li<ke", None).await, 409);
    assert_eq!(act(answer, "react", "like", None).await, 200);
    assert_eq!(act(answer, "react", "like", Some("Ivan")).await, 200);
    assert_eq!(act(answer, "unreact", "like", Some("Ivan")).await, 200);
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTV2MESSAGEUPDATE").len(), 1);
    assert_eq!(of(&portal, "ONIMBOTV2REACTIONCHANGE").len(), 3);
    let state = page.state().await;
    assert_eq!(state["messages"][1]["reactions"], json!([{"code": "like", "by": ["Ann"]}]));
    assert_eq!(act(own, "delete", "", None).await, 200);
    assert_eq!(page.state().await["seen"].as_array().unwrap().len(), 1);
    // WhatsApp shows no edit: what was said there stays said.
    let said = portal.client_on("Ann", "whatsapp", portal.line_id()).says("there").await;
    let body = json!({"client": "Ann", "connector": "whatsapp", "message": said, "act": "edit", "text": "x"});
    assert_eq!(page.does("message", body).await, 409);
}

#[tokio::test]
async fn the_settings_of_a_line_are_turned_on_the_page_and_told_to_bots() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let bot_id = app.register_v2("helper", &handler).await;
    let portal = emulator.portal();
    let page = Page::of(&emulator);
    let line = portal.line_id();
    let settings = json!({"WELCOME_BOT_TIME": "60", "WELCOME_MESSAGE_TEXT": "Good day", "QUEUE": [1, 27],
        "WORKTIME_ENABLE": "Y", "WORKTIME_FROM": "9", "WELCOME_BOT_ID": bot_id.to_string()});
    let channels = json!({"whatsapp": false, "no-such": true});
    assert_eq!(
        page.does("line", json!({"line": line, "settings": settings, "channels": channels})).await,
        200
    );
    let told = app.ok("imopenlines.config.get", json!({"CONFIG_ID": line})).await;
    for (name, value) in [
        ("WELCOME_BOT_TIME", "60"),
        ("WELCOME_MESSAGE_TEXT", "Good day"),
        ("WORKTIME_ENABLE", "Y"),
        ("WORKTIME_FROM", "9"),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert_eq!(told["QUEUE"], json!(["1", "27"]));
    let ann = portal.client("Ann");
    ann.says("hello").await;
    app.ok("imopenlines.bot.session.message.send", json!({"CHAT_ID": ann.chat_id(), "NAME": "WELCOME"}))
        .await;
    ann.hears("Good day").await;
    let shown = page.state().await["line_settings"].clone();
    assert_eq!((&shown["queue"], &shown["settings"]["WELCOME_BOT_TIME"]), (&json!([1, 27]), &json!("60")));
    let off: Vec<&Value> =
        shown["channels"].as_array().unwrap().iter().filter(|one| one["code"] == "whatsapp").collect();
    assert_eq!(off[0]["on"], false);
    assert_eq!(page.does("line", json!({"line": line, "settings": {"SECRET": "x"}})).await, 400);
    assert_eq!(page.does("line", json!({"line": 999, "settings": {}})).await, 404);
    // A line that is off takes nothing from operators.
    page.does("line", json!({"line": line, "settings": {"ACTIVE": "N"}})).await;
    let say = json!({"client": "Ann", "act": "say", "text": "hello", "operator": "Ivan"});
    assert_eq!(page.does("operator", say).await, 409);
}

#[tokio::test]
async fn limits_are_set_on_the_page_and_their_levels_shown() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.clock().stop();
    let page = Page::of(&emulator);
    let url = format!("{}server.time", portal.webhook_url());
    let turn = async |body: Value| page.does("limit", body).await;
    assert_eq!(turn(json!({"limit": "rate", "kind": "own", "bucket": 2, "per_second": 0})).await, 200);
    let statuses = [
        reqwest::get(&url).await.unwrap().status().as_u16(),
        reqwest::get(&url).await.unwrap().status().as_u16(),
        reqwest::get(&url).await.unwrap().status().as_u16(),
    ];
    assert_eq!(statuses, [200, 200, 503]);
    let rate = page.state().await["limits"]["rate"].clone();
    assert_eq!(
        (&rate["kind"], &rate["levels"]),
        (&json!("own"), &json!([{"from": "127.0.0.1", "level": 2.0}]))
    );
    assert_eq!(turn(json!({"limit": "rate", "kind": "off"})).await, 200);
    assert_eq!(turn(json!({"limit": "operating", "seconds": 50})).await, 200);
    assert_eq!(turn(json!({"limit": "cost", "method": "server.time", "seconds": 30})).await, 200);
    for wanted in [200, 200, 429] {
        assert_eq!(reqwest::get(&url).await.unwrap().status(), wanted);
    }
    let operating = page.state().await["limits"]["operating"].clone();
    assert_eq!(operating["costs"], json!([{"method": "server.time", "seconds": 30.0}]));
    assert_eq!(operating["spent"][0]["seconds"], 60.0);
    assert_eq!(turn(json!({"limit": "operating", "seconds": null})).await, 200);
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    for wrong in [
        json!({"limit": "rate", "kind": "own", "bucket": 0, "per_second": 1}),
        json!({"limit": "rate", "kind": "huge"}),
        json!({"limit": "cost", "method": " ", "seconds": 1}),
        json!({"limit": "cost", "method": "x", "seconds": -1}),
        json!({"limit": "operating", "seconds": 1e300}),
    ] {
        assert_eq!(turn(wrong.clone()).await, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_the_client_does_not_get_is_marked_for_the_operator() {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let page = Page::of(&emulator);
    let ann = portal.client("Ann");
    ann.says("hello").await;
    assert_eq!(page.does("operator", json!({"client": "Ann", "act": "silent", "on": true})).await, 200);
    page.does("operator", json!({"client": "Ann", "act": "say", "text": "between us"})).await;
    page.does("operator", json!({"client": "Ann", "act": "silent", "on": false})).await;
    page.does("operator", json!({"client": "Ann", "act": "say", "text": "good day"})).await;
    page.does("operator", json!({"client": "Ann", "act": "pin", "on": true})).await;
    let state = page.state().await;
    let withheld = |text: &str| {
        let all = state["messages"].as_array().unwrap();
        all.iter().find(|one| one["text"] == text).unwrap()["withheld"].clone()
    };
    assert_eq!((withheld("between us"), withheld("good day")), (json!(true), json!(false)));
    assert_eq!((&state["pinned"], &state["silent"]), (&json!(true), &json!(false)));
    let texts: Vec<String> = ann.sees().into_iter().map(|one| one.text).collect();
    assert_eq!(texts, ["hello", "good day"]);
    assert_eq!(page.does("operator", json!({"client": "Ann", "act": "spam"})).await, 200);
    assert_eq!(portal.session_status(ann.chat_id()), Some(65));
    assert_eq!(page.does("operator", json!({"client": "Ann", "act": "pin", "on": true})).await, 409);
}

#[tokio::test]
async fn the_application_is_installed_from_the_page() {
    let emulator = Emulator::start().await;
    let handler = Handler::start().await;
    let page = Page::of(&emulator);
    let setup = page.state().await["setup"].clone();
    assert_eq!(setup["installed"], false);
    let has = |name: &str| setup["application"].as_array().unwrap().iter().any(|pair| pair[0] == name);
    assert!(has("OPENLINES_MASTER_KEY") && has("BITRIX24_OAUTH_HOSTS"));
    assert_eq!(page.does("install", json!({"url": "javascript:alert(1)"})).await, 400);
    assert_eq!(page.does("install", json!({"url": "http://127.0.0.1:1/install"})).await, 502);
    assert_eq!(page.does("install", json!({"url": handler.url})).await, 200);
    assert_eq!(page.state().await["setup"]["installed"], true);
    assert_eq!(handler.bodies.lock().unwrap().len(), 1);
}
