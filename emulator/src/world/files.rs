//! Files that bots upload and pictures that they set, and the signed addresses under which they are served.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use serde_json::{Value, json};

use super::World;
use super::identity::random_hex;

/// Bytes of all files together; the oldest make room for new ones.
const KEPT_BYTES: usize = 512 * 1_024 * 1_024;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    pub(crate) id: i64,
    /// The chat it belongs to; 0 for a picture.
    pub(crate) chat_id: i64,
    pub(crate) author_id: i64,
    pub(crate) name: String,
    pub(crate) content: Bytes,
    pub(crate) date: i64,
}

/// All files of the portal.
#[derive(Debug, Default)]
pub(crate) struct Files {
    rows: BTreeMap<i64, StoredFile>,
    /// Which file a signed address means.
    links: HashMap<String, i64>,
    last: i64,
}

impl Files {
    pub(crate) fn get(&self, id: i64) -> Option<&StoredFile> {
        self.rows.get(&id)
    }

    pub(crate) fn linked(&self, token: &str) -> Option<&StoredFile> {
        self.rows.get(self.links.get(token)?)
    }
}

impl World {
    pub(crate) fn store_file(&mut self, chat_id: i64, author_id: i64, name: &str, content: Vec<u8>) -> i64 {
        self.files.last += 1;
        let id = 3_000 + self.files.last;
        let date = self.now();
        let content = Bytes::from(content);
        let name = name.to_owned();
        self.files.rows.insert(id, StoredFile { id, chat_id, author_id, name, content, date });
        let mut total: usize = self.files.rows.values().map(|file| file.content.len()).sum();
        while total > KEPT_BYTES
            && let Some((oldest, file)) = self.files.rows.pop_first()
        {
            total -= file.content.len();
            self.files.links.retain(|_, linked| *linked != oldest);
        }
        id
    }

    /// A fresh signed address of the file.
    pub(crate) fn download_url(&mut self, file_id: i64) -> String {
        let token = random_hex(64);
        self.files.links.insert(token.clone(), file_id);
        format!("{}download.json?token=disk%7C{token}", self.identity.client_endpoint())
    }

    /// Stores a picture; its address.
    pub(crate) fn keep_picture(&mut self, author_id: i64, content: Vec<u8>, ending: &str) -> String {
        let id = self.store_file(0, author_id, &format!("avatar.{ending}"), content);
        self.download_url(id)
    }

    /// The file as `imbot.v2.File.upload` shows it.
    pub(crate) fn file_v2(&self, file: &StoredFile) -> Value {
        let extension = file.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        let kind = match extension.as_deref() {
            Some("png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp") => "image",
            Some("mp4" | "webm" | "mov") => "video",
            Some("mp3" | "ogg" | "wav" | "m4a") => "audio",
            _ => "file",
        };
        json!({
            "id": file.id,
            "chatId": file.chat_id,
            "date": crate::clock::iso(file.date),
            "type": kind,
            "name": file.name,
            "extension": extension.unwrap_or_default(),
            "size": file.content.len(),
            "image": false,
            "status": "done",
            "progress": 100,
            "authorId": file.author_id,
            "authorName": self.name_of(file.author_id),
            "urlPreview": "",
            "urlShow": "",
            "urlDownload": "",
        })
    }
}
