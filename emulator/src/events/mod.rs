//! What bots and applications hear: facts in, form bodies for their handlers out (protocol 1 and 2).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let portal = emulator.portal();
//! let register = "imbot.register?CODE=helper&TYPE=O&CLIENT_ID=own&PROPERTIES[NAME]=Helper";
//! let url = format!("{}{register}&EVENT_HANDLER=http://127.0.0.1:9/events", portal.webhook_url());
//! assert!(reqwest::get(url).await.unwrap().status().is_success());
//! portal.client("Ann").says("hello").await;
//! portal.settled(std::time::Duration::from_secs(5)).await;
//! let codes: Vec<String> = portal.deliveries().into_iter().map(|delivery| delivery.event).collect();
//! assert_eq!(codes, ["ONIMBOTJOINCHAT", "ONIMBOTMESSAGEADD"]);
//! # }
//! ```
//!
//! A fact goes to every handler row of its event whose application is installed; the rows of v1 and v2 events are
//! separate, so an application with both hears everything twice. Bots in fetch mode get an entry in their log instead.
//!
//! The trap: within one hit an identical callback is sent once, and a token that has caused seven rounds causes no
//! more.

mod auth;
mod bots;
mod commands;
mod connectors;
mod lines;
pub(crate) mod names;
pub(crate) mod subscriptions;
mod users;
mod v1;
mod v2;

use serde_json::{Value, json};

use crate::delivery::Callback;
use crate::form;
use crate::record::Unheard;
use crate::world::World;
use auth::AuthNeed;
pub(crate) use bots::BotFact;
use subscriptions::HandlerRow;
pub(crate) use users::ChatFact;

impl World {
    /// Queues one callback to one handler row. `same_as` names the fact: within a hit it is sent once.
    fn queue(&mut self, row: &HandlerRow, data: Value, auth: AuthNeed, acting_user: i64, same_as: &str) {
        if self.event_rounds_left == 0 {
            tracing::warn!(event = %row.event, "an event loop was cut: its token has caused seven rounds of events");
            self.note_undelivered(&row.event, Unheard::Loop);
            return;
        }
        let key = format!("{:?}|{}|{}|{same_as}", row.owner, row.url, row.event);
        if !self.sent_this_hit.insert(key) {
            return;
        }
        let mut payload = json!({"event": row.event, "event_handler_id": row.id});
        payload["data"] = data;
        payload["ts"] = json!(self.now());
        payload["auth"] = self.top_auth(row, auth, acting_user);
        // Portal to queue, then queue to handler: the second form is made of what the first one kept.
        let queued = form::decode(form::encode(&payload).as_bytes());
        let body = form::encode(&Value::Object(queued));
        self.callbacks.push(Callback { event: row.event.clone(), url: row.url.clone(), body: body.into() });
    }

    /// Raises an event that rows of applications listen to, without bots.
    pub(crate) fn raise_app_event(
        &mut self,
        event: &str,
        data: &Value,
        auth: AuthNeed,
        acting_user: i64,
        only_app: Option<&str>,
    ) {
        self.keep_offline(event, data, acting_user, only_app);
        for row in self.rows_for(event) {
            let subscriptions::RowOwner::App(client_id) = &row.owner else { continue };
            if only_app.is_some_and(|wanted| wanted != client_id) {
                continue;
            }
            if let Some(why) = self.deaf_because(client_id) {
                self.note_undelivered(event, why);
                continue;
            }
            self.queue(&row, data.clone(), auth, acting_user, &data.to_string());
        }
    }

    /// ONOFFLINEEVENT, which says no more than that something waits to be collected.
    pub(crate) fn raise_offline_notice(&mut self, client_id: &str, acting_user: i64) {
        for row in self.rows_for("ONOFFLINEEVENT") {
            let wanted = subscriptions::RowOwner::App(client_id.to_owned());
            // With no interval at all the hit itself is the limit, which `queue` keeps.
            if row.owner == wanted && self.offline_notice_due(row.id, row.min_timeout) {
                self.queue(&row, Value::Null, AuthNeed::AccessAndRefresh, acting_user, "");
            }
        }
    }

    /// ONAPPINSTALL, ONAPPUPDATE and their kin, to the application itself.
    pub(crate) fn raise_own_app_event(
        &mut self,
        client_id: &str,
        event: &str,
        data: Value,
        acting_user: i64,
    ) {
        let need = match event {
            "ONAPPUNINSTALL" | "ONAPPMETHODCONFIRM" => AuthNeed::NoTokens,
            "ONAPPPAYMENT" => AuthNeed::Access,
            _ => AuthNeed::AccessAndRefresh,
        };
        let client_id = client_id.to_owned();
        self.raise_app_event(event, &data, need, acting_user, Some(&client_id));
    }
}
