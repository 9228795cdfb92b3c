//! What a bot author may know of the weekly limit of network messages (protocol 4.2), and what is checked before
//! such a message is asked for.

use std::time::Duration;

use super::{HandlerError, Services};
use crate::{
    message::{Action, Keyboard, Reply},
    rest::{ApiExt, methods::basic::AppInfo},
    store::{LedgerEntry, LedgerState, StoreError},
    wire::{PortalKey, Timestamp, UserId},
};

/// One message for each bot and user in this long.
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Characters of the code of a line.
const CODE_LENGTH: usize = 32;

/// Whether a portal allows one network message a week for each user, or any number.
///
/// It decides what happens after an unknown outcome: with the limit the message is sent again, since the portal
/// itself refuses a second one; without it, it is not.
///
/// **Trap:** a portal set to [`Weekly`](Self::Weekly) that has no limit gets messages twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkLimit {
    /// By the licence that `app.info` names: none on NFR portals, weekly on the others of the cloud. On a portal
    /// whose licence says nothing (a self-hosted one may have lifted the limit) the ledger is kept and a message is
    /// never repeated, which is right either way.
    #[default]
    AsLicensed,
    /// One a week for each bot and user.
    Weekly,
    /// No limit.
    Exempt,
    /// The ledger is kept, but no repeat relies on the limit.
    Unsure,
}

/// What a licence (`ru_pro100`, `en_nfr`) means.
pub(crate) fn limit_of_licence(licence: &str) -> NetworkLimit {
    let licence = licence.to_ascii_lowercase();
    let has =
        |wanted: &str| licence.split(|symbol: char| !symbol.is_alphanumeric()).any(|part| part == wanted);
    if has("nfr") {
        NetworkLimit::Exempt
    } else if licence.is_empty() || has("selfhosted") || has("box") {
        NetworkLimit::Unsure
    } else {
        NetworkLimit::Weekly
    }
}

/// What the ledger says of one user of one network line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkLedger {
    /// The last message of ours to that user.
    pub last: Option<LedgerEntry>,
    /// When the next one is allowed; `None` if it is now, as far as we know.
    pub next_allowed: Option<Timestamp>,
}

impl NetworkLedger {
    pub(crate) fn of(limit: NetworkLimit, last: Option<&LedgerEntry>, now: Timestamp) -> Self {
        let next = last.map(|entry| entry.at.plus(WEEK));
        let next_allowed = next.filter(|next| limit != NetworkLimit::Exempt && *next > now);
        Self { last: last.cloned(), next_allowed }
    }

    /// Why a message may not be sent now.
    pub(crate) fn refusal(&self, line: &str, user: UserId) -> Option<String> {
        let (next, last) = (self.next_allowed?, self.last.as_ref()?);
        let did = match last.state {
            LedgerState::Uncertain => "perhaps got a message, which the inbox shows as uncertain,",
            _ => "got a message",
        };
        Some(format!(
            "user {user} {did} through the network line {line} at {}; the portal allows one a week, the next at {}",
            last.at, next
        ))
    }
}

/// The queue of the messages to one user of a line.
pub(crate) fn queue(line: &str, user: UserId) -> String {
    format!("network:{line}:{user}")
}

/// The ledger of `user` on the line, by the settings or by the portal's licence.
pub(crate) async fn licensed_ledger(
    services: &Services,
    portal: &PortalKey,
    line: &str,
    user: UserId,
) -> Result<NetworkLedger, StoreError> {
    let now = services.clock.now();
    let last = services.store.ledger(portal, line, user).await?;
    let weekly = NetworkLedger::of(NetworkLimit::Weekly, last.as_ref(), now);
    // Only if it matters: it may be a call.
    if weekly.next_allowed.is_some() && is_exempt(services, portal).await {
        return Ok(NetworkLedger::of(NetworkLimit::Exempt, last.as_ref(), now));
    }
    Ok(weekly)
}

/// Whether the portal has no limit, by the settings or by its licence. One that cannot be asked counts as one with the
/// limit.
pub(super) async fn is_exempt(services: &Services, portal: &PortalKey) -> bool {
    let limit = match services.policy.network_limit {
        NetworkLimit::AsLicensed => {
            let app = services.direct.invoke(portal, &AppInfo::new()).await;
            app.map_or(NetworkLimit::Unsure, |app| limit_of_licence(&app.license))
        }
        set => set,
    };
    limit == NetworkLimit::Exempt
}

/// Refuses what the line would refuse or drop: a wrong code, and buttons that are no links.
pub(crate) fn check(code: &str, reply: &Reply) -> Result<(), HandlerError> {
    let size = code.chars().count();
    if size != CODE_LENGTH {
        return Err(HandlerError::msg(format!(
            "network message: the code of a network line has {CODE_LENGTH} characters, this one has {size}"
        )));
    }
    reply.check()?;
    if reply.text.trim().is_empty() {
        return Err(HandlerError::msg(
            "network message: it needs a text, also with an attachment (protocol 4.2)",
        ));
    }
    if reply.system || reply.internal_note {
        return Err(HandlerError::msg(
            "network message: there are no system messages and no notes on a network line",
        ));
    }
    reply.keyboard.as_ref().map_or(Ok(()), only_links)
}

fn only_links(keyboard: &Keyboard) -> Result<(), HandlerError> {
    let other = keyboard.rows().flatten().find(|button| !matches!(button.action(), Action::Link(_)));
    other.map_or(Ok(()), |button| {
        Err(HandlerError::msg(format!(
            "network message: a network line takes buttons with links only, and button `{}` is none; there is no bot on the other side to hear it (protocol 4.2)",
            button.text()
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Button;
    use rstest::rstest;
    use uuid::Uuid;

    #[rstest]
    #[case("ru_pro100", NetworkLimit::Weekly)]
    #[case("en_nfr", NetworkLimit::Exempt)]
    #[case("ru_NFR", NetworkLimit::Exempt)]
    #[case("de_confrence", NetworkLimit::Weekly)]
    #[case("ru_selfhosted", NetworkLimit::Unsure)]
    #[case("", NetworkLimit::Unsure)]
    fn a_licence_tells_the_limit(#[case] licence: &str, #[case] limit: NetworkLimit) {
        assert_eq!(limit_of_licence(licence), limit);
    }

    #[test]
    fn the_ledger_names_the_moment_of_the_next_message() {
        let entry = LedgerEntry {
            line: "line".into(),
            user: UserId::new(7),
            at: Timestamp::from_seconds(0),
            state: LedgerState::Sent,
            row: Uuid::nil(),
        };
        let week = 7 * 86_400;
        let ledger = NetworkLedger::of(NetworkLimit::Weekly, Some(&entry), Timestamp::from_seconds(week - 1));
        let refusal = ledger.refusal("line", entry.user).unwrap();
        assert!(refusal.contains("the next at 1970-01-08T00:00:00Z"), "{refusal}");
        let over = NetworkLedger::of(NetworkLimit::Weekly, Some(&entry), Timestamp::from_seconds(week));
        assert_eq!((over.next_allowed, over.refusal("line", entry.user)), (None, None));
        let exempt = NetworkLedger::of(NetworkLimit::Exempt, Some(&entry), Timestamp::from_seconds(1));
        assert_eq!(exempt.next_allowed, None);
    }

    #[test]
    fn buttons_that_are_no_links_are_refused_by_name() {
        let code = "0123456789abcdef0123456789abcdef";
        let with =
            |button: Button| Reply::text("x").keyboard(Keyboard::builder().button(button).build().unwrap());
        assert!(check(code, &with(Button::link("Shop", "https://shop.example/"))).is_ok());
        let error = check(code, &with(Button::command("Pay", "pay").into())).unwrap_err().to_string();
        assert!(error.contains("`Pay`") && error.contains("links only"), "{error}");
        let error = check("short", &Reply::text("x")).unwrap_err().to_string();
        assert!(error.contains("32 characters"), "{error}");
    }
}
