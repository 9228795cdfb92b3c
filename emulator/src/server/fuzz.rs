//! Thousands of requests that no sane program sends: each gets an answer, and the portal lives on.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{Request, StatusCode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use super::connection::Line;
use super::front;
use super::shared::{Seed, Shared};
use crate::portal::Portal;
use crate::{form, rest};

const REQUESTS: u32 = 6_000;

/// Names that methods read, in several spellings, so that requests get past the first check.
const NAMES: [&str; 72] = [
    "botId",
    "BOT_ID",
    "CLIENT_ID",
    "botToken",
    "fields",
    "FIELDS",
    "dialogId",
    "DIALOG_ID",
    "CHAT_ID",
    "MESSAGE_ID",
    "messageId",
    "MESSAGE",
    "message",
    "KEYBOARD",
    "keyboard",
    "ATTACH",
    "attach",
    "MENU",
    "templateId",
    "TEMPLATE_ID",
    "COMMAND",
    "COMMAND_PARAMS",
    "command",
    "cmd",
    "halt",
    "offset",
    "limit",
    "start",
    "USER_ID",
    "USER_CODE",
    "SESSION_ID",
    "CRM_ENTITY_TYPE",
    "CRM_ENTITY",
    "CODE",
    "code",
    "event",
    "handler",
    "EVENT_HANDLER",
    "PROPERTIES",
    "properties",
    "PARAMS",
    "params",
    "MODULE_ID",
    "LIMIT",
    "FILTER",
    "type",
    "TYPE",
    "auth",
    "CONNECTOR",
    "LINE",
    "MESSAGES",
    "NAME",
    "ID",
    "DATA",
    "FIELDS",
    "ORDER",
    "SELECT",
    "TITLE",
    ">ID",
    "VALUES",
    "CONFIG_ID",
    "WELCOME_BOT_TIME",
    "AUTO_CLOSE_TIME",
    "WORKTIME_FROM",
    "WORKTIME_DAYOFF",
    "OPTIONS",
    "minTimeout",
    "content",
    "name",
    "fileId",
    "QUEUE_ID",
    "TRANSFER_ID",
];

/// Values that mean something to the portal, and values at the edge of what numbers and texts can be.
const VALUES: [&str; 38] = [
    "",
    "0",
    "-1",
    "1",
    "27",
    "502",
    "503",
    "1702",
    "1703",
    "86001",
    "86002",
    "343",
    "chat1702",
    "chat1703",
    "chat",
    "chat-1",
    "chat99999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "NaN",
    "Y",
    "N",
    "DEAL",
    "LEAD|1",
    "livechat|22|1701|502",
    "|||",
    "t",
    "openline",
    "http://127.0.0.1:9/e",
    "[USER=1]x[/USER], [b]б[/b]",
    "/help 1\n/help 2",
    "$result[a][b]",
    "22",
    "whatsapp",
    "aGVsbG8=",
    "queue22",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned),
        1 => ".{0,40}",
        1 => "[/#\\[\\]|=&%$:@.0-9a-zA-Zйß🙂]{0,60}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-10_i64..100_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        Just(json!({"BLOCKS": [{"MESSAGE": "x"}, {"GRID": [{"NAME": "a", "VALUE": "b"}]}]})),
        Just(json!([{"user": {"id": "u"}, "chat": {"id": "c"}, "im": {"chat_id": 1702, "message_id": 86001},
            "message": {"id": "m", "text": "x", "files": [{"url": "http://a.b/c"}]}}])),
        Just(
            json!([{"TEXT": "Pay", "COMMAND": "pay"}, {"TYPE": "NEWLINE"}, {"TEXT": "Site", "LINK": "http://a.b"}])
        ),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        1 => text(),
    ]
}

#[derive(Clone, Debug)]
enum Sent {
    Json(Value),
    Form(Map<String, Value>),
    Bytes(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Shot {
    verb: String,
    /// 0 to 3 are the ways to prove who one is, others prove nothing or are no call at all.
    door: u8,
    method: String,
    query: String,
    content_type: String,
    header: Vec<u8>,
    sent: Sent,
}

fn shot() -> impl Strategy<Value = Shot> {
    let mut methods = rest::names();
    methods.push("batch".to_owned());
    let method = prop_oneof![
        12 => prop::sample::select(methods),
        1 => "[a-zA-Z0-9./%_~-]{0,30}",
    ];
    let params = || {
        prop::collection::vec((name(), value()), 0..8)
            .prop_map(|pairs| pairs.into_iter().collect::<Map<String, Value>>())
    };
    let sent = prop_oneof![
        5 => params().prop_map(|params| Sent::Json(Value::Object(params))),
        4 => params().prop_map(Sent::Form),
        1 => value().prop_map(Sent::Json),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Sent::Bytes),
    ];
    let content_type = prop_oneof![
        8 => Just(String::new()),
        1 => Just("application/json".to_owned()),
        1 => Just("multipart/form-data; boundary=x".to_owned()),
        1 => "[a-z/;= ]{0,20}",
    ];
    let verb = prop_oneof![
        6 => Just("POST".to_owned()),
        2 => Just("GET".to_owned()),
        1 => "[A-Z]{1,8}",
    ];
    let header = prop::collection::vec(any::<u8>(), 0..20);
    (verb, 0..13_u8, method, "[a-zA-Z0-9%&=\\[\\]._+-]{0,40}", content_type, header, sent).prop_map(
        |(verb, door, method, query, content_type, header, sent)| Shot {
            verb,
            door,
            method,
            query,
            content_type,
            header,
            sent,
        },
    )
}

struct Target {
    router: Router,
    hook: String,
    token: String,
}

impl Target {
    /// A portal with a bot, its command and keyboard, a client and an open session.
    async fn new() -> Self {
        let seed = Seed {
            address: ([127, 0, 0, 1], 9).into(),
            tls: false,
            installed: false,
            scope: ["imbot", "imopenlines", "im", "pull", "user", "crm"].map(str::to_owned).to_vec(),
            language: "en".to_owned(),
            redirect_uri: None,
            app: None,
            ca: None,
            secrets: crate::world::identity::Secrets::random(),
            starts: 0,
        };
        let (shared, _receiver) = Shared::new(seed, reqwest::Client::new());
        shared.limiter.set(None);
        let shared = Arc::new(shared);
        let portal = Portal::new(Arc::clone(&shared));
        portal.install_finish();
        let client_id = shared.names.client_id.clone();
        let token = shared.hit(|world| {
            if let Some(app) = world.apps.get_mut(&client_id) {
                (app.active, app.installed) = (true, true);
            }
            world.issue_access(&client_id, 1, None).0
        });
        let hook = format!("/rest/1/{}", shared.names.webhook_code);
        let router = front::router(shared).layer(MockConnectInfo(Line::of_a_test()));
        let this = Self { router, hook, token };
        for code in ["one", "two"] {
            let bot = json!({"code": code, "type": "openline", "properties": {"name": code}});
            let params = json!({"botToken": "t", "fields": bot});
            assert_eq!(this.post("imbot.v2.Bot.register", &params).await, StatusCode::OK);
        }
        portal.client("Ann").says("hello").await;
        this
    }

    async fn post(&self, method: &str, params: &Value) -> StatusCode {
        let request = Request::post(format!("{}/{method}", self.hook))
            .header("content-type", "application/json")
            .body(Body::from(params.to_string()))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    async fn fire(&self, shot: Shot) {
        let Shot { verb, door, method, query, content_type, header, mut sent } = shot;
        let path = match door {
            0..=4 => format!("{}/{method}", self.hook),
            5 | 6 => format!("/rest/{method}.json"),
            7 => "/rest/app.info".to_owned(),
            8 => "/oauth/token/".to_owned(),
            9 => format!("/oauth/authorize/?client_id={query}"),
            10 => format!("/rest/1/{method}/{query}"),
            11 => format!("/page/{method}"),
            _ => format!("{}/{method}.xml", self.hook),
        };
        if matches!(door, 5..=7)
            && let Sent::Json(Value::Object(params)) | Sent::Form(params) = &mut sent
        {
            params.insert("auth".to_owned(), Value::from(self.token.clone()));
        }
        let (own_type, body) = match sent {
            Sent::Json(value) => ("application/json", value.to_string().into_bytes()),
            Sent::Form(map) => {
                ("application/x-www-form-urlencoded", form::encode(&Value::Object(map)).into_bytes())
            }
            Sent::Bytes(bytes) => ("application/x-www-form-urlencoded", bytes),
        };
        let content_type = if content_type.is_empty() { own_type.to_owned() } else { content_type };
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut request = Request::builder()
            .method(verb.as_str())
            .uri(format!("{path}{joint}{query}"))
            .header("content-type", content_type);
        if let Ok(header) = axum::http::HeaderValue::from_bytes(&header) {
            request = request.header("authorization", header.clone()).header("origin", header);
        }
        // What is no HTTP cannot arrive.
        let Ok(request) = request.body(Body::from(body)) else { return };
        let is_call = path.starts_with("/rest/") && door != 10;
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        if is_call && status.as_u16() / 100 != 3 && status != StatusCode::NOT_FOUND {
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            if door == 12 {
                assert!(body.starts_with(b"<?xml") && body.ends_with(b"</response>"));
                return;
            }
            let parsed: Result<Value, _> = serde_json::from_slice(&body);
            assert!(parsed.is_ok(), "{status} {:?}", String::from_utf8_lossy(&body));
        }
    }
}

#[test]
fn no_request_makes_the_portal_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let target = runtime.block_on(Target::new());
    let config = Config { cases: REQUESTS, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&shot(), |shot| {
        runtime.block_on(target.fire(shot));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let alive = runtime.block_on(target.post("server.time", &json!({})));
    assert_eq!(alive, StatusCode::OK, "the portal answers no more");
}

#[test]
fn deep_long_and_broken_bodies_are_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let target = Target::new().await;
        let deep_json = format!("{{\"fields\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let deep_form = format!("fields{}=1", "[a]".repeat(100_000));
        let many = (0..100_000).map(|at| format!("a[{at}]=1&")).collect::<String>();
        let big = format!("fields[message]={}", "%D0%B6".repeat(1_000_000));
        let edge = "a[9223372036854775807]=1&a[]=2&a[]=3&a[-9223372036854775808]=4".to_owned();
        for body in [deep_json, deep_form, many, big, edge] {
            for content_type in ["application/json", "application/x-www-form-urlencoded"] {
                let request = Request::post(format!("{}/imbot.v2.Chat.Message.send", target.hook))
                    .header("content-type", content_type)
                    .body(Body::from(body.clone()))
                    .unwrap();
                let status = target.router.clone().oneshot(request).await.unwrap().status();
                assert_eq!(status, StatusCode::BAD_REQUEST);
            }
        }
        let items: Map<String, Value> = (0..200)
            .map(|at| (format!("k{at}"), Value::from(format!("server.time?a=$result[k{}][x]", at - 1))))
            .collect();
        assert_eq!(target.post("batch", &json!({"cmd": items})).await, StatusCode::OK);
    });
}
