//! Pictures that methods take as base64: what counts as one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Wider or higher pictures are refused.
const LONGEST_SIDE: u32 = 5_000;

/// Why a picture was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureFault {
    /// No picture, or of a kind that the portal does not take.
    Kind,
    /// More than 5,000 pixels wide or high.
    Size,
}

/// The bytes of a base64 text, with or without a `data:` prefix.
pub(crate) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let text = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(',')?.1,
        None => text,
    };
    let plain: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let unpadded = plain.trim_end_matches('=');
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::general_purpose::NO_PAD.with_decode_allow_trailing_bits(true),
    );
    if plain.is_empty() {
        return None;
    }
    STANDARD.decode(&plain).or_else(|_| engine.decode(unpadded)).ok()
}

/// A PNG, GIF or JPEG of at most 5,000 × 5,000, and the ending its name gets.
pub(crate) fn picture(text: &str) -> Result<(Vec<u8>, &'static str), PictureFault> {
    let bytes = base64_bytes(text).ok_or(PictureFault::Kind)?;
    let (width, height, ending) = dimensions(&bytes).ok_or(PictureFault::Kind)?;
    if width > LONGEST_SIDE || height > LONGEST_SIDE { Err(PictureFault::Size) } else { Ok((bytes, ending)) }
}

pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32, &'static str)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let side = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        return Some((side(16)?, side(20)?, "png"));
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        let side = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
        return Some((side(6)?, side(8)?, "gif"));
    }
    bytes.starts_with(&[0xff, 0xd8, 0xff]).then(|| jpeg(bytes)).flatten()
}

/// Walks the segments to the first frame header.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32, &'static str)> {
    let mut at = 2;
    loop {
        let [0xff, marker, high, low] = *bytes.get(at..at + 4)? else { return None };
        if (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let side =
                |at: usize| Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
            return Some((side(at + 7)?, side(at + 5)?, "jpg"));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}

#[cfg(test)]
mod tests {
    use super::{PictureFault, STANDARD, base64_bytes, picture};
    use base64::Engine as _;

    fn gif(width: u16, height: u16) -> String {
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        STANDARD.encode(bytes)
    }

    #[test]
    fn a_picture_has_a_known_kind_and_at_most_five_thousand_pixels_a_side() {
        assert_eq!(picture(&gif(5_000, 5_000)).unwrap().1, "gif");
        assert_eq!(picture(&gif(5_001, 1)), Err(PictureFault::Size));
        assert_eq!(picture(&STANDARD.encode("no picture")), Err(PictureFault::Kind));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 2, 0xff, 0xc0, 0, 8, 8, 0, 9, 0, 7];
        assert_eq!(picture(&STANDARD.encode(jpeg)).unwrap().1, "jpg");
    }

    #[test]
    fn base64_may_lack_its_padding_and_carry_a_prefix() {
        assert_eq!(base64_bytes("aGVsbG8").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64_bytes("data:text/plain;base64,aGVs\nbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64_bytes("not base64!"), None);
        assert_eq!(base64_bytes(""), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            for head in [&b"\x89PNG\r\n\x1a\n"[..], b"GIF89a", &[0xff, 0xd8, 0xff]] {
                let _ = picture(&STANDARD.encode([head, &tail].concat()));
            }
        }
    }
}
