//! The CRM, as far as bots of open lines need it; scope `crm` (protocol 12).
//!
//! ```
//! use openlines::{rest::{Method, methods::crm::{CrmFields, DuplicateFind, LeadAdd}}, wire::UserId};
//! use serde_json::json;
//!
//! let lead = CrmFields::new().title("Order 15").phone("+49 30 1234", "WORK").assigned_to(UserId::new(27));
//! assert_eq!(
//!     serde_json::to_value(LeadAdd::new(lead))?,
//!     json!({"fields": {
//!         "TITLE": "Order 15", "PHONE": [{"VALUE": "+49 30 1234", "VALUE_TYPE": "WORK"}], "ASSIGNED_BY_ID": 27,
//!     }})
//! );
//! let found = DuplicateFind::read_answer(json!({"LEAD": [3], "CONTACT": ["8", 9]}))?;
//! assert_eq!((found.leads.as_slice(), found.contacts.as_slice()), (&[3][..], &[8, 9][..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** these methods refuse with an empty code and a text in the portal's language; ask
//! [`CallError::kind`](crate::rest::CallError::kind), not the code. A deal or lead that was added with an unknown
//! outcome may be there: look for it before you add it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value, json};

use super::{
    Done,
    answer::{bare_id, bare_list},
};
use crate::{rest::loose, wire::UserId};

methods! {
    scope "crm";

    /// Makes a lead.
    LeadAdd = "crm.lead.add", "12", Once, AtMostOnce -> MadeItem;
    needs { fields "fields": CrmFields }
    takes { params "params": Map<String, Value> }

    /// A lead.
    LeadGet = "crm.lead.get", "12", Idempotent, Read -> CrmRow;
    needs { id "id": i64 }
    takes {}

    /// Leads that match, 50 a page.
    LeadList = "crm.lead.list", "12", Idempotent, Read -> CrmRows;
    needs {}
    takes {
        filter "filter": Map<String, Value>, select "select": Vec<String>, order "order": BTreeMap<String, String>,
        start "start": i64,
    }

    /// Changes a lead: what is not named stays.
    LeadUpdate = "crm.lead.update", "12", Idempotent, Idempotent -> Done;
    needs { id "id": i64, fields "fields": CrmFields }
    takes { params "params": Map<String, Value> }

    /// Makes a deal.
    DealAdd = "crm.deal.add", "12", Once, AtMostOnce -> MadeItem;
    needs { fields "fields": CrmFields }
    takes { params "params": Map<String, Value> }

    /// A deal.
    DealGet = "crm.deal.get", "12", Idempotent, Read -> CrmRow;
    needs { id "id": i64 }
    takes {}

    /// Deals that match, 50 a page.
    DealList = "crm.deal.list", "12", Idempotent, Read -> CrmRows;
    needs {}
    takes {
        filter "filter": Map<String, Value>, select "select": Vec<String>, order "order": BTreeMap<String, String>,
        start "start": i64,
    }

    /// Changes a deal: what is not named stays.
    DealUpdate = "crm.deal.update", "12", Idempotent, Idempotent -> Done;
    needs { id "id": i64, fields "fields": CrmFields }
    takes { params "params": Map<String, Value> }

    /// Makes a contact. It needs a first or a last name.
    ContactAdd = "crm.contact.add", "12", Once, AtMostOnce -> MadeItem;
    needs { fields "fields": CrmFields }
    takes { params "params": Map<String, Value> }

    /// A contact.
    ContactGet = "crm.contact.get", "12", Idempotent, Read -> CrmRow;
    needs { id "id": i64 }
    takes {}

    /// Contacts that match, 50 a page. Telephones and addresses come only if `select` names them.
    ContactList = "crm.contact.list", "12", Idempotent, Read -> CrmRows;
    needs {}
    takes {
        filter "filter": Map<String, Value>, select "select": Vec<String>, order "order": BTreeMap<String, String>,
        start "start": i64,
    }

    /// Changes a contact: what is not named stays.
    ContactUpdate = "crm.contact.update", "12", Idempotent, Idempotent -> Done;
    needs { id "id": i64, fields "fields": CrmFields }
    takes { params "params": Map<String, Value> }

    /// Who has one of these numbers or addresses, at most 20 of them.
    ///
    /// **Trap:** at most 20 of each kind are answered, the oldest; and with 20 of one kind the kinds behind it are
    /// left out: leads, then contacts, then companies. Ask for one kind to be sure of it.
    DuplicateFind = "crm.duplicate.findbycomm", "12", Idempotent, Read -> Duplicates;
    needs { kind "type": Communication, values "values": Vec<String> }
    takes { entity_type "entity_type": DuplicateKind }

    /// Adds a comment to the time line of an item.
    TimelineCommentAdd = "crm.timeline.comment.add", "12", Once, AtMostOnce -> MadeComment,
        refuses ["OWNER_NOT_FOUND", "ACCESS_DENIED", "NOT_FOUND", "INVALID_ARG_VALUE", "100"];
    needs { fields "fields": Comment }
    takes {}
}

params! {
    /// A comment to be. The kind of item is `lead`, `deal`, `contact`, `company`, …
    Comment
        needs { entity_type "ENTITY_TYPE": String, entity_id "ENTITY_ID": i64, text "COMMENT": String }
        takes { author_id "AUTHOR_ID": UserId }
}

/// What [`DuplicateFind`] looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Communication {
    /// Telephone numbers; spaces and signs do not matter.
    Phone,
    /// E-mail addresses.
    Email,
}

/// Among what [`DuplicateFind`] looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum DuplicateKind {
    /// Leads.
    Lead,
    /// Contacts.
    Contact,
    /// Companies.
    Company,
}

/// Fields of a CRM item, to be set. What has no method of its own goes in with [`set`](Self::set).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
#[must_use = "fields do nothing until they are sent"]
pub struct CrmFields(Map<String, Value>);

impl CrmFields {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any field, upper-case name, `UF_CRM_…` too.
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Title of a lead or deal.
    pub fn title(self, title: impl Into<String>) -> Self {
        self.set("TITLE", title.into())
    }

    /// First name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.set("NAME", name.into())
    }

    /// Last name.
    pub fn last_name(self, name: impl Into<String>) -> Self {
        self.set("LAST_NAME", name.into())
    }

    /// One more telephone number; its kind is `WORK`, `MOBILE`, `HOME`, …
    pub fn phone(self, number: impl Into<String>, kind: impl Into<String>) -> Self {
        self.communication("PHONE", number.into(), kind.into())
    }

    /// The chats of an open line's client: `code` is the line's address of the client
    /// ([`LineAddress`](crate::wire::LineAddress), protocol 3.1), under which the portal finds the item again.
    pub fn open_line(self, code: impl std::fmt::Display) -> Self {
        self.communication("IM", format!("imol|{code}"), "OPENLINE".into())
    }

    /// A key of your own, by which the item is found again: `system` names your program, `key` the item in it. Look for it
    /// by the filter `{"=ORIGINATOR_ID": system, "=ORIGIN_ID": key}` before you add it again.
    pub fn origin(self, system: impl Into<String>, key: impl Into<String>) -> Self {
        self.set("ORIGINATOR_ID", system.into()).set("ORIGIN_ID", key.into())
    }

    /// One more e-mail address; its kind is `WORK`, `HOME`, …
    pub fn email(self, address: impl Into<String>, kind: impl Into<String>) -> Self {
        self.communication("EMAIL", address.into(), kind.into())
    }

    /// A note on the item.
    pub fn comments(self, text: impl Into<String>) -> Self {
        self.set("COMMENTS", text.into())
    }

    /// Who is responsible.
    pub fn assigned_to(self, user: UserId) -> Self {
        self.set("ASSIGNED_BY_ID", user.get())
    }

    /// Where it came from: a code of the portal's list of sources.
    pub fn source(self, code: impl Into<String>) -> Self {
        self.set("SOURCE_ID", code.into())
    }

    /// The stage of a deal: a code of its pipeline.
    pub fn stage(self, code: impl Into<String>) -> Self {
        self.set("STAGE_ID", code.into())
    }

    /// Its amount, and the currency's code of three letters.
    pub fn amount(self, amount: f64, currency: impl Into<String>) -> Self {
        self.set("OPPORTUNITY", amount).set("CURRENCY_ID", currency.into())
    }

    /// The contact of a deal.
    pub fn contact(self, id: i64) -> Self {
        self.set("CONTACT_ID", id)
    }

    fn communication(mut self, name: &str, value: String, kind: String) -> Self {
        let row = json!({"VALUE": value, "VALUE_TYPE": kind});
        match self.0.get_mut(name) {
            Some(Value::Array(rows)) => rows.push(row),
            _ => {
                self.0.insert(name.to_owned(), json!([row]));
            }
        }
        self
    }
}

bare_id! {
    /// The item made.
    MadeItem(id: i64)
}

bare_id! {
    /// The comment made.
    MadeComment(id: i64)
}

/// A CRM item as the portal describes it: scalars are texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct CrmRow {
    /// By upper-case name.
    #[serde(deserialize_with = "loose::map")]
    pub fields: BTreeMap<String, Value>,
}

impl CrmRow {
    /// Its id; 0 if it is not told.
    pub fn id(&self) -> i64 {
        self.fields.get("ID").and_then(loose::as_int).unwrap_or(0)
    }

    /// A field as text; empty if it is none.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// The values of a field that has several, `PHONE` or `EMAIL`.
    pub fn values<'r>(&'r self, name: &str) -> impl Iterator<Item = &'r str> {
        let rows = self.fields.get(name).and_then(Value::as_array);
        rows.into_iter().flatten().filter_map(|row| row.get("VALUE").and_then(Value::as_str))
    }
}

bare_list! {
    /// What [`LeadList`], [`DealList`] and [`ContactList`] answer: a page.
    CrmRows(
        /// At most 50.
        rows: CrmRow
    )
}

/// What [`DuplicateFind`] answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Duplicates {
    /// Leads.
    #[serde(rename = "LEAD")]
    pub leads: Vec<i64>,
    /// Contacts.
    #[serde(rename = "CONTACT")]
    pub contacts: Vec<i64>,
    /// Companies.
    #[serde(rename = "COMPANY")]
    pub companies: Vec<i64>,
}

impl<'de> Deserialize<'de> for Duplicates {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Nobody is the empty list.
        let mut found: BTreeMap<String, Value> = loose::map(from)?;
        let mut ids =
            |kind: &str| loose::ints(found.remove(kind).unwrap_or_default()).map_err(D::Error::custom);
        Ok(Self { leads: ids("LEAD")?, contacts: ids("CONTACT")?, companies: ids("COMPANY")? })
    }
}
