//! [`Context`]: what a handler asks for, and what it may know.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::{
    CrmItem, Effect, HandlerError, Outgoing, Route, Services,
    effect::{key_of, uuid_of},
    router::chat_of,
};
use crate::{
    message::{Reply, RtEvent, RtMessage, RtRecipients},
    portal::RegisteredBot,
    rest::{
        ApiExt, Call, Download, DownloadLimits, Method, SentFile, Upload,
        methods::{
            YesNo,
            imopenlines::{SessionFinish, SessionOperator, SessionTransfer, TransferTarget},
        },
    },
    store::{LaneKey, Lease, NewOutboxRow, Turn},
    wire::{
        BotRef, Chat, ChatId, DialogId, Event, FileRef, Incoming, MessageId, PortalKey, Timestamp, UserId,
    },
};

/// One turn as its handler sees it. Cheap to clone.
///
/// What a handler asks for by [`reply`](Self::reply) and its like is an *effect*: nothing leaves before the handler
/// has returned `Ok` and the turn is committed, all or none. What must be known at once goes through
/// [`send_now`](Self::send_now), what must not be done twice through [`step`](Self::step).
///
/// **Trap:** [`call`](Self::call) and [`invoke`](Self::invoke) act at once and act again when the turn runs again;
/// put them into a step.
#[derive(Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

struct Inner {
    services: Arc<Services>,
    lease: Lease,
    lane: LaneKey,
    turn: Turn,
    bot: Option<RegisteredBot>,
    incoming: Arc<Incoming>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    rows: Vec<NewOutboxRow>,
    wrong: Option<HandlerError>,
    closed: bool,
}

impl Context {
    pub(crate) fn new(
        services: Arc<Services>,
        lease: Lease,
        lane: LaneKey,
        turn: Turn,
        bot: Option<RegisteredBot>,
        incoming: Arc<Incoming>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner { services, lease, lane, turn, bot, incoming, asked: Mutex::default() }),
        }
    }

    /// Replies into the dialog of the event, as the bot. Text takes BB code; user text goes in through
    /// [`literal`](crate::message::literal).
    ///
    /// A text over the limit becomes several messages in order, with keyboard and attachment on the last. A keyboard
    /// or an attachment over its limit (protocol 5.3, 6.4), or a reply in an event without a dialog, fails the turn
    /// with an error that says which.
    pub fn reply(&self, reply: impl Into<Reply>) {
        match self.dialog() {
            Some(dialog) => self.reply_to(&dialog, reply),
            None => self.wrong(HandlerError::msg(format!(
                "{} belongs to no dialog, so there is nothing to reply to; use reply_to",
                self.inner.incoming.code
            ))),
        }
    }

    /// Sends a bot message into another dialog.
    pub fn reply_to(&self, dialog: &DialogId, reply: impl Into<Reply>) {
        for part in reply.into().split() {
            self.ask(|key| {
                let call = Outgoing::message(self.acting_bot()?, dialog, &part, key)?;
                Ok(Effect::message(call, self.queue_of(dialog)))
            });
        }
    }

    /// Sends `text` to the client of a CRM item through `imopenlines.crm.message.add`, into the chat of the event, as
    /// the bot. The chat must be one of the item's with an active session (protocol 4.1). At most once.
    pub fn crm_reply(&self, item: CrmItem, text: impl AsRef<str>) {
        match self.chat().map(|chat| chat.id).filter(|chat| chat.get() > 0) {
            Some(chat) => self.crm_reply_in(item, chat, text),
            None => self.wrong(HandlerError::msg(
                "crm_reply needs the chat of an open line and this event has none; use crm_reply_in",
            )),
        }
    }

    /// The same into a chat of your choice.
    pub fn crm_reply_in(&self, item: CrmItem, chat: ChatId, text: impl AsRef<str>) {
        let text = text.as_ref();
        if text.is_empty() || text == "0" {
            self.wrong(HandlerError::msg(
                "crm_reply: the portal refuses an empty text and the text `0` (protocol 4.1); send other words",
            ));
            return;
        }
        for part in Reply::text(text).split() {
            self.ask(|_| Effect::crm(item, chat, self.acting_bot()?.id.into(), &part.text, self.queue()));
        }
    }

    /// Sends a message to a portal user through a joined network line (`imopenlines.network.message.add`): one a
    /// week for each bot and user, except on NFR portals. `code` has 32 characters.
    pub fn network_reply(&self, code: &str, user: UserId, reply: impl Into<Reply>) {
        let reply = reply.into();
        self.ask(|_| {
            let size = code.chars().count();
            if size != 32 {
                let what = format!(
                    "network_reply: the code of a network line has 32 characters, this one has {size}"
                );
                return Err(HandlerError::msg(what));
            }
            Effect::network(code, user, &reply, self.inner.bot.as_ref())
        });
    }

    /// Emits an RT event to `recipients` (`pull.application.event.add`), whose pages update themselves. At least once.
    pub fn rt_to<E: RtEvent>(&self, recipients: RtRecipients, event: &E) {
        self.ask(|_| Effect::rt(&RtMessage::of(event, recipients)?, self.inner.lane.as_str()));
    }

    /// The same with a message put together at run time.
    pub fn rt_message(&self, message: &RtMessage) {
        self.ask(|_| Effect::rt(message, self.inner.lane.as_str()));
    }

    /// Hands the session over to people (`imopenlines.bot.session.operator`). Acts as the application's first bot.
    pub fn hand_over(&self) {
        self.session(SessionOperator::new);
    }

    /// Hands the session over to one employee; the bot leaves the chat.
    pub fn transfer_to(&self, user: UserId) {
        self.session(|chat| SessionTransfer::new(chat, TransferTarget::User(user)).leave(YesNo(true)));
    }

    /// Ends the session (`imopenlines.bot.session.finish`).
    pub fn finish_session(&self) {
        self.session(SessionFinish::new);
    }

    /// Asks for any other call, to be made after the commit, at most once.
    pub fn call_later(&self, method: impl Into<String>, params: Value) {
        self.ask(|_| Ok(Effect::other(method.into(), params, self.queue())));
    }

    /// Runs `work` once and remembers its result under `name` until the turn is committed: when the turn runs again,
    /// the result is taken from there. Towards the outside that is at least once.
    ///
    /// Answers of typed methods can be remembered, so this is also how a v1 bot gets the id of a message that it sends
    /// at once, where [`send_now`](Self::send_now) is refused:
    ///
    /// ```
    /// use openlines::{prelude::*, rest::methods::imbot::{AddedMessage, MessageAdd}};
    ///
    /// async fn ask(cx: Context, message: Message) -> Handled {
    ///     if let Some(bot) = cx.bot() {
    ///         let add = MessageAdd::reply(bot.id, message.chat.dialog.clone(), &Reply::text("Which order?"));
    ///         let asked: AddedMessage = cx.step("asked", cx.invoke(&add)).await?;
    ///         tracing::info!(message = %asked.id, "asked");
    ///     }
    ///     Ok(Done)
    /// }
    /// # let _ = ask;
    /// ```
    ///
    /// **Trap:** a process that ends between the portal's answer and the remembering asks twice.
    pub async fn step<T, E, F>(&self, name: &str, work: F) -> Result<T, HandlerError>
    where
        T: Serialize + DeserializeOwned,
        E: Into<HandlerError>,
        F: Future<Output = Result<T, E>>,
    {
        if let Some(value) = self.inner.turn.steps.get(name) {
            return Ok(serde_json::from_slice(value)?);
        }
        let result = work.await.map_err(Into::into)?;
        self.remember(name, &result).await
    }

    /// Sends a bot message now and tells its id; its text must fit into one message. Its content is stored before it is sent, so a turn that runs again
    /// sends the same content under the same key: exactly once on v2. On v1 a failure in between may send it twice,
    /// so it is refused there.
    pub async fn send_now(&self, name: &str, reply: impl Into<Reply>) -> Result<MessageId, HandlerError> {
        let bot = self.acting_bot()?;
        let dialog =
            self.dialog().ok_or_else(|| HandlerError::msg("send_now: the event belongs to no dialog"))?;
        let done = format!("{name}/sent");
        if let Some(id) = self.inner.turn.steps.get(&done) {
            return Ok(serde_json::from_slice(id)?);
        }
        let key = uuid_of(self.inner.turn.id, &format!("now:{name}"));
        let call = Outgoing::message(bot, &dialog, &reply.into(), key)?;
        if call.route != Route::KeyedMessage {
            return Err(HandlerError::msg(
                "send_now: only a v2 bot's messages, system messages aside, are sent exactly once; use reply, or step \
                 around a call of imbot.message.add if twice is no harm",
            ));
        }
        let stored = format!("{name}/content");
        let call = match self.inner.turn.steps.get(&stored) {
            Some(earlier) => serde_json::from_slice(earlier)?,
            None => self.remember(&stored, &call).await?,
        };
        let answer = self
            .inner
            .services
            .direct
            .call(Call::new(self.portal().clone(), call.method, call.params).repeat(call.route.repeat()))
            .await?;
        let id = answer["id"]
            .as_i64()
            .ok_or_else(|| HandlerError::msg("send_now: the portal named no message id"))?;
        self.remember(&done, &MessageId::new(id)).await
    }

    /// Calls any method now. Not repeated unless it is certain that it was not executed.
    pub async fn call(&self, method: impl Into<String>, params: Value) -> Result<Value, HandlerError> {
        Ok(self.inner.services.direct.call(Call::new(self.portal().clone(), method.into(), params)).await?)
    }

    /// Makes a typed call now.
    pub async fn invoke<M: Method>(&self, method: &M) -> Result<M::Answer, HandlerError> {
        Ok(self.inner.services.direct.invoke(self.portal(), method).await?)
    }

    /// Sends a file into the dialog of the event now, as the bot: up to 100 MiB, streamed. At most once; put it into a
    /// [`step`](Self::step) so that a turn that runs again does not send it again.
    pub async fn upload(&self, file: &Upload) -> Result<SentFile, HandlerError> {
        let bot = self.acting_bot()?.id;
        let dialog =
            self.dialog().ok_or_else(|| HandlerError::msg("upload: the event belongs to no dialog"))?;
        Ok(file.send(&*self.inner.services.direct, self.portal(), bot, &dialog).await?)
    }

    /// Begins to download a file of the event, within `limits`. See [`Downloads`](crate::rest::Downloads).
    pub async fn download(&self, file: &FileRef, limits: &DownloadLimits) -> Result<Download, HandlerError> {
        let bot = self.acting_bot()?.id;
        Ok(self.inner.services.downloads.open(self.portal(), bot, file, limits).await?)
    }

    /// The portal.
    pub fn portal(&self) -> &PortalKey {
        &self.inner.lease.portal
    }

    /// The bot the event is for; `None` for open-line, connector and application events.
    pub fn bot(&self) -> Option<&BotRef> {
        self.inner.incoming.bot.as_ref()
    }

    /// The event with what surrounds it.
    pub fn incoming(&self) -> &Incoming {
        &self.inner.incoming
    }

    /// The chat of the event, if it happened in one.
    pub fn chat(&self) -> Option<&Chat> {
        chat_of(&self.inner.incoming.event)
    }

    /// Where [`reply`](Self::reply) goes.
    pub fn dialog(&self) -> Option<DialogId> {
        if let Some(chat) = self.chat() {
            return Some(chat.dialog.clone()).filter(|dialog| !dialog.as_str().is_empty());
        }
        match &self.inner.incoming.event {
            Event::LineMessage(event) => event.chat.map(DialogId::of_chat),
            Event::SessionStarted(event) | Event::SessionFinished(event) => {
                Some(DialogId::of_chat(event.chat))
            }
            _ => None,
        }
    }

    /// Whether the message was overtaken by a later one of its dialog before it was accepted.
    pub fn late(&self) -> bool {
        self.inner.incoming.late
    }

    /// How often this turn failed before.
    pub fn failed_before(&self) -> u32 {
        self.inner.turn.attempts
    }

    /// This moment, by the clock of the engine.
    pub fn now(&self) -> Timestamp {
        self.inner.services.clock.now()
    }

    fn session<M: Method>(&self, method: impl FnOnce(ChatId) -> M) {
        self.ask(|_| {
            let chat = self.dialog().and_then(|dialog| dialog.chat());
            let chat =
                chat.ok_or_else(|| HandlerError::msg(format!("{} needs the chat of an open line", M::NAME)))?;
            Effect::hand_over(&method(chat), self.queue())
        });
    }

    fn queue(&self) -> String {
        self.inner.lane.as_str().to_owned()
    }

    fn queue_of(&self, dialog: &DialogId) -> String {
        match self.dialog() {
            Some(own) if own == *dialog => self.queue(),
            _ => format!("dialog:{dialog}"),
        }
    }

    fn acting_bot(&self) -> Result<&RegisteredBot, HandlerError> {
        self.inner.bot.as_ref().ok_or_else(|| {
            HandlerError::msg(format!("no bot of this application is registered on {} yet", self.portal()))
        })
    }

    async fn remember<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        value: &T,
    ) -> Result<T, HandlerError> {
        let value = serde_json::to_vec(value)?.into();
        let stored =
            self.inner.services.store.put_step(&self.inner.lease, self.inner.turn.id, name, value).await?;
        Ok(serde_json::from_slice(&stored)?)
    }

    fn ask(&self, effect: impl FnOnce(Uuid) -> Result<Effect, HandlerError>) {
        let mut asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.closed {
            tracing::warn!(
                portal = %self.inner.lease.portal,
                turn = %self.inner.turn.id,
                "an effect was asked for after the handler returned and is lost; await what you spawn"
            );
            return;
        }
        let key = key_of(self.inner.turn.id, asked.rows.len());
        match effect(key).and_then(|effect| effect.into_row(key)) {
            Ok(row) => asked.rows.push(row),
            // The handler asked for what cannot be sent; asking again would not help.
            Err(error) => {
                asked.wrong.get_or_insert(error.permanent());
            }
        }
    }

    fn wrong(&self, error: HandlerError) {
        self.ask(|_| Err(error));
    }

    /// What was asked for; nothing can be asked for afterwards.
    pub(crate) fn close(&self) -> Result<Vec<NewOutboxRow>, HandlerError> {
        let mut asked = self.inner.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.closed = true;
        match asked.wrong.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut asked.rows)),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("portal", &self.inner.lease.portal)
            .field("event", &self.inner.incoming.code)
            .field("turn", &self.inner.turn.id)
            .finish_non_exhaustive()
    }
}
