//! Installing: nothing counts before it is proven, and nothing goes to a host that the sender names.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use doorstep::*;
use openlines::{
    portal::{Claim, GrantError, PortalChange, PortalErrorKind, Verification},
    rest::TokenSource,
    store::{PortalStatus, Portals},
    wire::{AppId, MemberId},
};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;

const HOUR: Duration = Duration::from_secs(3600);

fn claim(server: &str, refresh: &str) -> Claim {
    Claim::new(
        AppId::from(CLIENT_ID),
        MemberId::from(MEMBER),
        server,
        refresh.to_owned(),
        APPLICATION_TOKEN.to_owned(),
    )
}

fn verify(stage: &Stage, token: &str) -> Verification {
    stage.registry.verify(&AppId::from(CLIENT_ID), Some(MEMBER), Some(token))
}

async fn pending(stage: &Stage) -> usize {
    use openlines::clock::Clock;
    stage.store.pending(HOUR, stage.clock.now()).await.unwrap().len()
}

#[tokio::test]
async fn an_installation_counts_only_once_one_refresh_grant_has_proven_it() {
    let stage = Stage::new().await;
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    stage.gate.accept(None, FORM, install_body(REFRESH_TOKEN, APPLICATION_TOKEN).into()).await.unwrap();
    assert_eq!((pending(&stage).await, stage.authority.asked()), (1, 0));
    assert_eq!(verify(&stage, APPLICATION_TOKEN), Verification::Unknown);

    let proofs = stage.proofs();
    until("it is proven", || verify(&stage, APPLICATION_TOKEN) == Verification::Verified(stage.key())).await;
    until("everybody is told", || !stage.heard.changes.lock().unwrap().is_empty()).await;
    proofs.stop().await;

    assert_eq!(stage.authority.asked(), 1);
    assert_eq!(*stage.authority.endpoints.lock().unwrap(), ["https://oauth.bitrix.info/oauth/token/"]);
    assert_eq!(*stage.heard.changes.lock().unwrap(), [(stage.key(), PortalChange::Active)]);
    assert_eq!(pending(&stage).await, 0);
    let access = stage.registry.access(&stage.key()).await.unwrap();
    assert_eq!(
        access.endpoint.expose_secret(),
        "https://demo.example/rest/",
        "not the address from the body"
    );
    assert_eq!(stage.rows().len(), 1, "on_install hears of it");
    assert_eq!(stage.rows()[0].code, "ONAPPINSTALL");
}

#[tokio::test]
async fn an_installation_that_names_the_attackers_server_sends_it_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counting = tokio::spawn({
        let connections = Arc::clone(&connections);
        async move {
            while listener.accept().await.is_ok() {
                connections.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let stage = Stage::new().await;
    let proofs = stage.proofs();
    for server in [
        format!("http://{address}/rest/"),
        format!("https://{address}/rest/"),
        format!("https://oauth.bitrix.info@{address}/rest/"),
        format!("http://{address}/?oauth.bitrix.info"),
    ] {
        let body = install_body_of(MEMBER, &server, REFRESH_TOKEN, APPLICATION_TOKEN);
        let refusal = stage.gate.accept(None, FORM, body.into()).await.unwrap_err();
        assert_eq!((refusal.status(), refusal.code()), (403, "SERVER_NOT_ALLOWED"), "{server}");
    }
    // The listener counts: a connection of our own, made after all of the above, is the first.
    drop(tokio::net::TcpStream::connect(address).await.unwrap());
    until("our own connection is counted", || connections.load(Ordering::SeqCst) > 0).await;
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    assert_eq!((stage.authority.asked(), pending(&stage).await), (0, 0));
    proofs.stop().await;
    counting.abort();
}

#[tokio::test]
async fn tokens_of_another_portal_prove_nothing() {
    let stage = Stage::new().await;
    stage.authority.knows(REFRESH_TOKEN, "ffffffffffffffffffffffffffffffff");
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", REFRESH_TOKEN)).await.unwrap();
    let proofs = stage.proofs();
    until("it was asked", || stage.authority.asked() == 1).await;
    proofs.stop().await;
    assert_eq!(verify(&stage, APPLICATION_TOKEN), Verification::Unknown);
    assert!(stage.store.portals().await.unwrap().is_empty());
    assert_eq!(pending(&stage).await, 0, "and it is not kept");
}

#[tokio::test]
async fn a_portal_at_a_plain_http_address_is_not_installed() {
    let stage = Stage::new().await;
    *stage.authority.client_endpoint.lock().unwrap() = "http://demo.example/rest/".into();
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", REFRESH_TOKEN)).await.unwrap();
    let proofs = stage.proofs();
    until("it was asked", || stage.authority.asked() == 1).await;
    proofs.stop().await;
    assert!(stage.store.portals().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_refresh_token_leaves_nothing_behind() {
    let stage = Stage::new().await;
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", "spent")).await.unwrap();
    let proofs = stage.proofs();
    until("it was asked", || stage.authority.asked() == 1).await;
    proofs.stop().await;
    assert_eq!(pending(&stage).await, 0);
    assert!(stage.store.portals().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_proof_is_tried_again_after_a_restart_until_its_hour_is_over() {
    let stage = Stage::new().await;
    stage.authority.fails(GrantError::Unavailable("no answer".into()));
    stage.authority.fails(GrantError::Unavailable("no answer".into()));
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", REFRESH_TOKEN)).await.unwrap();
    let proofs = stage.proofs();
    until("the first try is made", || stage.authority.asked() == 1).await;
    proofs.stop().await;

    let restarted = stage.again().await;
    let proofs = restarted.proofs();
    until("the second try is made", || stage.authority.asked() == 2).await;
    until("the third comes with time", || {
        stage.clock.advance(Duration::from_secs(1));
        verify(&restarted, APPLICATION_TOKEN) == Verification::Verified(stage.key())
    })
    .await;
    proofs.stop().await;

    let late = Stage::new().await;
    late.authority.knows(REFRESH_TOKEN, MEMBER);
    late.installer.receive(claim("https://oauth.bitrix.info/rest/", REFRESH_TOKEN)).await.unwrap();
    late.clock.advance(HOUR + Duration::from_secs(1));
    assert_eq!(pending(&late).await, 0);
}

#[tokio::test]
async fn a_proof_that_was_stored_is_not_asked_for_again_after_a_crash() {
    let stage = Stage::new().await;
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", REFRESH_TOKEN)).await.unwrap();
    let doorman = Arc::new(Doorman::default());
    doorman.failures.store(1, Ordering::SeqCst);
    let proofs = stage.proofs_for(Arc::<Doorman>::clone(&doorman));
    until("the event could not be stored", || doorman.welcomed.lock().unwrap().len() == 1).await;
    proofs.stop().await;
    assert_eq!(pending(&stage).await, 1, "it waits for its event");

    let restarted = stage.again().await;
    let proofs = restarted.proofs_for(Arc::<Doorman>::clone(&doorman));
    until("the event is offered again", || doorman.welcomed.lock().unwrap().len() == 2).await;
    proofs.stop().await;
    assert_eq!((stage.authority.asked(), pending(&stage).await), (1, 0));
    assert_eq!(verify(&restarted, APPLICATION_TOKEN), Verification::Verified(stage.key()));
}

#[tokio::test]
async fn installations_that_wait_are_bounded_in_number() {
    let stage = Stage::new().await;
    let mut kept = 0;
    let refused = loop {
        match stage
            .installer
            .receive(claim("https://oauth.bitrix.info/rest/", &format!("token-{kept}")))
            .await
        {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept <= 256, "there is no bound");
    };
    assert_eq!((kept, refused.kind()), (256, PortalErrorKind::TooManyPending));
    // The same claim again needs no second place.
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", "token-0")).await.unwrap();
    stage.clock.advance(HOUR + Duration::from_secs(1));
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", "a later one")).await.unwrap();
}

#[tokio::test]
async fn what_waits_and_what_is_kept_is_sealed() {
    use openlines::clock::Clock;
    let stage = Stage::new().await;
    stage.installer.receive(claim("https://oauth.bitrix.info/rest/", REFRESH_TOKEN)).await.unwrap();
    let waiting = stage.store.pending(HOUR, stage.clock.now()).await.unwrap();
    stage.authority.knows(REFRESH_TOKEN, MEMBER);
    let proofs = stage.proofs();
    until("it is proven", || verify(&stage, APPLICATION_TOKEN) == Verification::Verified(stage.key())).await;
    proofs.stop().await;
    let record = stage.store.portal(&stage.key()).await.unwrap().unwrap();
    assert_eq!(record.domain, "demo.example");
    for sealed in [&waiting[0].sealed, &record.sealed] {
        let text = String::from_utf8_lossy(sealed);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn installing_again_replaces_tokens_and_application_token() {
    let stage = Stage::installed().await;
    let before = stage.registry.access(&stage.key()).await.unwrap();
    stage.install("another-refresh-token", "another-application-token").await;
    let after = stage.registry.access(&stage.key()).await.unwrap();
    assert!(after.generation > before.generation);
    assert_eq!(verify(&stage, APPLICATION_TOKEN), Verification::Forged);
    assert_eq!(verify(&stage, "another-application-token"), Verification::Verified(stage.key()));
}

#[tokio::test]
async fn an_employee_cannot_take_an_installed_portal_over() {
    let stage = Stage::installed().await;
    stage.authority.admin.store(false, Ordering::SeqCst);
    let before = stage.registry.access(&stage.key()).await.unwrap().generation;
    for (user, refresh, application) in [
        (1, "refresh-of-an-employee", "a-token-of-his-own"),
        (27, "another-of-an-employee", APPLICATION_TOKEN),
    ] {
        *stage.authority.user.lock().unwrap() = user;
        stage.authority.knows(refresh, MEMBER);
        let asked = stage.authority.asked();
        stage.gate.accept(None, FORM, install_body(refresh, application).into()).await.unwrap();
        let proofs = stage.proofs();
        until("it was asked", || stage.authority.asked() > asked).await;
        proofs.stop().await;
        assert_eq!(pending(&stage).await, 0);
        assert_eq!(stage.registry.access(&stage.key()).await.unwrap().generation, before);
        assert_eq!(verify(&stage, APPLICATION_TOKEN), Verification::Verified(stage.key()));
    }
}

#[tokio::test]
async fn a_claim_with_a_missing_or_endless_field_is_refused() {
    let stage = Stage::new().await;
    let server = "https://oauth.bitrix.info/rest/";
    for bad in [
        claim(server, ""),
        claim(server, &"x".repeat(2000)),
        Claim::new(AppId::from(CLIENT_ID), MemberId::from("a b"), server, "r".to_owned(), "t".to_owned()),
        Claim::new(AppId::from(CLIENT_ID), MemberId::from(""), server, "r".to_owned(), "t".to_owned()),
        Claim::new(AppId::from(CLIENT_ID), MemberId::from(MEMBER), server, "r".to_owned(), String::new()),
        claim(server, "r").notice(vec![0; 20_000].into()),
    ] {
        assert_eq!(stage.installer.receive(bad).await.unwrap_err().kind(), PortalErrorKind::BadClaim);
    }
}

#[tokio::test]
async fn a_removed_portal_is_unknown_and_forgotten_when_asked_for() {
    let stage = Stage::installed().await;
    stage.registry.uninstalled(&stage.key(), true).await.unwrap();
    assert_eq!(verify(&stage, APPLICATION_TOKEN), Verification::Unknown);
    assert!(stage.registry.access(&stage.key()).await.is_err());
    assert!(stage.registry.wants_to_be_forgotten(&stage.key()));
    assert_eq!(stage.registry.portal(&stage.key()).unwrap().status, PortalStatus::Uninstalled);
    stage.registry.tidy(HOUR).await.unwrap();
    assert!(stage.store.portal(&stage.key()).await.unwrap().is_some(), "on_uninstall may still run");
    stage.clock.advance(HOUR);
    stage.registry.tidy(HOUR).await.unwrap();
    assert!(stage.store.portal(&stage.key()).await.unwrap().is_none());
    assert!(stage.registry.portal(&stage.key()).is_none());
}
