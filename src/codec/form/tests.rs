use std::time::Instant;

use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::*;
use crate::wire::Node;

fn decoded(body: &[u8]) -> Raw {
    decode(body, &Limits::default()).unwrap()
}

fn refused(body: &[u8]) -> FormError {
    decode(body, &Limits::default()).unwrap_err()
}

#[test]
fn the_last_duplicate_wins_and_keeps_the_first_place() {
    let raw = decoded(b"a=1&b=2&a=3");
    let order: Vec<_> = raw.root().entries().map(|(key, value)| (key, value.as_str().unwrap())).collect();
    assert_eq!(order, [("a", "3"), ("b", "2")]);
}

#[test]
fn a_pair_that_shares_a_path_sees_what_the_one_before_replaced() {
    let raw = decoded(b"a[b][c]=1&a[b]=2&a[b][d]=3&a[b][e]=4&a=5&a[b][f]=6");
    assert_eq!(raw.to_json(), json!({"a": {"b": {"f": "6"}}}));
    let raw = decoded(b"a[b][c]=1&a[b][d=2&a[b][e]=3");
    assert_eq!(raw.to_json(), json!({"a": {"b": {"e": "3"}}}));
}

#[test]
fn each_pair_of_empty_brackets_makes_its_own_map() {
    let raw = decoded(b"a[][b]=1&a[][b]=2&a[x][][c]=3&a[x][][c]=4");
    let expected = json!({"a": {"0": {"b": "1"}, "1": {"b": "2"}, "x": {"0": {"c": "3"}, "1": {"c": "4"}}}});
    assert_eq!(raw.to_json(), expected);
}

#[test]
fn each_limit_refuses_the_whole_body_by_its_name() {
    let limits = Limits::default();
    let error = refused(&vec![b'a'; limits.body_bytes + 1]);
    assert_eq!(error.kind(), FormErrorKind::BodyTooLarge { limit: 1024 * 1024 });
    let error = refused("a=1&".repeat(5_001).as_bytes());
    assert_eq!((error.kind(), error.offset()), (FormErrorKind::TooManyPairs { limit: 5_000 }, 20_000));
    let error = refused(format!("z=1&data{}=1", "[b]".repeat(65)).as_bytes());
    assert_eq!((error.kind(), error.offset()), (FormErrorKind::TooManyBrackets { limit: 64 }, 4));
    assert!(error.path().starts_with("data.b.b"));
    let error = refused(format!("data[{}]=1", "k".repeat(513)).as_bytes());
    assert_eq!(error.kind(), FormErrorKind::KeyTooLong { limit: 512 });

    assert_eq!(decoded("a=1&".repeat(5_000).as_bytes()).root().len(), 1);
    assert!(decode(format!("data{}=1", "[b]".repeat(64)).as_bytes(), &limits).is_ok());
    assert!(decode(format!("data[{}]=1", "k".repeat(512)).as_bytes(), &limits).is_ok());
    assert_eq!(decoded("&".repeat(limits.body_bytes).as_bytes()).root().len(), 0);
}

#[test]
fn a_refusal_names_the_place_and_holds_no_value_of_the_body() {
    let token = "831c76b092f9f135d9b6b36c3a720757";
    let json = format!("{{\"auth\":{{\"application_token\":\"{token}\"}},\"pad\":\"{}\"}}", "x".repeat(600));
    let key = format!("auth[{token}][{}]={token}", "y".repeat(600));
    for body in [json, key] {
        let error = refused(body.as_bytes());
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("831c76") && !shown.contains("xxx") && !shown.contains("yyy"), "{shown}");
    }
    let error = refused(format!("auth[x][{}]=secret", "y".repeat(600)).as_bytes());
    assert_eq!(error.path(), "auth.x.?");
}

#[test]
fn the_token_is_read_where_php_reads_it() {
    let token = |body: &str| {
        let token = application_token(body.as_bytes(), &Limits::default()).unwrap();
        token.map(|token| token.expose_secret().to_owned())
    };
    assert_eq!(token("auth[application_token]=a&auth[application_token]=b").as_deref(), Some("b"));
    for none in
        ["auth[application_token]=a&auth=x", "auth[application_token][]=a", "auth.application_token=a", ""]
    {
        assert_eq!(token(none), None, "{none}");
    }
}

/// How much longer one body of 5,000 pairs takes than ten of 500: 1 where each pair costs the same, 10 where it costs in
/// proportion to those before it.
///
/// Both take alike long, and turn by turn, so that a busy machine disturbs one as much as the other; of each the run
/// that was disturbed least counts. While that looks too slow there are more runs: being busy passes, being quadratic
/// does not.
fn growth(pair: fn(usize) -> String, fast_enough: f64) -> f64 {
    let body = |pairs: usize| (0..pairs).map(pair).collect::<String>();
    let (small, large) = (body(500), body(5_000));
    let took = |body: &str, times: u32| {
        let begun = Instant::now();
        for _ in 0..times {
            std::hint::black_box(decode(body.as_bytes(), &Limits::default()).ok());
        }
        begun.elapsed().as_secs_f64()
    };
    let (mut ten_small, mut one_large) = (f64::MAX, f64::MAX);
    for run in 1..=200 {
        ten_small = ten_small.min(took(&small, 10));
        one_large = one_large.min(took(&large, 1));
        if run >= 7 && one_large < ten_small * fast_enough {
            break;
        }
    }
    one_large / ten_small
}

#[test]
fn floods_take_time_in_proportion_to_their_size() {
    type Pair = fn(usize) -> String;
    let floods: [(&str, Pair); 5] = [
        ("appended", |_| "a[]=1&".to_owned()),
        ("duplicate", |_| "a[b]=1&".to_owned()),
        ("distinct", |at| format!("a[key{at}]=1&")),
        ("unclosed", |at| format!("a[{at}=1&")),
        ("distinct first names", |at| format!("key{at}=1&")),
    ];
    for (name, pair) in floods {
        let growth = growth(pair, 4.0);
        assert!(growth < 4.0, "{name}: a pair among 5,000 takes {growth:.1} times as long as one among 500");
    }
}

/// The same form again, as PHP's encoder writes it.
fn encode(raw: &Raw) -> String {
    fn put(name: &str, node: Node<'_>, out: &mut form_urlencoded::Serializer<'_, String>) {
        match node.as_str() {
            Some(text) => {
                out.append_pair(name, text);
            }
            None => node.entries().for_each(|(key, inner)| put(&format!("{name}[{key}]"), inner, out)),
        }
    }
    let mut out = form_urlencoded::Serializer::new(String::new());
    raw.root().entries().for_each(|(key, inner)| put(key, inner, &mut out));
    out.finish()
}

/// Bodies made of what the decoder looks for.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            "[",
            "]",
            "[]",
            "[b]",
            "%5B",
            "%5D",
            "&",
            "=",
            "+",
            ".",
            " ",
            "%",
            "%0",
            "%00",
            "%ff",
            "é",
            "0",
            "-1",
            "[5]",
            "[9223372036854775807]",
            "auth",
            "[application_token]",
            "\t",
            "__Host-",
            "_.Secure-",
        ])
        .prop_map(|piece: &str| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Values as a portal encodes them, with keys that survive the way.
fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let key = "[a-zA-Z_][a-zA-Z0-9_]{0,8}|0|[1-9][0-9]{0,4}";
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::btree_map(key, inner.clone(), 0..6).prop_map(|map| json!(map)),
            prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(body in hostile()) {
        if let Ok(raw) = decode(&body, &Limits::default()) {
            let _ = (raw.to_json(), format!("{raw:?}"), crate::codec::application_token(&raw));
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&body, &Limits::default());
    }

    #[test]
    fn decoding_what_was_encoded_changes_nothing(value in values()) {
        let raw = crate::codec::from_json(&json!({ "top": value }));
        prop_assert_eq!(&decoded(encode(&raw).as_bytes()), &raw);
    }

    /// Keys that a decoder lets through are not all ones that an encoder can write, but once written they stay.
    #[test]
    fn encoding_and_decoding_settles_at_once(body in hostile()) {
        if let Ok(raw) = decode(&body, &Limits::default()) {
            let once = decoded(encode(&raw).as_bytes());
            prop_assert_eq!(&decoded(encode(&once).as_bytes()), &once);
        }
    }

    #[test]
    fn the_arena_and_a_json_tree_tell_the_same(body in hostile()) {
        if let Ok(raw) = decode(&body, &Limits::default()) {
            let json = raw.to_json();
            for (key, node) in raw.root().entries() {
                prop_assert_eq!(&node.to_json(), &json[key]);
                prop_assert_eq!(raw.root().get(key), Some(node));
            }
        }
    }
}
