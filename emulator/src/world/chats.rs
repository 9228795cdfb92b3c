//! Chats: private, group, open-line and the client's side of a live chat.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{World, take};

/// What kind of chat it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChatKind {
    Private,
    Group,
    /// `LINES`: the operators' side of an open line.
    Lines,
    /// `LIVECHAT`: the client's side of the site widget.
    LiveChat,
}

/// One chat.
#[derive(Clone, Debug)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    pub(crate) kind: ChatKind,
    pub(crate) title: String,
    /// `CHAT_AUTHOR_ID`: the owner; 0 when a line's chat waits for an operator.
    pub(crate) owner: i64,
    pub(crate) members: BTreeSet<i64>,
    /// `CHAT_ENTITY_ID`.
    pub(crate) entity_id: String,
    pub(crate) color: &'static str,
    pub(crate) last_message: i64,
    pub(crate) created: i64,
    /// `CHAT_ENTITY_DATA_3`: nothing of this chat leaves the portal.
    pub(crate) silent: bool,
    /// The chat's last session; 0 when there was none.
    pub(crate) session: i64,
    /// A group that everybody may find and join.
    pub(crate) open: bool,
    pub(crate) description: String,
    /// The picture's address, or nothing.
    pub(crate) avatar: String,
    pub(crate) managers: BTreeSet<i64>,
    /// Whether people have a field to type in.
    pub(crate) text_field: bool,
    /// `ENTITY_TYPE` that an application gave its chat.
    pub(crate) given_entity: String,
    /// Up to which message each member has read.
    pub(crate) read: BTreeMap<i64, i64>,
    /// Members who were added with `HIDE_HISTORY=Y`, and the first message that each may see.
    pub(crate) sees_from: BTreeMap<i64, i64>,
}

/// The chat that everybody is in and nobody may change.
pub(crate) const GENERAL_CHAT: i64 = 1_700;

impl Chat {
    /// `MESSAGE_TYPE` of the chat's messages.
    pub(crate) fn message_type(&self) -> &'static str {
        match self.kind {
            ChatKind::Private => "P",
            ChatKind::Group if self.open => "O",
            ChatKind::Group => "C",
            ChatKind::Lines => "L",
            ChatKind::LiveChat => "O",
        }
    }

    pub(crate) fn entity_type(&self) -> &str {
        match self.kind {
            ChatKind::Private | ChatKind::Group => &self.given_entity,
            ChatKind::Lines => "LINES",
            ChatKind::LiveChat => "LIVECHAT",
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            ChatKind::Private => "private",
            ChatKind::Group if self.open => "open",
            ChatKind::Group => "chat",
            ChatKind::Lines => "lines",
            ChatKind::LiveChat => "livechat",
        }
    }

    /// Whether the user is in the chat and was there, as far as the chat tells, when the message came.
    pub(crate) fn shows(&self, user_id: i64, message_id: i64) -> bool {
        self.members.contains(&user_id) && self.sees_from.get(&user_id).is_none_or(|from| *from <= message_id)
    }

    /// The other member of a private chat.
    pub(crate) fn counterpart(&self, of: i64) -> i64 {
        self.members.iter().copied().find(|member| *member != of).unwrap_or(of)
    }

    /// The dialog id by which `viewer` knows the chat.
    pub(crate) fn dialog_id(&self, viewer: i64) -> String {
        match self.kind {
            ChatKind::Private => self.counterpart(viewer).to_string(),
            _ => format!("chat{}", self.id),
        }
    }
}

impl World {
    pub(crate) fn add_chat(&mut self, kind: ChatKind, title: &str, owner: i64, members: &[i64]) -> i64 {
        let id = take(&mut self.next.chat);
        let created = self.now();
        self.chats.insert(
            id,
            Chat {
                id,
                kind,
                title: title.to_owned(),
                owner,
                members: members.iter().copied().collect(),
                entity_id: String::new(),
                color: "LIME",
                last_message: 0,
                created,
                silent: false,
                session: 0,
                open: false,
                description: String::new(),
                avatar: String::new(),
                managers: BTreeSet::new(),
                text_field: true,
                given_entity: String::new(),
                read: BTreeMap::new(),
                sees_from: BTreeMap::new(),
            },
        );
        id
    }

    /// The portal's general chat.
    pub(crate) fn add_general_chat(&mut self, members: &[i64]) {
        let id = self.add_chat(ChatKind::Group, "General chat", 0, members);
        self.next.chat = id;
        if let Some(mut chat) = self.chats.remove(&id) {
            chat.id = GENERAL_CHAT;
            chat.open = true;
            chat.given_entity = "GENERAL".to_owned();
            self.chats.insert(GENERAL_CHAT, chat);
        }
    }

    pub(crate) fn private_chat(&self, one: i64, other: i64) -> Option<i64> {
        self.chats
            .values()
            .find(|chat| {
                chat.kind == ChatKind::Private && chat.members.contains(&one) && chat.members.contains(&other)
            })
            .map(|chat| chat.id)
    }

    /// `CHAT_ENTITY_DATA_1..3` as of now.
    pub(crate) fn entity_data(&self, chat: &Chat) -> [String; 3] {
        if chat.kind != ChatKind::Lines {
            return [String::new(), String::new(), String::new()];
        }
        let bound = self.crm.speaks_for(chat.id);
        let session = self.last_session(chat.id);
        let yes = |flag: bool| if flag { "Y" } else { "N" };
        let home = self.line_of(chat.id).map_or(0, |line| line.id);
        let first = format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|0|0",
            yes(bound.is_some()),
            bound.map_or("NONE", |(kind, _)| kind),
            bound.map_or(0, |(_, id)| id),
            yes(session.is_some_and(|session| session.pinned)),
            yes(session.is_some_and(|session| session.status == super::sessions::status::CLOSING)),
            session.map_or(0, |session| session.id),
            session.map_or(0, |session| session.started),
            session.map(|session| session.line_id).filter(|line| *line != home).unwrap_or(0),
        );
        let of = |kind| self.crm.of_chat(chat.id, kind).unwrap_or(0);
        let second = format!(
            "LEAD|{}|COMPANY|{}|CONTACT|{}|DEAL|{}",
            of("LEAD"),
            of("COMPANY"),
            of("CONTACT"),
            of("DEAL")
        );
        [first, second, if chat.silent { "Y" } else { "N" }.to_owned()]
    }

    /// The `chat` object of v2 events and answers as `viewer` sees it.
    pub(crate) fn chat_v2(&self, chat: &Chat, viewer: i64) -> Value {
        let [data1, data2, data3] = self.entity_data(chat);
        json!({
            "avatar": chat.avatar,
            "color": super::colors::shade(chat.color),
            "description": chat.description,
            "dialogId": chat.dialog_id(viewer),
            "diskFolderId": 0,
            "entityData1": data1,
            "entityData2": data2,
            "entityData3": data3,
            "entityId": chat.entity_id,
            "entityType": chat.entity_type(),
            "extranet": chat.kind == ChatKind::Lines,
            "containsCollaber": false,
            "id": chat.id,
            "parentChatId": 0,
            "parentMessageId": 0,
            "name": chat.title,
            "owner": chat.owner,
            "messageType": chat.message_type(),
            "type": chat.type_name(),
            "entityLink": {"type": "", "url": "", "id": ""},
            "permissions": {"manageUsersAdd": "member", "manageUsersDelete": "manager", "manageUi": "member",
                "manageSettings": "owner", "manageMessages": "member", "canPost": "member"},
            "isNew": false,
            "textFieldEnabled": chat.text_field,
            "backgroundId": null,
        })
    }
}
