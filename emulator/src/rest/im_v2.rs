//! `im.v2.Event.*`: a user has the events of their chats logged, and collects them.
//!
//! The log belongs to the user, not to an application: whoever calls in the user's name empties it for everybody.
//! The trap: after `unsubscribe` what was logged before is still handed out.

use super::imbot_v2::events::{self, Log};
use super::{Answer, Call, Method, Reply, yes};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("im.v2.Event.subscribe", "im", subscribe),
    Method::literal("im.v2.Event.unsubscribe", "im", unsubscribe),
    Method::literal("im.v2.Event.get", "im", get),
];

fn subscribe(call: &mut Call<'_>) -> Reply {
    call.world.subscribed.insert(call.auth.user_id);
    yes()
}

fn unsubscribe(call: &mut Call<'_>) -> Reply {
    call.world.subscribed.remove(&call.auth.user_id);
    yes()
}

fn get(call: &mut Call<'_>) -> Reply {
    let log = Log::User(call.auth.user_id);
    Ok(Answer::new(events::page(call, &[log])))
}
