//! Files that people and bots send and pictures that they set, and the signed addresses under which they are served.
//!
//! A connector names its files by address. Those of this machine are read (see `crate::fetching`); the portal's address
//! of any other leads on to where it lies.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::World;
use super::identity::random_hex;
use super::messages::Message;
use super::picture;
use crate::weight::readable_size;

/// Bytes of all files together; the oldest make room for new ones.
const KEPT_BYTES: usize = 256 * 1_024 * 1_024;
/// Addresses given out for a while; the oldest lead nowhere when there are more. A file's own address lasts.
const KEPT_LINKS: usize = 10_000;

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    pub(crate) id: i64,
    /// The chat it belongs to; 0 for a picture.
    pub(crate) chat_id: i64,
    pub(crate) author_id: i64,
    pub(crate) name: String,
    pub(crate) content: Bytes,
    /// Where a connector's file lies whose content is not here.
    pub(crate) source: Option<String>,
    pub(crate) date: i64,
    /// The part of its lasting address that nobody guesses.
    token: String,
}

impl StoredFile {
    fn extension(&self) -> String {
        self.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
    }

    /// `image`, `video`, `audio` or `file`, and the MIME type, by the name's ending.
    fn kind(&self) -> (&'static str, &'static str) {
        match self.extension().as_str() {
            "png" => ("image", "image/png"),
            "jpg" | "jpeg" => ("image", "image/jpeg"),
            "gif" => ("image", "image/gif"),
            "webp" => ("image", "image/webp"),
            "bmp" => ("image", "image/bmp"),
            "mp4" => ("video", "video/mp4"),
            "webm" => ("video", "video/webm"),
            "mov" => ("video", "video/quicktime"),
            "mp3" => ("audio", "audio/mpeg"),
            "ogg" => ("audio", "audio/ogg"),
            "wav" => ("audio", "audio/wav"),
            "m4a" => ("audio", "audio/mp4"),
            "pdf" => ("file", "application/pdf"),
            "txt" => ("file", "text/plain"),
            _ => ("file", "application/octet-stream"),
        }
    }
}

/// All files of the portal.
#[derive(Debug, Default)]
pub(crate) struct Files {
    rows: BTreeMap<i64, StoredFile>,
    /// Which file a signed address means.
    links: HashMap<String, i64>,
    /// The addresses among them that were given out for a while, the oldest first.
    passing: VecDeque<String>,
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
        self.put_file(chat_id, author_id, name, Bytes::from(content), None)
    }

    /// A file that a connector names by its address: stored if it was read for this call, else noted.
    pub(crate) fn take_in_file(&mut self, chat_id: i64, author_id: i64, name: &str, source: &str) -> i64 {
        match self.fetched.get(source).cloned() {
            Some(content) => self.put_file(chat_id, author_id, name, content, None),
            None => self.put_file(chat_id, author_id, name, Bytes::new(), Some(source.to_owned())),
        }
    }

    fn put_file(
        &mut self,
        chat_id: i64,
        author_id: i64,
        name: &str,
        content: Bytes,
        source: Option<String>,
    ) -> i64 {
        self.files.last += 1;
        let id = 3_000 + self.files.last;
        let (date, token) = (self.now(), random_hex(64));
        // A file's name never names a folder.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        self.files.links.insert(token.clone(), id);
        let file = StoredFile { id, chat_id, author_id, name, content, source, date, token };
        self.files.rows.insert(id, file);
        let mut total: usize = self.files.rows.values().map(|file| file.content.len()).sum();
        while total > KEPT_BYTES
            && let Some((oldest, file)) = self.files.rows.pop_first()
        {
            total -= file.content.len();
            self.files.links.retain(|_, linked| *linked != oldest);
        }
        id
    }

    fn address(&self, token: &str) -> String {
        format!("{}download.json?token=disk%7C{token}", self.identity.client_endpoint())
    }

    /// A fresh signed address of the file.
    pub(crate) fn download_url(&mut self, file_id: i64) -> String {
        let token = random_hex(64);
        self.files.links.insert(token.clone(), file_id);
        self.files.passing.push_back(token.clone());
        if self.files.passing.len() > KEPT_LINKS
            && let Some(oldest) = self.files.passing.pop_front()
        {
            self.files.links.remove(&oldest);
        }
        self.address(&token)
    }

    /// Stores a picture; its address.
    pub(crate) fn keep_picture(&mut self, author_id: i64, content: Vec<u8>, ending: &str) -> String {
        let id = self.store_file(0, author_id, &format!("avatar.{ending}"), content);
        self.download_url(id)
    }

    /// The file as `imbot.v2.File.upload` shows it.
    pub(crate) fn file_v2(&self, file: &StoredFile) -> Value {
        let side = picture::dimensions(&file.content);
        json!({
            "id": file.id,
            "chatId": file.chat_id,
            "date": crate::clock::iso(file.date),
            "type": file.kind().0,
            "name": file.name,
            "extension": file.extension(),
            "size": file.content.len(),
            "image": side.map_or(json!(false), |(width, height, _)| json!({"width": width, "height": height})),
            "status": "done",
            "progress": 100,
            "authorId": file.author_id,
            "authorName": self.name_of(file.author_id),
            "urlPreview": "",
            "urlShow": "",
            "urlDownload": "",
        })
    }

    fn files_of<'w>(&'w self, message: &'w Message) -> impl Iterator<Item = &'w StoredFile> {
        message.files.iter().filter_map(|id| self.files.get(*id))
    }

    /// `FILES` of a v1 event: the message's files by id, each with the address it is read from.
    pub(crate) fn files_v1(&self, message: &Message) -> Value {
        let files = self.files_of(message).map(|file| {
            let mut shown = self.file_v2(file);
            shown["urlShow"] = json!(self.address(&file.token));
            shown["urlDownload"] = shown["urlShow"].clone();
            (file.id.to_string(), shown)
        });
        Value::Object(files.collect())
    }

    /// `files` of a message that enters or leaves by a connector (protocol 2.3).
    pub(crate) fn files_of_channel(&self, message: &Message) -> Value {
        let rows = self.files_of(message).map(|file| {
            let address = self.address(&file.token);
            let (kind, mime) = file.kind();
            let mut row = Map::new();
            for (name, value) in [
                ("name", json!(file.name)),
                ("type", json!(kind)),
                ("mime", json!(mime)),
                ("link", json!(address)),
                ("downloadLink", json!(address)),
                ("size", json!(file.content.len())),
                ("sizef", json!(readable_size(file.content.len()))),
            ] {
                row.insert(name.to_owned(), value);
            }
            if let Some((width, height, _)) = picture::dimensions(&file.content) {
                row.insert("width".to_owned(), json!(width));
                row.insert("height".to_owned(), json!(height));
            }
            Value::Object(row)
        });
        rows.collect()
    }
}
