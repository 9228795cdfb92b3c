//! Messages through the chat of a CRM item (protocol 4.1): the chat is found when the message is sent, a sender who
//! is not in it joins, and refusals are told in words that say what to do.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    fence,
    history::{self, Trace},
    post::{Post, is_doubtful},
};
use crate::{
    dispatch::{
        Outgoing, Route,
        effect::{CrmPlan, ToClient, item_name},
    },
    rest::{
        CallError, CallErrorKind, Method,
        methods::{
            YesNo,
            imopenlines::{CrmChatGet, CrmChatGetLastId, CrmChatUserAdd, CrmChats, CrmMessageAdd, DialogGet},
        },
    },
    store::{OutboxRow, SendOutcome, StoreError},
    wire::{ChatId, MessageId},
};

/// Codes under which a portal says that the sender is not in the chat (protocol 4, the override trap).
const NOT_IN_CHAT: [&str; 2] = ["CANCELED", "ERROR_NO_ACCESS"];

/// Where a message goes; noted with its row before it is sent, so that it can be looked for there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    chat: ChatId,
    /// The chat's last message before it; `None` where it could not be read.
    after: Option<MessageId>,
}

/// Why there is no place.
enum NoPlace {
    /// There is none, and what to do.
    Never(String),
    /// It could not be asked for.
    Failed(CallError),
}

impl From<CallError> for NoPlace {
    fn from(error: CallError) -> Self {
        Self::Failed(error)
    }
}

pub(super) async fn carry(
    post: &Arc<Post>,
    row: &mut OutboxRow,
    call: Outgoing,
) -> Result<SendOutcome, StoreError> {
    let to = call.to;
    let Some(plan) = call.crm else {
        return Ok(SendOutcome::Rejected("the row names no CRM item".into()));
    };
    if is_doubtful(row) {
        let place: Option<Place> = row.note.as_deref().and_then(|note| serde_json::from_str(note).ok());
        return Ok(match place.and_then(|place| trace(&plan, place)) {
            Some(trace) => history::looked_up(post, row, &trace).await,
            None => history::no_trace(),
        });
    }
    let place = match find_place(post, &plan).await {
        Ok(place) => place,
        Err(NoPlace::Never(why)) => return Ok(SendOutcome::Rejected(why)),
        Err(NoPlace::Failed(error)) if error.kind() == CallErrorKind::Refused => {
            return Ok(SendOutcome::Rejected(in_words(&plan, None, &error)));
        }
        Err(NoPlace::Failed(error)) => return Ok(post.not_yet(row, false, &error)),
    };
    let note = serde_json::to_string(&place).unwrap_or_default();
    post.services.store.note(&post.lease, row.id, &note).await?;
    row.note = Some(note);
    let mut joined = false;
    loop {
        let add = CrmMessageAdd::new(plan.entity, plan.id, plan.sender, place.chat, plan.text.clone());
        let answer = match add.to_call(&post.lease.portal) {
            Ok(call) => {
                let passing = to.map(|to| fence::passing(row, ToClient { chat: place.chat, ..to }));
                post.depart(row, call, passing).await?
            }
            Err(error) => Err(error),
        };
        let answer = answer.and_then(CrmMessageAdd::read_answer).map(|sent| serde_json::json!(sent.id));
        let refused = answer.as_ref().err().filter(|error| error.kind() == CallErrorKind::Refused).cloned();
        let is_outside = refused.as_ref().is_some_and(|error| NOT_IN_CHAT.contains(&error.code()));
        if is_outside && !joined {
            joined = true;
            match join(post, row, &plan, place.chat).await? {
                None => continue,
                Some(outcome) => return Ok(outcome),
            }
        }
        return Ok(match (post.settled(Route::Crm, row, false, answer), refused) {
            (SendOutcome::Rejected(_), Some(error)) => {
                SendOutcome::Rejected(in_words(&plan, Some(place.chat), &error))
            }
            (SendOutcome::Uncertain(error), _) if place.after.is_some() => post.later(row, true, error),
            (outcome, _) => outcome,
        });
    }
}

fn trace(plan: &CrmPlan, place: Place) -> Option<Trace> {
    Some(Trace { chat: place.chat, sender: plan.sender, text: plan.text.clone(), after: place.after? })
}

/// Lets the sender into the chat; `None` when it is in, else what becomes of the row.
async fn join(
    post: &Post,
    row: &mut OutboxRow,
    plan: &CrmPlan,
    chat: ChatId,
) -> Result<Option<SendOutcome>, StoreError> {
    // That the try was refused is certain, and is on disk before the next one: a restart in between does not have to
    // wonder.
    let refused =
        SendOutcome::Retry { at: post.now(), error: "the sender joins first".into(), unknown: false };
    post.services.store.settle(&post.lease, row.id, refused, post.now()).await?;
    row.state = crate::store::OutboxState::Queued;
    let add = CrmChatUserAdd::new(plan.entity, plan.id, plan.sender).chat_id(chat);
    Ok(match post.ask(&add).await {
        Ok(_) => None,
        Err(error) if error.kind() == CallErrorKind::Refused => Some(SendOutcome::Rejected(format!(
            "user {} is not in chat {chat} of {} and cannot be let in: {}",
            plan.sender,
            item_name(plan.entity, plan.id),
            in_words(plan, Some(chat), &error)
        ))),
        Err(error) => Some(post.not_yet(row, false, &error)),
    })
}

/// The chat wished for if it has an active session of the item; else the item's last one that has.
async fn find_place(post: &Post, plan: &CrmPlan) -> Result<Place, NoPlace> {
    let active = chats(&post.ask(&CrmChatGet::new(plan.entity, plan.id)).await?);
    let wished = plan.chat.filter(|chat| active.contains(chat));
    let chat = match (wished, plan.chat, active.as_slice()) {
        (Some(chat), ..) => chat,
        (None, Some(chat), _) if plan.only => {
            return Err(NoPlace::Never(format!(
                "chat {chat} has no active session of {} (its active chats: {active:?}); use crm_reply to let the chat be found, or wait until the client writes",
                item_name(plan.entity, plan.id)
            )));
        }
        (None, _, [chat]) => *chat,
        (None, _, []) => return Err(NoPlace::Never(why_none(post, plan).await?)),
        (None, _, [.., newest]) => {
            let last = post.ask(&CrmChatGetLastId::new(plan.entity, plan.id)).await?.chat;
            if active.contains(&last) { last } else { *newest }
        }
    };
    let after = match post.ask(&DialogGet::of_chat(chat)).await {
        Ok(dialog) => Some(dialog.last_message),
        // Without it the message cannot be looked for, but it can be sent.
        Err(error) if matches!(error.kind(), CallErrorKind::Refused | CallErrorKind::BadAnswer) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Place { chat, after })
}

fn chats(found: &CrmChats) -> Vec<ChatId> {
    let mut chats: Vec<ChatId> =
        found.chats.iter().map(|chat| chat.chat_id).filter(|chat| chat.get() > 0).collect();
    chats.sort_unstable();
    chats
}

async fn why_none(post: &Post, plan: &CrmPlan) -> Result<String, CallError> {
    let item = item_name(plan.entity, plan.id);
    let all = chats(&post.ask(&CrmChatGet::new(plan.entity, plan.id).active_only(YesNo(false))).await?);
    Ok(match all.last() {
        None => format!("{item} has no chat of an open line; it gets one when its client writes"),
        Some(chat) => format!(
            "{item} has no chat with an active session, the last one is {chat}; a session is active from its first answer until it is closed, so answer the client there first or wait until the client writes"
        ),
    })
}

/// A refusal, and what to do about it.
fn in_words(plan: &CrmPlan, chat: Option<ChatId>, error: &CallError) -> String {
    let item = item_name(plan.entity, plan.id);
    let place = chat.map_or_else(|| "its chat".to_owned(), |chat| format!("chat {chat}"));
    let sender = plan.sender;
    let advice = match error.code() {
        "CHAT_NOT_IN_CRM" => format!(
            "{place} is no chat of {item} with an active session and a connector that is on; answer the client there first, or use the item that the chat is bound to"
        ),
        "ACCESS_DENIED" if error.description().contains("User") => {
            format!(
                "user {sender}, the sender, may not read {item}; give that user or bot the right to it in the CRM"
            )
        }
        "ACCESS_DENIED" => {
            format!(
                "the user the application acts as may not read {item}; let one with that right install it"
            )
        }
        "CRM_CHAT_USER_NOT_ACTIVE" => {
            format!("user {sender}, the sender, is dismissed or unknown; send as another")
        }
        "CRM_CHAT_EMPTY_CRM_DATA" => format!("{item} does not exist or has no chat"),
        "ERROR_FROM_OTHER_MODULE" => {
            format!("the line or the connector of {place} is off; switch it on in the portal")
        }
        "ERROR_ARGUMENT" => format!("the portal does not take these values for {item}"),
        code if NOT_IN_CHAT.contains(&code) => {
            format!("user {sender}, the sender, is not in {place}, also after joining it")
        }
        _ => return error.to_string(),
    };
    format!("{advice} ({error})")
}
