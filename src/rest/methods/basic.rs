//! Who and where we are (protocol 4.11), and `batch` (8.4).

use serde::{Deserialize, Deserializer};

use crate::{rest::loose, wire::UserId};

methods! {
    scope "";

    /// The application as the portal sees it. By incoming webhook only scope and licence are told.
    AppInfo = "app.info", "4.11", Idempotent, Read -> AppDescription;
    needs {}
    takes {}

    /// The user whose token it is.
    Profile = "profile", "4.11", Idempotent, Read -> ProfileDescription;
    needs {}
    takes {}

    /// The scopes of the token.
    Scope = "scope", "4.11", Idempotent, Read -> Scopes;
    needs {}
    takes {}
}

/// What [`AppInfo`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub struct AppDescription {
    /// Number of the application on the portal.
    #[serde(deserialize_with = "loose::int")]
    pub id: i64,
    /// Its client id.
    #[serde(deserialize_with = "loose::text")]
    pub code: String,
    /// Its version.
    #[serde(deserialize_with = "loose::int")]
    pub version: i64,
    /// `L F D T P S`.
    #[serde(deserialize_with = "loose::text")]
    pub status: String,
    /// Whether installation was finished; until then no events come.
    #[serde(deserialize_with = "loose::flag")]
    pub installed: bool,
    /// Whether the subscription has lapsed.
    #[serde(deserialize_with = "loose::flag")]
    pub payment_expired: bool,
    /// Language of the portal.
    #[serde(deserialize_with = "loose::text")]
    pub language_id: String,
    /// Licence, `ru_pro100`.
    #[serde(deserialize_with = "loose::text")]
    pub license: String,
    /// Scopes, by incoming webhook only.
    #[serde(deserialize_with = "loose::list")]
    pub scope: Vec<String>,
}

/// What [`Profile`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub struct ProfileDescription {
    /// The user.
    #[serde(deserialize_with = "loose::int")]
    pub id: UserId,
    /// Whether an administrator.
    #[serde(deserialize_with = "loose::flag")]
    pub admin: bool,
    /// First name.
    #[serde(deserialize_with = "loose::text")]
    pub name: String,
    /// Last name.
    #[serde(deserialize_with = "loose::text")]
    pub last_name: String,
    /// Time zone, may be empty.
    #[serde(deserialize_with = "loose::text")]
    pub time_zone: String,
}

/// What [`Scope`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scopes {
    /// `imbot`, `imopenlines`, …
    pub names: Vec<String>,
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::list(from).map(|names| Self { names })
    }
}
