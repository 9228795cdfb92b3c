//! PHP's idea of a form: nested brackets, written as `http_build_query` writes them and read as PHP reads them.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let delivery = emulator.portal().install("http://127.0.0.1:9/events").await;
//! assert!(delivery.body.starts_with(b"event=ONAPPINSTALL&event_handler_id=401&data%5BVERSION%5D=1&"));
//! assert_eq!(delivery.form()["data"]["VERSION"], "1");
//! # }
//! ```
//!
//! Events leave the portal through this module twice (portal to queue, queue to handler), which is why no type
//! survives: numbers become text, `true` becomes `1`, nulls and empty arrays are gone.
//!
//! The trap: a map whose keys are 0, 1, 2 … comes back as a list, so decide by the field which of the two it is.

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

/// What is to be said of a body of which nothing is read although there is something in it.
pub(crate) fn misread(content_type: &str, body: &[u8]) -> Option<String> {
    let json = content_type.to_ascii_lowercase().contains("application/json");
    if !json || body.trim_ascii().is_empty() {
        return None;
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) if body.trim_ascii_start().starts_with(b"{") => None,
        Ok(_) => Some("the body is JSON but no object: it was read as no parameters".to_owned()),
        Err(error) => Some(format!(
            "the body is no JSON although its content type says so ({error}): it was read as no parameters"
        )),
    }
}
