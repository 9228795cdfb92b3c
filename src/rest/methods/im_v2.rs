//! Events of a user, not of a bot, by fetching; scope `im` (protocol 13).
//!
//! ```
//! use openlines::rest::{Method, methods::im_v2::EventGet};
//!
//! let page = EventGet::read_answer(serde_json::json!({"events": [], "nextOffset": 7, "hasMore": false}))?;
//! assert_eq!((page.events.len(), page.next_offset), (0, 7));
//! # Ok::<(), openlines::rest::CallError>(())
//! ```
//!
//! **Trap:** a user has one log. Two applications that fetch it take events from one another.

use super::{Done, imbot_v2::EventPage};

methods! {
    scope "im";

    /// Has the portal log the events of the token's user.
    EventSubscribe = "im.v2.Event.subscribe", "13", Idempotent, Idempotent -> Done;
    needs {}
    takes {}

    /// Events of the token's user. `offset` acknowledges: what lies before it is deleted.
    EventGet = "im.v2.Event.get", "13", Idempotent, Read -> EventPage;
    needs {}
    takes { offset "offset": i64, limit "limit": i64 }

    /// Ends the log of the token's user.
    EventUnsubscribe = "im.v2.Event.unsubscribe", "13", Idempotent, Idempotent -> Done;
    needs {}
    takes {}
}
