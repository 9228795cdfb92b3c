//! The name of a file, from the header that tells it.

use percent_encoding::percent_decode_str;

/// The name in a `Content-Disposition`: `filename*` before `filename`, without any path.
pub(super) fn of_disposition(header: &str) -> Option<String> {
    let part = |wanted: &str| {
        parts(header).find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let extended = part("filename*").and_then(|value| {
        let (_, encoded) = value.split_once('\'')?.1.split_once('\'')?;
        Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned())
    });
    let name =
        extended.or_else(|| part("filename").map(|value| value.trim_matches('"').replace("\\\"", "\"")))?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|sign| !sign.is_control()).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty() && name != "." && name != "..")
}

/// The parts between semicolons that are not in quotes.
fn parts(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    header.split(move |sign| {
        quoted ^= sign == '"';
        sign == ';' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::of_disposition;

    #[test]
    fn the_name_is_read_and_never_names_a_folder() {
        for (header, name) in [
            ("attachment; filename=\"a;b.txt\"", Some("a;b.txt")),
            ("attachment; filename=\"x.txt\"; filename*=utf-8''%D1%87%D0%B5%D0%BA.png", Some("чек.png")),
            ("attachment; filename=../../etc/passwd", Some("passwd")),
            ("attachment; FILENAME*=utf-8''..%2F..%2Fa.txt", Some("a.txt")),
            ("attachment; filename=\"..\"", None),
            ("inline", None),
            ("attachment; filename*=broken", None),
        ] {
            assert_eq!(of_disposition(header).as_deref(), name, "{header}");
        }
    }
}
