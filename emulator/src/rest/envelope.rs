//! The `time` block of a successful answer (protocol 8.2).

use serde_json::{Value, json};

/// `start` and `processing` are whole numbers, `finish` and `duration` are not.
pub(super) fn time(started_micros: i64, finished_micros: i64) -> Value {
    let start = started_micros.div_euclid(1_000_000);
    let finish_second = finished_micros.div_euclid(1_000_000);
    let finish = finished_micros as f64 / 1_000_000.0;
    json!({
        "start": start,
        "finish": finish,
        "duration": finish - start as f64,
        "processing": finish_second - start,
        "date_start": crate::clock::iso(start),
        "date_finish": crate::clock::iso(finish_second),
    })
}
