//! Subscriptions of the application, and events kept for fetching (protocol 4.10). OAuth only.
//!
//! ```
//! use openlines::rest::{Method, Repeat, methods::event::OfflineGet};
//!
//! // The portal forgets what it answers, unless it is told to keep it until `event.offline.clear`.
//! assert_eq!(OfflineGet::new().repeat(), Repeat::Once);
//! assert_eq!(OfflineGet::new().clear(false).repeat(), Repeat::Idempotent);
//! ```
//!
//! **Trap:** bot events are not bound here but by the registration of a bot, and are never offline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Done, OneZero, answer::bare_list};
use crate::{
    rest::{Repeat, loose},
    wire::UserId,
};

methods! {
    scope "";

    /// Subscribes an address to an event. A second time the portal answers `ERROR_CORE`, "Handler already binded".
    Bind = "event.bind", "4.10", Idempotent, Idempotent -> Done,
        refuses ["ERROR_EVENT_NOT_FOUND", "ERROR_UNSUPPORTED_PROTOCOL", "ERROR_WRONG_HANDLER_URL", "ERROR_CORE", "ACCESS_DENIED", "WRONG_AUTH_TYPE"];
    needs { event "EVENT": String, handler "HANDLER": String }
    takes {
        auth_type "AUTH_TYPE": UserId, event_type "EVENT_TYPE": EventType, options "OPTIONS": BindOptions,
    }

    /// What is subscribed.
    Get = "event.get", "4.10", Idempotent, Read -> Subscriptions;
    needs {}
    takes {}

    /// Ends a subscription.
    Unbind = "event.unbind", "4.10", Idempotent, Idempotent -> Unbound,
        refuses ["ACCESS_DENIED", "WRONG_AUTH_TYPE"];
    needs { event "EVENT": String, handler "HANDLER": String }
    takes { auth_type "AUTH_TYPE": UserId, event_type "EVENT_TYPE": EventType }

    /// Names of events that can be bound: within the granted scopes, of one scope, or all.
    Events = "events", "4.10", Idempotent, Read -> EventNames, refuses ["WRONG_AUTH_TYPE"];
    needs {}
    takes { scope "SCOPE": String, full "FULL": OneZero }

    /// Has the portal send `ONAPPTEST` with these parameters.
    Test = "event.test", "4.10", Once, AtMostOnce -> Done, refuses ["WRONG_AUTH_TYPE"];
    needs {}
    takes { query "query": Value }

    /// Events kept for fetching, at most 50 unless told otherwise.
    ///
    /// **Trap:** what it answers is gone from the portal, also when the answer got lost. With `clear` off it stays,
    /// under a process id, until [`OfflineClear`]; not every licence has that.
    OfflineGet = "event.offline.get", "4.10", Once, AtMostOnce -> OfflinePage,
        repeats |get| if get.clear == Some(OneZero(false)) { Repeat::Idempotent } else { Repeat::Once },
        refuses ["ACCESS_DENIED", "WRONG_LICENSE", "WRONG_AUTH_TYPE"];
    needs {}
    takes {
        filter "filter": BTreeMap<String, Value>, order "order": BTreeMap<String, String>, limit "limit": i64,
        clear "clear": OneZero, process_id "process_id": String, error "error": OneZero,
    }

    /// Acknowledges fetched events: all of a process, or some of it.
    OfflineClear = "event.offline.clear", "4.10", Idempotent, Idempotent -> Done,
        refuses ["ACCESS_DENIED", "WRONG_AUTH_TYPE"];
    needs { process_id "process_id": String }
    takes { id "id": Vec<i64>, message_id "message_id": Vec<String> }

    /// Marks fetched events as failed; they come again when [`OfflineGet`] asks for those.
    OfflineError = "event.offline.error", "4.10", Idempotent, Idempotent -> Done,
        refuses ["ACCESS_DENIED", "WRONG_AUTH_TYPE"];
    needs { process_id "process_id": String, message_id "message_id": Vec<String> }
    takes {}

    /// Events kept for fetching, looked at without taking them; pages of 50.
    OfflineList = "event.offline.list", "4.10", Idempotent, Read -> OfflineRows,
        refuses ["ACCESS_DENIED", "WRONG_AUTH_TYPE"];
    needs {}
    takes {
        filter "filter": BTreeMap<String, Value>, order "order": BTreeMap<String, String>, start "start": i64,
    }
}

params! {
    /// How a subscription is to work.
    BindOptions
        needs {}
        takes { min_timeout "minTimeout": i64 }
}

/// How an event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EventType {
    /// Posted to the address.
    Online,
    /// Kept until it is fetched.
    Offline,
}

answers! {
    /// What [`OfflineGet`] answers.
    OfflinePage {
        /// The process that holds them until they are cleared; empty when they are gone from the portal.
        process_id "process_id" "loose::text": String,
        /// The events.
        events "events" "loose::list": Vec<OfflineRow>,
    }

    /// An event kept for fetching.
    OfflineRow {
        /// Number of the row.
        id "ID" "loose::int": i64,
        /// When it was kept, as the portal writes it.
        time "TIMESTAMP_X" "loose::text": String,
        /// Name of the event, upper case.
        event "EVENT_NAME" "loose::text": String,
        /// What a callback has as `data`.
        data "EVENT_DATA" "loose::map": BTreeMap<String, Value>,
        /// What surrounds it, `user_id`.
        additional "EVENT_ADDITIONAL" "loose::map": BTreeMap<String, Value>,
        /// 32 characters that name it for [`OfflineClear`] and [`OfflineError`].
        message_id "MESSAGE_ID" "loose::text": String,
        /// The process that holds it, in lists.
        process_id "PROCESS_ID" "loose::text": String,
        /// Whether it was marked as failed, in lists.
        error "ERROR" "loose::flag": bool,
    }
}

bare_list! {
    /// What [`OfflineList`] answers.
    OfflineRows(
        /// At most 50.
        rows: OfflineRow
    )
}

bare_list! {
    /// What [`Events`] answers.
    EventNames(
        /// Upper case.
        names: String
    )
}

bare_list! {
    /// What [`Get`] answers.
    Subscriptions(
        /// All that the token's user may see.
        rows: Subscription
    )
}

/// An address that hears an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Unbound {
    /// How many subscriptions ended.
    #[serde(deserialize_with = "loose::int")]
    pub count: i64,
}
