//! What the answer to a call means for its row, per route.
//!
//! **Trap:** the portal records the key of a v2 message before it checks whether it can send. `SENDING_FAILED` and
//! `MESSAGE_DUPLICATED_BY_UUID` therefore say nothing about whether the client has the message; they come here as
//! [`CallErrorKind::Unknown`].

use serde_json::Value;

use super::{Policy, Route};
use crate::{
    rest::{CallError, CallErrorKind, Outcome},
    store::{OutboxRow, OutboxState, SendOutcome},
    wire::Timestamp,
};

/// What a row found as [`OutboxState::Sending`] after a restart is to become; `None`: send it.
pub(crate) fn after_restart(
    route: Route,
    row: &OutboxRow,
    policy: &Policy,
    now: Timestamp,
) -> Option<SendOutcome> {
    let OutboxState::Sending(since) = row.state else { return None };
    let first = row.first_sent.unwrap_or(since);
    match route {
        Route::KeyedMessage if now.since(first) <= policy.key_life => None,
        Route::Idempotent | Route::Rt => None,
        Route::KeyedMessage => Some(SendOutcome::Uncertain(
            "the process ended while this was being sent and its key is too old to be used again; see whether the client has it".into(),
        )),
        Route::Network | Route::PlainMessage | Route::Crm | Route::Other => Some(SendOutcome::Uncertain(
            "the process ended while this was being sent and it cannot be repeated safely; see whether it arrived".into(),
        )),
    }
}

/// Refusals of a repeat that mean that an earlier try did it: what was to be changed is not there any more, or is
/// as it was to be.
const DONE_BEFORE: [&str; 9] = [
    "MESSAGE_NOT_FOUND",
    "MESSAGE_ACCESS_DENIED",
    "CANT_EDIT_MESSAGE",
    "REACTION_NOT_FOUND",
    "CHAT_NOT_FOUND",
    "ACCESS_DENIED",
    "ACCESS_ERROR",
    "WRONG_REQUEST",
    "WRONG_CHAT",
];
/// Refusals that mean that it is as it was to be already.
const DONE_ALREADY: [&str; 2] = ["REACTION_ALREADY_SET", "WITHOUT_CHANGES"];

/// What becomes of a row whose call was answered with `answer` at `now`; the row as it was marked. `doubtful` tells
/// that an earlier try may have been executed.
pub(crate) fn settle(
    route: Route,
    row: &OutboxRow,
    doubtful: bool,
    answer: Result<Value, CallError>,
    policy: &Policy,
    now: Timestamp,
) -> SendOutcome {
    let error = match answer {
        Ok(result) => return SendOutcome::Sent(result.to_string()),
        Err(error) => error,
    };
    let text = error.to_string();
    let first = row.first_sent.unwrap_or(now);
    let tried = row.attempts.max(1);
    let again = |unknown| SendOutcome::Retry {
        at: now.plus(error.retry_after().unwrap_or_else(|| policy.wait(tried, row.id.0.unsigned_abs()))),
        error: text.clone(),
        unknown,
    };
    match error.outcome() {
        Outcome::Executed => SendOutcome::Sent("null".into()),
        Outcome::Unknown => match route {
            Route::KeyedMessage if now.since(first) < policy.unknown_window => again(true),
            Route::Idempotent | Route::Rt if now.since(first) < policy.patience => again(true),
            Route::Idempotent | Route::Rt => SendOutcome::Rejected(text),
            Route::KeyedMessage | Route::PlainMessage | Route::Crm | Route::Network | Route::Other => {
                SendOutcome::Uncertain(text)
            }
        },
        Outcome::NotExecuted if is_done(route, doubtful, &error) => SendOutcome::Sent("true".into()),
        Outcome::NotExecuted => match error.kind() {
            // However long it takes: it is the portal's rate, or ours.
            CallErrorKind::Limited => again(doubtful),
            CallErrorKind::Withheld if !doubtful || matches!(route, Route::Idempotent | Route::Rt) => {
                SendOutcome::Withheld(error.description().to_owned())
            }
            CallErrorKind::Unreachable | CallErrorKind::Unauthorised
                if now.since(row.created) < policy.patience =>
            {
                again(doubtful)
            }
            _ if doubtful && !matches!(route, Route::Idempotent | Route::Rt) => SendOutcome::Uncertain(
                format!("perhaps sent by an earlier try, whose answer was lost; now: {text}"),
            ),
            _ => SendOutcome::Rejected(text),
        },
    }
}

fn is_done(route: Route, doubtful: bool, error: &CallError) -> bool {
    route == Route::Idempotent
        && error.kind() == CallErrorKind::Refused
        && (DONE_ALREADY.contains(&error.code()) || (doubtful && DONE_BEFORE.contains(&error.code())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{OutboxId, Priority};
    use rstest::rstest;

    fn row(state: OutboxState) -> OutboxRow {
        OutboxRow {
            id: OutboxId(1),
            dialog: "d".into(),
            priority: Priority::Reply,
            call: String::new(),
            uuid: uuid::Uuid::nil(),
            state,
            attempts: 0,
            first_sent: Some(Timestamp::from_seconds(1000)),
            retry_at: None,
            created: Timestamp::from_seconds(1000),
            note: None,
        }
    }

    fn refused(code: &str) -> CallError {
        CallError::new(CallErrorKind::Refused, "m").code_of_portal(code).status_of_portal(400)
    }

    fn unknown() -> CallError {
        CallError::new(CallErrorKind::Unknown, "m")
    }

    #[derive(Debug, PartialEq)]
    enum Kind {
        Sent,
        Rejected,
        Uncertain,
        Again { unknown: bool },
        Withheld,
    }

    fn kind(outcome: &SendOutcome) -> Kind {
        match outcome {
            SendOutcome::Sent(_) => Kind::Sent,
            SendOutcome::Rejected(_) => Kind::Rejected,
            SendOutcome::Uncertain(_) => Kind::Uncertain,
            SendOutcome::Retry { unknown, .. } => Kind::Again { unknown: *unknown },
            SendOutcome::Withheld(_) => Kind::Withheld,
        }
    }

    #[rstest]
    #[case::v2_unknown_is_sent_again(Route::KeyedMessage, unknown(), 10, Kind::Again { unknown: true })]
    #[case::v2_unknown_for_long_is_uncertain(Route::KeyedMessage, unknown(), 91, Kind::Uncertain)]
    #[case::v2_refusal_is_final(Route::KeyedMessage, refused("ACCESS_DENIED"), 10, Kind::Rejected)]
    #[case::v1_unknown_is_never_sent_again(Route::PlainMessage, unknown(), 1, Kind::Uncertain)]
    #[case::crm_unknown_is_never_sent_again(Route::Crm, unknown(), 1, Kind::Uncertain)]
    #[case::network_unknown_is_never_sent_again(Route::Network, unknown(), 1, Kind::Uncertain)]
    #[case::rt_unknown_is_sent_again(Route::Rt, unknown(), 1, Kind::Again { unknown: true })]
    #[case::limits_wait(Route::PlainMessage, CallError::new(CallErrorKind::Limited, "m"), 60, Kind::Again { unknown: false })]
    #[case::unreachable_waits(Route::Crm, CallError::new(CallErrorKind::Unreachable, "m"), 60, Kind::Again { unknown: false })]
    #[case::a_limit_never_counts_towards_giving_up(
        Route::PlainMessage,
        CallError::new(CallErrorKind::Limited, "m"),
        36_000,
        Kind::Again { unknown: false }
    )]
    #[case::unreachable_for_an_hour_is_given_up(
        Route::Crm,
        CallError::new(CallErrorKind::Unreachable, "m"),
        3601,
        Kind::Rejected
    )]
    #[case::held_back(Route::KeyedMessage, CallError::new(CallErrorKind::Withheld, "m"), 1, Kind::Withheld)]
    #[case::an_unreadable_answer_was_sent(
        Route::PlainMessage,
        CallError::new(CallErrorKind::BadAnswer, "m"),
        1,
        Kind::Sent
    )]
    fn an_error_settles_by_its_route(
        #[case] route: Route,
        #[case] error: CallError,
        #[case] seconds: i64,
        #[case] expected: Kind,
    ) {
        let doubtful = false;
        let outcome = settle(
            route,
            &row(OutboxState::Sending(Timestamp::from_seconds(1000))),
            doubtful,
            Err(error),
            &Policy::default(),
            Timestamp::from_seconds(1000 + seconds),
        );
        assert_eq!(kind(&outcome), expected, "{outcome:?}");
    }

    #[rstest]
    #[case::a_repeat_refused_by_the_key_life(Route::KeyedMessage, "ACCESS_DENIED", true, Kind::Uncertain)]
    #[case::deleted_before(Route::Idempotent, "MESSAGE_NOT_FOUND", true, Kind::Sent)]
    #[case::never_there(Route::Idempotent, "MESSAGE_NOT_FOUND", false, Kind::Rejected)]
    #[case::set_already(Route::Idempotent, "REACTION_ALREADY_SET", false, Kind::Sent)]
    #[case::a_wrong_call_stays_wrong(Route::Idempotent, "ATTACH_ERROR", true, Kind::Rejected)]
    fn a_refusal_after_a_doubtful_try_says_what_became_of_that(
        #[case] route: Route,
        #[case] code: &str,
        #[case] doubtful: bool,
        #[case] expected: Kind,
    ) {
        let at = Timestamp::from_seconds(1001);
        let row = row(OutboxState::Sending(at));
        let outcome = settle(route, &row, doubtful, Err(refused(code)), &Policy::default(), at);
        assert_eq!(kind(&outcome), expected, "{outcome:?}");
    }

    #[rstest]
    #[case(Route::KeyedMessage, Kind::Uncertain)]
    #[case(Route::Idempotent, Kind::Withheld)]
    fn what_was_perhaps_sent_before_it_was_held_back_is_uncertain(
        #[case] route: Route,
        #[case] expected: Kind,
    ) {
        let at = Timestamp::from_seconds(1001);
        let error = CallError::new(CallErrorKind::Withheld, "m").describe("a person has the session");
        let row = row(OutboxState::Sending(at));
        let held_back = |doubtful| settle(route, &row, doubtful, Err(error.clone()), &Policy::default(), at);
        assert_eq!(held_back(false), SendOutcome::Withheld("a person has the session".into()));
        assert_eq!(kind(&held_back(true)), expected, "{:?}", held_back(true));
    }

    #[test]
    fn a_doubt_outlives_a_portal_that_cannot_be_reached() {
        let at = Timestamp::from_seconds(1001);
        let row = row(OutboxState::Sending(at));
        let error = CallError::new(CallErrorKind::Unreachable, "m");
        let outcome = settle(Route::KeyedMessage, &row, true, Err(error), &Policy::default(), at);
        assert_eq!(kind(&outcome), Kind::Again { unknown: true });
    }

    #[rstest]
    #[case(Route::KeyedMessage, 60, None)]
    #[case(Route::KeyedMessage, 3001, Some(Kind::Uncertain))]
    #[case(Route::PlainMessage, 1, Some(Kind::Uncertain))]
    #[case(Route::Network, 1, Some(Kind::Uncertain))]
    #[case(Route::Idempotent, 9000, None)]
    fn a_row_found_half_sent_after_a_restart_follows_its_route(
        #[case] route: Route,
        #[case] seconds: i64,
        #[case] expected: Option<Kind>,
    ) {
        let row = row(OutboxState::Sending(Timestamp::from_seconds(1000)));
        let outcome = after_restart(route, &row, &Policy::default(), Timestamp::from_seconds(1000 + seconds));
        assert_eq!(outcome.as_ref().map(kind), expected);
    }

    #[test]
    fn a_queued_row_is_sent_after_a_restart_whatever_its_route() {
        let now = Timestamp::from_seconds(99_999);
        assert_eq!(
            after_restart(Route::PlainMessage, &row(OutboxState::Queued), &Policy::default(), now),
            None
        );
    }
}
