//! The `auth` block of a callback (protocol 1.4).
//!
//! ```
//! use openlines::wire::AuthBlock;
//!
//! let mut auth = AuthBlock::default();
//! auth.access_token = Some("s3cret".into());
//! assert!(!format!("{auth:?}").contains("s3cret"));
//! ```
//!
//! **Trap:** `domain` is the portal here, and the authorisation server in the answer to a grant.

use secrecy::SecretString;

use super::{MemberId, UserId};

/// Tokens and addresses that came with a callback. Which keys are there depends on the event (protocol 1.5).
///
/// Nothing is ever sent to an address from here, and none of these tokens becomes the application's identity:
/// they belong to whoever acted.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AuthBlock {
    /// Token of the acting user; absent on events without authorisation.
    pub access_token: Option<SecretString>,
    /// Only on the events of protocol 1.5.
    pub refresh_token: Option<SecretString>,
    /// The secret that proves the portal sent this.
    pub application_token: Option<SecretString>,
    /// When the access token ends, Unix seconds.
    pub expires: Option<i64>,
    /// Granted scopes.
    pub scope: Vec<String>,
    /// Host of the portal.
    pub domain: Option<String>,
    /// REST root of the authorisation server.
    pub server_endpoint: Option<String>,
    /// REST root of the portal.
    pub client_endpoint: Option<String>,
    /// The portal.
    pub member_id: Option<MemberId>,
    /// Whom the access token acts for.
    pub user_id: Option<UserId>,
    /// `L F D T P S`: local, free, demo, trial, paid, subscription.
    pub status: Option<String>,
}
