//! Chats and users of both generations.

use crate::codec::{TypeError, fields::Fields};
use crate::wire::{
    Chat, ChatEntity, ChatId, ChatKind, CrmBinding, DialogId, FileRef, LineSession, User, UserId,
};

/// The names of a chat's fields in one generation.
pub(super) struct ChatNames {
    pub(super) id: &'static [&'static str],
    pub(super) dialog: &'static str,
    pub(super) kind: &'static [&'static str],
    pub(super) title: &'static str,
    pub(super) owner: &'static str,
    pub(super) entity_type: &'static str,
    pub(super) entity_id: &'static str,
    pub(super) entity_data: [&'static str; 3],
}

/// `PARAMS` of the first generation, in which the chat is flattened.
pub(super) const V1: ChatNames = ChatNames {
    id: &["CHAT_ID", "TO_CHAT_ID"],
    dialog: "DIALOG_ID",
    kind: &["CHAT_TYPE", "MESSAGE_TYPE"],
    title: "CHAT_TITLE",
    owner: "CHAT_AUTHOR_ID",
    entity_type: "CHAT_ENTITY_TYPE",
    entity_id: "CHAT_ENTITY_ID",
    entity_data: ["CHAT_ENTITY_DATA_1", "CHAT_ENTITY_DATA_2", "CHAT_ENTITY_DATA_3"],
};

/// `chat` of the second generation.
pub(super) const V2: ChatNames = ChatNames {
    id: &["id"],
    dialog: "dialogId",
    kind: &["messageType"],
    title: "name",
    owner: "owner",
    entity_type: "entityType",
    entity_id: "entityId",
    entity_data: ["entityData1", "entityData2", "entityData3"],
};

/// Reads a chat. Essential is where an answer goes: the dialog, or the chat id that it follows from.
pub(super) fn chat(fields: &mut Fields<'_>, names: &ChatNames) -> Result<Chat, TypeError> {
    let entity_data = names.entity_data;
    let id = fields.some_id(names.id)?.filter(|id| *id > 0).map(ChatId::new);
    let dialog = fields.plain_text(names.dialog)?;
    let title = fields.text(names.title).to_owned();
    let owner = fields.int(names.owner).map(UserId::new);
    let letter = names.kind.iter().map(|key| fields.text(key)).find(|letter| !letter.is_empty());
    let mut chat = Chat {
        title,
        owner,
        entity: ChatEntity::parse(fields.text(names.entity_type), fields.text(names.entity_id)),
        ..place(dialog, id).ok_or_else(|| fields.wrong(names.dialog, "the dialog to answer to", None))?
    };
    if let Some(letter) = letter {
        chat.kind = kind(letter);
    }
    if matches!(chat.entity, ChatEntity::Lines(_)) {
        chat.session = LineSession::parse(fields.text(entity_data[0]));
        chat.crm = CrmBinding::parse(fields.text(entity_data[1]));
        chat.silent = fields.flag(entity_data[2]).unwrap_or(false);
    }
    Ok(chat)
}

/// A chat of which only the dialog or the id is known.
pub(super) fn place(dialog: &str, id: Option<ChatId>) -> Option<Chat> {
    let dialog = match id {
        _ if !dialog.is_empty() => DialogId::from(dialog),
        Some(id) => DialogId::of_chat(id),
        None => return None,
    };
    // A dialog that is a plain number is the counterpart's user id, and so the chat a private one.
    let kind = match dialog.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
        true => ChatKind::Private,
        false => ChatKind::Unknown,
    };
    let id = id.or_else(|| dialog.chat()).unwrap_or_default();
    Some(Chat { id, dialog, kind, ..Chat::default() })
}

fn kind(letter: &str) -> ChatKind {
    match letter {
        "P" => ChatKind::Private,
        "C" => ChatKind::Group,
        "O" => ChatKind::Open,
        "L" => ChatKind::Line,
        other => ChatKind::Other(other.to_owned()),
    }
}

/// The names of a user's fields in one generation.
pub(super) struct UserNames {
    id: &'static str,
    name: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    work_position: &'static str,
    gender: &'static str,
    bot: &'static str,
    connector: &'static str,
    network: &'static str,
    extranet: &'static str,
}

/// `USER` of the first generation.
pub(super) const USER_V1: UserNames = UserNames {
    id: "ID",
    name: "NAME",
    first_name: "FIRST_NAME",
    last_name: "LAST_NAME",
    work_position: "WORK_POSITION",
    gender: "GENDER",
    bot: "IS_BOT",
    connector: "IS_CONNECTOR",
    network: "IS_NETWORK",
    extranet: "IS_EXTRANET",
};

/// `user` of the second generation, which has no flag for the network.
pub(super) const USER_V2: UserNames = UserNames {
    id: "id",
    name: "name",
    first_name: "firstName",
    last_name: "lastName",
    work_position: "workPosition",
    gender: "gender",
    bot: "bot",
    connector: "connector",
    network: "network",
    extranet: "extranet",
};

/// Reads a user; one without an id is none.
pub(super) fn user(fields: Option<Fields<'_>>, names: &UserNames) -> Option<User> {
    let mut fields = fields?;
    Some(User {
        id: UserId::new(fields.int(names.id).filter(|id| *id > 0)?),
        name: fields.text(names.name).to_owned(),
        first_name: fields.text(names.first_name).to_owned(),
        last_name: fields.text(names.last_name).to_owned(),
        work_position: fields.text(names.work_position).to_owned(),
        gender: fields.text(names.gender).to_owned(),
        is_extranet: fields.flag(names.extranet),
        is_bot: fields.flag(names.bot),
        is_connector: fields.flag(names.connector),
        is_network: fields.flag(names.network),
    })
}

/// Files of a message: objects under `files`, or else the ids of the message parameter `FILE_ID`.
pub(super) fn files(
    files: Option<crate::wire::Node<'_>>,
    params: Option<crate::wire::Node<'_>>,
) -> Vec<FileRef> {
    let objects = files.map(|files| {
        files.entries().filter_map(|(key, file)| match file.as_str() {
            Some(id) => Some(FileRef { id: id.parse().ok()?, ..FileRef::default() }),
            None => {
                let mut fields = Fields::of_entry(file, "FILES", key);
                Some(FileRef {
                    id: fields.int("id").or_else(|| key.parse().ok())?,
                    kind: fields.text("type").to_owned(),
                    name: fields.text("name").to_owned(),
                    size: fields.int("size").unwrap_or(0),
                })
            }
        })
    });
    let named: Vec<FileRef> = objects.into_iter().flatten().collect();
    if !named.is_empty() {
        return named;
    }
    let ids = params.and_then(|params| params.get("FILE_ID"));
    let ids = ids.into_iter().flat_map(|ids| ids.list()).filter_map(|id| id.int());
    ids.map(|id| FileRef { id, ..FileRef::default() }).collect()
}
