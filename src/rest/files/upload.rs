//! Files into a chat.

use std::{io, path::Path};

use bytes::Bytes;
use serde_json::json;
use tokio::io::AsyncRead;

use super::FileContent;
use crate::{
    rest::{
        Api, Call, CallError, CallErrorKind, Method,
        methods::imbot_v2::{FileInfo, FileUpload, UploadedFile},
    },
    wire::{BotId, DialogId, FileRef, PortalKey},
};
/// Bytes of the largest file that the portal takes (protocol 4.8).
pub const FILE_LIMIT: u64 = 100 * 1024 * 1024;

/// Characters of the longest name that a Drive keeps.
const NAME_LIMIT: usize = 255;

/// What stands behind the last dot is an ending if it is no longer than this.
const LONGEST_ENDING: usize = 16;

/// A file to be sent as a bot, with a text if it is to have one.
///
/// ```
/// use openlines::rest::{FILE_LIMIT, Upload};
///
/// let upload = Upload::bytes("price list.csv", "name;price\n").message("Our [b]prices[/b]");
/// assert_eq!(upload.size(), 11);
/// let long = Upload::bytes(format!("{}.csv", "x".repeat(999)), "x");
/// assert!(long.name().len() == 255 && long.name().ends_with("x.csv"));
/// # let _ = FILE_LIMIT;
/// ```
///
/// **Trap:** it has no idempotency key: after an unknown outcome the client may have the file, so it is not sent again.
#[derive(Debug, Clone)]
#[must_use = "a file is sent by `send`, or by `upload` of the context"]
pub struct Upload {
    name: String,
    content: FileContent,
    message: String,
}

impl Upload {
    /// A file from memory. The bytes are shared, not copied.
    pub fn bytes(name: impl AsRef<str>, content: impl Into<Bytes>) -> Self {
        Self::of(name.as_ref(), FileContent::of_bytes(content.into()))
    }

    /// A file from the disk, under its own name. Its size is taken now, its content when it is sent.
    pub async fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self::of(&name, FileContent::of_file(path.to_owned()).await?))
    }

    /// A file from a reader, which must give just `size` bytes.
    ///
    /// **Trap:** it can be read once. If the portal's token turns out to be stale, the call cannot be made again and
    /// fails, not executed.
    pub fn reader(name: impl AsRef<str>, size: u64, reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        Self::of(name.as_ref(), FileContent::of_reader(Box::new(reader), size))
    }

    fn of(name: &str, content: FileContent) -> Self {
        Self { name: tidy(name), content, message: String::new() }
    }

    /// Another name.
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        self.name = tidy(name.as_ref());
        self
    }

    /// A text that goes with it, with BB code.
    pub fn message(mut self, text: impl Into<String>) -> Self {
        self.message = text.into();
        self
    }

    /// The name it is sent under: without path, and cut before its ending if it was too long.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.content.size()
    }

    /// As a call. Fails if the file is empty, or larger than the portal takes.
    pub fn to_call(&self, portal: &PortalKey, bot: BotId, dialog: &DialogId) -> Result<Call, CallError> {
        let bad =
            |what: String| Err(CallError::new(CallErrorKind::BadParams, FileUpload::NAME).describe(what));
        let (name, size) = (&self.name, self.size());
        if size == 0 {
            return bad(format!("{name:?} is empty, which the portal refuses (protocol 4.8)"));
        }
        if size > FILE_LIMIT {
            let over = size - FILE_LIMIT;
            return bad(format!(
                "{name:?} has {size} bytes, {over} over the limit of {FILE_LIMIT} (protocol 4.8); send a link to it instead"
            ));
        }
        let mut fields = json!({ "name": name });
        if !self.message.is_empty() {
            fields["message"] = json!(self.message);
        }
        let params = json!({ "botId": bot, "dialogId": dialog.as_str(), "fields": fields });
        Ok(Call::new(portal.clone(), FileUpload::NAME, params).content(self.content.clone()))
    }

    /// Sends it into the dialog, as the bot.
    pub async fn send<A: Api + ?Sized>(
        &self,
        api: &A,
        portal: &PortalKey,
        bot: BotId,
        dialog: &DialogId,
    ) -> Result<UploadedFile, CallError> {
        FileUpload::read_answer(api.call(self.to_call(portal, bot, dialog)?).await?)
    }
}

impl From<FileInfo> for FileRef {
    fn from(file: FileInfo) -> Self {
        let mut reference = Self::default();
        (reference.id, reference.name, reference.kind, reference.size) =
            (file.id, file.name, file.kind, file.size);
        reference
    }
}

/// A name without path and control characters, cut before its ending.
fn tidy(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|sign| !sign.is_control()).collect();
    let clean = clean.trim();
    if clean.is_empty() {
        return "file".to_owned();
    }
    let length = clean.chars().count();
    if length <= NAME_LIMIT {
        return clean.to_owned();
    }
    let ending =
        clean.rfind('.').map(|at| &clean[at..]).filter(|ending| ending.chars().count() <= LONGEST_ENDING);
    let ending = ending.unwrap_or_default();
    let kept: String = clean.chars().take(NAME_LIMIT - ending.chars().count()).collect();
    kept + ending
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ChatId;

    #[test]
    fn a_name_has_no_path_and_keeps_its_ending() {
        assert_eq!(tidy("../../etc/a.txt"), "a.txt");
        assert_eq!(tidy("C:\\x\\чек\n.png"), "чек.png");
        assert_eq!(tidy(" / "), "file");
        let long = tidy(&format!("{}.jpeg", "я".repeat(300)));
        assert_eq!(long.chars().count(), 255);
        assert!(long.ends_with("я.jpeg"));
        assert_eq!(tidy(&format!("a.{}", "b".repeat(300))).chars().count(), 255);
    }

    #[test]
    fn a_file_over_the_limit_says_by_how_much_and_is_not_read() {
        let portal = PortalKey::new("app", "m");
        let call = |size| {
            let upload = Upload::reader("a.bin", size, tokio::io::empty());
            upload.to_call(&portal, BotId::new(1), &DialogId::of_chat(ChatId::new(5)))
        };
        let error = call(FILE_LIMIT + 7).unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::BadParams);
        assert!(error.to_string().contains("7 over the limit of 104857600"), "{error}");
        assert!(call(0).unwrap_err().to_string().contains("empty"));
        assert!(call(FILE_LIMIT).is_ok());
    }
}
