//! Keeping access tokens good: one refresh at a time, the new pair on disk before anybody uses it.
//!
//! **Trap:** a refresh token works once. Two refreshes at once, or a pair that is lost between the answer and the disk,
//! lose the portal.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    PortalChange, PortalError, PortalErrorKind, Registry,
    grant::{GrantError, Granted},
    record::Tokens,
    registry::{Entry, lock},
};
use crate::{
    rest::{Access, Authorization, TokenError, TokenErrorKind, TokenSource},
    store::PortalStatus,
    wire::{PortalKey, Timestamp},
};

/// A token with less time left is renewed before it is used (protocol 9).
const AHEAD_SECONDS: i64 = 60;
/// How long another process keeps off while we renew: longer than an answer is waited for (65 s).
const REFRESH_LEASE: Duration = Duration::from_secs(90);
/// How often we look whether another process has finished its refresh.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How often a new pair is offered to the store before it waits in memory for the next call.
const SAVE_TRIES: u32 = 3;

/// What is known of the refreshes of one portal; whoever holds its lock refreshes.
#[derive(Debug, Default)]
pub(super) struct Refreshing {
    /// The record's generation that the store lets us refresh, and until when.
    granted: Option<(u64, Timestamp)>,
    /// A pair that the server gave and the store did not take: used by nobody before it is stored.
    unsaved: Option<Tokens>,
}

#[async_trait]
impl TokenSource for Registry {
    async fn access(&self, portal: &PortalKey) -> Result<Access, TokenError> {
        let entry = self.known(portal).await?;
        if let Some(webhook) = self.webhook(portal) {
            let endpoint = webhook.url().clone();
            return Ok(Access { endpoint, authorization: Authorization::InAddress, generation: 0 });
        }
        let tokens = usable(portal, &entry)?;
        let left = tokens.expires.saturating_sub(self.0.clock.now().seconds());
        if left > AHEAD_SECONDS {
            return Ok(access_of(tokens));
        }
        match self.renew(portal, tokens.generation).await {
            // It is still good for a moment, and the authorisation server may be back by then.
            Err(error) if left > 0 && error.kind() == TokenErrorKind::Unavailable => Ok(access_of(tokens)),
            renewed => renewed,
        }
    }

    async fn renew(&self, portal: &PortalKey, stale: u64) -> Result<Access, TokenError> {
        if self.webhook(portal).is_some() {
            return Err(TokenError::new(
                TokenErrorKind::Revoked,
                format!(
                    "{portal} refused the incoming webhook; check that BITRIX24_WEBHOOK_URL still exists and has the \
                     scopes imbot and imopenlines"
                ),
            ));
        }
        // A task of its own: a caller that gives up must not take a fresh pair with it.
        let (registry, key) = (self.clone(), portal.clone());
        tokio::spawn(async move { registry.renew_alone(&key, stale).await }).await.unwrap_or_else(|_| {
            Err(unavailable(format!(
                "the refresh of {portal} was broken off; it is tried again at the next call"
            )))
        })
    }
}

/// The tokens as they are kept, for whoever only looks: nothing is renewed, for that is the running server's to do.
#[derive(Debug, Clone)]
pub(crate) struct KeptTokens(pub(crate) Registry);

#[async_trait]
impl TokenSource for KeptTokens {
    async fn access(&self, portal: &PortalKey) -> Result<Access, TokenError> {
        let entry = self.0.known(portal).await?;
        if self.0.webhook(portal).is_some() {
            return self.0.access(portal).await;
        }
        usable(portal, &entry).map(access_of)
    }

    async fn renew(&self, portal: &PortalKey, stale: u64) -> Result<Access, TokenError> {
        if self.0.webhook(portal).is_some() {
            return self.0.renew(portal, stale).await;
        }
        Err(TokenError::new(
            TokenErrorKind::Revoked,
            format!("the access token of {portal} has ended, and only the running server renews it"),
        ))
    }
}

impl Registry {
    async fn renew_alone(&self, portal: &PortalKey, stale: u64) -> Result<Access, TokenError> {
        let place = Arc::clone(lock(&self.0.refreshing).entry(portal.clone()).or_default());
        let mut place = place.lock().await;
        loop {
            if let Some(access) = newer(portal, &*self.known(portal).await?, stale)? {
                return Ok(access);
            }
            if let Some(tokens) = place.unsaved.take() {
                return self.save(portal, tokens, &mut place).await;
            }
            let entry = self.stored(portal).await?;
            if let Some(access) = newer(portal, &entry, stale)? {
                return Ok(access);
            }
            if !self.may_refresh(portal, entry.generation, &mut place).await? {
                // Another process does it, or the record has just changed.
                let again = self.stored(portal).await?;
                if again.generation == entry.generation {
                    self.0.clock.sleep_until(self.0.clock.now().plus(LOOK_AGAIN)).await;
                }
                continue;
            }
            let old = usable(portal, &entry)?;
            return match self.grant(&portal.app, &old.token_endpoint, &old.refresh).await {
                Ok(granted) => match tokens_of(portal, old, granted) {
                    Ok(tokens) => self.save(portal, tokens, &mut place).await,
                    Err(error) => self.give_up(portal, stale, &error.to_string()).await,
                },
                Err(GrantError::Rejected(what)) => {
                    // Somebody may have refreshed behind our back; theirs is the good pair then.
                    match newer(portal, &*self.stored(portal).await?, stale)? {
                        Some(access) => Ok(access),
                        None => self.give_up(portal, stale, &what).await,
                    }
                }
                Err(GrantError::Misconfigured(what)) => {
                    tracing::error!(%portal, what, "the authorisation server does not accept the application");
                    Err(unavailable(what))
                }
                Err(GrantError::Unavailable(what) | GrantError::Malformed(what)) => Err(unavailable(what)),
            };
        }
    }

    async fn may_refresh(
        &self,
        portal: &PortalKey,
        generation: u64,
        place: &mut Refreshing,
    ) -> Result<bool, TokenError> {
        let now = self.0.clock.now();
        if place.granted.is_some_and(|(granted, until)| granted == generation && now < until) {
            return Ok(true);
        }
        let begun = self.0.store.begin_refresh(portal, generation, REFRESH_LEASE, now).await;
        let begun = begun.map_err(|error| unavailable(error.to_string()))?;
        place.granted = begun.then(|| (generation, now.plus(REFRESH_LEASE)));
        Ok(begun)
    }

    /// Puts a new pair on disk and only then hands it out.
    async fn save(
        &self,
        portal: &PortalKey,
        tokens: Tokens,
        place: &mut Refreshing,
    ) -> Result<Access, TokenError> {
        let mut last = String::new();
        for _ in 0..SAVE_TRIES {
            let saved = self
                .change(portal, |draft| {
                    let kept = draft.state.tokens.as_ref().map_or(0, |kept| kept.generation);
                    if draft.status != PortalStatus::Uninstalled && kept < tokens.generation {
                        draft.state.tokens = Some(tokens.clone());
                    }
                    Ok(())
                })
                .await;
            match saved {
                Ok(entry) => {
                    tracing::debug!(%portal, "the access token was renewed");
                    return usable(portal, &entry).map(access_of);
                }
                Err(error) if error.kind() == PortalErrorKind::UnknownPortal => {
                    return Err(TokenError::new(TokenErrorKind::UnknownPortal, error.to_string()));
                }
                Err(error) => last = error.to_string(),
            }
        }
        place.unsaved = Some(tokens);
        tracing::error!(%portal, error = last, "new tokens could not be stored; they are kept in memory until they can");
        Err(unavailable(format!("the new tokens of {portal} could not be stored: {last}")))
    }

    async fn give_up(&self, portal: &PortalKey, stale: u64, why: &str) -> Result<Access, TokenError> {
        let broken = self
            .change(portal, |draft| {
                if draft.status == PortalStatus::Active
                    && draft.state.tokens.as_ref().is_none_or(|tokens| tokens.generation <= stale)
                {
                    draft.status = PortalStatus::Broken;
                }
                Ok(())
            })
            .await;
        match broken {
            Ok(entry) if entry.status == PortalStatus::Broken => {
                tracing::error!(
                    %portal, domain = entry.domain, why,
                    "this portal's tokens no longer work: its events are kept, but nothing can be sent until an \
                     administrator of the portal installs the application again"
                );
                self.tell(portal, PortalChange::Broken);
                Err(revoked(portal))
            }
            Ok(entry) => usable(portal, &entry).map(access_of),
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    async fn known(&self, portal: &PortalKey) -> Result<Arc<Entry>, TokenError> {
        match self.entry(portal) {
            Some(entry) => Ok(entry),
            None => self.stored(portal).await,
        }
    }

    async fn stored(&self, portal: &PortalKey) -> Result<Arc<Entry>, TokenError> {
        let entry = self.reread(portal).await.map_err(|error| unavailable(error.to_string()))?;
        entry.ok_or_else(|| {
            TokenError::new(
                TokenErrorKind::UnknownPortal,
                format!("the portal {portal} is not known; install the application on it"),
            )
        })
    }
}

/// The pair that follows `old`, if the answer names the same portal and a safe address.
pub(super) fn tokens_of(portal: &PortalKey, old: &Tokens, granted: Granted) -> Result<Tokens, PortalError> {
    if granted.member.as_ref().is_some_and(|member| *member != portal.member) {
        return Err(PortalError::new(
            PortalErrorKind::NotProven,
            "the authorisation server answered with the tokens of another portal",
        ));
    }
    let client_endpoint = granted.client_endpoint.unwrap_or_else(|| old.client_endpoint.clone());
    Ok(Tokens {
        generation: old.generation + 1,
        access: granted.access,
        refresh: granted.refresh.unwrap_or_else(|| old.refresh.clone()),
        expires: granted.expires,
        client_endpoint,
        token_endpoint: old.token_endpoint.clone(),
    })
}

fn newer(portal: &PortalKey, entry: &Entry, stale: u64) -> Result<Option<Access>, TokenError> {
    let tokens = usable(portal, entry)?;
    Ok((tokens.generation > stale).then(|| access_of(tokens)))
}

fn usable<'a>(portal: &PortalKey, entry: &'a Entry) -> Result<&'a Tokens, TokenError> {
    match (entry.status, &entry.state.tokens) {
        (PortalStatus::Active, Some(tokens)) => Ok(tokens),
        (PortalStatus::Broken, _) => Err(revoked(portal)),
        _ => Err(TokenError::new(
            TokenErrorKind::UnknownPortal,
            format!("the application is not installed on {portal}; install it"),
        )),
    }
}

fn access_of(tokens: &Tokens) -> Access {
    Access {
        endpoint: tokens.client_endpoint.clone().into(),
        authorization: Authorization::Bearer(tokens.access.secret().clone()),
        generation: tokens.generation,
    }
}

fn revoked(portal: &PortalKey) -> TokenError {
    TokenError::new(
        TokenErrorKind::Revoked,
        format!(
            "the tokens of {portal} no longer work; an administrator of the portal must install the application again"
        ),
    )
}

fn unavailable(what: impl Into<String>) -> TokenError {
    TokenError::new(TokenErrorKind::Unavailable, what)
}
