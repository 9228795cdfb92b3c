//! RT events for those who may see a dialog: the employees in its chat, asked for when the event is sent.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use serde_json::json;

use super::{
    letter::Letter,
    post::{Post, is_doubtful},
};
use crate::{
    dispatch::{Outgoing, Route, effect::Viewers},
    portal::BotGeneration,
    rest::{
        CallError, CallErrorKind,
        methods::{imbot, imbot_v2},
    },
    store::{OutboxRow, SendOutcome, StoreError},
    wire::{DialogId, Timestamp, UserId},
};

/// A busy dialog's events ask once; so long somebody who has left may still be told.
const FRESH: Duration = Duration::from_secs(10);
/// Chats that are remembered.
const KNOWN_CHATS: usize = 1_024;
/// Members of a chat that are read.
const MOST_MEMBERS: i64 = 200;

/// Employees of chats, and when they were asked for.
pub(super) type Members = HashMap<DialogId, (Timestamp, Vec<UserId>)>;

pub(super) async fn carry(
    post: &Arc<Post>,
    row: &mut OutboxRow,
    mut call: Outgoing,
) -> Result<SendOutcome, StoreError> {
    let Some(viewers) = call.viewers.take() else {
        return Ok(SendOutcome::Rejected("the row names no chat".into()));
    };
    let doubtful = is_doubtful(row);
    let users = match members(post, &viewers).await {
        Ok(users) => users,
        Err(error) if error.kind() == CallErrorKind::Refused => {
            return Ok(SendOutcome::Rejected(format!(
                "who is in {} cannot be asked, so nobody is told ({error}); is the bot still in the chat? rt_to names users itself",
                viewers.dialog
            )));
        }
        Err(error) => return Ok(post.not_yet(row, doubtful, &error)),
    };
    if users.is_empty() {
        return Ok(SendOutcome::Withheld("nobody but the client and bots is in the chat".into()));
    }
    name(&mut call, &users);
    let answer = post.make(row, call).await?;
    Ok(post.judged(Route::Rt, row, doubtful, answer))
}

/// Names the viewers of an event if they are known; false if they have to be asked for, or there are none. An event
/// that names them already, and everything that is no event, is as it should be.
pub(super) fn fill(post: &Post, letter: &mut Letter) -> bool {
    let Ok(call) = &mut letter.call else { return false };
    let Some(viewers) = &call.viewers else { return true };
    let Some(users) = known(post, viewers).filter(|users| !users.is_empty()) else { return false };
    call.viewers = None;
    name(call, &users);
    true
}

fn name(call: &mut Outgoing, users: &[UserId]) {
    let ids: Vec<String> = users.iter().map(UserId::to_string).collect();
    call.params["USER_ID"] = json!(ids);
}

fn known(post: &Post, viewers: &Viewers) -> Option<Vec<UserId>> {
    let known = post.members.lock().unwrap_or_else(PoisonError::into_inner);
    let (asked, users) = known.get(&viewers.dialog)?;
    (post.now().since(*asked) < FRESH).then(|| users.clone())
}

async fn members(post: &Post, viewers: &Viewers) -> Result<Vec<UserId>, CallError> {
    if let Some(users) = known(post, viewers) {
        return Ok(users);
    }
    let now = post.now();
    let users = ask(post, viewers).await?;
    let mut known = post.members.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= KNOWN_CHATS {
        known.retain(|_, (asked, _)| now.since(*asked) < FRESH);
    }
    if known.len() < KNOWN_CHATS {
        known.insert(viewers.dialog.clone(), (now, users.clone()));
    }
    Ok(users)
}

async fn ask(post: &Post, viewers: &Viewers) -> Result<Vec<UserId>, CallError> {
    let is_client = |user: &UserId| viewers.client == Some(*user);
    match viewers.generation {
        BotGeneration::V2 => {
            let list = imbot_v2::ChatUserList::new(viewers.bot, viewers.dialog.clone()).limit(MOST_MEMBERS);
            let users = post.ask(&list).await?.users.into_iter();
            let employees = users.filter(|user| !user.bot && !user.connector && !user.extranet);
            Ok(employees.map(|user| user.id).filter(|user| !is_client(user)).collect())
        }
        BotGeneration::V1 => {
            // Ids only: whoever is neither the client nor a bot of ours.
            let Some(chat) = viewers.dialog.chat() else { return Ok(Vec::new()) };
            let list = imbot::ChatUserList::new(viewers.bot, chat);
            let portal = post.services.registry.portal(&post.lease.portal);
            let bots: Vec<UserId> = portal
                .map(|portal| portal.bots.iter().map(|bot| bot.id.into()).collect())
                .unwrap_or_default();
            let users = post.ask(&list).await?.users.into_iter();
            Ok(users.filter(|user| !is_client(user) && !bots.contains(user)).collect())
        }
    }
}
