//! Reading a request's body, at most 1 MiB of it.

use std::time::Duration;

use axum::{body::Body, http::HeaderMap};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::{Refusal, RefusalKind};

/// The largest body that is read; a long message with its tokens has some 10 KiB.
pub const BODY_MAX: usize = 1024 * 1024;
/// What is read and thrown away of a body that is too large, so that its sender sees the answer and not a reset.
const DRAIN_MAX: usize = 3 * BODY_MAX;
/// So long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(20);

/// The body, whatever its headers say of its length; never more than [`BODY_MAX`] bytes of it are kept.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let reading = async {
        let mut frames = body.into_data_stream();
        let mut kept = BytesMut::new();
        let mut too_large = announced(headers).is_some_and(|length| length > BODY_MAX as u64);
        let mut thrown = 0;
        while let Some(frame) = frames.next().await {
            let Ok(frame) = frame else {
                return Err(Refusal::new(RefusalKind::Incomplete));
            };
            too_large |= frame.len() > BODY_MAX - kept.len();
            if too_large {
                kept = BytesMut::new();
                thrown += frame.len();
                if thrown > DRAIN_MAX {
                    break;
                }
            } else {
                kept.extend_from_slice(&frame);
            }
        }
        if too_large { Err(Refusal::new(RefusalKind::TooLarge)) } else { Ok(kept.freeze()) }
    };
    // A socket's time-out is real time, also in tests.
    tokio::time::timeout(BODY_TIME, reading)
        .await
        .unwrap_or_else(|_| Err(Refusal::new(RefusalKind::Incomplete)))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.trim().parse().ok()
}
