//! Who and where we are (protocol 4.11), and `batch` (8.4).
//!
//! ```
//! use openlines::rest::{Method, methods::basic::MethodGet};
//!
//! let known = MethodGet::read_answer(serde_json::json!({"isExisting": true, "isAvailable": false}))?;
//! assert!(known.exists && !known.available);
//! assert_eq!(MethodGet::new("imbot.v2.File.upload").name, "imbot.v2.File.upload");
//! # Ok::<(), openlines::rest::CallError>(())
//! ```
//!
//! **Trap:** [`AppInfo`] by incoming webhook tells neither id nor whether the application is installed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{OneZero, answer::bare_list};
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

    /// The scopes of the token; with `full` all that the portal has.
    Scope = "scope", "4.11", Idempotent, Read -> Scopes;
    needs {}
    takes { full "full": OneZero }

    /// The portal's clock, ISO 8601 with its offset.
    ServerTime = "server.time", "4.11", Idempotent, Read -> Now;
    needs {}
    takes {}

    /// Whether a method is there, and whether the token may call it.
    MethodGet = "method.get", "4.11", Idempotent, Read -> MethodState;
    needs { name "name": String }
    takes {}

    /// Up to 50 commands `method?query` in one request. [`rest::Batch`](crate::rest::Batch) makes them of calls, and
    /// reads the answers.
    BatchCall = "batch", "8.4", Once, AtMostOnce -> BatchAnswer, refuses ["ERROR_BATCH_LENGTH_EXCEEDED", "ERROR_BATCH_METHOD_NOT_ALLOWED"];
    needs { cmd "cmd": BTreeMap<String, String> }
    takes { halt "halt": OneZero }
}

answers! {
    /// What [`MethodGet`] answers.
    MethodState {
        /// Such a method is there.
        exists "isExisting" "loose::flag": bool,
        /// The token may call it.
        available "isAvailable" "loose::flag": bool,
    }

    /// What [`BatchCall`] answers, by the keys of the commands.
    BatchAnswer {
        /// `result` of those that succeeded.
        result "result" "loose::map": BTreeMap<String, Value>,
        /// `error` and `error_description` of those that did not.
        errors "result_error" "loose::map": BTreeMap<String, Value>,
        /// How many rows there are in all, of lists.
        total "result_total" "loose::map": BTreeMap<String, Value>,
        /// The `start` of the next page, of lists that have one.
        next "result_next" "loose::map": BTreeMap<String, Value>,
    }
}

/// What [`ServerTime`] answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Now {
    /// ISO 8601 with offset.
    pub time: String,
}

impl<'de> Deserialize<'de> for Now {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::text(from).map(|time| Self { time })
    }
}

/// What [`AppInfo`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Days until a demo or a subscription ends.
    #[serde(deserialize_with = "loose::int")]
    pub days: i64,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `M`, `F` or empty.
    #[serde(deserialize_with = "loose::text")]
    pub personal_gender: String,
    /// Address of the picture; empty when there is none.
    #[serde(deserialize_with = "loose::text")]
    pub personal_photo: String,
    /// Time zone, may be empty.
    #[serde(deserialize_with = "loose::text")]
    pub time_zone: String,
}

bare_list! {
    /// What [`Scope`] answers.
    Scopes(
        /// `imbot`, `imopenlines`, …
        names: String
    )
}
