//! Offline events: kept by the portal until the application collects them (protocol 4.10).
//!
//! A repeat of an event that was not yet collected updates its row. The trap: what an application caused by its own
//! call, with the same `auth_connector`, it does not get.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::World;

/// Rows kept for applications that do not collect them; the oldest go.
const MOST_ROWS: usize = 10_000;

/// A subscription of `event.bind` with `EVENT_TYPE=offline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfflineBinding {
    pub(crate) client_id: String,
    pub(crate) event: String,
    pub(crate) connector: String,
}

/// One kept event.
#[derive(Clone, Debug)]
pub(crate) struct OfflineRow {
    pub(crate) id: i64,
    pub(crate) client_id: String,
    pub(crate) connector: String,
    pub(crate) at: i64,
    pub(crate) event: String,
    pub(crate) payload: Value,
    pub(crate) user_id: i64,
    /// 32 characters that tell the event and its content.
    pub(crate) message_id: String,
    /// Who is working on it; empty while nobody is.
    pub(crate) process_id: String,
    pub(crate) error: bool,
}

impl OfflineRow {
    pub(crate) fn shown(&self, whole: bool) -> Value {
        let mut row = json!({
            "ID": self.id.to_string(),
            "TIMESTAMP_X": crate::clock::iso(self.at),
            "EVENT_NAME": self.event,
            "EVENT_DATA": self.payload,
            "EVENT_ADDITIONAL": {"user_id": self.user_id.to_string()},
            "MESSAGE_ID": self.message_id,
        });
        if whole {
            row["PROCESS_ID"] = json!(self.process_id);
            row["ERROR"] = json!(if self.error { "1" } else { "0" });
        }
        row
    }
}

/// All offline subscriptions and what they have gathered.
#[derive(Debug, Default)]
pub(crate) struct Offline {
    pub(crate) bindings: Vec<OfflineBinding>,
    pub(crate) rows: Vec<OfflineRow>,
    last: i64,
    /// Application and `auth_connector` of the call that is being answered.
    pub(crate) acting: Option<(String, String)>,
    /// When each handler of ONOFFLINEEVENT was last told, in microseconds.
    told: HashMap<i64, i64>,
    /// The plan lacks processing in steps: `clear=0` is refused.
    pub(crate) only_at_once: bool,
}

impl World {
    /// Keeps an event for the applications that collect it, and tells those that want to be told.
    pub(crate) fn keep_offline(&mut self, event: &str, data: &Value, acting_user: i64, only: Option<&str>) {
        let wanted: Vec<OfflineBinding> = self
            .offline
            .bindings
            .iter()
            .filter(|binding| binding.event == event && only.is_none_or(|app| app == binding.client_id))
            .cloned()
            .collect();
        for binding in wanted {
            let own = (binding.client_id.clone(), binding.connector.clone());
            if self.offline.acting.as_ref() == Some(&own) || !self.app_hears_events(&binding.client_id) {
                continue;
            }
            self.keep_row(&binding, data, acting_user);
            self.raise_offline_notice(&binding.client_id, acting_user);
        }
    }

    fn keep_row(&mut self, binding: &OfflineBinding, data: &Value, user_id: i64) {
        let now = self.now();
        // Any fixed hash of event and content will do: the portal's is an MD5 of the same two.
        let text = format!("{}|{data}", binding.event);
        let message_id = Uuid::from_bytes(digest(&text)).simple().to_string();
        let repeated = self.offline.rows.iter_mut().find(|row| {
            row.message_id == message_id
                && row.client_id == binding.client_id
                && row.connector == binding.connector
                && row.process_id.is_empty()
        });
        if let Some(row) = repeated {
            (row.at, row.user_id) = (now, user_id);
            return;
        }
        self.offline.last += 1;
        let row = OfflineRow {
            id: self.offline.last,
            client_id: binding.client_id.clone(),
            connector: binding.connector.clone(),
            at: now,
            event: binding.event.clone(),
            payload: data.clone(),
            user_id,
            message_id,
            process_id: String::new(),
            error: false,
        };
        if self.offline.rows.len() >= MOST_ROWS {
            self.offline.rows.remove(0);
        }
        self.offline.rows.push(row);
    }

    /// Whether a handler of ONOFFLINEEVENT may be told again: not within `min_timeout` seconds.
    pub(crate) fn offline_notice_due(&mut self, row_id: i64, min_timeout: i64) -> bool {
        let now = self.clock.micros();
        let due = self
            .offline
            .told
            .get(&row_id)
            .is_none_or(|last| now - last >= min_timeout.saturating_mul(1_000_000));
        if due {
            self.offline.told.insert(row_id, now);
        }
        due
    }
}

fn digest(text: &str) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    half
}
