//! What can be set, in `lead.toml`.
//!
//! **Trap:** the words of `begin` and `person` are whole messages; one of them that is an answer, too, is no answer.

use serde::{Deserialize, Deserializer, de::Error};

/// The settings; every one has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The bot's name.
    pub name: String,
    /// What a request becomes.
    pub item: Kind,
    /// What clients may need, to choose from; asked for in words if there is none.
    pub needs: Vec<String>,
    /// Currency of the budget.
    #[serde(deserialize_with = "currency")]
    pub currency: String,
    /// Where it came from: a code of the portal's list of sources.
    pub source: Option<String>,
    /// Id of the employee who is responsible; the one who installed the application, unless told otherwise.
    #[serde(deserialize_with = "employee")]
    pub responsible: Option<i64>,
    /// Whether people take over once the request is entered.
    pub hand_over: bool,
    /// Messages that begin a request anew.
    pub begin: Vec<String>,
    /// Messages that call a person.
    pub person: Vec<String>,
}

/// What a request becomes in the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A lead.
    Lead,
    /// A deal with a contact.
    Deal,
}

impl Default for Settings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            name: "Requests".into(),
            item: Kind::Deal,
            needs: Vec::new(),
            currency: "EUR".into(),
            source: None,
            responsible: None,
            hand_over: true,
            begin: words(&["request", "заявка"]),
            person: words(&["operator", "оператор"]),
        }
    }
}

fn currency<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let code = String::deserialize(from)?;
    match code.len() == 3 && code.bytes().all(|sign| sign.is_ascii_uppercase()) {
        true => Ok(code),
        false => {
            Err(D::Error::custom(format!("`{code}` is not allowed, three capital letters are, such as EUR")))
        }
    }
}

fn employee<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let id = i64::deserialize(from)?;
    match id > 0 {
        true => Ok(Some(id)),
        false => {
            Err(D::Error::custom(format!("{id} is not allowed, the id of an employee is, from 1 upwards")))
        }
    }
}
