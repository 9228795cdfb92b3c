//! Settings of open lines.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::{
    rest::{
        loose,
        methods::{
            Done, YesNo,
            answer::{bare_id, bare_list},
        },
    },
    wire::{BotId, LineId, UserId},
};

methods! {
    scope "imopenlines";

    /// The settings of a line.
    ConfigGet = "imopenlines.config.get", "4.5", Idempotent, Read -> LineConfig, refuses ["CONFIG_ID_EMPTY"];
    needs { config_id "CONFIG_ID": LineId }
    takes { with_queue "WITH_QUEUE": YesNo, show_offline "SHOW_OFFLINE": YesNo }

    /// The settings of lines.
    ConfigListGet = "imopenlines.config.list.get", "4.5", Idempotent, Read -> LineConfigs, refuses ["INVALID_FORMAT"];
    needs {}
    takes { params "PARAMS": ConfigQuery, options "OPTIONS": Map<String, Value> }

    /// Makes a line.
    ConfigAdd = "imopenlines.config.add", "4.5", Once, AtMostOnce -> MadeLine;
    needs { params "PARAMS": LineSettings }
    takes {}

    /// Changes a line.
    ConfigUpdate = "imopenlines.config.update", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CONFIG_ID_EMPTY", "CONFIG_WRONG_USER_PERMISSION"];
    needs { config_id "CONFIG_ID": LineId, params "PARAMS": LineSettings }
    takes {}

    /// Removes a line.
    ConfigDelete = "imopenlines.config.delete", "4.5", Idempotent, Idempotent -> Done,
        refuses ["CONFIG_ID_EMPTY", "CONFIG_WRONG_USER_PERMISSION"];
    needs { config_id "CONFIG_ID": LineId }
    takes {}

    /// Where the pages of the lines are.
    ConfigPathGet = "imopenlines.config.path.get", "4.5", Idempotent, Read -> PublicPath;
    needs {}
    takes {}

    /// Versions of the interface.
    RevisionGet = "imopenlines.revision.get", "4.5", Idempotent, Read -> LineRevisions;
    needs {}
    takes {}
}

params! {
    /// Which lines, and what of them.
    ConfigQuery
        needs {}
        takes {
            select "select": Vec<String>, order "order": BTreeMap<String, String>, filter "filter": BTreeMap<String, Value>,
        }

    /// What is to be set of a line. What is not typed goes by name through [`ApiExt::call_by_name`](crate::rest::ApiExt::call_by_name).
    LineSettings
        needs {}
        takes {
            name "LINE_NAME": String, active "ACTIVE": YesNo, queue "QUEUE": Vec<UserId>, crm "CRM": YesNo,
            welcome_bot_enable "WELCOME_BOT_ENABLE": YesNo, welcome_bot_id "WELCOME_BOT_ID": BotId,
            welcome_bot_join "WELCOME_BOT_JOIN": BotJoin, welcome_bot_time "WELCOME_BOT_TIME": i64,
            welcome_bot_left "WELCOME_BOT_LEFT": BotLeft,
        }
}

/// When the line's bot joins (protocol 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BotJoin {
    /// With a client's first message ever.
    First,
    /// With every session.
    Always,
}

/// When the line's bot leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BotLeft {
    /// When the session is handed over.
    Queue,
    /// When the session is closed.
    Close,
}

/// The settings of a line. A line that is not there, or may not be seen, has id 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(transparent)]
pub struct LineConfig {
    /// All settings, upper-case names.
    pub fields: BTreeMap<String, Value>,
}

impl LineConfig {
    /// The line; 0 if there is none.
    pub fn id(&self) -> LineId {
        LineId::new(self.int("ID"))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("LINE_NAME")
    }

    /// It is on.
    pub fn active(&self) -> bool {
        self.flag("ACTIVE")
    }

    /// The bot that meets clients, if one does.
    pub fn welcome_bot(&self) -> Option<BotId> {
        let bot = self.int("WELCOME_BOT_ID");
        (self.flag("WELCOME_BOT_ENABLE") && bot > 0).then(|| BotId::new(bot))
    }

    /// Seconds until the bot hands over; 0 is never.
    pub fn welcome_bot_time(&self) -> i64 {
        self.int("WELCOME_BOT_TIME")
    }

    /// The people of its queue.
    pub fn queue(&self) -> Vec<UserId> {
        let queue = self.fields.get("QUEUE").cloned().unwrap_or_default();
        let people = loose::as_map(queue).unwrap_or_default();
        people.values().filter_map(loose::as_int).map(UserId::new).collect()
    }

    fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or("")
    }

    fn int(&self, name: &str) -> i64 {
        self.fields.get(name).and_then(loose::as_int).unwrap_or(0)
    }

    fn flag(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(loose::as_flag)
    }
}

impl<'de> Deserialize<'de> for LineConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose::map(from).map(|fields| Self { fields })
    }
}

bare_list! {
    /// What [`ConfigListGet`] answers.
    LineConfigs(
        /// The lines.
        lines: LineConfig
    )
}

bare_id! {
    /// The line made; 0 if it was not.
    MadeLine(line: LineId)
}

answers! {
    /// What [`ConfigPathGet`] answers.
    PublicPath {
        /// The portal.
        server_address "SERVER_ADDRESS" "loose::text": String,
        /// Path of the lines' public pages.
        public_path "PUBLIC_PATH" "loose::text": String,
    }

    /// What [`RevisionGet`] answers.
    LineRevisions {
        /// Of the methods.
        rest "rest" "loose::int": i64,
        /// Of the pages.
        web "web" "loose::int": i64,
        /// Of the mobile application.
        mobile "mobile" "loose::int": i64,
    }
}
