//! The way in: one fact is one row, in the journal before the 200, whatever it came as.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::sync::atomic::Ordering;

use doorstep::*;
use openlines::{
    codec,
    ingest::Accepted,
    portal::PortalChange,
    store::DedupeKind,
    wire::{Event, MessageId, PortalKey},
};

async fn accept(stage: &Stage, body: String) -> usize {
    match stage.gate.accept(None, FORM, body.into()).await.unwrap() {
        Accepted::Journaled { fresh, .. } => fresh,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_same_body_twice_is_one_row() {
    let stage = Stage::installed().await;
    assert_eq!(accept(&stage, message_body("86101", APPLICATION_TOKEN)).await, 1);
    assert_eq!(accept(&stage, message_body("86101", APPLICATION_TOKEN)).await, 0);
    assert_eq!(stage.rows().len(), 1);
    assert_eq!(*stage.heard.woken.lock().unwrap(), [stage.key()], "a duplicate wakes nobody");
    let row = &stage.rows()[0];
    assert_eq!(
        (row.portal.clone(), row.message, row.park.clone()),
        (stage.key(), Some(MessageId::new(86101)), None)
    );
    assert_eq!(
        (row.dedupe.kind, row.dedupe.ordinal, row.dedupe.bot.get()),
        (DedupeKind::Message, 86101, 567)
    );
}

#[tokio::test]
async fn both_generations_of_one_message_are_one_row_in_one_lane() {
    let stage = Stage::installed().await;
    assert_eq!(accept(&stage, message_body_v1("86101", APPLICATION_TOKEN, &["567"])).await, 1);
    assert_eq!(accept(&stage, message_body("86101", APPLICATION_TOKEN)).await, 0);
    assert_eq!(accept(&stage, message_body("86102", APPLICATION_TOKEN)).await, 1);
    let rows = stage.rows();
    assert_eq!(rows[0].lane, rows[1].lane);
}

#[tokio::test]
async fn a_callback_for_two_bots_is_two_rows_of_one_append() {
    let stage = Stage::installed().await;
    let calls = stage.journal.calls.load(Ordering::SeqCst);
    assert_eq!(accept(&stage, message_body_v1("86101", APPLICATION_TOKEN, &["567", "568"])).await, 2);
    assert_eq!(stage.journal.calls.load(Ordering::SeqCst), calls + 1);
    let bots: Vec<i64> = stage.rows().iter().map(|row| row.dedupe.bot.get()).collect();
    assert_eq!(bots, [567, 568]);
    for row in stage.rows() {
        let event = codec::event_of_stored(&row.body).unwrap();
        assert_eq!(event.bot.unwrap().id, row.dedupe.bot, "each row reads back as the event of its own bot");
    }
}

#[tokio::test]
async fn what_is_kept_has_no_tokens() {
    let stage = Stage::installed().await;
    accept(&stage, message_body("86101", APPLICATION_TOKEN)).await;
    accept(&stage, message_body_v1("86102", APPLICATION_TOKEN, &["567"])).await;
    for row in stage.rows() {
        let text = String::from_utf8_lossy(&row.body);
        assert!(text.contains("Where is order 15?"));
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn a_verified_event_that_cannot_be_typed_is_parked_and_not_dropped() {
    let stage = Stage::installed().await;
    for (what, body, code) in [
        (
            "no message",
            event_body("ONIMBOTV2MESSAGEADD", &[("data[bot][id]", "567")], APPLICATION_TOKEN),
            "ONIMBOTV2MESSAGEADD",
        ),
        ("no event code", event_body("", &[("data[x]", "1")], APPLICATION_TOKEN), ""),
        (
            "a map for a code",
            event_body("x", &[], APPLICATION_TOKEN).replace("event=x", "event%5Ba%5D=x"),
            "",
        ),
    ] {
        assert_eq!(accept(&stage, body.clone()).await, 1, "{what}");
        assert_eq!(accept(&stage, body).await, 0, "{what}, again");
        let row = stage.rows().pop().unwrap();
        assert!(row.park.is_some_and(|why| !why.is_empty()), "{what}");
        assert_eq!(row.code, code, "{what}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_known_is_kept_for_on_event() {
    let stage = Stage::installed().await;
    accept(&stage, event_body("OnCrmDealUpdate", &[("data[FIELDS][ID]", "5")], APPLICATION_TOKEN)).await;
    let row = stage.rows().pop().unwrap();
    assert_eq!((row.code.as_str(), row.park.as_deref()), ("ONCRMDEALUPDATE", None));
    assert!(matches!(codec::event_of_stored(&row.body).unwrap().event, Event::Other));
}

#[tokio::test]
async fn the_removal_of_the_application_is_proven_by_its_token_alone_and_heard_before_it_counts() {
    let stage = Stage::installed().await;
    let body = |token: &str| event_body("ONAPPUNINSTALL", &[("data[CLEAN]", "1")], token);
    assert!(stage.gate.accept(None, FORM, body("forged").into()).await.is_err());
    assert!(stage.registry.portal(&stage.key()).unwrap().scope.contains(&"imbot".to_owned()));
    assert_eq!(accept(&stage, body(APPLICATION_TOKEN)).await, 1);
    assert_eq!(stage.rows().pop().unwrap().code, "ONAPPUNINSTALL");
    assert!(stage.registry.wants_to_be_forgotten(&stage.key()));
    let removed = (stage.key(), PortalChange::Uninstalled);
    assert!(stage.heard.changes.lock().unwrap().contains(&removed));
    let refusal =
        stage.gate.accept(None, FORM, message_body("9", APPLICATION_TOKEN).into()).await.unwrap_err();
    assert_eq!(refusal.code(), "UNKNOWN_PORTAL");
    // And it may be installed again.
    stage.install("refresh-after-removal", "token-after-removal").await;
    assert!(!stage.registry.wants_to_be_forgotten(&stage.key()));
}

#[tokio::test]
async fn a_webhook_portal_is_proven_by_its_bot_token_in_both_forms() {
    let stage = Stage::with(vec![webhook().into()]).await;
    let key = PortalKey::new("webhook", "hooked.example");
    for (id, token) in [("1", BOT_TOKEN.to_owned()), ("2", format!("custom{BOT_TOKEN}"))] {
        let accepted = stage.gate.accept(None, FORM, message_body(id, &token).into()).await.unwrap();
        assert_eq!(accepted, Accepted::Journaled { portal: key.clone(), fresh: 1 });
    }
    for (token, code) in
        [("custom", "FORGED_TOKEN"), ("", "MISSING_TOKEN"), ("CUSTOMbot-token-5e6f", "FORGED_TOKEN")]
    {
        let refusal = stage.gate.accept(None, FORM, message_body("3", token).into()).await.unwrap_err();
        assert_eq!(refusal.code(), code);
    }
}

#[tokio::test]
async fn the_application_in_the_address_decides_whose_token_counts() {
    let stage = Stage::with(vec![oauth_app().into(), webhook().into()]).await;
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    stage
        .gate
        .accept(Some(CLIENT_ID), FORM, install_body(REFRESH_TOKEN, APPLICATION_TOKEN).into())
        .await
        .unwrap();
    let proofs = stage.proofs();
    until("both are known", || stage.registry.portals().len() == 2).await;
    proofs.stop().await;
    let ask = async |app: &str, token: &str| {
        stage
            .gate
            .accept(Some(app), FORM, message_body("1", token).into())
            .await
            .map(drop)
            .map_err(|no| no.code())
    };
    assert_eq!(ask("webhook", APPLICATION_TOKEN).await, Err("FORGED_TOKEN"));
    assert_eq!(ask(CLIENT_ID, BOT_TOKEN).await, Err("FORGED_TOKEN"));
    assert_eq!(ask(CLIENT_ID, APPLICATION_TOKEN).await, Ok(()));
    assert_eq!(ask("webhook", BOT_TOKEN).await, Ok(()));
}
