//! Tokens: one refresh at a time, the new pair on disk before anybody uses it, a lost portal said loudly.

#![allow(clippy::unwrap_used, clippy::panic)]

mod doorstep;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use doorstep::*;
use openlines::{
    clock::Clock,
    portal::{GrantError, PortalChange, Registry, Vault},
    rest::{Access, Authorization, TokenErrorKind, TokenSource},
    store::{
        MemoryStore, PendingId, PendingPortal, PortalRecord, PortalStatus, Portals, PutPending, StoreError,
        StoreErrorKind,
    },
    wire::{PortalKey, Timestamp},
};
use secrecy::ExposeSecret;

const HOUR: Duration = Duration::from_secs(3600);

fn token(access: &Access) -> String {
    match &access.authorization {
        Authorization::Bearer(token) => token.expose_secret().to_owned(),
        Authorization::InAddress => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_with_an_expired_token_cause_one_refresh() {
    let stage = Stage::installed().await;
    let held = stage.authority.holds();
    stage.clock.advance(HOUR);
    let before = stage.authority.asked();
    let callers: Vec<_> = (0..50)
        .map(|caller| {
            let (registry, key) = (stage.registry.clone(), stage.key());
            tokio::spawn(async move {
                match caller % 2 {
                    0 => registry.access(&key).await,
                    _ => registry.renew(&key, 1).await,
                }
            })
        })
        .collect();
    until("one refresh is under way", || stage.authority.asked() > before).await;
    held.add_permits(100);
    for caller in callers {
        assert_eq!(token(&caller.await.unwrap().unwrap()), "granted-access-2");
    }
    assert_eq!(stage.authority.asked() - before, 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_not_earlier() {
    let stage = Stage::installed().await;
    stage.clock.advance(HOUR - Duration::from_secs(61));
    assert_eq!(token(&stage.registry.access(&stage.key()).await.unwrap()), "granted-access-1");
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(token(&stage.registry.access(&stage.key()).await.unwrap()), "granted-access-2");
}

#[tokio::test]
async fn a_token_that_is_still_good_is_used_while_the_server_is_away() {
    let stage = Stage::installed().await;
    stage.clock.advance(HOUR - Duration::from_secs(30));
    stage.authority.fails(GrantError::Unavailable("no answer".into()));
    assert_eq!(token(&stage.registry.access(&stage.key()).await.unwrap()), "granted-access-1");
    stage.clock.advance(Duration::from_secs(30));
    stage.authority.fails(GrantError::Unavailable("no answer".into()));
    let error = stage.registry.access(&stage.key()).await.unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Unavailable);
    // Our own lease on the refresh does not keep us off.
    assert_eq!(token(&stage.registry.access(&stage.key()).await.unwrap()), "granted-access-2");
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_take_the_new_pair_with_it() {
    let stage = Stage::installed().await;
    let held = stage.authority.holds();
    let before = stage.authority.asked();
    let caller = tokio::spawn({
        let (registry, key) = (stage.registry.clone(), stage.key());
        async move { registry.renew(&key, 1).await }
    });
    until("the refresh is under way", || stage.authority.asked() > before).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    held.add_permits(100);
    assert_eq!(token(&stage.registry.renew(&stage.key(), 1).await.unwrap()), "granted-access-2");
    assert_eq!(stage.authority.asked() - before, 1);
}

#[tokio::test]
async fn a_pair_that_another_process_brought_is_used_instead_of_refreshing() {
    let stage = Stage::installed().await;
    let other = stage.again().await;
    assert_eq!(token(&other.registry.renew(&stage.key(), 1).await.unwrap()), "granted-access-2");
    let before = stage.authority.asked();
    assert_eq!(token(&stage.registry.renew(&stage.key(), 1).await.unwrap()), "granted-access-2");
    assert_eq!(stage.authority.asked(), before);
}

#[tokio::test]
async fn two_processes_refresh_once_between_them() {
    let stage = Stage::installed().await;
    let other = stage.again().await;
    let held = stage.authority.holds();
    let before = stage.authority.asked();
    let renew = |registry: Registry| {
        let key = stage.key();
        tokio::spawn(async move { registry.renew(&key, 1).await })
    };
    let first = renew(stage.registry.clone());
    until("the first refresh is under way", || stage.authority.asked() > before).await;
    let second = renew(other.registry.clone());
    held.add_permits(100);
    assert_eq!(token(&first.await.unwrap().unwrap()), "granted-access-2");
    until("the second has looked again", || {
        stage.clock.advance(Duration::from_millis(250));
        second.is_finished()
    })
    .await;
    assert_eq!(token(&second.await.unwrap().unwrap()), "granted-access-2");
    assert_eq!(stage.authority.asked() - before, 1);
}

#[tokio::test]
async fn a_refresh_token_refused_for_good_breaks_the_portal_until_it_is_installed_again() {
    let stage = Stage::installed().await;
    stage.heard.changes.lock().unwrap().clear();
    stage.authority.forgets_all();
    let error = stage.registry.renew(&stage.key(), 1).await.unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Revoked);
    assert!(error.to_string().contains("install the application again"), "{error}");
    assert_eq!(*stage.heard.changes.lock().unwrap(), [(stage.key(), PortalChange::Broken)]);
    assert_eq!(stage.registry.portal(&stage.key()).unwrap().status, PortalStatus::Broken);
    let asked = stage.authority.asked();
    assert_eq!(stage.registry.access(&stage.key()).await.unwrap_err().kind(), TokenErrorKind::Revoked);
    assert_eq!(stage.authority.asked(), asked, "it is not asked again");
    // Its events are still taken in.
    stage.gate.accept(None, FORM, message_body("1", APPLICATION_TOKEN).into()).await.unwrap();

    stage.install("a-new-refresh-token", "a-new-application-token").await;
    assert!(stage.registry.access(&stage.key()).await.is_ok());
}

#[tokio::test]
async fn a_wrong_client_secret_does_not_break_the_portal() {
    let stage = Stage::installed().await;
    stage.authority.fails(GrantError::Misconfigured("invalid_client".into()));
    let error = stage.registry.renew(&stage.key(), 1).await.unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Unavailable);
    assert_eq!(stage.registry.portal(&stage.key()).unwrap().status, PortalStatus::Active);
}

/// A store that refuses to write portals for a while.
#[derive(Debug)]
struct Faulty {
    store: Arc<MemoryStore>,
    refuse: AtomicU32,
}

#[async_trait]
impl Portals for Faulty {
    async fn portal(&self, key: &PortalKey) -> Result<Option<PortalRecord>, StoreError> {
        self.store.portal(key).await
    }
    async fn portals(&self) -> Result<Vec<PortalRecord>, StoreError> {
        self.store.portals().await
    }
    async fn put_portal(&self, record: PortalRecord, now: Timestamp) -> Result<Option<u64>, StoreError> {
        let left = self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => Err(StoreError::new(StoreErrorKind::Io, "the disk is full; make room")),
            Err(_) => self.store.put_portal(record, now).await,
        }
    }
    async fn forget_portal(&self, key: &PortalKey) -> Result<(), StoreError> {
        self.store.forget_portal(key).await
    }
    async fn put_pending(
        &self,
        pending: PendingPortal,
        max: u32,
        max_age: Duration,
        now: Timestamp,
    ) -> Result<PutPending, StoreError> {
        self.store.put_pending(pending, max, max_age, now).await
    }
    async fn pending(&self, max_age: Duration, now: Timestamp) -> Result<Vec<PendingPortal>, StoreError> {
        self.store.pending(max_age, now).await
    }
    async fn drop_pending(&self, id: PendingId) -> Result<(), StoreError> {
        self.store.drop_pending(id).await
    }
    async fn begin_refresh(
        &self,
        key: &PortalKey,
        generation: u64,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.begin_refresh(key, generation, ttl, now).await
    }
}

#[tokio::test]
async fn a_pair_the_store_did_not_take_is_used_by_nobody_and_not_lost() {
    let stage = Stage::installed().await;
    let faulty = Arc::new(Faulty { store: Arc::clone(&stage.store), refuse: AtomicU32::new(u32::MAX) });
    let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
    let vault = Vault::from_base64(&MASTER_KEY.into()).unwrap();
    let grants = Arc::<Authority>::clone(&stage.authority);
    let registry =
        Registry::load(Arc::<Faulty>::clone(&faulty), clock, vault, grants, vec![oauth_app().into()])
            .await
            .unwrap();
    let before = stage.authority.asked();
    for _ in 0..2 {
        let error = registry.renew(&stage.key(), 1).await.unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Unavailable);
        assert_eq!(token(&registry.access(&stage.key()).await.unwrap()), "granted-access-1");
    }
    faulty.refuse.store(0, Ordering::SeqCst);
    assert_eq!(token(&registry.renew(&stage.key(), 1).await.unwrap()), "granted-access-2");
    assert_eq!(stage.authority.asked() - before, 1);
    assert_eq!(token(&stage.again().await.registry.access(&stage.key()).await.unwrap()), "granted-access-2");
}

#[tokio::test]
async fn another_master_key_is_named_at_the_start() {
    let stage = Stage::installed().await;
    let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
    let vault = Vault::from_base64(&"YW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE=".into()).unwrap();
    let store = Arc::<MemoryStore>::clone(&stage.store);
    let grants = Arc::<Authority>::clone(&stage.authority);
    let error = Registry::load(store, clock, vault, grants, vec![oauth_app().into()]).await.unwrap_err();
    assert!(error.to_string().contains("another master key"), "{error}");
}

#[tokio::test]
async fn an_incoming_webhook_needs_no_master_key_and_no_installation() {
    let store = Arc::new(MemoryStore::new());
    let clock: Arc<dyn Clock> = Arc::new(openlines::clock::ManualClock::at_seconds(1));
    let load = |credentials| {
        let (store, grants) = (Arc::<MemoryStore>::clone(&store), Arc::<Authority>::default());
        Registry::load(store, Arc::clone(&clock), Vault::keyless(), grants, credentials)
    };
    let error = load(vec![oauth_app().into()]).await.unwrap_err();
    assert!(error.to_string().contains("OPENLINES_MASTER_KEY"), "{error}");
    let registry = load(vec![webhook().into()]).await.unwrap();
    let key = webhook().key().clone();
    let access = registry.access(&key).await.unwrap();
    assert!(matches!(access.authorization, Authorization::InAddress));
    assert_eq!(access.endpoint.expose_secret(), WEBHOOK);
    assert_eq!(registry.renew(&key, 0).await.unwrap_err().kind(), TokenErrorKind::Revoked);
    assert_eq!(registry.portals().len(), 1);
}
