//! What a bot is willing to take.

use super::FILE_LIMIT;

/// How large a file may be, and of which types.
///
/// ```
/// use openlines::rest::DownloadLimits;
///
/// let pictures = DownloadLimits::new().max_bytes(5 * 1024 * 1024).types(["png", "jpg", "jpeg"]);
/// assert!(pictures.takes_name("Photo.JPG") && !pictures.takes_name("photo.exe"));
/// ```
///
/// **Trap:** a type is told by the ending of the name, which the sender chose. For the usual kinds of picture, sound,
/// film and document the beginning of the content must agree; for others it is for the bot to look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "limits do nothing until a file is downloaded within them"]
pub struct DownloadLimits {
    pub(super) max_bytes: u64,
    types: Option<Vec<String>>,
}

impl Default for DownloadLimits {
    /// 100 MiB, any type.
    fn default() -> Self {
        Self { max_bytes: FILE_LIMIT, types: None }
    }
}

impl DownloadLimits {
    /// 100 MiB, any type.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many bytes.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Only names with one of these endings, in any case, without the dot.
    pub fn types<T: AsRef<str>>(mut self, endings: impl IntoIterator<Item = T>) -> Self {
        let endings = endings.into_iter();
        self.types =
            Some(endings.map(|ending| ending.as_ref().trim_start_matches('.').to_lowercase()).collect());
        self
    }

    /// Whether a file of this name is taken.
    #[must_use]
    pub fn takes_name(&self, name: &str) -> bool {
        let ending = ending(name);
        self.types.as_ref().is_none_or(|types| types.contains(&ending))
    }

    pub(super) fn told(&self) -> String {
        self.types.as_ref().map_or_else(String::new, |types| types.join(", "))
    }

    /// Whether the content may begin so under that name. Without wanted types nothing is looked at.
    pub(super) fn takes_content(&self, name: &str, head: &[u8]) -> bool {
        self.types.is_none() || begins_as(&ending(name), head)
    }
}

fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

/// The bytes at the beginning, for the endings whose files have such.
fn begins_as(ending: &str, head: &[u8]) -> bool {
    let starts = |marks: &[&[u8]]| marks.iter().any(|mark| head.starts_with(mark));
    let at = |place: usize, mark: &[u8]| head.get(place..).is_some_and(|rest| rest.starts_with(mark));
    match ending {
        "png" => starts(&[b"\x89PNG\r\n\x1a\n"]),
        "jpg" | "jpeg" => starts(&[b"\xff\xd8\xff"]),
        "gif" => starts(&[b"GIF87a", b"GIF89a"]),
        "bmp" => starts(&[b"BM"]),
        "webp" => starts(&[b"RIFF"]) && at(8, b"WEBP"),
        "wav" => starts(&[b"RIFF"]) && at(8, b"WAVE"),
        "ogg" | "oga" | "opus" => starts(&[b"OggS"]),
        "mp3" => {
            starts(&[b"ID3"])
                || (head.first() == Some(&0xff) && head.get(1).is_some_and(|byte| byte & 0xe0 == 0xe0))
        }
        "mp4" | "m4a" | "mov" | "heic" => {
            at(4, b"ftyp") || at(4, b"moov") || at(4, b"mdat") || at(4, b"wide")
        }
        "webm" | "mkv" => starts(&[b"\x1a\x45\xdf\xa3"]),
        "pdf" => starts(&[b"%PDF-"]),
        "zip" | "docx" | "xlsx" | "pptx" | "odt" | "ods" => starts(&[b"PK\x03\x04", b"PK\x05\x06"]),
        "doc" | "xls" | "ppt" => starts(&[b"\xd0\xcf\x11\xe0"]),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_under_the_name_of_a_picture_is_not_taken() {
        let pictures = DownloadLimits::new().types([".PNG", "webp"]);
        assert!(pictures.takes_content("a.png", b"\x89PNG\r\n\x1a\nrest"));
        assert!(!pictures.takes_content("a.png", b"MZ\x90\0"));
        assert!(!pictures.takes_content("a.webp", b"RIFF"));
        assert!(!pictures.takes_name("png"));
        assert!(DownloadLimits::new().takes_content("a.png", b"MZ"));
    }
}
