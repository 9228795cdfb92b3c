//! Claims of installations, from an ONAPPINSTALL and from the form of the install page (protocol 2.6).

use serde_json::json;

use super::{Refusal, RefusalKind};
use crate::{
    codec,
    portal::Claim,
    wire::{AppId, MemberId, Node, Raw, Timestamp},
};

/// An ONAPPINSTALL with the tokens of an installation. One without (it cannot be proven) is an event like any other.
pub(super) fn is_installation(raw: &Raw) -> bool {
    text(raw.path(&["event"])).eq_ignore_ascii_case("ONAPPINSTALL")
        && !text(raw.path(&["auth", "refresh_token"])).is_empty()
}

/// The claim of an ONAPPINSTALL.
pub(super) fn of_event(app: AppId, raw: Raw) -> Result<Claim, Refusal> {
    let field = |name: &str| {
        let value = text(raw.path(&["auth", name]));
        if value.is_empty() {
            return Err(Refusal::new(RefusalKind::BadInstallation)
                .at(format!("auth[{name}]"))
                .detail("it is missing"));
        }
        Ok(value)
    };
    let claim = Claim::new(
        app,
        MemberId::from(field("member_id")?),
        field("server_endpoint")?,
        field("refresh_token")?,
        field("application_token")?,
    );
    Ok(claim.domain(text(raw.path(&["auth", "domain"]))).notice(codec::to_stored(&raw)))
}

/// The claim of the install page's form: query and body are one set of names, the body's value counts, upper and lower
/// case are the same.
pub(super) fn of_page(app: AppId, query: &Raw, body: &Raw, now: Timestamp) -> Result<Claim, Refusal> {
    let find = |raw: &Raw, name: &str| {
        let found = raw.root().entries().find(|(key, value)| {
            key.eq_ignore_ascii_case(name) && value.as_str().is_some_and(|text| !text.is_empty())
        });
        found.map(|(_, value)| text(Some(value)).to_owned())
    };
    let get = |name: &str| find(body, name).or_else(|| find(query, name));
    let field = |name: &str| {
        get(name).ok_or_else(|| Refusal::new(RefusalKind::BadInstallation).at(name).detail("it is missing"))
    };
    let (member, domain) = (field("member_id")?, get("DOMAIN").unwrap_or_default());
    let claim = Claim::new(
        app,
        MemberId::from(member.as_str()),
        field("SERVER_ENDPOINT")?,
        field("REFRESH_ID")?,
        field("APPLICATION_TOKEN")?,
    );
    // The portal sends no event for an installation by its page, so that one is made here for `on_install`.
    let notice = codec::from_json(&json!({
        "event": "ONAPPINSTALL",
        "ts": now.seconds(),
        "data": {
            "VERSION": "", "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": get("LANG").unwrap_or_default(),
        },
        "auth": {"member_id": member, "domain": domain},
    }));
    Ok(claim.domain(domain).notice(codec::to_stored(&notice)))
}

fn text(node: Option<Node<'_>>) -> &str {
    node.and_then(Node::as_str).unwrap_or_default()
}
