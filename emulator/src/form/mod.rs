//! PHP's idea of a form: nested brackets, written as `http_build_query` writes them and read as PHP reads them.
//!
//! Events leave the portal through this module twice (portal to queue, queue to handler), which is why no type
//! survives: numbers become text, `true` becomes `1`, nulls and empty arrays are gone.

mod decode;
mod encode;
pub(crate) mod multipart;

pub(crate) use decode::decode;
pub(crate) use encode::{encode, percent};
