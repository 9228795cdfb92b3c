//! Subscriptions of the application (protocol 4.10). OAuth only. Bot events are not bound here but by registration.

use serde::{Deserialize, Deserializer};

use super::Done;
use crate::{rest::loose, wire::UserId};

methods! {
    scope "";

    /// Subscribes an address to an event. A second time the portal answers `ERROR_CORE`, "Handler already binded".
    Bind = "event.bind", "4.10", Idempotent, Idempotent -> Done;
    needs { event "EVENT": String, handler "HANDLER": String }
    takes { auth_type "AUTH_TYPE": UserId }

    /// What is subscribed.
    Get = "event.get", "4.10", Idempotent, Read -> Subscriptions;
    needs {}
    takes {}

    /// Ends a subscription.
    Unbind = "event.unbind", "4.10", Idempotent, Idempotent -> Unbound;
    needs { event "EVENT": String, handler "HANDLER": String }
    takes { auth_type "AUTH_TYPE": UserId }
}

/// What [`Get`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscriptions {
    /// All that the token's user may see.
    pub rows: Vec<Subscription>,
}

impl<'de> Deserialize<'de> for Subscriptions {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::list(from).map(|rows| Self { rows })
    }
}

/// An address that hears an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Subscription {
    /// Event, upper-case.
    #[serde(deserialize_with = "loose::text")]
    pub event: String,
    /// Address; empty for offline events.
    #[serde(deserialize_with = "loose::text")]
    pub handler: String,
    /// Whose token the callback carries; 0 is whoever acted.
    #[serde(deserialize_with = "loose::int")]
    pub auth_type: UserId,
    /// Fetched instead of posted.
    #[serde(deserialize_with = "loose::flag")]
    pub offline: bool,
}

/// What [`Unbind`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Unbound {
    /// How many subscriptions ended.
    #[serde(deserialize_with = "loose::int")]
    pub count: i64,
}
