//! Installing: a claim waits sealed until one refresh grant has proven it.
//!
//! **Trap:** the body of an installation is written by whoever sends it. What counts is what the authorisation server
//! answers to *our* client secret; of the claim only the application token is kept, and that only once proven.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use subtle::ConstantTimeEq;
use tokio::sync::Notify;

use super::{
    Claim, GrantError, PortalChange, PortalError, PortalErrorKind, Registry, claim::name, grant::Granted,
    record::Tokens, registry::Entry,
};
use crate::{
    store::{PendingId, PendingPortal, PortalStatus, PutPending, StoreError},
    wire::{PortalKey, Timestamp},
};

/// As many installations wait for their proof at most.
const PENDING_MAX: u32 = 256;
/// So long an installation may wait for its proof.
const PENDING_AGE: Duration = Duration::from_secs(3600);
/// First and longest pause between two attempts at a proof.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// Pauses between tries while the only copy of a new pair is in memory.
const PERSIST_PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(30)];
/// So long `on_uninstall` has before a portal removed with CLEAN is forgotten.
const FORGET_GRACE: Duration = Duration::from_secs(3600);

/// Is told of a proven installation, to accept its event. Implemented above.
#[async_trait]
pub trait Welcome: Send + Sync {
    /// `portal` is proven; `notice` is what [`Claim::notice`] was given. Called again after an error or a crash.
    async fn installed(&self, portal: &PortalKey, notice: Bytes) -> Result<(), StoreError>;
}

/// Takes installations in and proves them.
#[derive(Debug, Clone)]
pub struct Installer {
    registry: Registry,
    arrived: Arc<Notify>,
}

/// What became of one attempt at a proof.
enum Proof {
    Done,
    Refused(String),
    Later(String),
}

impl Installer {
    /// Installs into `registry`.
    pub fn new(registry: Registry) -> Self {
        Self { registry, arrived: Arc::new(Notify::new()) }
    }

    /// Keeps the claim, sealed and durable when this returns, until it is proven or an hour has passed. Sends nothing
    /// to anybody.
    pub async fn receive(&self, claim: Claim) -> Result<(), PortalError> {
        claim.check()?;
        let inner = &self.registry.0;
        let app = self.registry.oauth_app(&claim.app).ok_or_else(|| {
            PortalError::new(
                PortalErrorKind::BadClaim,
                "a portal by incoming webhook is not installed; set BITRIX24_CLIENT_ID for an application",
            )
        })?;
        app.token_endpoint(&claim.server_endpoint)?;
        let now = inner.clock.now();
        let pending = PendingPortal { id: claim.id(), sealed: claim.seal(&inner.vault)?, received: now };
        match inner.store.put_pending(pending, PENDING_MAX, PENDING_AGE, now).await? {
            PutPending::Kept => {
                tracing::info!(portal = %claim.key(), "an installation came and is being proven");
                self.arrived.notify_one();
                Ok(())
            }
            PutPending::Full => Err(PortalError::new(
                PortalErrorKind::TooManyPending,
                format!(
                    "{PENDING_MAX} installations wait for their proof already; try again in a few minutes"
                ),
            )),
        }
    }

    /// Proves what waits, also from before a restart, until `stop` is done. A proof under way is finished first.
    pub async fn run(&self, welcome: Arc<dyn Welcome>, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        let mut retries = HashMap::new();
        loop {
            let next = self.pass(welcome.as_ref(), &mut retries).await;
            let pause = self.registry.0.clock.sleep_until(next);
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.arrived.notified() => {}
                () = pause => {}
            }
        }
    }

    /// One look at everything that waits; says when to look again.
    async fn pass(
        &self,
        welcome: &dyn Welcome,
        retries: &mut HashMap<PendingId, (u32, Timestamp)>,
    ) -> Timestamp {
        let inner = &self.registry.0;
        if let Err(error) = self.registry.tidy(FORGET_GRACE).await {
            tracing::warn!(%error, "removed portals could not be forgotten yet");
        }
        let pending = match inner.store.pending(PENDING_AGE, inner.clock.now()).await {
            Ok(pending) => pending,
            Err(error) => {
                tracing::error!(%error, "pending installations could not be read");
                return inner.clock.now().plus(RETRY.0);
            }
        };
        retries.retain(|id, _| pending.iter().any(|pending| pending.id == *id));
        for pending in &pending {
            let now = inner.clock.now();
            let tries = match retries.get(&pending.id) {
                Some((_, next)) if *next > now => continue,
                Some((tries, _)) => *tries,
                None => 0,
            };
            match self.settle(welcome, pending).await {
                Ok(()) => drop(retries.remove(&pending.id)),
                Err(why) => {
                    let pause = RETRY.0.saturating_mul(1 << tries.min(10)).min(RETRY.1);
                    tracing::warn!(why, again_in = ?pause, "an installation could not be proven yet");
                    retries.insert(pending.id, (tries + 1, inner.clock.now().plus(pause)));
                }
            }
        }
        let quiet = inner.clock.now().plus(RETRY.1);
        retries.values().map(|(_, next)| *next).min().map_or(quiet, |next| next.min(quiet))
    }

    async fn settle(&self, welcome: &dyn Welcome, pending: &PendingPortal) -> Result<(), String> {
        let claim = match Claim::open(&self.registry.0.vault, pending.id, &pending.sealed) {
            Ok(claim) => claim,
            Err(error) => {
                tracing::error!(%error, "a pending installation is dropped");
                return self.drop_pending(pending.id).await;
            }
        };
        let key = claim.key();
        match self.prove(&claim).await {
            Proof::Done => {
                tracing::info!(portal = %key, "the portal is proven and active");
                self.registry.tell(&key, PortalChange::Active);
                welcome.installed(&key, claim.notice).await.map_err(|error| error.to_string())?;
                self.drop_pending(pending.id).await
            }
            Proof::Refused(why) => {
                tracing::warn!(portal = %key, why, "an installation was refused; nothing of it is kept");
                self.drop_pending(pending.id).await
            }
            Proof::Later(why) => Err(why),
        }
    }

    async fn drop_pending(&self, id: PendingId) -> Result<(), String> {
        self.registry.0.store.drop_pending(id).await.map_err(|error| error.to_string())
    }

    async fn prove(&self, claim: &Claim) -> Proof {
        let key = claim.key();
        let mark = name(claim.id());
        let known = match self.registry.reread(&key).await {
            Ok(known) => known,
            // An unreadable record is replaced by a proven installation.
            Err(error) if error.kind() == PortalErrorKind::Sealed => None,
            Err(error) => return Proof::Later(error.to_string()),
        };
        if known.as_ref().is_some_and(|known| known.state.proven == mark) {
            // Proven before a crash: its refresh token is spent, asking again would refuse a good installation.
            return Proof::Done;
        }
        let Some(app) = self.registry.oauth_app(&claim.app) else {
            return Proof::Refused("its application is no longer configured".into());
        };
        let endpoint = match app.token_endpoint(&claim.server_endpoint) {
            Ok(endpoint) => endpoint,
            Err(error) => return Proof::Refused(error.to_string()),
        };
        let granted = match self.registry.grant(&claim.app, &endpoint, &claim.refresh_token).await {
            Ok(granted) => granted,
            Err(GrantError::Rejected(why) | GrantError::Malformed(why)) => return Proof::Refused(why),
            Err(GrantError::Misconfigured(why) | GrantError::Unavailable(why)) => return Proof::Later(why),
        };
        if granted.member.as_ref() != Some(&claim.member) {
            return Proof::Refused("the authorisation server names another portal for its tokens".into());
        }
        let Some(client_endpoint) = granted.client_endpoint.clone() else {
            return Proof::Refused("the authorisation server names no https address of the portal".into());
        };
        // An employee has a refresh token too, of the application's page; only an administrator may take a portal that
        // works away from whoever installed it.
        if known.is_some_and(|known| replaces(&known, claim, &granted)) {
            match self.administers(&client_endpoint, &granted).await {
                Ok(true) => {}
                Ok(false) => {
                    return Proof::Refused(
                        "its user is no administrator of the portal, which is installed".into(),
                    );
                }
                Err(error) => return Proof::Later(error.to_string()),
            }
        }
        self.store(&key, claim, endpoint, client_endpoint, granted, &mark).await
    }

    async fn administers(&self, client_endpoint: &str, granted: &Granted) -> Result<bool, GrantError> {
        let inner = &self.registry.0;
        let mut asked = inner.grants.administers(client_endpoint, granted.access.secret()).await;
        // The refresh token is spent: ask again while there is something in hand.
        for pause in PERSIST_PAUSES {
            let Err(GrantError::Unavailable(_)) = asked else { break };
            inner.clock.sleep_until(inner.clock.now().plus(pause)).await;
            asked = inner.grants.administers(client_endpoint, granted.access.secret()).await;
        }
        asked
    }

    async fn store(
        &self,
        key: &PortalKey,
        claim: &Claim,
        token_endpoint: String,
        client_endpoint: String,
        granted: Granted,
        mark: &str,
    ) -> Proof {
        let domain = url::Url::parse(&client_endpoint).ok();
        let domain = domain.as_ref().and_then(url::Url::host_str).unwrap_or(key.member.as_str());
        let mut last = String::new();
        // The refresh token is spent: what it brought must not be lost to a busy store.
        for pause in PERSIST_PAUSES {
            let stored = self
                .registry
                .install(key, |draft| {
                    let before = draft.state.tokens.as_ref().map_or(0, |tokens| tokens.generation);
                    draft.status = PortalStatus::Active;
                    draft.domain = domain.to_owned();
                    draft.state.tokens = Some(Tokens {
                        generation: before + 1,
                        access: granted.access.clone(),
                        refresh: granted.refresh.clone().unwrap_or_else(|| claim.refresh_token.clone()),
                        expires: granted.expires,
                        client_endpoint: client_endpoint.clone(),
                        token_endpoint: token_endpoint.clone(),
                    });
                    draft.state.application_token = Some(claim.application_token.clone());
                    draft.state.user_id = granted.user.map_or(0, |user| user.get());
                    draft.state.scope = granted.scope.clone();
                    draft.state.proven = mark.to_owned();
                    draft.state.clean = false;
                    Ok(())
                })
                .await;
            match stored {
                Ok(_) => return Proof::Done,
                Err(error) => last = error.to_string(),
            }
            let clock = &self.registry.0.clock;
            clock.sleep_until(clock.now().plus(pause)).await;
        }
        Proof::Later(last)
    }
}

/// Whether the claim would change who a working portal trusts or acts as.
fn replaces(known: &Entry, claim: &Claim, granted: &Granted) -> bool {
    let same_token = known.state.application_token.as_ref().is_some_and(|kept| {
        bool::from(kept.expose().as_bytes().ct_eq(claim.application_token.expose().as_bytes()))
    });
    let same_user = granted.user.is_some_and(|user| user.get() == known.state.user_id);
    known.status != PortalStatus::Uninstalled && !(same_token && same_user)
}
