//! What is done at once and must not be done twice: steps, messages whose id is needed, and direct calls.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::Context;
use crate::{
    dispatch::{HandlerError, Outgoing, Route, effect::uuid_of, ownership::Guard},
    message::Reply,
    rest::{
        Api, ApiExt, Call, CallError, Download, DownloadLimits, Method, Upload,
        methods::imbot_v2::UploadedFile,
    },
    wire::{FileRef, MessageId},
};

impl Context {
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

    /// Sends a bot message now and tells its id; its text must fit into one message. Its content is stored before it
    /// is sent, so a turn that runs again sends the same content under the same key: exactly once on v2. On v1 a
    /// failure in between may send it twice, so it is refused there.
    ///
    /// While a person has the session it is not sent and this is an error, [`HandlerError::is_withheld`].
    pub async fn send_now(&self, name: &str, reply: impl Into<Reply>) -> Result<MessageId, HandlerError> {
        let bot = self.acting_bot()?;
        let dialog =
            self.dialog().ok_or_else(|| HandlerError::msg("send_now: the event belongs to no dialog"))?;
        let done = format!("{name}/sent");
        if let Some(id) = self.inner.turn.steps.get(&done) {
            return Ok(serde_json::from_slice(id)?);
        }
        let key = uuid_of(self.inner.turn.id, &format!("now:{name}"));
        let reply = reply.into();
        let call = Outgoing::message(bot, &dialog, &reply, key)?;
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
        let repeat = call.route.repeat();
        let mut sent = Call::new(self.portal().clone(), call.method, call.params).repeat(repeat);
        if let Some(guard) = self.guard(&dialog, &reply) {
            sent = sent.departing(Arc::new(guard));
        }
        let answer = self.inner.services.direct.call(sent).await?;
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
    /// [`step`](Self::step) so that a turn that runs again does not send it again. Withheld as
    /// [`send_now`](Self::send_now) is.
    pub async fn upload(&self, file: &Upload) -> Result<UploadedFile, HandlerError> {
        let bot = self.acting_bot()?.id;
        let dialog =
            self.dialog().ok_or_else(|| HandlerError::msg("upload: the event belongs to no dialog"))?;
        let direct = self.inner.services.direct.clone();
        let api = Guarded { inner: direct, guard: self.guard(&dialog, &Reply::default()).map(Arc::new) };
        Ok(file.send(&api, self.portal(), bot, &dialog).await?)
    }

    /// Begins to download a file of the event, within `limits`. See [`Downloads`](crate::rest::Downloads).
    pub async fn download(&self, file: &FileRef, limits: &DownloadLimits) -> Result<Download, HandlerError> {
        let bot = self.acting_bot()?.id;
        Ok(self.inner.services.downloads.open(self.portal(), bot, file, limits).await?)
    }

    async fn remember<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        value: &T,
    ) -> Result<T, HandlerError> {
        let value = serde_json::to_vec(value)?.into();
        let stored = self
            .inner
            .services
            .store
            .put_step(self.inner.fence.lease(), self.inner.turn.id, name, value)
            .await?;
        Ok(serde_json::from_slice(&stored)?)
    }
}

/// Asks the fence before each call.
struct Guarded {
    inner: Arc<dyn Api>,
    guard: Option<Arc<Guard>>,
}

#[async_trait]
impl Api for Guarded {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        let call = match &self.guard {
            Some(guard) => call.departing(guard.clone()),
            None => call,
        };
        self.inner.call(call).await
    }
}
