//! What an installation claims, before anything of it is believed.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{PortalError, PortalErrorKind, Purpose, Vault, record::Sealed, vault::hex};
use crate::{
    store::PendingId,
    wire::{AppId, MemberId, PortalKey},
};

/// Longest token, address or host a claim may hold; real ones have 30 to 100 characters.
const FIELD_MAX: usize = 1024;
/// Longest event a claim may carry; a real one has some 700 bytes.
const NOTICE_MAX: usize = 16 * 1024;

/// An installation that says it is a portal: from ONAPPINSTALL, or from the form of the install page.
///
/// Nothing is ever sent to an address from here but to the authorisation server, and to that only if it is on the list.
#[derive(Debug, Clone)]
pub struct Claim {
    pub(super) app: AppId,
    pub(super) member: MemberId,
    pub(super) server_endpoint: String,
    pub(super) domain: String,
    pub(super) refresh_token: Sealed,
    pub(super) application_token: Sealed,
    pub(super) notice: Bytes,
}

impl Claim {
    /// What every claim has: the portal, its authorisation server, the refresh token to prove it with, and the secret
    /// its callbacks will carry.
    pub fn new(
        app: AppId,
        member: MemberId,
        server_endpoint: impl Into<String>,
        refresh_token: impl Into<SecretString>,
        application_token: impl Into<SecretString>,
    ) -> Self {
        Self {
            app,
            member,
            server_endpoint: server_endpoint.into(),
            domain: String::new(),
            refresh_token: refresh_token.into().into(),
            application_token: application_token.into().into(),
            notice: Bytes::new(),
        }
    }

    /// Adds the host that people know the portal by.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Adds the token-free event that is to be accepted once the claim is proven.
    #[must_use]
    pub fn notice(mut self, event: Bytes) -> Self {
        self.notice = event;
        self
    }

    /// The portal it claims to be.
    pub fn key(&self) -> PortalKey {
        PortalKey::new(self.app.clone(), self.member.clone())
    }

    /// Names the claim: the same claim again has the same name.
    pub(super) fn id(&self) -> PendingId {
        let mut hash = Sha256::new();
        for part in [
            self.app.as_str(),
            self.member.as_str(),
            &self.server_endpoint,
            self.refresh_token.expose(),
            self.application_token.expose(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        PendingId(id)
    }

    pub(super) fn check(&self) -> Result<(), PortalError> {
        let bad = |what: String| Err(PortalError::new(PortalErrorKind::BadClaim, what));
        let member = self.member.as_str();
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if member.is_empty() || member.len() > 64 || !member.chars().all(known) {
            return bad("member_id is missing or is no member id (32 hex digits)".into());
        }
        for (name, text, needed) in [
            ("server_endpoint", self.server_endpoint.as_str(), true),
            ("refresh_token", self.refresh_token.expose(), true),
            ("application_token", self.application_token.expose(), true),
            ("domain", &self.domain, false),
        ] {
            if needed && text.is_empty() {
                return bad(format!("{name} is missing"));
            }
            if text.len() > FIELD_MAX {
                return bad(format!("{name} has {} bytes, more than {FIELD_MAX}", text.len()));
            }
        }
        if self.notice.len() > NOTICE_MAX {
            return bad(format!("the event has {} bytes, more than {NOTICE_MAX}", self.notice.len()));
        }
        Ok(())
    }

    pub(super) fn seal(&self, vault: &Vault) -> Result<Bytes, PortalError> {
        let kept = Kept {
            app: self.app.clone(),
            member: self.member.clone(),
            server_endpoint: self.server_endpoint.clone(),
            domain: self.domain.clone(),
            refresh_token: self.refresh_token.clone(),
            application_token: self.application_token.clone(),
            notice: STANDARD.encode(&self.notice),
        };
        let plain = serde_json::to_vec(&kept).map_err(|_| unreadable())?;
        Ok(vault.seal(Purpose::Pending, &name(self.id()), &plain)?)
    }

    pub(super) fn open(vault: &Vault, id: PendingId, sealed: &[u8]) -> Result<Self, PortalError> {
        let plain = vault.open(Purpose::Pending, &name(id), sealed)?;
        let kept: Kept = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        Ok(Self {
            app: kept.app,
            member: kept.member,
            server_endpoint: kept.server_endpoint,
            domain: kept.domain,
            refresh_token: kept.refresh_token,
            application_token: kept.application_token,
            notice: STANDARD.decode(kept.notice).map_err(|_| unreadable())?.into(),
        })
    }
}

/// A claim as it waits in the store.
#[derive(Serialize, Deserialize)]
struct Kept {
    app: AppId,
    member: MemberId,
    server_endpoint: String,
    domain: String,
    refresh_token: Sealed,
    application_token: Sealed,
    notice: String,
}

pub(super) fn name(id: PendingId) -> String {
    hex(&id.0)
}

fn unreadable() -> PortalError {
    PortalError::new(
        PortalErrorKind::Sealed,
        "a pending installation cannot be read; open the install page again",
    )
}
