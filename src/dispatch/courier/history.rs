//! Messages without a key: after an unknown outcome they are looked for in the session's history.
//!
//! **Trap:** what is not in the history may still be on its way into it. Only a message that is there counts as sent;
//! one that is not is never sent again, but shown as uncertain.

use std::sync::Arc;

use serde_json::Value;

use super::post::{Post, is_doubtful};
use crate::{
    dispatch::{Outgoing, Route},
    rest::{CallError, CallErrorKind, Method, methods::imbot, methods::imopenlines::SessionHistoryGet},
    store::{OutboxRow, SendOutcome, StoreError},
    wire::{ChatId, DialogId, MessageId, UserId},
};

/// Results of earlier rows of a dialog that are looked at: among as many there is one of a message.
const BEFORE: u32 = 20;

/// By what a message is known in a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trace {
    /// In which chat.
    pub(super) chat: ChatId,
    /// Who said it.
    pub(super) sender: UserId,
    /// What it said.
    pub(super) text: String,
    /// It came after this one.
    pub(super) after: MessageId,
}

/// A bot message without a key, sent or looked for.
pub(super) async fn carry(
    post: &Arc<Post>,
    row: &mut OutboxRow,
    call: Outgoing,
) -> Result<SendOutcome, StoreError> {
    let trace = trace_of(&call);
    if is_doubtful(row) {
        let Some(trace) = trace else { return Ok(no_trace()) };
        let before = post.services.store.sent_before(&post.lease, row.id, BEFORE).await?;
        if before.uncertain {
            // The one found might be the earlier one.
            return Ok(SendOutcome::Uncertain(
                "perhaps sent, and so is a message before it in this dialog, so the history cannot tell them apart; see whether the client has both".into(),
            ));
        }
        let last = before.results.iter().filter_map(|result| message_of(result)).max().unwrap_or_default();
        return Ok(looked_up(post, row, &Trace { after: trace.after.max(last), ..trace }).await);
    }
    let answer = post.make(row, call).await?;
    let unknown = answer.as_ref().err().filter(|error| error.kind() == CallErrorKind::Unknown);
    if trace.is_some()
        && let Some(error) = unknown
    {
        return Ok(post.later(row, true, error.to_string()));
    }
    Ok(post.settled(Route::PlainMessage, row, false, answer))
}

/// What the history says of a row whose outcome is unknown.
pub(super) async fn looked_up(post: &Post, row: &mut OutboxRow, trace: &Trace) -> SendOutcome {
    let policy = &post.services.policy;
    let since = post.now().since(row.first_sent.unwrap_or(row.created));
    match find(post, trace).await {
        Ok(Some(id)) => SendOutcome::Sent(id.to_string()),
        Ok(None) if since < policy.look_up_window => post.later(
            row,
            true,
            "the outcome is unknown and the session's history does not have it yet".into(),
        ),
        Ok(None) => SendOutcome::Uncertain(format!(
            "perhaps sent: the answer was lost, and the history of chat {} has no such message of user {}; see whether the client has it, then retry or drop it",
            trace.chat, trace.sender
        )),
        Err(error) if error.kind() != CallErrorKind::Refused && since < policy.patience => {
            post.later(row, true, error.to_string())
        }
        Err(error) => SendOutcome::Uncertain(format!(
            "perhaps sent: the answer was lost and the history of chat {} cannot be read ({error}); see whether the client has it",
            trace.chat
        )),
    }
}

/// The message, if the history of its chat's last session has it.
async fn find(post: &Post, trace: &Trace) -> Result<Option<MessageId>, CallError> {
    let history = post.ask(&SessionHistoryGet::new().chat_id(trace.chat)).await?;
    let wanted = plain(&trace.text);
    let found = history.messages.iter().find(|message| {
        message.sender == trace.sender && message.id > trace.after && plain(&message.text) == wanted
    });
    Ok(found.map(|message| message.id))
}

/// As a portal may have stored it: without blanks around it, and breaks of one kind.
fn plain(text: &str) -> String {
    let mut plain = text.replace("\r\n", "\n");
    for written in ["[br]", "[BR]", "#BR#", "<br />", "<br>"] {
        plain = plain.replace(written, "\n");
    }
    plain.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The trace of a v1 bot's message in a chat, if it was an answer there. Without that message nothing tells an old
/// message of the same text from this one.
fn trace_of(call: &Outgoing) -> Option<Trace> {
    let text = |name: &str| call.params.get(name).and_then(Value::as_str);
    let after = call.after.filter(|after| after.get() > 0)?;
    if call.method != imbot::MessageAdd::NAME || text("SYSTEM") == Some("Y") {
        return None;
    }
    Some(Trace {
        chat: DialogId::from(text("DIALOG_ID")?).chat()?,
        sender: UserId::new(call.params.get("BOT_ID")?.as_i64()?),
        text: text("MESSAGE")?.to_owned(),
        after,
    })
}

/// The message id in the result of a row of either generation.
fn message_of(result: &str) -> Option<MessageId> {
    let value: Value = serde_json::from_str(result).ok()?;
    value.as_i64().or_else(|| value.get("id")?.as_i64()).map(MessageId::new)
}

pub(super) fn no_trace() -> SendOutcome {
    SendOutcome::Uncertain(
        "perhaps sent: the answer was lost and there is no history to look it up in; see whether it arrived, then retry or drop it".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_as_the_portal_may_have_stored_them() {
        assert_eq!(plain(" One[br]two \r\nthree"), plain("One\ntwo<br />three"));
        assert_ne!(plain("One two"), plain("One\ntwo"));
    }

    #[test]
    fn the_message_id_is_read_from_results_of_both_generations() {
        assert_eq!(message_of("86101"), Some(MessageId::new(86101)));
        assert_eq!(message_of(r#"{"id":7,"uuidMap":[]}"#), Some(MessageId::new(7)));
        assert_eq!(message_of("true"), None);
        assert_eq!(message_of("no json"), None);
    }
}
