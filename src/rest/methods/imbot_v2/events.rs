//! Events of bots in fetch mode.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    rest::{BotToken, loose},
    wire::BotId,
};

methods! {
    scope "imbot";

    /// Events of a bot in fetch mode. `offset` acknowledges: what lies before it is deleted.
    EventGet = "imbot.v2.Event.get", "4.8", Idempotent, Read -> EventPage,
        refuses [
            "SCOPE_ERROR", "AUTH_ERROR", "USER_NOT_SUBSCRIBED", "BOT_ID_REQUIRED", "BOT_NOT_FOUND",
            "BOT_OWNERSHIP_ERROR", "BOT_TOKEN_NOT_SPECIFIED",
        ];
    needs { bot_id "botId": BotId }
    takes {
        offset "offset": i64, limit "limit": i64, with_user_events "withUserEvents": bool,
        bot_token "botToken": BotToken,
    }
}

/// Events fetched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventPage {
    /// In ascending order.
    #[serde(deserialize_with = "loose::list")]
    pub events: Vec<FetchedEvent>,
    /// The offset that acknowledges them.
    #[serde(deserialize_with = "loose::int")]
    pub next_offset: i64,
    /// Whether exactly as many came as were asked for.
    #[serde(deserialize_with = "loose::flag")]
    pub has_more: bool,
}

/// An event as the portal's log holds it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FetchedEvent {
    /// Its place in the log.
    #[serde(deserialize_with = "loose::int")]
    pub event_id: i64,
    /// Its name, `ONIMBOTV2MESSAGEADD`.
    #[serde(rename = "type", deserialize_with = "loose::text")]
    pub kind: String,
    /// When it happened, ISO 8601.
    #[serde(deserialize_with = "loose::text")]
    pub date: String,
    /// What happened, as a callback's `data`, with types kept.
    pub data: Value,
}
