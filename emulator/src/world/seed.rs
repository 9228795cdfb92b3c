//! What is in the CRM before anybody comes: leads enough for two full pages and a bit of `crm.lead.list`.
//!
//! They are leads like any other: they are changed, deleted and bound. The trap: a count of all leads begins at 120.

use serde_json::{Map, json};

use super::World;
use super::crm::Entity;

/// How many leads there are: two full pages and a bit.
const LEADS: i64 = 120;
const STATUSES: [&str; 3] = ["NEW", "IN_PROCESS", "CONVERTED"];
/// The first one came on 1 January 2026; then one an hour.
const FIRST_CAME: i64 = 1_767_258_000;

impl World {
    /// Leads 1 to 120, the same on every portal.
    pub(crate) fn seed_leads(&mut self) {
        for id in 1..=LEADS {
            let mut fields = Map::from_iter([("ID".to_owned(), json!(id.to_string()))]);
            let defaults = super::crm::defaults("LEAD");
            fields.extend(defaults.into_iter().map(|(name, value)| (name.to_owned(), value)));
            let came = crate::clock::iso(FIRST_CAME + id * 3_600);
            let status = STATUSES[usize::try_from(id).unwrap_or(0) % STATUSES.len()];
            for (name, value) in [
                ("TITLE", json!(format!("Lead {id}"))),
                ("NAME", json!(format!("Guest {id}"))),
                ("LAST_NAME", json!("")),
                ("STATUS_ID", json!(status)),
                ("OPPORTUNITY", json!(format!("{}.00", id * 10))),
                ("CURRENCY_ID", json!("EUR")),
                ("ASSIGNED_BY_ID", json!("1")),
                ("CREATED_BY_ID", json!("1")),
                ("MODIFY_BY_ID", json!("1")),
                ("DATE_CREATE", json!(came)),
                ("DATE_MODIFY", json!(came)),
            ] {
                fields.insert(name.to_owned(), value);
            }
            self.crm.entities.insert(("LEAD", id), Entity { fields, chats: Vec::new() });
        }
    }
}
