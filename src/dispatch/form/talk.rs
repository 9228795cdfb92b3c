//! A form in its dialog: which events are its own, and what becomes of them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::{Definition, FormLeft, TIMER, WhyLeft, flow::Led, open::Open, read::Sent};
use crate::{
    dispatch::{Context, Done, Handled, HandlerError, burst::ends_session, router::shown_to},
    message::MenuReading,
    wire::{Author, Chat, CommandContext, Event, FileRef, Incoming, Message, Timestamp, UserId},
};

/// What is done with the answers; an error if they do not make the author's type.
pub(in crate::dispatch) type Finish = Arc<
    dyn Fn(Context, Map<String, Value>) -> Result<BoxFuture<'static, Handled>, serde_json::Error>
        + Send
        + Sync,
>;

/// What an event is to an open form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum Claim {
    Takes,
    /// The portal has taken the session from the bot.
    Ends,
    Leaves,
}

impl Definition {
    pub(in crate::dispatch) fn is_of(&self, open: &Open) -> bool {
        self.name == open.form
    }

    /// What this event is to the form that is open.
    pub(in crate::dispatch) fn claims(&self, open: &Open, incoming: &Incoming) -> Claim {
        match &incoming.event {
            Event::Message(message) if ends_session(message) => Claim::Ends,
            Event::Message(message)
                if may_answer(open, message.author, message.author_id, &message.chat)
                    && !self.unless.iter().any(|filter| filter.holds(incoming)) =>
            {
                Claim::Takes
            }
            Event::Command(command) if command.context != CommandContext::Typed => {
                let chosen = self.menu_asked(open).map(|menu| menu.read(command));
                let answers = matches!(chosen, Some(MenuReading::Chosen(_)));
                if answers && may_answer(open, command.author, command.author_id, &command.chat) {
                    Claim::Takes
                } else {
                    Claim::Leaves
                }
            }
            Event::Timer(fired) if fired.name == TIMER => Claim::Takes,
            _ => Claim::Leaves,
        }
    }

    /// When this state of the form is over.
    fn due(&self, open: &Open, now: Timestamp) -> Timestamp {
        let of_field = match &open.at {
            super::open::At::Field(name) => self.field(name).and_then(|field| field.time_out),
            super::open::At::Summary => None,
        };
        of_field.or(self.answer_time_out).map_or(open.until, |span| now.plus(span).min(open.until))
    }

    /// Opens the form, and asks its first question.
    pub(in crate::dispatch) fn open(&self, cx: &Context) -> Result<(), HandlerError> {
        self.check().map_err(HandlerError::msg)?;
        let (language, who) = match &cx.incoming().event {
            Event::Message(event) => (&*event.language, answerer(event.author, event.author_id, &event.chat)),
            Event::Command(event) => (&*event.language, answerer(event.author, event.author_id, &event.chat)),
            Event::Joined(event) => (&*event.language, None),
            _ => ("", None),
        };
        let open = self.begin(language, who, cx.now());
        self.ask(cx, &open, None);
        Ok(())
    }

    fn ask(&self, cx: &Context, open: &Open, remark: Option<&str>) {
        cx.keep_form(open, self.due(open, cx.now()));
        cx.reply(self.asks(open, remark, shown_to(&cx.incoming().event)));
    }

    /// Takes an event that it [`claims`](Self::claims).
    pub(in crate::dispatch) async fn take(
        &self,
        cx: &Context,
        incoming: &Incoming,
        finish: &Finish,
    ) -> Handled {
        let Some(mut open) = cx.open_form() else { return Ok(Done) };
        let command;
        let messages: &[Message] = match &incoming.event {
            Event::Timer(_) => return self.leave(cx, &open, WhyLeft::TimedOut).await,
            Event::Command(press) => {
                command = Some(press);
                open.who = open.who.or(answerer(press.author, press.author_id, &press.chat));
                &[]
            }
            Event::Message(message) => {
                command = None;
                open.who = open.who.or(answerer(message.author, message.author_id, &message.chat));
                match cx.unheard() {
                    // As a layer may have changed it.
                    [_] | [] => std::slice::from_ref(message),
                    several => several,
                }
            }
            _ => return Ok(Done),
        };
        if self.reopen(&mut open) {
            cx.hears(messages.len());
            let changed = self.words(&open.language).changed;
            self.ask(cx, &open, Some(&changed));
            return Ok(Done);
        }
        let mut remark = None;
        let mut at = 0;
        while at < messages.len() || command.is_some() {
            let (led, taken) = match command {
                Some(press) => (self.hear(&mut open, Sent::Press(press)), 1),
                None => self.hear_next(&mut open, &messages[at..]),
            };
            at += taken;
            match led {
                Led::On(said) => remark = said,
                Led::Cancelled => {
                    cx.hears(at);
                    return self.leave(cx, &open, WhyLeft::Cancelled).await;
                }
                Led::Confirmed => {
                    cx.hears(at);
                    return self.finish(cx, open, finish).await;
                }
            }
            if command.is_some() {
                break;
            }
        }
        cx.hears(messages.len());
        self.ask(cx, &open, remark.as_deref());
        Ok(Done)
    }

    /// One message is one answer; files that follow one another are one, where files are asked for.
    fn hear_next(&self, open: &mut Open, messages: &[Message]) -> (Led, usize) {
        let with_files = messages.iter().take_while(|message| !message.files.is_empty()).count();
        let count = if self.asks_for_files(open) { with_files.max(1) } else { 1 };
        let files: Vec<FileRef> =
            messages[..count].iter().flat_map(|message| message.files.clone()).collect();
        let text = messages.first().map_or("", |message| &message.text);
        (self.hear(open, Sent::Message { text, files: &files }), count)
    }

    async fn finish(&self, cx: &Context, mut open: Open, finish: &Finish) -> Handled {
        match finish(cx.clone(), open.values()) {
            Ok(handled) => {
                cx.drop_form();
                handled.await
            }
            Err(error) if open.carried_over => {
                tracing::warn!(
                    portal = %cx.portal(),
                    form = self.name,
                    %error,
                    "answers that were given to an earlier version of the form do not fit the new one; all is asked again"
                );
                open.answers.clear();
                open.carried_over = false;
                self.go_on(&mut open);
                let changed = self.words(&open.language).changed;
                self.ask(cx, &open, Some(&changed));
                Ok(Done)
            }
            Err(error) => Err(HandlerError::msg(format!(
                "the answers of form `{}` do not make its type ({error}): make the fields fit, and test it with `assert_form`",
                self.name
            ))
            .permanent()),
        }
    }

    async fn leave(&self, cx: &Context, open: &Open, why: WhyLeft) -> Handled {
        cx.drop_form();
        if let Some(left) = &self.left {
            return left(cx.clone(), FormLeft { form: self.name.clone(), why, answers: open.values() }).await;
        }
        let words = self.words(&open.language);
        cx.reply(match why {
            WhyLeft::Cancelled => words.cancelled,
            WhyLeft::TimedOut => words.timed_out,
        });
        Ok(Done)
    }
}

/// Who is asked: a client, or an employee in a chat of the portal's own.
fn answerer(author: Author, id: UserId, chat: &Chat) -> Option<UserId> {
    let asked = author == Author::Client || (author == Author::Employee && !chat.is_line());
    asked.then_some(id)
}

fn may_answer(open: &Open, author: Author, id: UserId, chat: &Chat) -> bool {
    answerer(author, id, chat).is_some_and(|id| open.who.is_none_or(|who| who == id))
}
