//! Chats and users of both generations.

use crate::codec::{TypeError, fields::Fields};
use crate::wire::{
    Chat, ChatEntity, ChatId, ChatKind, CrmBinding, DialogId, FileRef, LineSession, MessageId, Node, User,
    UserId,
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
    pub(super) color: &'static str,
    pub(super) avatar: &'static str,
    pub(super) extranet: &'static str,
    pub(super) generation: Generation,
}

/// Which fields a map has besides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    First,
    Second,
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
    color: "CHAT_COLOR",
    avatar: "CHAT_AVATAR",
    extranet: "CHAT_EXTRANET",
    generation: Generation::First,
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
    color: "color",
    avatar: "avatar",
    extranet: "extranet",
    generation: Generation::Second,
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
    fields.text(names.avatar).clone_into(&mut chat.avatar);
    if names.generation == Generation::First && chat.avatar == "0" {
        chat.avatar.clear();
    }
    fields.text(names.color).clone_into(&mut chat.color);
    chat.extranet = fields.flag(names.extranet);
    match names.generation {
        Generation::First => chat.user_count = fields.int("CHAT_USER_COUNT"),
        Generation::Second => {
            fields.text("description").clone_into(&mut chat.description);
            let mut parent = |key| fields.int(key).unwrap_or(0).max(0);
            chat.parent_chat = ChatId::new(parent("parentChatId"));
            chat.parent_message = MessageId::new(parent("parentMessageId"));
            chat.text_field_enabled = fields.flag("textFieldEnabled");
        }
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
    generation: Generation,
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
    generation: Generation::First,
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
    generation: Generation::Second,
};

/// Reads a user; one without an id is none.
pub(super) fn user(fields: Option<Fields<'_>>, names: &UserNames) -> Option<User> {
    let mut fields = fields?;
    let user = User {
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
        ..User::default()
    };
    if names.generation == Generation::First {
        return Some(User { avatar: fields.text("AVATAR").to_owned(), ..user });
    }
    Some(User {
        active: fields.flag("active"),
        color: fields.text("color").to_owned(),
        avatar: fields.text("avatar").to_owned(),
        birthday: fields.text("birthday").to_owned(),
        external_auth_id: fields.text("externalAuthId").to_owned(),
        status: fields.text("status").to_owned(),
        departments: fields
            .get("departments")
            .into_iter()
            .flat_map(Node::list)
            .filter_map(Node::int)
            .collect(),
        kind: fields.text("type").to_owned(),
        website: fields.text("website").to_owned(),
        email: fields.text("email").to_owned(),
        ..user
    })
}

/// Files of a message: objects under `files`, or else the ids of the message parameter `FILE_ID`.
pub(super) fn files(files: Option<Node<'_>>, params: Option<Node<'_>>) -> Vec<FileRef> {
    let objects = files.map(|files| {
        files.entries().filter_map(|(key, file)| match file.as_str() {
            Some(id) => Some(FileRef { id: id.parse().ok()?, ..FileRef::default() }),
            None => {
                let mut fields = Fields::of_entry(file, "FILES", key);
                Some(FileRef {
                    id: fields.int("id").or_else(|| key.parse().ok())?,
                    kind: fields.text("type").to_owned(),
                    name: fields.text("name").to_owned(),
                    extension: fields.text("extension").to_owned(),
                    size: fields.int("size").unwrap_or(0),
                    show_url: fields.text("urlShow").to_owned(),
                    download_url: fields.text("urlDownload").to_owned(),
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
