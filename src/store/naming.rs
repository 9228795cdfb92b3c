//! Names that every implementation must derive alike.

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::{Seq, TurnId};
use crate::wire::PortalKey;

/// The name of the turn whose first member is `first`: a version-4 shaped UUID out of SHA-256.
pub(super) fn turn_id(identity: &[u8; 16], portal: &PortalKey, first: Seq) -> TurnId {
    let mut hash = Sha256::new();
    hash.update(identity);
    for part in [portal.app.as_str(), portal.member.as_str()] {
        // With its length before it, no other pair of texts makes the same input.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(first.0.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    TurnId(Builder::from_random_bytes(bytes).into_uuid())
}

/// The first `method` in a call's JSON text, looked for at the top and one level below.
pub(super) fn method_of(call: &str) -> String {
    let Ok(serde_json::Value::Object(call)) = serde_json::from_str(call) else { return String::new() };
    let at_top = call.get("method").and_then(|method| method.as_str());
    at_top
        .or_else(|| call.values().find_map(|value| value.get("method")?.as_str()))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_id_is_a_version_four_uuid_that_depends_on_store_portal_and_event() {
        let portal = PortalKey::new("app", "member");
        let id = turn_id(&[1; 16], &portal, Seq(7));
        assert_eq!(id, turn_id(&[1; 16], &portal, Seq(7)));
        assert_eq!((id.0.get_version_num(), id.0.get_variant()), (4, uuid::Variant::RFC4122));
        assert_ne!(id, turn_id(&[2; 16], &portal, Seq(7)));
        assert_ne!(id, turn_id(&[1; 16], &portal, Seq(8)));
        assert_ne!(id, turn_id(&[1; 16], &PortalKey::new("appm", "ember"), Seq(7)));
    }

    #[test]
    fn the_method_of_a_call_is_found_at_the_top_or_one_level_below() {
        assert_eq!(method_of(r#"{"method":"im.a","params":{}}"#), "im.a");
        assert_eq!(method_of(r#"{"route":"bot","call":{"method":"im.b"}}"#), "im.b");
        assert_eq!(method_of(r#"{"BotMessage":{"text":"x"}}"#), "");
        assert_eq!(method_of("no json"), "");
    }
}
