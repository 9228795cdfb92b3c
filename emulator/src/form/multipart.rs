//! Reading a `multipart/form-data` body: its fields, named with brackets as in any other form.
//!
//! Parts that are files are left out: no method modelled here takes its file so, they take base64.

use serde_json::{Map, Value};

/// Parts read from one body.
const MOST_PARTS: usize = 10_000;

/// The fields of the body; nothing when the content type names no boundary.
pub(crate) fn decode(content_type: &str, body: &[u8]) -> Map<String, Value> {
    let Some(boundary) = boundary(content_type) else { return Map::new() };
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut pairs = Vec::new();
    let mut rest = match find(body, &delimiter) {
        Some(at) => &body[at + delimiter.len()..],
        None => return Map::new(),
    };
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, &[b"\r\n".as_slice(), &delimiter].concat());
        let content = &part[..end.unwrap_or(part.len())];
        if let Some(pair) = field(content) {
            pairs.push(pair);
        }
        match end {
            Some(end) if pairs.len() < MOST_PARTS => rest = &part[end + 2 + delimiter.len()..],
            _ => break,
        }
    }
    super::decode::from_pairs(pairs)
}

fn boundary(content_type: &str) -> Option<String> {
    let at = content_type.to_ascii_lowercase().find("boundary=")?;
    let value = &content_type[at + "boundary=".len()..];
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split([';', ',']).next()?.trim(),
    };
    (!value.is_empty()).then(|| value.to_owned())
}

/// Name and value of one part, unless it is a file.
fn field(part: &[u8]) -> Option<(String, String)> {
    let cut = find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..cut]).into_owned();
    let disposition =
        head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?.to_owned();
    if parameter(&disposition, "filename").is_some() {
        return None;
    }
    let value = String::from_utf8_lossy(&part[cut + 4..]).into_owned();
    Some((parameter(&disposition, "name")?, value))
}

fn parameter(disposition: &str, wanted: &str) -> Option<String> {
    disposition.split(';').skip(1).find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').replace("%22", "\""))
    })
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use serde_json::{Value, json};

    #[test]
    fn fields_nest_and_files_are_left_out() {
        let body = "preamble\r\n--X y\r\nContent-Disposition: form-data; name=\"PROPERTIES[NAME]\"\r\n\r\nMax & Co\r\n\
            --X y\r\nContent-Disposition: form-data; name=\"U[]\"\r\nContent-Type: text/plain\r\n\r\n1\r\n\r\n2\r\n\
            --X y\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nno\r\n--X y--\r\n";
        let read = decode("multipart/form-data; boundary=\"X y\"", body.as_bytes());
        assert_eq!(Value::Object(read), json!({"PROPERTIES": {"NAME": "Max & Co"}, "U": ["1\r\n\r\n2"]}));
        assert!(decode("multipart/form-data", body.as_bytes()).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            kind in "multipart/form-data; ?boundary=\\PC{0,6}",
        ) {
            let _ = decode(&kind, &[b"--X\r\n", tail.as_slice()].concat());
            let _ = decode("multipart/form-data; boundary=X", &[b"--X\r\n", tail.as_slice()].concat());
        }
    }
}
