//! What the portal says of a session, and how the bot comes back into the chat of one that is closed.
//!
//! **Trap:** nobody owns the chat of a session that is closed, and of one that waits in the queue neither. A bot that the
//! line lets stay until the end tells them apart: it is in the chat, or no longer.

use openlines::{
    prelude::*,
    rest::methods::{
        imbot_v2::ChatUserList,
        imopenlines::{BotLeft, ConfigUpdate, DialogGet, LineSettings},
    },
    wire::LineId,
};
use serde_json::json;

use super::crm::item;

/// How a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Somebody has it.
    Open,
    /// Somebody has finished it, and the line waits for the client before it closes.
    Closing,
    /// It is closed, and none has begun since.
    Closed,
    /// It waits for a person, another one has begun, or nothing is told of it.
    Otherwise,
}

/// The chat as the portal has it now; `None` if it does not tell.
pub(crate) async fn dialog_now(cx: &Context) -> Result<Option<Chat>, HandlerError> {
    let chat = cx.dialog().and_then(|dialog| dialog.chat()).unwrap_or_default();
    Ok(told(cx, cx.invoke(&DialogGet::of_chat(chat)).await)?.map(|dialog| dialog.chat))
}

/// How this session of the chat is.
pub(crate) async fn see(cx: &Context, session: i64) -> Result<Seen, HandlerError> {
    let Some((chat, bot)) = dialog_now(cx).await?.zip(cx.speaker()) else { return Ok(Seen::Otherwise) };
    let now = chat.session.unwrap_or_default();
    if now.id.get() != session || chat.silent {
        return Ok(Seen::Otherwise);
    }
    if chat.owner.is_some_and(|owner| owner.get() > 0) {
        return Ok(if now.wait_action { Seen::Closing } else { Seen::Open });
    }
    let members = told(cx, cx.invoke(&ChatUserList::new(bot, chat.dialog)).await)?.unwrap_or_default();
    Ok(if members.users.iter().any(|user| user.id == bot.into()) { Seen::Otherwise } else { Seen::Closed })
}

/// Comes back into the chat of a session that is closed, through the CRM item that it is bound to; whether it could.
pub(crate) async fn comes_back(cx: &Context, session: i64) -> Result<bool, HandlerError> {
    let Some((chat, bot)) = dialog_now(cx).await?.zip(cx.speaker()) else { return Ok(false) };
    let is_last = chat.session.as_ref().is_some_and(|last| last.id.get() == session);
    let Some((kind, id)) = item(chat.crm).filter(|_| is_last) else { return Ok(false) };
    let params = json!({"CRM_ENTITY_TYPE": kind, "CRM_ENTITY": id, "USER_ID": bot, "CHAT_ID": chat.id});
    Ok(told(cx, cx.call("imopenlines.crm.chat.user.add", params).await)?.is_some())
}

/// Has the line let its bot stay until a session is closed.
pub(crate) async fn stay(cx: &Context, line: LineId) -> Handled {
    let change = LineSettings::new().welcome_bot_left(BotLeft::Close);
    told(cx, cx.invoke(&ConfigUpdate::new(line, change)).await).map(|_| Done)
}

/// What the portal refuses is not known.
pub(crate) fn told<T>(cx: &Context, answer: Result<T, HandlerError>) -> Result<Option<T>, HandlerError> {
    if let Some(error) = answer.as_ref().err().filter(|error| error.is_permanent()) {
        tracing::warn!(portal = %cx.portal(), dialog = ?cx.dialog(), %error, "the portal refuses");
        return Ok(None);
    }
    answer.map(Some)
}
