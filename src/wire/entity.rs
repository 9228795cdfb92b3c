//! What an open-line chat is bound to: `CHAT_ENTITY_ID` and `CHAT_ENTITY_DATA_1..2` (protocol 3.1, 3.2).
//!
//! ```
//! use openlines::wire::{CrmBinding, LineSession};
//!
//! let session = LineSession::parse("Y|LEAD|1209|N|N|343|1773682918|0|0|0").expect("not empty");
//! assert_eq!((session.id.get(), session.created), (343, 1_773_682_918));
//! assert_eq!(CrmBinding::parse("LEAD|1209|COMPANY|0|CONTACT|0|DEAL|15").deal, 15);
//! ```
//!
//! **Trap:** fields are told apart by their place alone, and older portals send fewer of them.

use std::fmt;

use super::{ConnectorId, LineId, SessionId, UserId};

/// `CHAT_ENTITY_TYPE` and `CHAT_ENTITY_ID`, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChatEntity {
    /// A plain chat.
    #[default]
    None,
    /// `LINES`: the operators' side of an open line.
    Lines(LineAddress),
    /// `LIVECHAT`: the client's side of the site widget.
    Livechat {
        /// The line.
        line: LineId,
        /// The client.
        user: UserId,
    },
    /// Any other binding, as text.
    Other {
        /// `CHAT_ENTITY_TYPE`.
        kind: String,
        /// `CHAT_ENTITY_ID`.
        id: String,
    },
}

/// `connector|line|external chat|user`, the address of one client in one line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LineAddress {
    /// Channel.
    pub connector: ConnectorId,
    /// Open line.
    pub line: LineId,
    /// Chat id in the channel.
    pub external_chat: String,
    /// Portal id of the client; `0` for connectors that group by chat.
    pub user: UserId,
}

/// `CHAT_ENTITY_DATA_1` of a LINES chat. Short strings of older portals leave the later fields at their defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineSession {
    /// Bound to a CRM item.
    pub crm_bound: bool,
    /// `LEAD`, `DEAL`, `CONTACT`, `COMPANY`; empty for `NONE`.
    pub crm_entity_type: String,
    /// Its id, or 0.
    pub crm_entity_id: i64,
    /// Pinned to its operator.
    pub paused: bool,
    /// Waiting for an action.
    pub wait_action: bool,
    /// Session id.
    pub id: SessionId,
    /// When the session began, Unix seconds, or 0.
    pub created: i64,
    /// The line after a transfer, 0 while it is the one in the entity id.
    pub actual_line: LineId,
    /// Replies are allowed until, Unix seconds, or 0.
    pub block_date: i64,
    /// Why they are blocked after that; empty for `0`.
    pub block_reason: String,
}

/// `CHAT_ENTITY_DATA_2`: the CRM items of an open-line chat; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrmBinding {
    /// Lead id.
    pub lead: i64,
    /// Company id.
    pub company: i64,
    /// Contact id.
    pub contact: i64,
    /// Deal id.
    pub deal: i64,
}

impl ChatEntity {
    /// Reads `CHAT_ENTITY_TYPE` and `CHAT_ENTITY_ID`. What does not parse is kept as [`ChatEntity::Other`].
    pub fn parse(kind: &str, id: &str) -> Self {
        let other = || Self::Other { kind: kind.to_owned(), id: id.to_owned() };
        match kind {
            "" => Self::None,
            "LINES" => LineAddress::parse(id).map_or_else(other, Self::Lines),
            "LIVECHAT" => id
                .split_once('|')
                .and_then(|(line, user)| {
                    Some(Self::Livechat {
                        line: LineId::new(line.parse().ok()?),
                        user: UserId::new(user.parse().ok()?),
                    })
                })
                .unwrap_or_else(other),
            _ => other(),
        }
    }
}

impl LineAddress {
    /// Reads `connector|line|external chat|user`. The external chat may hold `|` itself: the last part is the user.
    pub fn parse(id: &str) -> Option<Self> {
        let (connector, rest) = id.split_once('|')?;
        let (line, rest) = rest.split_once('|')?;
        let (external_chat, user) = rest.rsplit_once('|')?;
        if connector.is_empty() {
            return None;
        }
        Some(Self {
            connector: connector.into(),
            line: LineId::new(line.parse().ok()?),
            external_chat: external_chat.to_owned(),
            user: UserId::new(user.parse().ok()?),
        })
    }
}

/// As the portal writes it; the same text is the session's user code.
impl fmt::Display for LineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connector, line, external_chat, user } = self;
        write!(f, "{connector}|{line}|{external_chat}|{user}")
    }
}

impl LineSession {
    /// Reads the ten fields by position.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let mut parts = text.split('|');
        let mut next = || parts.next().unwrap_or("");
        let number = |text: &str| text.parse().unwrap_or(0);
        Some(Self {
            crm_bound: next() == "Y",
            crm_entity_type: Some(next()).filter(|kind| *kind != "NONE").unwrap_or("").to_owned(),
            crm_entity_id: number(next()),
            paused: next() == "Y",
            wait_action: next() == "Y",
            id: SessionId::new(number(next())),
            created: number(next()),
            actual_line: LineId::new(number(next())),
            block_date: number(next()),
            block_reason: Some(next()).filter(|reason| *reason != "0").unwrap_or("").to_owned(),
        })
    }
}

impl CrmBinding {
    /// Reads `LEAD|<id>|COMPANY|<id>|…` in any order; what is missing or unknown is 0.
    pub fn parse(text: &str) -> Self {
        let mut binding = Self::default();
        let mut parts = text.split('|');
        while let (Some(kind), Some(id)) = (parts.next(), parts.next()) {
            let id = id.parse().unwrap_or(0);
            match kind {
                "LEAD" => binding.lead = id,
                "COMPANY" => binding.company = id,
                "CONTACT" => binding.contact = id,
                "DEAL" => binding.deal = id,
                _ => {}
            }
        }
        binding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_external_chat_may_hold_the_separator() {
        let address = LineAddress::parse("whatsapp|7|a|b|0").unwrap();
        assert_eq!((address.external_chat.as_str(), address.user), ("a|b", UserId::new(0)));
        assert_eq!(address.to_string(), "whatsapp|7|a|b|0");
    }

    #[test]
    fn a_short_session_string_of_an_older_portal_is_read_by_position() {
        let session = LineSession::parse("Y|LEAD|1209|N|N|343").unwrap();
        assert_eq!((session.crm_entity_id, session.id, session.created), (1209, SessionId::new(343), 0));
        assert!(session.crm_bound && !session.paused);
    }

    #[test]
    fn crm_pairs_come_in_any_order() {
        let crm = CrmBinding::parse("DEAL|5|LEAD|0|CONTACT|9");
        assert_eq!((crm.deal, crm.contact, crm.company), (5, 9, 0));
    }

    #[test]
    fn an_entity_that_does_not_parse_is_kept_as_text() {
        assert!(matches!(ChatEntity::parse("LINES", "livechat|x"), ChatEntity::Other { .. }));
    }
}
