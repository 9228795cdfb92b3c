//! The install page: kept before it answers, finished only when kept.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use doorstep::*;
use openlines::{clock::Clock, codec, portal::Verification, store::Portals, wire::AppId, wire::Event};
use tower::ServiceExt;

const TYPE: &str = "application/x-www-form-urlencoded";

async fn post(stage: &Stage, path: &str, body: String) -> (StatusCode, String) {
    let request = Request::post(path).header("content-type", TYPE).body(Body::from(body)).unwrap();
    let response = stage.gate.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn pending(stage: &Stage) -> usize {
    stage.store.pending(Duration::from_secs(3600), stage.clock.now()).await.unwrap().len()
}

const PAGE: [(&str, &str); 10] = [
    ("AUTH_ID", "event-access-token"),
    ("AUTH_EXPIRES", "3600"),
    ("REFRESH_ID", REFRESH_TOKEN),
    ("SERVER_ENDPOINT", "https://oauth.bitrix.info/rest/"),
    ("APPLICATION_TOKEN", APPLICATION_TOKEN),
    ("APPLICATION_SCOPE", "imbot,imopenlines"),
    ("member_id", MEMBER),
    ("status", "L"),
    ("PLACEMENT", "DEFAULT"),
    ("PLACEMENT_OPTIONS", "{}"),
];
const QUERY: &str = "/install?DOMAIN=demo.example&PROTOCOL=1&LANG=de&APP_SID=5f3a";

#[tokio::test]
async fn the_page_finishes_the_installation_once_it_is_kept_and_it_is_proven_afterwards() {
    let stage = Stage::new().await;
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    let (status, html) = post(&stage, QUERY, form(&PAGE)).await;
    assert_eq!((status, pending(&stage).await), (StatusCode::OK, 1));
    assert!(html.contains("BX24.installFinish()") && html.contains("api.bitrix24.com"), "{html}");
    assert_eq!(stage.authority.asked(), 0, "the page waits for nobody");

    let proofs = stage.proofs();
    let app = AppId::from(CLIENT_ID);
    until("it is proven", || {
        stage.registry.verify(&app, Some(MEMBER), Some(APPLICATION_TOKEN))
            == Verification::Verified(stage.key())
    })
    .await;
    proofs.stop().await;
    let row = stage.rows().pop().unwrap();
    let Event::AppInstalled(installed) = codec::event_of_stored(&row.body).unwrap().event else {
        panic!("{}", row.code);
    };
    assert_eq!((installed.language.as_str(), installed.installed), ("de", true));
}

#[tokio::test]
async fn names_are_the_same_in_either_case_and_in_query_or_body() {
    let stage = Stage::new().await;
    let swapped: Vec<(String, &str)> = PAGE
        .iter()
        .filter(|(name, _)| *name != "member_id")
        .map(|(name, value)| (name.to_ascii_lowercase(), *value))
        .collect();
    let body: Vec<(&str, &str)> = swapped.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let (status, _) = post(&stage, &format!("{QUERY}&MEMBER_ID={MEMBER}"), form(&body)).await;
    assert_eq!((status, pending(&stage).await), (StatusCode::OK, 1));
}

#[tokio::test]
async fn an_onappinstall_may_come_to_either_address() {
    for path in ["/events", "/install", &format!("/events/{CLIENT_ID}"), &format!("/install/{CLIENT_ID}")] {
        let stage = Stage::new().await;
        let (status, _) = post(&stage, path, install_body(REFRESH_TOKEN, APPLICATION_TOKEN)).await;
        assert_eq!((status, pending(&stage).await), (StatusCode::OK, 1), "{path}");
    }
}

#[tokio::test]
async fn a_page_that_lacks_something_says_what_and_is_not_finished() {
    for missing in ["REFRESH_ID", "SERVER_ENDPOINT", "APPLICATION_TOKEN", "member_id"] {
        let stage = Stage::new().await;
        let body: Vec<_> = PAGE.into_iter().filter(|(name, _)| *name != missing).collect();
        let (status, html) = post(&stage, QUERY, form(&body)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{missing}");
        assert!(html.contains(missing) && !html.contains("installFinish"), "{html}");
        assert_eq!(pending(&stage).await, 0);
        for secret in SECRETS {
            assert!(!html.contains(secret));
        }
    }
}

#[tokio::test]
async fn a_page_that_names_another_server_is_refused() {
    let stage = Stage::new().await;
    let body: Vec<_> = PAGE
        .into_iter()
        .map(|(name, value)| match name {
            "SERVER_ENDPOINT" => (name, "https://attacker.example/rest/"),
            _ => (name, value),
        })
        .collect();
    let (status, html) = post(&stage, QUERY, form(&body)).await;
    assert_eq!((status, pending(&stage).await), (StatusCode::FORBIDDEN, 0));
    assert!(html.contains("SERVER_NOT_ALLOWED") && !html.contains("installFinish"), "{html}");
}

#[tokio::test]
async fn too_many_installations_are_answered_with_when_to_come_again() {
    let stage = Stage::new().await;
    for number in 0..256 {
        let (status, _) = post(&stage, "/events", install_body(&format!("r{number}"), "t")).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, text) = post(&stage, "/events", install_body("one too many", "t")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(text.contains("INSTALLATIONS_FULL"), "{text}");
}
