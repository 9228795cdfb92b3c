//! The content of a file on its way to the portal, in base64 inside the JSON of a call.

use std::{
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes read at a time: a multiple of three, so that only the last piece has padding.
const PIECE: usize = 48 * 1024;

type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// The content of a file, of which no more than a piece is in memory while it is sent.
///
/// Content in memory or in a file of the disk can be sent again, after a renewed token say; that of a reader cannot.
#[derive(Clone)]
pub struct FileContent {
    source: Source,
    size: u64,
}

#[derive(Clone)]
enum Source {
    Memory(Bytes),
    Disk(Arc<PathBuf>),
    Reader(Arc<Mutex<Option<Reader>>>),
}

impl FileContent {
    pub(super) fn of_bytes(bytes: Bytes) -> Self {
        Self { size: bytes.len() as u64, source: Source::Memory(bytes) }
    }

    pub(super) async fn of_file(path: PathBuf) -> io::Result<Self> {
        let about = tokio::fs::metadata(&path).await?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        Ok(Self { size: about.len(), source: Source::Disk(Arc::new(path)) })
    }

    pub(super) fn of_reader(reader: Reader, size: u64) -> Self {
        Self { source: Source::Reader(Arc::new(Mutex::new(Some(reader)))), size }
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    async fn open(&self) -> io::Result<Reader> {
        match &self.source {
            Source::Memory(bytes) => Ok(Box::new(io::Cursor::new(bytes.clone()))),
            Source::Disk(path) => Ok(Box::new(tokio::fs::File::open(path.as_ref()).await?)),
            Source::Reader(reader) => {
                let reader = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                reader.ok_or_else(|| {
                    io::Error::other(
                        "a reader can be sent once only; send from memory or from a file instead",
                    )
                })
            }
        }
    }

    /// `params` with this content as `fields.content`, as a body of known length. None if `params` has no `fields`.
    pub(in crate::rest) async fn body(&self, params: &Value) -> io::Result<Option<Body>> {
        let mark = uuid::Uuid::new_v4().to_string();
        let mut params = params.clone();
        let Some(fields) = params.get_mut("fields").and_then(Value::as_object_mut) else { return Ok(None) };
        fields.insert("content".to_owned(), json!(mark));
        let text = params.to_string();
        let Some((before, behind)) = text.split_once(&mark) else { return Ok(None) };
        Ok(Some(Body {
            before: before.to_owned(),
            behind: behind.to_owned(),
            size: self.size,
            reader: self.open().await?,
            trouble: Trouble::default(),
        }))
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileContent").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Why reading the content failed, if it did: the transport only tells that the body broke off.
#[derive(Debug, Clone, Default)]
pub(in crate::rest) struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    pub(in crate::rest) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn tell(&self, error: io::Error) -> io::Error {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        error
    }
}

/// A body to be streamed.
pub(in crate::rest) struct Body {
    before: String,
    behind: String,
    size: u64,
    reader: Reader,
    trouble: Trouble,
}

impl Body {
    /// Bytes of the whole body.
    pub(in crate::rest) fn length(&self) -> u64 {
        (self.before.len() + self.behind.len()) as u64 + self.size.div_ceil(3) * 4
    }

    pub(in crate::rest) fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    /// The body piece by piece. It breaks off when the content has not the size that was said.
    pub(in crate::rest) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let trouble = self.trouble.clone();
        let begin = Step::Before {
            before: self.before,
            rest: Rest { left: self.size, reader: self.reader, behind: self.behind },
        };
        stream::try_unfold(begin, move |step| {
            let trouble = trouble.clone();
            async move { step.next().await.map_err(|error| trouble.tell(error)) }
        })
    }
}

struct Rest {
    left: u64,
    reader: Reader,
    behind: String,
}

enum Step {
    Before { before: String, rest: Rest },
    Content(Rest),
    End,
}

impl Step {
    async fn next(self) -> io::Result<Option<(Bytes, Self)>> {
        match self {
            Self::Before { before, rest } => Ok(Some((Bytes::from(before), Self::Content(rest)))),
            Self::Content(mut rest) => {
                let wanted = usize::try_from(rest.left).unwrap_or(PIECE).min(PIECE);
                if wanted == 0 {
                    if rest.reader.read(&mut [0]).await? > 0 {
                        return Err(io::Error::other("the file is longer than it was when it was measured"));
                    }
                    return Ok(Some((Bytes::from(rest.behind), Self::End)));
                }
                let mut piece = vec![0; wanted];
                rest.reader.read_exact(&mut piece).await.map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => {
                        io::Error::other("the file is shorter than it was when it was measured")
                    }
                    _ => error,
                })?;
                rest.left -= wanted as u64;
                Ok(Some((Bytes::from(STANDARD.encode(piece)), Self::Content(rest))))
            }
            Self::End => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;

    use super::*;

    async fn sent(content: &FileContent) -> Result<String, String> {
        let body = content.body(&json!({"botId": 39, "fields": {"name": "a"}})).await.unwrap().unwrap();
        let (length, trouble) = (body.length(), body.trouble());
        let whole: Result<Vec<Bytes>, _> = body.stream().try_collect().await;
        let whole = whole.map_err(|_| trouble.take().unwrap())?.concat();
        assert_eq!(whole.len() as u64, length, "the length that was told beforehand");
        Ok(String::from_utf8(whole).unwrap())
    }

    #[tokio::test]
    async fn the_content_stands_in_the_json_in_base64() {
        for size in [1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let content = FileContent::of_bytes(bytes.clone().into());
            for _ in 0..2 {
                let body: Value = serde_json::from_str(&sent(&content).await.unwrap()).unwrap();
                assert_eq!(STANDARD.decode(body["fields"]["content"].as_str().unwrap()).unwrap(), bytes);
                assert_eq!((&body["botId"], &body["fields"]["name"]), (&json!(39), &json!("a")));
            }
        }
    }

    #[tokio::test]
    async fn a_file_that_changed_is_not_sent_whole() {
        for (told, what) in [(4, "shorter"), (2, "longer")] {
            let content = FileContent::of_reader(Box::new(&b"abc"[..]), told);
            assert!(sent(&content).await.unwrap_err().contains(what));
        }
    }

    #[tokio::test]
    async fn a_reader_is_sent_once() {
        let content = FileContent::of_reader(Box::new(&b"abc"[..]), 3);
        assert!(sent(&content).await.unwrap().contains("YWJj"));
        let again = content.body(&json!({"fields": {}})).await;
        assert!(again.is_err_and(|error| error.to_string().contains("once only")));
    }
}
