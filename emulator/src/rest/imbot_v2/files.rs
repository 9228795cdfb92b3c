//! `imbot.v2.File.*`: files into a chat, and the signed addresses of files in it.

use serde_json::json;

use super::super::call::loose_int;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{dialog_chat, field, field_text, own_bot, top};
use crate::world::picture::base64_bytes;
use crate::world::sending::NewMessage;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.File.upload", "imbot", upload),
    Method::literal("imbot.v2.File.download", "imbot", download),
];

const LARGEST: usize = 100 * 1_024 * 1_024;

fn upload(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let chat_id = dialog_chat(call, bot_id)?;
    let name = field_text(call, "name").filter(|name| !name.trim().is_empty());
    let content = field_text(call, "content").filter(|content| !content.is_empty());
    let (Some(name), Some(content)) = (name, content) else {
        return Err(RestError::bad("FILE_EMPTY", "File name and content are required"));
    };
    let too_large = || RestError::bad("FILE_TOO_LARGE", "The file is larger than 100 MiB");
    if content.len() / 4 * 3 > LARGEST + 3 {
        return Err(too_large());
    }
    let content = base64_bytes(&content)
        .ok_or_else(|| RestError::bad("FILE_INVALID_CONTENT", "The file's content is no base64"))?;
    if content.len() > LARGEST {
        return Err(too_large());
    }
    if call.world.may_post(chat_id, bot_id).is_err() {
        return Err(RestError::bad("FILE_SEND_FAILED", "The file could not be sent"));
    }
    let file_id = call.world.store_file(chat_id, bot_id, &name, content);
    let new = NewMessage {
        chat_id,
        author_id: bot_id,
        text: field_text(call, "message").unwrap_or_default(),
        files: vec![file_id],
        skip_command: true,
        ..NewMessage::default()
    };
    let user_id = call.auth.user_id;
    let message_id = call.world.post(new, user_id);
    let file = call.world.files.get(file_id).map(|file| call.world.file_v2(file));
    let dialog_id = call.world.chats.get(&chat_id).map(|chat| chat.dialog_id(bot_id));
    Ok(Answer::new(json!({"file": file, "messageId": message_id, "chatId": chat_id, "dialogId": dialog_id})))
}

fn download(call: &mut Call<'_>) -> Reply {
    let bot_id = own_bot(call)?;
    let id = top(call, "fileId").or_else(|| field(call, "fileId")).map_or(0, loose_int);
    let file = call.world.files.get(id).ok_or_else(|| RestError::bad("FILE_NOT_FOUND", "File not found"))?;
    let inside = call.world.chats.get(&file.chat_id).is_some_and(|chat| chat.members.contains(&bot_id));
    if !inside {
        return Err(RestError::bad("FILE_ACCESS_ERROR", "You don't have access to this file"));
    }
    Ok(Answer::new(json!({"downloadUrl": call.world.download_url(id)})))
}
