//! Events that were fetched instead of sent: `imbot.v2.Event.get` (protocol 4.8) and `event.offline.get` (protocol 4.10).

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Callback, TypeError, from_json};

/// One fetched event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fetched {
    /// Its number in the portal's log, by which fetching goes on.
    pub event_id: i64,
    /// The same as a callback would have brought, without tokens.
    pub callback: Callback,
}

/// Reads one element of `events`: `{eventId, type, date, data}`.
///
/// ```
/// use openlines::{codec, wire::Event};
/// use serde_json::json;
///
/// let event = json!({
///     "eventId": 4711, "type": "ONIMBOTV2MESSAGEADD", "date": "2026-03-16T20:41:58+01:00",
///     "data": {
///         "bot": {"id": 456, "code": "support_bot"},
///         "message": {"id": 789, "authorId": 1, "text": "Hi", "isSystem": false, "forward": null, "params": []},
///         "chat": {"id": 5, "dialogId": "1", "messageType": "P"},
///         "user": {"id": 1, "bot": false, "connector": false},
///         "language": "en",
///     },
/// });
/// let fetched = codec::fetched(&event)?;
/// assert_eq!((fetched.event_id, fetched.callback.ts), (4711, 1_773_690_118));
/// assert!(matches!(codec::events(&fetched.callback)?[0].event, Event::Message(_)));
/// # Ok::<(), codec::TypeError>(())
/// ```
pub fn fetched(event: &Json) -> Result<Fetched, TypeError> {
    let field = |key: &str| event.get(key).unwrap_or(&Json::Null);
    let event_id = number(field("eventId"), "eventId", "the number of the event")?;
    let raw = from_json(&json!({
        "event": field("type"),
        "eventId": event_id,
        "ts": field("date").as_str().and_then(seconds),
        "data": field("data"),
    }));
    let callback = Callback::read(Arc::new(raw))?;
    Ok(Fetched { event_id, callback })
}

/// Reads an offline event: `{ID, TIMESTAMP_X, EVENT_NAME, EVENT_DATA, EVENT_ADDITIONAL, MESSAGE_ID}`.
///
/// ```
/// use openlines::codec;
/// use serde_json::json;
///
/// let row = json!({
///     "ID": "17", "TIMESTAMP_X": "2026-03-16T20:41:58+01:00", "EVENT_NAME": "ONCRMDEALUPDATE",
///     "EVENT_DATA": {"FIELDS": {"ID": "15"}}, "EVENT_ADDITIONAL": {"user_id": "1"}, "MESSAGE_ID": "0123",
/// });
/// let collected = codec::collected(&row)?;
/// assert_eq!((collected.event_id, collected.callback.code.as_str()), (17, "ONCRMDEALUPDATE"));
/// let raw = &collected.callback.raw;
/// assert_eq!(raw.path(&["data", "FIELDS", "ID"]).and_then(|id| id.int()), Some(15));
/// assert_eq!(raw.path(&["user_id"]).and_then(|id| id.int()), Some(1));
/// # Ok::<(), codec::TypeError>(())
/// ```
pub fn collected(row: &Json) -> Result<Fetched, TypeError> {
    let field = |key: &str| row.get(key).unwrap_or(&Json::Null);
    let event_id = number(field("ID"), "ID", "the number of the row")?;
    let raw = from_json(&json!({
        "event": field("EVENT_NAME"),
        "offline_id": event_id,
        "ts": field("TIMESTAMP_X").as_str().and_then(seconds),
        "data": field("EVENT_DATA"),
        // Whoever caused it, as the portal tells it beside the data.
        "user_id": field("EVENT_ADDITIONAL").get("user_id"),
    }));
    let callback = Callback::read(Arc::new(raw))?;
    Ok(Fetched { event_id, callback })
}

fn number(value: &Json, path: &'static str, what: &'static str) -> Result<i64, TypeError> {
    let value = from_json(&json!([value]));
    let value = value.path(&["0"]);
    value.and_then(|value| value.int()).ok_or_else(|| TypeError::new(path, what, value))
}

/// Unix seconds of an ISO-8601 date with offset.
fn seconds(date: &str) -> Option<i64> {
    date.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_event_is_essential() {
        for event in [json!({"type": "X"}), json!({"eventId": "a", "type": "X"}), json!([]), json!(null)] {
            assert_eq!(fetched(&event).unwrap_err().path(), "eventId");
        }
        assert_eq!(fetched(&json!({"eventId": "12", "type": "x"})).unwrap().event_id, 12);
    }

    #[test]
    fn a_date_that_cannot_be_read_is_no_error() {
        let event = json!({"eventId": 1, "type": "ONIMBOTV2DELETE", "date": "soon"});
        assert_eq!(fetched(&event).unwrap().callback.ts, 0);
    }
}
