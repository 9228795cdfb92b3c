//! What is done at once and must not be done twice: steps, messages whose id is needed, and direct calls.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::Context;
use crate::{
    dispatch::{HandlerError, Outgoing, Route, effect::uuid_of},
    message::Reply,
    rest::{ApiExt, Call, Method},
    wire::MessageId,
};

impl Context {
    /// Runs `work` once and remembers its result under `name` until the turn is committed: when the turn runs again,
    /// the result is taken from there. Towards the outside that is at least once.
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

    /// Sends a bot message now and tells its id. Its content is stored before it is sent, so a turn that runs again
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
                "send_now: only a v2 bot's messages, system messages aside, are sent exactly once; use reply",
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
}
