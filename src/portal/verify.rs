//! Whether a callback comes from the portal it names (protocol 1.7).

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::{Registry, registry::key_of};
use crate::wire::{AppId, PortalKey};

/// How many tokens are compared with, whoever the portal is: unknown portals must not answer faster.
const COMPARED: usize = 2;

/// The answer of [`Registry::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// It comes from this portal.
    Verified(PortalKey),
    /// The application is not installed there.
    Unknown,
    /// The token is missing or another one.
    Forged,
}

/// Digests of the tokens that prove a portal. Digests, so that a comparison tells nothing of the length either.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    digests: [[u8; 32]; COMPARED],
    any: bool,
}

impl Expected {
    pub(super) fn none() -> Self {
        Self { digests: [[0; 32]; COMPARED], any: false }
    }

    pub(super) fn of<'a>(tokens: impl Iterator<Item = &'a SecretString>) -> Self {
        let mut expected = Self::none();
        let tokens = tokens.filter(|token| !token.expose_secret().is_empty());
        for (slot, token) in tokens.take(COMPARED).enumerate() {
            let digest = digest(token.expose_secret());
            // Unused slots repeat the last token: a digest of zeros is nobody's, but need not be reasoned about.
            expected.digests[slot..].fill(digest);
            expected.any = true;
        }
        expected
    }

    /// Compares with every expected token, found or not.
    fn matches(&self, token: &str) -> Choice {
        let given = digest(token);
        let found = self.digests.iter().fold(Choice::from(0), |found, one| found | one.ct_eq(&given));
        found & Choice::from(u8::from(self.any)) & Choice::from(u8::from(!token.is_empty()))
    }
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expected").field("any", &self.any).finish_non_exhaustive()
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl Registry {
    /// Compares the top-level `auth[application_token]` with that of the portal `member`, in constant time and from
    /// memory: nothing that is not verified causes a read of the store. A missing token is a forged one.
    pub fn verify(&self, app: &AppId, member: Option<&str>, token: Option<&str>) -> Verification {
        let key = match self.webhook_of(app) {
            // A webhook does not tell its member id; the bot token is the proof and the only portal is meant.
            Some(webhook) => Some(webhook.key().clone()),
            None => member.map(|member| key_of(app, member)),
        };
        let entry = key.as_ref().and_then(|key| self.entry(key));
        let expected = entry.as_ref().map_or_else(Expected::none, |entry| entry.expected);
        let genuine = bool::from(expected.matches(token.unwrap_or_default()));
        match (key, expected.any) {
            (Some(key), true) if genuine => Verification::Verified(key),
            (_, true) => Verification::Forged,
            (_, false) => Verification::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_and_equal_token_matches() {
        let tokens: [SecretString; 2] = ["one".into(), "customone".into()];
        let expected = Expected::of(tokens.iter());
        for (token, genuine) in
            [("one", true), ("customone", true), ("", false), ("on", false), ("onee", false), ("ONE", false)]
        {
            assert_eq!(bool::from(expected.matches(token)), genuine, "{token}");
        }
    }

    #[test]
    fn a_portal_without_a_token_matches_nothing() {
        let empty: [SecretString; 1] = ["".into()];
        for expected in [Expected::none(), Expected::of(empty.iter()), Expected::of([].iter())] {
            assert!(!bool::from(expected.matches("")));
            assert!(!bool::from(expected.matches("x")));
        }
    }
}
