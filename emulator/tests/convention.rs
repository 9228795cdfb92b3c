//! The rest of the calling convention: bodies, lists, batches, limits, refusals of the whole portal, moves.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use std::time::Duration;

use openlines_emulator::{Emulator, RateLimit, RestFault, SystemRefusal};
use serde_json::{Value, json};
use support::{App, Handler, SOON, of, only, post, stage, with_v1_bot};

#[tokio::test]
async fn a_multipart_body_is_a_form() {
    let (_emulator, _handler, app, portal) = stage().await;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"auth\"\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"FILTER[ID]\"\r\n\r\n27\r\n--b--\r\n",
        app.token
    );
    let url = format!("{}user.get", portal.app().client_endpoint);
    let request = app.http.post(&url).header("Content-Type", "multipart/form-data; boundary=b").body(body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["result"][0]["ID"], "27");
}

#[tokio::test]
async fn a_list_comes_in_pages_of_fifty() {
    let (_emulator, _handler, app, portal) = stage().await;
    for number in 0..60 {
        let _ = portal.employee(&format!("Employee {number}"));
    }
    let page = |start: Value| {
        let app = &app;
        async move { app.call("user.get", json!({"start": start})).await.1 }
    };
    let first = page(json!(0)).await;
    assert_eq!(
        (first["result"].as_array().unwrap().len(), &first["next"], &first["total"]),
        (50, &json!(50), &json!(63))
    );
    let last = page(json!("50")).await;
    assert_eq!(last["result"].as_array().unwrap().len(), 13);
    assert!(last.get("next").is_none());
    let uncounted = page(json!(-1)).await;
    assert!(uncounted.get("next").is_none() && uncounted.get("total").is_none());
    let batch =
        app.ok("batch", json!({"cmd": {"a": "user.get?start=0", "b": "user.get?start=$next[a]"}})).await;
    assert_eq!(batch["result"]["b"].as_array().unwrap().len(), 13);
    assert_eq!(batch["result_next"], json!({"a": 50}));
    assert_eq!(batch["result_total"], json!({"a": 63, "b": 63}));
}

#[tokio::test]
async fn names_of_parameters_are_free_where_they_are_upper_cased_and_literal_elsewhere() {
    let (_emulator, _handler, app, portal, _) = with_v1_bot().await;
    let ann = portal.client("Ann");
    ann.says("hello").await;
    app.ok("ImBot.Message.Add", json!({"dialog_id": ann.dialog_id(), "Message": "hi"})).await;
    let lower = json!({"crm_entity_type": "DEAL", "crm_entity": ann.deal_id()});
    assert_eq!(app.refused("imopenlines.crm.chat.get", lower, 400).await, "ERROR_ARGUMENT");
    let upper = json!({"CRM_ENTITY_TYPE": "DEAL", "CRM_ENTITY": ann.deal_id()});
    assert_eq!(app.ok("imopenlines.crm.chat.get", upper).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn references_reach_the_deepest_part_that_is_there() {
    let (_emulator, handler, app, portal) = stage().await;
    // This event shows what the references became.
    app.ok("event.bind", json!({"event": "OnAppTest", "handler": handler.url})).await;
    let result = app
        .ok(
            "batch",
            json!({"cmd": {
                "me": "user.get?ID=1",
                "deep": "event.test?ID=$result[me][0][ID]&TOO_DEEP=$result[me][0][ID][more]",
                "spliced": "user.get?ID=0$result[me][0][ID]",
                "nothing": "method.get?name=$result[none][x]",
                "gone": "no.such.method",
            }}),
        )
        .await;
    assert_eq!(result["result"]["spliced"][0]["ID"], "1");
    assert_eq!(result["result"]["deep"], 1);
    assert_eq!(result["result"]["nothing"]["isExisting"], false);
    assert_eq!(result["result_error"]["gone"]["error"], "ERROR_METHOD_NOT_FOUND");
    portal.settled(SOON).await;
    assert_eq!(only(&portal, "ONAPPTEST")["data"]["QUERY"], json!({"ID": "1", "TOO_DEEP": "1"}));
    let empty = app.ok("batch", json!({})).await;
    for map in ["result", "result_error", "result_total", "result_next", "result_time"] {
        assert_eq!(empty[map], json!([]));
    }
}

#[tokio::test]
async fn halt_stops_after_the_first_failure_and_keeps_its_error() {
    let (_emulator, _handler, app, portal) = stage().await;
    let cmd = json!({"one": "server.time", "two": "imbot.unregister?BOT_ID=5", "three": "profile"});
    let halted = app.ok("batch", json!({"cmd": cmd, "halt": 1})).await;
    assert!(halted["result"].get("one").is_some() && halted["result"].get("three").is_none());
    assert_eq!(halted["result_error"]["two"]["error"], "BOT_ID_ERROR");
    let whole = app.ok("batch", json!({"cmd": cmd, "halt": "0"})).await;
    assert!(whole["result"].get("three").is_some());
    assert_eq!(portal.calls().iter().filter(|call| call.method == "profile").count(), 1);
}

#[tokio::test]
async fn the_portal_refuses_whole_with_code_and_status_of_the_source() {
    let (_emulator, _handler, app, portal) = stage().await;
    use SystemRefusal as R;
    let hook = format!("{}profile", portal.webhook_url());
    for (refusal, status, code) in [
        (R::PortalDeleted, 403, "PORTAL_DELETED"),
        (R::InternalError, 500, "INTERNAL_SERVER_ERROR"),
        (R::WrongTransport, 500, "INTERNAL_WRONG_TRANSPORT"),
        (R::CommercialPlanOnly, 401, "ACCESS_DENIED"),
        (R::OnHold, 401, "OVERLOAD_LIMIT"),
        (R::ApplicationNotFound, 401, "APPLICATION_NOT_FOUND"),
        (R::UserAccess, 401, "user_access_error"),
        (R::Authorization, 401, "authorization_error"),
        (R::AuthServerDown, 401, "CONNECTION_ERROR"),
        (R::PaymentRequired, 401, "PAYMENT_REQUIRED"),
        (R::ConfirmWaiting, 401, "METHOD_CONFIRM_WAITING"),
        (R::ConfirmDenied, 403, "METHOD_CONFIRM_DENIED"),
        (R::WrongLicense, 403, "WRONG_LICENSE"),
        (R::DatabaseError, 500, "ERROR_CORE"),
        (R::UnexpectedAnswer, 500, "ERROR_UNEXPECTED_ANSWER"),
        (R::WrongEncoding, 200, "WRONG_ENCODING"),
    ] {
        portal.refuse_calls(Some(refusal));
        assert_eq!(app.refused("profile", json!({}), status).await, code);
        let executed = portal.calls().pop().unwrap().executed;
        assert_eq!(executed, matches!(refusal, R::UnexpectedAnswer | R::WrongEncoding), "{refusal:?}");
    }
    assert_eq!(R::ALL.map(SystemRefusal::code).iter().filter(|code| code.is_empty()).count(), 0);
    portal.refuse_calls(Some(R::WebhookOverHttp));
    assert_eq!(post(&app.http, &hook, &json!({})).await.1["error"], "INVALID_REQUEST");
    app.ok("profile", json!({})).await;
    portal.refuse_calls(Some(R::ApplicationNotFound));
    assert_eq!(post(&app.http, &hook, &json!({})).await.0, 200, "a webhook has no application");

    // The order: the site, the name, the token, the refusals of the token check, the scope, the method.
    portal.refuse_calls(Some(R::OnHold));
    assert_eq!(app.refused("no.such.method", json!({}), 404).await, "ERROR_METHOD_NOT_FOUND");
    portal.refuse_calls(Some(R::PortalDeleted));
    assert_eq!(app.refused("no.such.method", json!({}), 403).await, "PORTAL_DELETED");
    portal.refuse_calls(Some(R::OnHold));
    portal.expire_access_tokens();
    assert_eq!(app.refused("profile", json!({}), 401).await, "expired_token");
    portal.refuse_calls(None);
}

#[tokio::test]
async fn a_token_dies_with_its_application() {
    let (_emulator, _handler, app, portal) = stage().await;
    portal.uninstall(true).await;
    assert_eq!(app.refused("profile", json!({}), 401).await, "invalid_token");
}

#[tokio::test]
async fn the_bucket_is_on_by_default_and_its_size_can_be_chosen() {
    for (builder, size) in [
        (Emulator::builder(), Some(50)),
        (Emulator::builder().rate_limit(RateLimit::ENTERPRISE), Some(250)),
        (Emulator::builder().no_rate_limit(), None),
    ] {
        let emulator = builder.start().await.unwrap();
        let portal = emulator.portal();
        portal.clock().stop();
        let (http, url) = (reqwest::Client::new(), format!("{}server.time", portal.webhook_url()));
        for _ in 0..size.unwrap_or(300) {
            assert_eq!(post(&http, &url, &json!({})).await.0, 200);
        }
        let (status, body) = post(&http, &url, &json!({})).await;
        let Some(size) = size else {
            assert_eq!(status, 200);
            continue;
        };
        assert_eq!((status, &body["error"]), (503, &json!("QUERY_LIMIT_EXCEEDED")));
        let (limit, level) = portal.rate_level([127, 0, 0, 1].into()).unwrap();
        assert_eq!((limit.bucket, level), (f64::from(size), f64::from(size)));
        // A batch counts as one, whatever is in it.
        portal.clock().advance(Duration::from_millis(500));
        let batch = url.replace("server.time", "batch");
        assert_eq!(post(&http, &batch, &json!({"cmd": ["server.time", "server.time"]})).await.0, 200);
    }
}

#[tokio::test]
async fn a_method_that_took_too_long_is_blocked_until_its_minutes_are_forgotten() {
    let (_emulator, _handler, app, portal) = stage().await;
    portal.clock().stop();
    portal.set_operating_limit(Some(Duration::from_secs(10)));
    portal.set_operating_cost("user.get", Duration::from_secs(6));
    let (_, first) = app.call("user.get", json!({})).await;
    assert_eq!(first["time"]["operating"], 6.0);
    assert_eq!(first["time"]["operating_reset_at"], portal.clock().unix() + 600);
    let cmd = json!({"cmd": {"again": "user.get", "blocked": "user.get", "other": "profile"}});
    let (status, batch) = app.call("batch", cmd).await;
    assert_eq!((status, batch["time"].get("operating")), (200, None), "a batch is exempt, its items are not");
    assert_eq!(batch["result"]["result_time"]["again"]["operating"], 12.0);
    assert_eq!(batch["result"]["result_error"]["blocked"]["error"], "OPERATION_TIME_LIMIT");
    assert!(batch["result"]["result"].get("other").is_some());
    assert_eq!(app.refused("user.get", json!({}), 429).await, "OPERATION_TIME_LIMIT");
    let hook = format!("{}user.get", portal.webhook_url());
    assert_eq!(post(&app.http, &hook, &json!({})).await.0, 200, "the webhook has its own account");
    portal.clock().advance(Duration::from_secs(660));
    app.ok("user.get", json!({})).await;
    portal.set_operating_limit(None);
    let (_, free) = app.call("user.get", json!({})).await;
    assert!(free["time"].get("operating").is_none(), "only where the limiter is on");
}

#[tokio::test]
async fn after_a_renaming_the_old_address_redirects_and_tokens_name_the_new_one() {
    let (emulator, _handler, app, portal, _) = with_v1_bot().await;
    let (before, member_id) = (portal.app(), portal.app().member_id);
    let domain = portal.rename("127.0.0.2:0").await.unwrap();
    assert!(domain.starts_with("127.0.0.2:"));
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let old = format!("{}profile?auth={}", before.client_endpoint, app.token);
    let answer = http.post(&old).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let target = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(target, format!("http://{domain}/rest/profile?auth={}", app.token));
    assert_eq!(post(&http, &target, &json!({})).await.0, 200, "the token is as good as before");

    assert_eq!(portal.app().client_endpoint, format!("http://{domain}/rest/"));
    assert_eq!(portal.app().member_id, member_id);
    assert_eq!(
        (portal.app().oauth_host, portal.app().server_endpoint),
        (before.oauth_host.clone(), before.server_endpoint)
    );
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &before.client_id),
        ("client_secret", &before.client_secret),
        ("refresh_token", &app.refresh),
    ];
    let pair: Value = http
        .get(format!("{}/oauth/token/", emulator.url()))
        .query(&refresh)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(pair["client_endpoint"], format!("http://{domain}/rest/"));
    assert_eq!(pair["domain"], before.oauth_host);
    portal.client("Ann").says("hello").await;
    portal.settled(SOON).await;
    assert_eq!(of(&portal, "ONIMBOTMESSAGEADD")[0].form()["auth"]["domain"], domain);
    // Another renaming makes the second address an old one too.
    let third = portal.rename("127.0.0.1:0").await.unwrap();
    let moved = http.post(&target).send().await.unwrap();
    assert!(moved.headers()["location"].to_str().unwrap().starts_with(&format!("http://{third}/")));
}

#[tokio::test]
async fn a_restart_cuts_what_is_under_way_and_forgets_nothing() {
    let (_emulator, _handler, app, portal, bot_id) = with_v1_bot().await;
    portal.faults().rest("server.time", RestFault::SlowAnswer(Duration::from_secs(600)), 1);
    let url = format!("{}server.time", portal.app().client_endpoint);
    let request = app.http.post(&url).json(&json!({"auth": app.token})).send();
    let under_way = tokio::spawn(request);
    portal.wait_for_call("server.time", SOON).await;
    portal.restart().await;
    assert!(under_way.await.unwrap().is_err(), "the connection was closed without an answer");
    let list = app.ok("imbot.bot.list", json!({})).await;
    assert_eq!(list[bot_id.to_string()]["CODE"], "helper");
}

#[tokio::test]
async fn user_events_need_their_scope() {
    let emulator = Emulator::builder().scope("imbot").start().await.unwrap();
    let handler = Handler::start().await;
    let app = App::install(&emulator, &handler).await;
    let bot_id = app.register_fetch("helper").await;
    let wanted = json!({"botId": bot_id, "withUserEvents": "Y"});
    assert_eq!(app.refused("imbot.v2.Event.get", wanted, 400).await, "SCOPE_ERROR");
}
