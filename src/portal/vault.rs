//! Sealing: what is secret is encrypted before it goes into a store.
//!
//! ```
//! use openlines::portal::{Purpose, Vault};
//!
//! let vault = Vault::from_base64(&"c3VyZWx5IGEga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXM=".into())?;
//! let sealed = vault.seal(Purpose::Portal, "app@member", b"a token")?;
//! assert_eq!(vault.open(Purpose::Portal, "app@member", &sealed)?, b"a token");
//! assert!(vault.open(Purpose::Portal, "app@another", &sealed).is_err());
//! # Ok::<(), openlines::portal::VaultError>(())
//! ```
//!
//! **Trap:** a lost key cannot be replaced: what it sealed is gone, and every portal has to be installed again.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// First byte of what a vault without a key wrote.
const PLAIN: u8 = 0;
/// First byte of `1 | key id (4) | nonce (24) | ciphertext and tag`.
const XCHACHA20: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 24;

/// What a sealed value is; a value sealed for one purpose does not open for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// The record of a proven portal.
    Portal,
    /// An installation that waits for its proof.
    Pending,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Pending => "pending",
        }
    }
}

/// The kinds of [`VaultError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VaultErrorKind {
    /// The key is no base64 text of 32 bytes.
    BadKey,
    /// The value was sealed with a key and there is none now.
    NoKey,
    /// The value was sealed with another key.
    OtherKey,
    /// The value was changed, cut, or belongs somewhere else.
    Damaged,
    /// The value was sealed by a newer program, or the system gave no random bytes.
    Unsupported,
}

/// A value could not be sealed or opened; says what to do and holds neither key nor value.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct VaultError {
    kind: VaultErrorKind,
    what: String,
}

impl VaultError {
    fn new(kind: VaultErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }

    /// The kind, to match on.
    pub fn kind(&self) -> VaultErrorKind {
        self.kind
    }
}

/// Seals and opens with one master key (XChaCha20-Poly1305), bound to a purpose and to whom it is about.
pub struct Vault {
    key: Option<(XChaCha20Poly1305, [u8; KEY_ID])>,
}

impl Vault {
    /// The vault of `OPENLINES_MASTER_KEY`: 32 bytes, base64.
    pub fn from_base64(key: &SecretString) -> Result<Self, VaultError> {
        let bad = |why: String| {
            VaultError::new(
                VaultErrorKind::BadKey,
                format!(
                    "OPENLINES_MASTER_KEY {why}; it must be 32 random bytes in base64: make one with `openssl rand \
                     -base64 32` and keep it, what it sealed cannot be read without it"
                ),
            )
        };
        let text = key.expose_secret().trim();
        if text.is_empty() {
            return Err(bad("is empty".into()));
        }
        let bytes = STANDARD.decode(text).map_err(|_| bad("is not base64".into()))?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes)
            .map_err(|_| bad(format!("holds {} bytes", bytes.len())))?;
        let digest = Sha256::new_with_prefix(b"openlines key id").chain_update(&bytes).finalize();
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest[..KEY_ID]);
        Ok(Self { key: Some((cipher, id)) })
    }

    /// A vault without a key, for a portal by incoming webhook: its secrets stay in the environment and are never
    /// stored.
    pub fn keyless() -> Self {
        Self { key: None }
    }

    /// Whether there is a key; tokens are kept only where there is.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Seals `plain`, which is about `whom`.
    pub fn seal(&self, purpose: Purpose, whom: &str, plain: &[u8]) -> Result<Bytes, VaultError> {
        let Some((cipher, id)) = &self.key else {
            return Ok([&[PLAIN], plain].concat().into());
        };
        let nonce = XNonce::try_generate().map_err(|_| {
            VaultError::new(
                VaultErrorKind::Unsupported,
                "the operating system gave no random bytes; try again",
            )
        })?;
        let aad = bound_to(XCHACHA20, id, purpose, whom);
        let sealed = cipher.encrypt(&nonce, Payload { msg: plain, aad: &aad }).map_err(|_| {
            VaultError::new(VaultErrorKind::Unsupported, "the value is too long to be sealed")
        })?;
        Ok([&[XCHACHA20][..], id, &nonce, &sealed].concat().into())
    }

    /// Opens what was sealed about `whom`.
    pub fn open(&self, purpose: Purpose, whom: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let what = purpose.as_str();
        let damaged = || {
            VaultError::new(
                VaultErrorKind::Damaged,
                format!(
                    "the sealed {what} record of {whom} is damaged; restore the database, or forget the portal and install it again"
                ),
            )
        };
        let (version, rest) = sealed.split_first().ok_or_else(damaged)?;
        match (*version, &self.key) {
            (PLAIN, None) => Ok(rest.to_vec()),
            (PLAIN, Some(_)) => Err(VaultError::new(
                VaultErrorKind::OtherKey,
                format!(
                    "the {what} record of {whom} was stored without a master key and is not trusted now that there is one; forget the portal and install it again"
                ),
            )),
            (XCHACHA20, None) => Err(VaultError::new(
                VaultErrorKind::NoKey,
                format!(
                    "the {what} record of {whom} is sealed; set OPENLINES_MASTER_KEY to the key it was sealed with"
                ),
            )),
            (XCHACHA20, Some((cipher, id))) => {
                let (sealed_by, rest) = rest.split_at_checked(KEY_ID).ok_or_else(damaged)?;
                if sealed_by != id {
                    return Err(VaultError::new(
                        VaultErrorKind::OtherKey,
                        format!(
                            "the {what} record of {whom} was sealed with another master key (fingerprint {}, now {}); set OPENLINES_MASTER_KEY to that key",
                            hex(sealed_by),
                            hex(id)
                        ),
                    ));
                }
                let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or_else(damaged)?;
                let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
                let aad = bound_to(XCHACHA20, id, purpose, whom);
                cipher.decrypt(&nonce, Payload { msg: sealed, aad: &aad }).map_err(|_| damaged())
            }
            (other, _) => Err(VaultError::new(
                VaultErrorKind::Unsupported,
                format!(
                    "the {what} record of {whom} has format {other}, which this version does not know; run the newer program that wrote it"
                ),
            )),
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("key", &self.key.as_ref().map(|(_, id)| hex(id))).finish()
    }
}

/// What a sealed value is bound to; every part has its length before it, so that none can run into the next.
fn bound_to(version: u8, id: &[u8], purpose: Purpose, whom: &str) -> Vec<u8> {
    let mut aad = vec![version];
    for part in [id, purpose.as_str().as_bytes(), whom.as_bytes()] {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part);
    }
    aad
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::from_base64(&STANDARD.encode([byte; 32]).into()).unwrap()
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_bytes() {
        let vault = vault(1);
        let seal = || vault.seal(Purpose::Portal, "a@b", b"token").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_value_does_not_open_elsewhere_or_for_another_purpose() {
        let vault = vault(1);
        let sealed = vault.seal(Purpose::Portal, "a@b", b"token").unwrap();
        for (purpose, whom) in [(Purpose::Pending, "a@b"), (Purpose::Portal, "a@c")] {
            assert_eq!(vault.open(purpose, whom, &sealed).unwrap_err().kind(), VaultErrorKind::Damaged);
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let vault = vault(1);
        let sealed = vault.seal(Purpose::Portal, "a@b", b"token").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[at] ^= 1;
            assert!(vault.open(Purpose::Portal, "a@b", &changed).is_err(), "byte {at}");
            assert!(vault.open(Purpose::Portal, "a@b", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn another_key_is_named_as_the_cause_and_a_missing_one_too() {
        let sealed = vault(1).seal(Purpose::Portal, "a@b", b"token").unwrap();
        let kind = |vault: Vault| vault.open(Purpose::Portal, "a@b", &sealed).unwrap_err().kind();
        assert_eq!(kind(vault(2)), VaultErrorKind::OtherKey);
        assert_eq!(kind(Vault::keyless()), VaultErrorKind::NoKey);
    }

    #[test]
    fn a_plain_record_is_not_trusted_once_there_is_a_key() {
        let plain = Vault::keyless().seal(Purpose::Portal, "a@b", b"{}").unwrap();
        assert_eq!(Vault::keyless().open(Purpose::Portal, "a@b", &plain).unwrap(), b"{}");
        assert!(vault(1).open(Purpose::Portal, "a@b", &plain).is_err());
    }

    #[test]
    fn a_bad_key_is_explained_without_being_shown() {
        for bad in ["", "not base64!", "c2hvcnQ="] {
            let error = Vault::from_base64(&bad.to_owned().into()).unwrap_err();
            assert_eq!(error.kind(), VaultErrorKind::BadKey);
            assert!(error.to_string().contains("openssl rand"));
            assert!(bad.is_empty() || !format!("{error} {error:?}").contains(bad));
        }
    }

    #[test]
    fn debug_shows_a_fingerprint_only() {
        let text = format!("{:?}", vault(7));
        assert!(!text.contains(&STANDARD.encode([7; 32])) && text.contains("Vault"));
    }
}
