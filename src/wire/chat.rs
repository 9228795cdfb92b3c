//! Chats and users as events describe them.
//!
//! ```
//! use openlines::wire::{Chat, ChatEntity};
//!
//! let mut chat = Chat::default();
//! assert!(!chat.is_line());
//! chat.entity = ChatEntity::parse("LINES", "livechat|22|1775|599");
//! assert!(chat.is_line());
//! ```
//!
//! **Trap:** older open lines have the kind `C`; ask [`Chat::is_line`], which looks at the entity too.

use super::{ChatEntity, ChatId, CrmBinding, DialogId, LineSession, MessageId, UserId};

/// What kind of chat it is (`CHAT_TYPE` / `messageType`, protocol 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ChatKind {
    /// `P`: one user and the bot.
    Private,
    /// `C`: closed group.
    Group,
    /// `O`: open group.
    Open,
    /// `L`: open line.
    Line,
    /// Another letter, or none given.
    Other(String),
    /// The event does not say.
    #[default]
    Unknown,
}

/// The chat an event happened in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chat {
    /// Numeric id; `0` when the event names only a private dialog.
    pub id: ChatId,
    /// Where an answer goes.
    pub dialog: DialogId,
    /// Kind of chat.
    pub kind: ChatKind,
    /// Title as shown to employees.
    pub title: String,
    /// `CHAT_AUTHOR_ID` / `owner`: in an open line the operator, the bot, or 0 while nobody has it.
    pub owner: Option<UserId>,
    /// `CHAT_ENTITY_TYPE` with `CHAT_ENTITY_ID`.
    pub entity: ChatEntity,
    /// `CHAT_ENTITY_DATA_1` of an open-line chat.
    pub session: Option<LineSession>,
    /// `CHAT_ENTITY_DATA_2` of an open-line chat.
    pub crm: CrmBinding,
    /// `CHAT_ENTITY_DATA_3`: silent mode, nothing leaves to the client.
    pub silent: bool,
    /// Colour: a name (v1) or `#` and six digits (v2).
    pub color: String,
    /// Picture: its id (v1) or address (v2); empty for none.
    pub avatar: String,
    /// Has members from outside; open lines have.
    pub extranet: Option<bool>,
    /// How many members (v1).
    pub user_count: Option<i64>,
    /// Description (v2).
    pub description: String,
    /// The chat that it is a thread of; 0 for none (v2).
    pub parent_chat: ChatId,
    /// The message that it is a thread of; 0 for none (v2).
    pub parent_message: MessageId,
    /// Whether people may write into it (v2).
    pub text_field_enabled: Option<bool>,
}

impl Chat {
    /// Whether this is the operators' side of an open line.
    pub fn is_line(&self) -> bool {
        matches!(self.entity, ChatEntity::Lines(_)) || self.kind == ChatKind::Line
    }
}

/// The user an event is about. Flags are `None` where the event does not carry them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Portal id.
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Position.
    pub work_position: String,
    /// `M` or `F`.
    pub gender: String,
    /// A bot.
    pub is_bot: Option<bool>,
    /// An open-line client.
    pub is_connector: Option<bool>,
    /// A user of the network.
    pub is_network: Option<bool>,
    /// An external user.
    pub is_extranet: Option<bool>,
    /// Not dismissed (v2).
    pub active: Option<bool>,
    /// `employee`, `extranet`, `bot`, … (v2).
    pub kind: String,
    /// How the account came to be, `default`, `imconnector`, … (v2).
    pub external_auth_id: String,
    /// Address of the picture (v2, connector events).
    pub avatar: String,
    /// `#` and six digits (v2).
    pub color: String,
    /// Birthday, day and month (v2).
    pub birthday: String,
    /// `online`, `away`, … (v2).
    pub status: String,
    /// Departments (v2).
    pub departments: Vec<i64>,
    /// E-mail address (v2).
    pub email: String,
    /// Web site (v2).
    pub website: String,
}
