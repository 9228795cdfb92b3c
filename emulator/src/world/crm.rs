//! The little CRM that open lines know: leads, deals, contacts and companies, their chats and their comments.
//!
//! An entity is a map of fields as the REST methods give and take them. A chat has at most one entity of each type; the
//! deal speaks for it in `ENTITY_DATA_1`, then the lead, the contact, the company.
//!
//! An entity knows its chats by rows of the field `IM`, `imol|` and the address of the client (protocol 3.1). An entity
//! that is given such a row has that chat from then on, unless another of its type has it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::lines::CrmBinding;
use super::{World, take};

/// The entity types, the one that speaks for a chat first.
pub(crate) const KINDS: [&str; 4] = ["DEAL", "LEAD", "CONTACT", "COMPANY"];

/// One entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entity {
    pub(crate) fields: Map<String, Value>,
    /// Its chats, the oldest first.
    pub(crate) chats: Vec<i64>,
}

/// A comment in an entity's timeline.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) kind: &'static str,
    pub(crate) entity: i64,
    pub(crate) author_id: i64,
    pub(crate) text: String,
}

/// Entities and who may not read them.
#[derive(Default)]
pub(crate) struct Crm {
    /// By entity type (upper case) and id.
    pub(crate) entities: BTreeMap<(&'static str, i64), Entity>,
    /// The entity of each type, by chat and type.
    by_chat: BTreeMap<(i64, &'static str), i64>,
    pub(crate) comments: Vec<Comment>,
    /// Users who may read no entity.
    pub(crate) blind: BTreeSet<i64>,
    /// The deal that waits for its first chat.
    waiting: Option<i64>,
    /// Number of the next phone or e-mail row.
    pub(crate) next_row: i64,
}

/// The type as it is kept, from any case.
pub(crate) fn kind_of(name: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(name))
}

impl Crm {
    /// The deal that the first new chat is bound to.
    pub(crate) fn await_chat(&mut self, deal: i64) {
        self.waiting = Some(deal);
    }

    pub(crate) fn bind(&mut self, kind: &'static str, id: i64, chat_id: i64) {
        if let Some(before) = self.by_chat.insert((chat_id, kind), id)
            && let Some(entity) = self.entities.get_mut(&(kind, before))
        {
            entity.chats.retain(|chat| *chat != chat_id);
        }
        self.entities.entry((kind, id)).or_default().chats.push(chat_id);
    }

    pub(crate) fn of_chat(&self, chat_id: i64, kind: &'static str) -> Option<i64> {
        self.by_chat.get(&(chat_id, kind)).copied()
    }

    pub(crate) fn deal_of(&self, chat_id: i64) -> Option<i64> {
        self.of_chat(chat_id, "DEAL")
    }

    /// The entity that speaks for the chat.
    pub(crate) fn speaks_for(&self, chat_id: i64) -> Option<(&'static str, i64)> {
        KINDS.into_iter().find_map(|kind| Some((kind, self.of_chat(chat_id, kind)?)))
    }

    pub(crate) fn chats(&self, kind: &str, id: i64) -> Option<&[i64]> {
        self.entities.get(&(kind_of(kind)?, id)).map(|entity| entity.chats.as_slice())
    }
}

impl World {
    /// A new entity with these fields; its id.
    pub(crate) fn add_entity(
        &mut self,
        kind: &'static str,
        mut fields: Map<String, Value>,
        user_id: i64,
    ) -> i64 {
        let id = take(&mut self.next.deal);
        let now = crate::clock::iso(self.now());
        self.number_rows(&mut fields);
        let mut all = Map::from_iter([("ID".to_owned(), json!(id.to_string()))]);
        for (key, value) in defaults(kind) {
            all.insert(key.to_owned(), value);
        }
        for key in ["ASSIGNED_BY_ID", "CREATED_BY_ID", "MODIFY_BY_ID"] {
            all.insert(key.to_owned(), json!(user_id.to_string()));
        }
        for key in ["DATE_CREATE", "DATE_MODIFY"] {
            all.insert(key.to_owned(), json!(now));
        }
        fields.remove("ID");
        all.extend(fields);
        self.crm.entities.insert((kind, id), Entity { fields: all, chats: Vec::new() });
        self.bind_named_chats(kind, id);
        id
    }

    /// Changes fields of an entity; false if there is none.
    pub(crate) fn change_entity(
        &mut self,
        kind: &'static str,
        id: i64,
        mut fields: Map<String, Value>,
        user_id: i64,
    ) -> bool {
        let now = crate::clock::iso(self.now());
        fields.remove("ID");
        self.number_rows(&mut fields);
        let Some(entity) = self.crm.entities.get_mut(&(kind, id)) else { return false };
        entity.fields.extend(fields);
        entity.fields.insert("DATE_MODIFY".to_owned(), json!(now));
        entity.fields.insert("MODIFY_BY_ID".to_owned(), json!(user_id.to_string()));
        self.bind_named_chats(kind, id);
        true
    }

    /// Binds the chats that the entity's field `IM` names.
    fn bind_named_chats(&mut self, kind: &'static str, id: i64) {
        let rows = self.crm.entities.get(&(kind, id)).and_then(|entity| entity.fields.get("IM")?.as_array());
        let codes = rows.into_iter().flatten().filter_map(|row| row["VALUE"].as_str()?.strip_prefix("imol|"));
        let codes: Vec<&str> = codes.collect();
        let named = self.chats.iter().filter(|(_, chat)| codes.contains(&chat.entity_id.as_str()));
        let named: Vec<i64> = named.map(|(chat_id, _)| *chat_id).collect();
        for chat_id in named {
            if self.crm.of_chat(chat_id, kind).is_none() {
                self.crm.bind(kind, id, chat_id);
            }
        }
    }

    /// Deletes an entity with its comments; its chats are bound to nothing of that type. False if there is none.
    pub(crate) fn remove_entity(&mut self, kind: &'static str, id: i64) -> bool {
        if self.crm.entities.remove(&(kind, id)).is_none() {
            return false;
        }
        self.crm.by_chat.retain(|(_, own), bound| (*own, *bound) != (kind, id));
        self.crm.comments.retain(|comment| (comment.kind, comment.entity) != (kind, id));
        self.crm.waiting = self.crm.waiting.filter(|deal| (kind, id) != ("DEAL", *deal));
        true
    }

    /// Rows of phones, e-mails and messengers get their numbers and types.
    fn number_rows(&mut self, fields: &mut Map<String, Value>) {
        for name in ["PHONE", "EMAIL", "IM"] {
            let Some(given) = fields.get(name) else { continue };
            let rows: Vec<&Value> = match given {
                Value::Array(rows) => rows.iter().collect(),
                Value::Object(rows) => rows.values().collect(),
                _ => Vec::new(),
            };
            let numbered: Vec<Value> = rows
                .into_iter()
                .filter_map(|row| {
                    let value = row.get("VALUE").and_then(crate::rest::scalar_text)?;
                    let number = take(&mut self.crm.next_row) + 1;
                    let kind = row.get("VALUE_TYPE").and_then(Value::as_str).unwrap_or("WORK");
                    Some(json!({"ID": number.to_string(), "VALUE_TYPE": kind, "VALUE": value, "TYPE_ID": name}))
                })
                .collect();
            let has = if name == "IM" { "IMOL" } else { name };
            fields.insert(format!("HAS_{has}"), json!(if numbered.is_empty() { "N" } else { "Y" }));
            fields.insert(name.to_owned(), Value::Array(numbered));
        }
    }

    /// Binds a new chat as the line says.
    pub(crate) fn bind_new_chat(&mut self, chat_id: i64, binding: CrmBinding, client: &str) {
        let kind = match binding {
            CrmBinding::Deal => "DEAL",
            CrmBinding::Lead => "LEAD",
            CrmBinding::Nothing => return,
        };
        let waiting = if kind == "DEAL" { self.crm.waiting.take() } else { None };
        let id = waiting.unwrap_or_else(|| {
            let fields = Map::from_iter([("TITLE".to_owned(), json!(format!("{client} - open channel")))]);
            self.add_entity(kind, fields, 0)
        });
        self.crm.bind(kind, id, chat_id);
    }

    /// Entities of a type with this phone number or e-mail address, the oldest first.
    pub(crate) fn with_contact(&self, kind: &'static str, what: &str, wanted: &[String]) -> Vec<i64> {
        let plain = |text: &str| {
            if what == "PHONE" {
                text.chars().filter(char::is_ascii_digit).collect()
            } else {
                text.trim().to_lowercase()
            }
        };
        let wanted: Vec<String> =
            wanted.iter().map(|text| plain(text)).filter(|text| !text.is_empty()).collect();
        self.crm
            .entities
            .iter()
            .filter(|((own, _), entity)| {
                *own == kind
                    && entity
                        .fields
                        .get(what)
                        .and_then(Value::as_array)
                        .into_iter()
                        .flatten()
                        .any(|row| row["VALUE"].as_str().is_some_and(|value| wanted.contains(&plain(value))))
            })
            .map(|((_, id), _)| *id)
            .collect()
    }
}

/// What a new entity has before anybody says anything.
pub(super) fn defaults(kind: &str) -> Vec<(&'static str, Value)> {
    match kind {
        "DEAL" => vec![
            ("TITLE", json!("Deal")),
            ("TYPE_ID", json!("SALE")),
            ("STAGE_ID", json!("NEW")),
            ("CATEGORY_ID", json!("0")),
            ("CURRENCY_ID", json!("EUR")),
            ("OPPORTUNITY", json!("0.00")),
            ("OPENED", json!("Y")),
            ("CLOSED", json!("N")),
            ("COMMENTS", json!("")),
            ("CONTACT_ID", Value::Null),
            ("COMPANY_ID", Value::Null),
            ("LEAD_ID", Value::Null),
        ],
        "LEAD" => vec![
            ("TITLE", json!("Lead")),
            ("STATUS_ID", json!("NEW")),
            ("SOURCE_ID", json!("WEB")),
            ("OPENED", json!("Y")),
            ("COMMENTS", json!("")),
            ("HAS_PHONE", json!("N")),
            ("HAS_EMAIL", json!("N")),
        ],
        "CONTACT" => vec![
            ("NAME", json!("")),
            ("SECOND_NAME", Value::Null),
            ("LAST_NAME", json!("")),
            ("TYPE_ID", json!("CLIENT")),
            ("OPENED", json!("Y")),
            ("COMMENTS", json!("")),
            ("COMPANY_ID", Value::Null),
            ("LEAD_ID", Value::Null),
            ("HAS_PHONE", json!("N")),
            ("HAS_EMAIL", json!("N")),
        ],
        _ => vec![("TITLE", json!("Company")), ("OPENED", json!("Y")), ("COMMENTS", json!(""))],
    }
}
