//! The RT channel, scope `pull` (protocol 4.9, 10). OAuth applications only.
//!
//! ```
//! use openlines::rest::{Method, methods::pull::ConfigGet};
//! use serde_json::json;
//!
//! let config = ConfigGet::read_answer(json!({
//!     "server": {"version": 4, "websocket_secure": "wss://rt/subws2/"}, "jwt": "s3cret", "exp": 1775052318,
//! }))?;
//! assert_eq!((config.server().version, config.expires()), (4, Some(1775052318)));
//! assert!(!format!("{config:?}").contains("s3cret"));
//! # Ok::<(), openlines::rest::CallError>(())
//! ```
//!
//! **Trap:** `EventAdd` and `PushAdd` answer `true` whether or not anything reached anyone.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Done, YesNo};
use crate::{message::RtMessage, rest::loose, wire::UserId};

methods! {
    scope "pull";

    /// Sends an event to pages of the application. Made by [`EventAdd::event`]. Answers `true` always.
    EventAdd = "pull.application.event.add", "4.9", Idempotent, AtLeastOnce -> Done,
        refuses ["WRONG_AUTH_TYPE", "USER_ID_ACCESS_ERROR", "MODULE_ID_ERROR", "COMMAND_ERROR", "PARAMS_ERROR"];
    needs { command "COMMAND": String }
    takes { module_id "MODULE_ID": String, params "PARAMS": Value, user_id "USER_ID": Value }

    /// Sends a push notification to the mobile applications of users. Administrators only.
    PushAdd = "pull.application.push.add", "4.9", Once, AtMostOnce -> Done,
        refuses ["WRONG_AUTH_TYPE", "ACCESS_ERROR", "TEXT_ERROR", "EMPTY_APP_NAME"];
    needs { user_id "USER_ID": Vec<UserId>, text "TEXT": String }
    takes { avatar "AVATAR": String }

    /// Where and how pages connect: for the token's user.
    ConfigGet = "pull.application.config.get", "4.9", Idempotent, Read -> PullConfig,
        refuses ["WRONG_AUTH_TYPE", "SERVER_ERROR"];
    needs {}
    takes { cache "CACHE": YesNo, reopen "REOPEN": YesNo }
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

/// What [`ConfigGet`] answers. Whoever has it hears what its user hears, so `Debug` tells the server only.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PullConfig(Value);

impl PullConfig {
    /// The whole, for the page it is meant for.
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    /// The server; empty where the answer does not tell.
    pub fn server(&self) -> PullServer {
        self.0.get("server").and_then(|server| PullServer::deserialize(server).ok()).unwrap_or_default()
    }

    /// When it ends and is to be asked for again, Unix seconds.
    pub fn expires(&self) -> Option<i64> {
        self.0.get("exp").and_then(loose::as_int).filter(|at| *at > 0)
    }
}

impl fmt::Debug for PullConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PullConfig").field("server", &self.server()).finish_non_exhaustive()
    }
}

answers! {
    /// A push server.
    PullServer {
        /// Its version: decides the framing (protocol 10.2).
        version "version" "loose::int": i64,
        /// It works at all.
        enabled "server_enabled" "loose::flag": bool,
        /// It takes web sockets.
        websocket_enabled "websocket_enabled" "loose::flag": bool,
        /// `shared` or `personal`.
        mode "mode" "loose::text": String,
        /// The portal's name there.
        hostname "hostname" "loose::text": String,
        /// Address for WebSocket over TLS.
        websocket_secure "websocket_secure" "loose::text": String,
        /// Address for WebSocket.
        websocket "websocket" "loose::text": String,
        /// Address for long polling over TLS; the portal spells it so.
        long_polling_secure "long_pooling_secure" "loose::text": String,
        /// Address for long polling.
        long_polling "long_polling" "loose::text": String,
        /// When the configuration was made, Unix seconds.
        config_timestamp "config_timestamp" "loose::int": i64,
    }
}
