//! PHP's idea of a form: nested brackets, written as `http_build_query` writes them and read as PHP reads them.
//!
//! Events leave the portal through this module twice (portal to queue, queue to handler), which is why no type
//! survives: numbers become text, `true` becomes `1`, nulls and empty arrays are gone.

mod decode;
mod encode;
pub(crate) mod multipart;

use serde_json::{Map, Value};

pub(crate) use decode::decode;
pub(crate) use encode::{encode, percent};

/// Query and body as one set of parameters; the body's win. Unparsable JSON counts for nothing.
pub(crate) fn params(query: &str, content_type: &str, body: &[u8]) -> Map<String, Value> {
    let mut params = decode(query.as_bytes());
    let kind = content_type.to_ascii_lowercase();
    if kind.starts_with("multipart/form-data") {
        params.extend(multipart::decode(content_type, body));
    } else if kind.contains("application/json") {
        if let Ok(Value::Object(map)) = serde_json::from_slice(body) {
            params.extend(map);
        }
    } else {
        params.extend(decode(body));
    }
    params
}
