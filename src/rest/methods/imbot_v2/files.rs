//! Files in the chats of bots.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    rest::{BotToken, loose},
    wire::{BotId, ChatId, DialogId, MessageId},
};

methods! {
    scope "imbot";

    /// Sends a file as the bot: its content in base64, at most 100 MiB before that. Made by [`NewFile`].
    ///
    /// **Trap:** it has no idempotency key. After an unknown outcome the file may be there twice.
    FileUpload = "imbot.v2.File.upload", "4.8", Once, AtMostOnce -> UploadedFile,
        refuses [
            "FILE_EMPTY", "FILE_TOO_LARGE", "FILE_INVALID_CONTENT", "FILE_FOLDER_ERROR", "FILE_UPLOAD_FAILED",
            "FILE_SEND_FAILED", "CHAT_NOT_FOUND", "ACCESS_DENIED",
        ];
    needs { bot_id "botId": BotId, dialog_id "dialogId": DialogId, fields "fields": NewFile }
    takes { bot_token "botToken": BotToken }

    /// An address where a file can be had for a while.
    FileDownload = "imbot.v2.File.download", "4.8", Idempotent, Read -> FileAddress,
        refuses ["FILE_NOT_FOUND", "FILE_ACCESS_ERROR"];
    needs { bot_id "botId": BotId, file_id "fileId": i64 }
    takes { bot_token "botToken": BotToken }
}

params! {
    /// A file to be sent, and the text it goes with.
    NewFile
        needs { name "name": String, content "content": String }
        takes { message "message": String }
}

answers! {
    /// What [`FileUpload`] answers.
    UploadedFile {
        /// The file.
        file "file" "loose::part": FileInfo,
        /// The message that carries it.
        message_id "messageId" "loose::int": MessageId,
        /// Its chat.
        chat_id "chatId" "loose::int": ChatId,
        /// Its dialog.
        dialog_id "dialogId" "loose::text": DialogId,
    }

    /// A file as the portal describes it.
    FileInfo {
        /// Its id.
        id "id" "loose::int": i64,
        /// Its name.
        name "name" "loose::text": String,
        /// `image`, `video`, `audio`, `file`.
        kind "type" "loose::text": String,
        /// Bytes.
        size "size" "loose::int": i64,
    }
}

/// What [`FileDownload`] answers. Whoever has the address has the file, so `Debug` does not tell it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct FileAddress {
    /// Signed address.
    #[serde(rename = "downloadUrl", deserialize_with = "loose::text")]
    pub url: String,
}

impl fmt::Debug for FileAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileAddress").finish_non_exhaustive()
    }
}
