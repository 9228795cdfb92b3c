//! Messages through a network line (protocol 4.2): one a week for each bot and user, by the ledger.
//!
//! The weekly limit is what makes a repeat safe: after an unknown outcome the message is sent again, and
//! `USER_MESSAGE_LIMIT` then means that the first one arrived. Where there is no limit, or nobody knows, the message
//! is sent once.

use std::{sync::Arc, time::Duration};

use super::post::{Post, is_doubtful};
use crate::{
    dispatch::{
        NetworkLedger, NetworkLimit, Outgoing, Route,
        network::{WEEK, limit_of_licence},
    },
    rest::{CallError, CallErrorKind, methods::basic::AppInfo},
    store::{LedgerEntry, LedgerState, OutboxRow, SendOutcome, StoreError},
    wire::{Timestamp, UserId},
};

/// How long what the portal said of its licence is believed.
const LICENCE_LIFE: Duration = Duration::from_secs(3600);
/// A repeat this near to the end of the week might be a second message.
const MARGIN: Duration = Duration::from_secs(3600);

/// Refusals that come before the portal looks at its limit: they say nothing of an earlier try.
const BEFORE_THE_LIMIT: [&str; 5] = ["WRONG_AUTH_TYPE", "CODE", "IMBOT_ERROR", "NOT_FOUND", "USER_ID_EMPTY"];

pub(super) async fn carry(
    post: &Arc<Post>,
    row: &mut OutboxRow,
    call: Outgoing,
) -> Result<SendOutcome, StoreError> {
    let Some((line, user)) = address(&call) else {
        return Ok(SendOutcome::Rejected("the row names no line or no user".into()));
    };
    let limit = match limit(post).await {
        Ok(limit) => limit,
        Err(error) => return Ok(post.not_yet(row, is_doubtful(row), &error)),
    };
    let store = &post.services.store;
    let last = store.ledger(&post.lease.portal, &line, user).await?;
    let own = last.as_ref().filter(|entry| entry.row == row.uuid);
    if own.is_some_and(|entry| entry.state == LedgerState::Sent) {
        // The ledger was written and the process ended before the row was settled.
        return Ok(SendOutcome::Sent("true".into()));
    }
    let tried = row.first_sent.or(own.map(|entry| entry.at));
    let doubtful = is_doubtful(row) || own.is_some();
    if is_doubtful(row) && limit != NetworkLimit::Weekly {
        enter(post, row, &line, user, LedgerState::Uncertain).await?;
        return Ok(SendOutcome::Uncertain(
            "perhaps sent: the answer was lost, and without the weekly limit a repeat might be a second message; ask the user, then retry or drop it".into(),
        ));
    }
    if doubtful
        && limit == NetworkLimit::Weekly
        && tried.is_some_and(|first| post.now().since(first) > WEEK - MARGIN)
    {
        enter(post, row, &line, user, LedgerState::Uncertain).await?;
        return Ok(SendOutcome::Uncertain(
            "perhaps sent a week ago: by now the portal would take a repeat as a new message; ask the user, then retry or drop it".into(),
        ));
    }
    if limit != NetworkLimit::Exempt
        && let Some(other) = last.as_ref().filter(|entry| entry.row != row.uuid)
        && let Some(why) = NetworkLedger::of(limit, Some(other), post.now()).refusal(&line, user)
    {
        return Ok(SendOutcome::Rejected(why));
    }
    let answer = post.make(row, call).await?;
    let outcome = match &answer {
        Err(error) if error.kind() == CallErrorKind::Refused && doubtful => {
            after_doubt(limit, error).unwrap_or_else(|| post.settled(Route::Network, row, false, answer))
        }
        Err(error) if error.kind() == CallErrorKind::Refused && error.code() == "USER_MESSAGE_LIMIT" => {
            SendOutcome::Rejected(format!(
                "user {user} got a message through this line within the last seven days, from elsewhere: the ledger has none; the portal does not say when the next one is allowed ({error})"
            ))
        }
        Err(error)
            if error.kind() == CallErrorKind::Unknown
                && limit == NetworkLimit::Weekly
                && post.now().since(row.first_sent.unwrap_or(row.created))
                    < post.services.policy.patience =>
        {
            post.later(row, true, error.to_string())
        }
        _ => post.settled(Route::Network, row, doubtful, answer),
    };
    match &outcome {
        SendOutcome::Sent(_) => enter(post, row, &line, user, LedgerState::Sent).await?,
        SendOutcome::Uncertain(_) => enter(post, row, &line, user, LedgerState::Uncertain).await?,
        SendOutcome::Rejected(_) if own.is_some() => {
            store.strike(&post.lease, &line, user, row.uuid).await?;
        }
        _ => {}
    }
    Ok(outcome)
}

/// What a refusal says when an earlier try may have been executed; `None`: that it was not.
fn after_doubt(limit: NetworkLimit, error: &CallError) -> Option<SendOutcome> {
    if error.code() == "USER_MESSAGE_LIMIT" && limit == NetworkLimit::Weekly {
        return Some(SendOutcome::Sent("true".into()));
    }
    let says_nothing = error.code() == "USER_MESSAGE_LIMIT" || BEFORE_THE_LIMIT.contains(&error.code());
    says_nothing.then(|| {
        SendOutcome::Uncertain(format!("perhaps sent by an earlier try, whose answer was lost; now: {error}"))
    })
}

/// Line and user of the call.
fn address(call: &Outgoing) -> Option<(String, UserId)> {
    let line = call.params.get("CODE")?.as_str()?.to_owned();
    Some((line, UserId::new(call.params.get("USER_ID")?.as_i64()?)))
}

/// Writes the ledger before the row is settled: a process that ends in between finds its own entry.
async fn enter(
    post: &Post,
    row: &OutboxRow,
    line: &str,
    user: UserId,
    state: LedgerState,
) -> Result<(), StoreError> {
    let at = match state {
        LedgerState::Sent => post.now(),
        LedgerState::Uncertain => row.first_sent.unwrap_or(row.created),
    };
    let entry = LedgerEntry { line: line.to_owned(), user, at, state, row: row.uuid };
    post.services.store.enter(&post.lease, entry).await
}

/// The limit by the settings, or by the portal's licence.
async fn limit(post: &Post) -> Result<NetworkLimit, CallError> {
    let set = post.services.policy.network_limit;
    if set != NetworkLimit::AsLicensed {
        return Ok(set);
    }
    // Held while it is asked for: one call for all that want to know.
    let mut known = post.licence.lock().await;
    let is_young = |asked: Timestamp| post.now().since(asked) < LICENCE_LIFE;
    if let Some((limit, _)) = known.filter(|(_, asked)| is_young(*asked)) {
        return Ok(limit);
    }
    let limit = match post.ask(&AppInfo::new()).await {
        Ok(app) => limit_of_licence(&app.license),
        Err(error) if matches!(error.kind(), CallErrorKind::Refused | CallErrorKind::BadAnswer) => {
            limit_of_licence("")
        }
        Err(error) => return Err(error),
    };
    *known = Some((limit, post.now()));
    Ok(limit)
}
