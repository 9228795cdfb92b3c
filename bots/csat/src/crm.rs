//! Where a mark goes: the CRM, those who want to know of low ones, and pages.
//!
//! **Trap:** a note is written at most once. One whose outcome is unknown is not written again; `inbox list` shows it.

use openlines::{
    prelude::*,
    rest::{
        Method,
        methods::crm::{Comment, TimelineCommentAdd},
    },
    wire::{CrmBinding, SessionId},
};
use serde_json::json;

use super::seen::{dialog_now, told};
use super::{Mark, Settings};

/// Tells everybody who is to know.
pub(crate) async fn tell(cx: &Context, settings: &Settings, mark: &Mark) -> Handled {
    let chat = dialog_now(cx).await?.unwrap_or_default();
    let number = mark.mark.to_string();
    if let Some((kind, id)) = item(chat.crm) {
        if let Some(field) = &settings.field {
            // Twice is as once. What the CRM refuses must not keep the mark from everybody else.
            let fields = json!({"id": id, "fields": {field: mark.mark}});
            told(cx, cx.call(format!("crm.{kind}.update"), fields).await)?;
        }
        let note = commented(settings.language.say("note", &[("mark", number.clone())]), mark);
        let note = TimelineCommentAdd::new(Comment::new(kind, id, note.as_str()));
        cx.call_later(TimelineCommentAdd::NAME, serde_json::to_value(note)?);
    }
    if mark.low {
        let values = [("mark", number), ("who", literal(&chat.title).to_string())];
        let notice = commented(settings.language.say("alert", &values), mark).br();
        let link = Text::new().plain(settings.language.say("dialog", &[]));
        let notice = Reply::from(notice.session(SessionId::new(mark.session), link));
        for dialog in &settings.alert {
            cx.reply_to(&DialogId::from(dialog.as_str()), notice.clone());
        }
    }
    if !settings.rt_to.is_empty() {
        cx.rt_to(RtRecipients::users(settings.rt_to.iter().map(|user| i64::from(user.get()))), mark);
    }
    Ok(Done)
}

/// The item that speaks for the chat.
pub(crate) fn item(crm: CrmBinding) -> Option<(&'static str, i64)> {
    let all = [("deal", crm.deal), ("lead", crm.lead), ("contact", crm.contact), ("company", crm.company)];
    all.into_iter().find(|(_, id)| *id > 0)
}

fn commented(said: String, mark: &Mark) -> Text {
    let said = Text::new().markup(said);
    if mark.comment.is_empty() { said } else { said.br().plain(&mark.comment) }
}
