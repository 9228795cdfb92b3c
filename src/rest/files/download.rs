//! Files out of a chat.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_DISPOSITION, LOCATION};
use secrecy::ExposeSecret as _;
use tokio::io::AsyncWriteExt as _;

use super::{DownloadError, DownloadErrorKind as Kind, DownloadLimits, name};
use crate::{
    rest::{
        Api, ApiExt, CallError, CallErrorKind, HttpOptions, Method, SetupError, TokenSource,
        http::{Address, Failure, Transport},
        methods::imbot_v2::FileDownload,
    },
    wire::{BotId, FileRef, PortalKey},
};

/// A portal may send a file from its cloud storage; more moves than this lead nowhere.
const MOST_MOVES: usize = 3;

/// So many bytes tell what a file is.
const HEAD: usize = 12;

/// Downloads files of portals.
///
/// The portal is asked for a signed address (`imbot.v2.File.download`, protocol 4.8), which must be on the
/// portal's own host. It may redirect to a storage elsewhere: over HTTPS only, to a host with a name, and never with
/// what signed the first address. No token of ours is sent to either.
pub struct Downloads(Source);

enum Source {
    Portal { api: Arc<dyn Api>, tokens: Arc<dyn TokenSource>, transport: Transport },
    Memory(KeptFiles),
}

/// Files in memory, names and contents by their ids.
pub(crate) type KeptFiles = Arc<Mutex<BTreeMap<i64, (String, Bytes)>>>;

impl Downloads {
    /// Asks `api` for addresses; `tokens` tells where each portal is.
    pub fn new(
        api: Arc<dyn Api>,
        tokens: Arc<dyn TokenSource>,
        options: HttpOptions,
    ) -> Result<Self, SetupError> {
        Ok(Self(Source::Portal { api, tokens, transport: Transport::new(&options)? }))
    }

    /// Gives files that are in memory.
    pub(crate) fn of_memory(files: KeptFiles) -> Self {
        Self(Source::Memory(files))
    }

    /// Begins to download a file that `bot` can see. Only its beginning is read: the rest comes as it is asked for.
    pub async fn open(
        &self,
        portal: &PortalKey,
        bot: BotId,
        file: &FileRef,
        limits: &DownloadLimits,
    ) -> Result<Download, DownloadError> {
        let id = file.id;
        if !file.name.is_empty() {
            check_name(id, &file.name, limits)?;
        }
        check_size(id, u64::try_from(file.size).unwrap_or(0), limits)?;
        let answer = self.answer(portal, bot, id, limits).await?;
        let told = answer.content_length();
        check_size(id, told.unwrap_or(0), limits)?;
        let header = answer.headers().get(CONTENT_DISPOSITION);
        let named = header.and_then(|value| name::of_disposition(&String::from_utf8_lossy(value.as_bytes())));
        let name = Some(file.name.clone()).filter(|name| !name.is_empty()).or(named);
        let name = name.unwrap_or_else(|| format!("file-{id}"));
        check_name(id, &name, limits)?;
        let mut download =
            Download { id, name, size: told, max_bytes: limits.max_bytes, read: 0, head: None, answer };
        let mut head = BytesMut::new();
        while head.len() < HEAD
            && let Some(piece) = download.chunk().await?
        {
            head.extend_from_slice(&piece);
        }
        if !limits.takes_content(&download.name, &head) {
            let what = format!("the content of {:?} is not what its name says", download.name);
            return Err(DownloadError::new(Kind::WrongType, id, what));
        }
        download.head = Some(head.freeze()).filter(|head| !head.is_empty());
        Ok(download)
    }

    async fn answer(
        &self,
        portal: &PortalKey,
        bot: BotId,
        id: i64,
        limits: &DownloadLimits,
    ) -> Result<reqwest::Response, DownloadError> {
        let (api, tokens, transport) = match &self.0 {
            Source::Portal { api, tokens, transport } => (api, tokens, transport),
            Source::Memory(files) => return kept(files, id),
        };
        let asked = api.invoke(portal, &FileDownload::new(bot, id)).await;
        let url = asked.map_err(|error| DownloadError::no_address(id, error))?.url;
        if url.is_empty() {
            let error = CallError::new(CallErrorKind::BadAnswer, FileDownload::NAME)
                .describe("it holds no `downloadUrl`");
            return Err(DownloadError::no_address(id, error));
        }
        let access = tokens.access(portal).await.map_err(|error| DownloadError::no_access(id, &error))?;
        let elsewhere = |what: String| DownloadError::new(Kind::Elsewhere, id, what);
        let home = Address::parse(access.endpoint.expose_secret()).map_err(elsewhere)?;
        let first = home.at(&url).map_err(elsewhere)?;
        let mut address = first.clone();
        for _ in 0..=MOST_MOVES {
            let answer = get(transport, id, &address, limits).await?;
            if answer.status().is_success() {
                return Ok(answer);
            }
            let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let Some(location) = location.filter(|_| answer.status().is_redirection()) else {
                let what = format!("the portal answered HTTP {} to its address", answer.status().as_u16());
                return Err(DownloadError::new(Kind::Refused, id, what));
            };
            address = moved(&first, &address, location).map_err(elsewhere)?;
        }
        Err(elsewhere("its address leads on and on".to_owned()))
    }
}

async fn get(
    transport: &Transport,
    id: i64,
    address: &Address,
    limits: &DownloadLimits,
) -> Result<reqwest::Response, DownloadError> {
    let request = transport.client(address).get(address.url().clone());
    let request = request.timeout(transport.time_for(limits.max_bytes));
    request.send().await.map_err(|error| broken(id, error))
}

/// A file in memory, as a portal would send it.
fn kept(files: &KeptFiles, id: i64) -> Result<reqwest::Response, DownloadError> {
    let file = files.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
    let Some((name, content)) = file else {
        let error =
            CallError::new(CallErrorKind::Refused, FileDownload::NAME).code_of_portal("FILE_NOT_FOUND");
        return Err(DownloadError::no_address(id, error));
    };
    let name = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
    let answer = axum::http::Response::builder()
        .header(CONTENT_DISPOSITION, format!("attachment; filename*=utf-8''{name}"))
        .body(content)
        .map_err(|error| DownloadError::new(Kind::Broken, id, error.to_string()))?;
    Ok(answer.into())
}

impl fmt::Debug for Downloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloads").finish_non_exhaustive()
    }
}

/// A file being downloaded; what is not asked for is not read.
#[must_use = "only the beginning of the file is here until the rest is asked for"]
pub struct Download {
    id: i64,
    name: String,
    size: Option<u64>,
    max_bytes: u64,
    read: u64,
    /// What was read to see what it is.
    head: Option<Bytes>,
    answer: reqwest::Response,
}

impl Download {
    /// Its name, without any path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes, if the portal tells.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next piece; none at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, DownloadError> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        let piece = self.answer.chunk().await.map_err(|error| broken(self.id, error))?;
        self.read += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if self.read > self.max_bytes {
            return Err(too_large(self.id, format!("more than {} bytes have come", self.max_bytes)));
        }
        Ok(piece)
    }

    /// All of it, in memory.
    pub async fn bytes(mut self) -> Result<Bytes, DownloadError> {
        let told = usize::try_from(self.size.unwrap_or(0)).unwrap_or(0);
        let mut all = BytesMut::with_capacity(told);
        while let Some(piece) = self.chunk().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// Writes it to a file and tells its size. The file is there once it is whole; until then it has `.part` behind
    /// its name.
    pub async fn save(mut self, path: impl AsRef<Path>) -> Result<u64, DownloadError> {
        let path = path.as_ref();
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let saved = self.write(Path::new(&part), path).await;
        if saved.is_err() {
            let _ = tokio::fs::remove_file(&part).await;
        }
        saved
    }

    async fn write(&mut self, part: &Path, path: &Path) -> Result<u64, DownloadError> {
        let id = self.id;
        let disk = |error: std::io::Error| DownloadError::new(Kind::Disk, id, error.to_string());
        let mut file = tokio::fs::File::create(part).await.map_err(disk)?;
        while let Some(piece) = self.chunk().await? {
            file.write_all(&piece).await.map_err(disk)?;
        }
        file.sync_all().await.map_err(disk)?;
        drop(file);
        tokio::fs::rename(part, path).await.map_err(disk)?;
        Ok(self.read)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

fn check_name(id: i64, name: &str, limits: &DownloadLimits) -> Result<(), DownloadError> {
    if limits.takes_name(name) {
        return Ok(());
    }
    let what = format!("{name:?} is none of the types wanted ({})", limits.told());
    Err(DownloadError::new(Kind::WrongType, id, what))
}

fn check_size(id: i64, size: u64, limits: &DownloadLimits) -> Result<(), DownloadError> {
    match size.checked_sub(limits.max_bytes) {
        None | Some(0) => Ok(()),
        Some(over) => {
            let most = limits.max_bytes;
            Err(too_large(id, format!("it has {size} bytes, {over} over the limit of {most}")))
        }
    }
}

fn too_large(id: i64, what: String) -> DownloadError {
    DownloadError::new(Kind::TooLarge, id, what)
}

fn broken(id: i64, error: reqwest::Error) -> DownloadError {
    DownloadError::new(Kind::Broken, id, Failure::of(error).told())
}

/// Where a redirect leads, if it may be followed.
fn moved(first: &Address, from: &Address, location: &str) -> Result<Address, String> {
    let url = from.url().join(location).map_err(|_| "its address leads to what is no address".to_owned())?;
    let target = Address::parse(url.as_str())?;
    if url.origin() == first.url().origin() {
        return Ok(target);
    }
    let named = matches!(url.host(), Some(url::Host::Domain(host)) if host.contains('.'));
    if url.scheme() != "https" || !named {
        return Err("its address leads to a host without a name, or not over HTTPS".to_owned());
    }
    // What signed the address on the portal is for the portal only.
    let signed = first.url().query_pairs().any(|(_, value)| {
        let long = value.len() >= 8;
        long && url.query_pairs().any(|(_, other)| other.contains(value.as_ref()))
    });
    if signed {
        return Err("its address leads to another host with the portal's own token".to_owned());
    }
    Ok(target)
}

impl Transport {
    /// How long a transfer of so many bytes may take.
    pub(in crate::rest) fn time_for(&self, bytes: u64) -> Duration {
        /// Slower lines than this are given up.
        const BYTES_A_SECOND: u64 = 128 * 1024;
        self.usual_time() + Duration::from_secs(bytes / BYTES_A_SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_followed_without_the_token_and_to_named_hosts_only() {
        let first =
            Address::parse("https://p.example/rest/download.json?token=disk%7C0123456789abcdef").unwrap();
        let to = |location: &str| moved(&first, &first, location).map(|address| address.url().to_string());
        assert!(to("/disk/5").is_ok());
        assert!(to("https://storage.example/x?sign=other").is_ok());
        for bad in [
            "http://storage.example/x",
            "https://10.0.0.1/x",
            "https://[::1]/x",
            "https://localhost/x",
            "http://127.0.0.1:9180/metrics",
            "https://storage.example/x?t=disk%7C0123456789abcdef",
            "file:///etc/passwd",
            "https://",
        ] {
            let error = to(bad).unwrap_err();
            assert!(!error.contains("0123456789abcdef"), "{error}");
        }
    }
}
