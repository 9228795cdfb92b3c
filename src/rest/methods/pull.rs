//! The RT channel, scope `pull` (protocol 4.9). OAuth applications only.

use serde_json::Value;

use super::Done;
use crate::message::RtMessage;

methods! {
    scope "pull";

    /// Sends an event to pages of the application. Made by [`EventAdd::event`]. Answers `true` always.
    EventAdd = "pull.application.event.add", "4.9", Idempotent, AtLeastOnce -> Done;
    needs { command "COMMAND": String }
    takes { module_id "MODULE_ID": String, params "PARAMS": Value, user_id "USER_ID": Value }
}

impl EventAdd {
    /// A checked event. A page may see it twice when a try had an unknown outcome.
    pub fn event(event: &RtMessage) -> Self {
        let mut params = event.to_params();
        Self {
            module_id: params.remove("MODULE_ID").and_then(|id| id.as_str().map(str::to_owned)),
            params: params.remove("PARAMS"),
            user_id: params.remove("USER_ID"),
            ..Self::new(event.command())
        }
    }
}
