use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::codec::{form, from_json};

#[test]
fn tokens_are_left_out_wherever_they_stand() {
    let raw = from_json(&json!({
        "auth": {"access_token": "t", "domain": "d", "application_token": "t", "refresh_token": "t"},
        "AUTH_ID": "t", "REFRESH_ID": "t", "APPLICATION_TOKEN": "t", "kept": "AUTH_ID",
        "data": {"BOT": {"5": {"access_token": "t", "AUTH": {"refresh_token": "t", "scope": "s"}, "BOT_ID": 5}}},
    }));
    let again = from_stored(&to_stored(&raw)).unwrap();
    let expected = json!({
        "auth": {"domain": "d"}, "kept": "AUTH_ID",
        "data": {"BOT": {"5": {"AUTH": {"scope": "s"}, "BOT_ID": "5"}}},
    });
    assert_eq!(again.to_json(), expected);
}

#[test]
fn a_format_of_another_version_is_refused_by_name() {
    assert_eq!(from_stored(&[9, 0]), Err(StoredError::Version(9)));
    assert!(from_stored(&[9, 0]).unwrap_err().to_string().contains("format 9"));
    assert_eq!(from_stored(&[]), Err(StoredError::Damaged { at: 0 }));
}

#[test]
fn a_missing_or_surplus_byte_is_noticed() {
    let kept = to_stored(&from_json(&json!({"a": {"b": "text", "c": "more"}, "d": "1"})));
    for length in 0..kept.len() {
        assert!(from_stored(&kept[..length]).is_err(), "{length}");
    }
    assert!(from_stored(&[&kept[..], b"x"].concat()).is_err());
}

#[test]
fn false_counts_reserve_nothing_and_build_nothing() {
    for bytes in [&[1, 0xff, 0xff, 0xff, 0x7f][..], &[1, 1, 1, 0xff, 0xff, 0x7f, b'a'], &[1, 1, 0, 3]] {
        assert!(matches!(from_stored(bytes), Err(StoredError::Damaged { .. })), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn what_was_stored_reads_back(body in "[a-c0-2&=%5BD\\[\\]+.]{0,80}") {
        let raw = form::decode(body.as_bytes(), &form::Limits::default()).unwrap();
        prop_assert_eq!(from_stored(&to_stored(&raw)).unwrap(), raw);
    }

    #[test]
    fn damaged_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_stored(&bytes);
        let mut versioned = bytes;
        versioned.insert(0, VERSION);
        if let Ok(raw) = from_stored(&versioned) {
            let _ = raw.to_json();
        }
    }

    #[test]
    fn one_flipped_byte_never_panics(at in 0usize..64, byte in any::<u8>()) {
        let raw = from_json(&json!({"event": "X", "data": {"a": {"b": ["é", "2", {"c": "d"}]}}, "ts": 5}));
        let mut kept = to_stored(&raw).to_vec();
        let at = at % kept.len();
        kept[at] = byte;
        let _ = events_of_stored(&kept, None);
    }
}
