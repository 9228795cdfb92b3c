//! A call, and the trait of whatever carries it out.

use std::{borrow::Cow, fmt, sync::Arc};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{CallError, CallErrorKind, FileContent};
use crate::wire::PortalKey;

/// Whether a call may be made again after an unknown outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// It carries a key by which the portal recognises a repeat.
    Keyed,
    /// Doing it twice is the same as doing it once.
    Idempotent,
    /// Twice is twice: never again unless it is certain that it was not done.
    Once,
}

/// One REST call to one portal. Its `Debug` tells the names of its parameters only: they may hold a bot token and
/// what a client wrote.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// The portal.
    pub portal: PortalKey,
    /// Method name, `imbot.v2.Chat.Message.send`.
    pub method: Cow<'static, str>,
    /// Its parameters, a JSON object.
    pub params: Value,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// The content of a file, sent as `fields.content` of the parameters.
    pub content: Option<FileContent>,
}

impl Call {
    /// Calls `method` with `params` on `portal`; [`Repeat::Once`] until said otherwise.
    pub fn new(portal: PortalKey, method: impl Into<Cow<'static, str>>, params: Value) -> Self {
        Self { portal, method: method.into(), params, repeat: Repeat::Once, content: None }
    }

    /// Sets whether it may be repeated.
    #[must_use]
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Adds the content of a file, read while it is sent.
    #[must_use]
    pub fn content(mut self, content: FileContent) -> Self {
        self.content = Some(content);
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<&str> = self
            .params
            .as_object()
            .into_iter()
            .flat_map(|params| params.keys().map(String::as_str))
            .collect();
        f.debug_struct("Call")
            .field("portal", &self.portal)
            .field("method", &self.method)
            .field("params", &params)
            .field("repeat", &self.repeat)
            .finish()
    }
}

/// Carries calls to portals.
#[async_trait]
pub trait Api: Send + Sync + 'static {
    /// Makes the call and gives the `result` of the answer.
    async fn call(&self, call: Call) -> Result<Value, CallError>;
}

#[async_trait]
impl<A: Api + ?Sized> Api for Arc<A> {
    async fn call(&self, call: Call) -> Result<Value, CallError> {
        (**self).call(call).await
    }
}

/// A typed method: its parameters are the fields of the type that implements this.
pub trait Method: Serialize + Send + Sync {
    /// Name as documented.
    const NAME: &'static str;
    /// Whether it may be repeated.
    const REPEAT: Repeat;
    /// The type of `result`.
    type Answer: DeserializeOwned + Send;

    /// Whether this very call may be repeated; [`REPEAT`](Self::REPEAT) unless its parameters say otherwise.
    fn repeat(&self) -> Repeat {
        Self::REPEAT
    }

    /// As a call to `portal`, to be made now or stored.
    fn to_call(&self, portal: &PortalKey) -> Result<Call, CallError>
    where
        Self: Sized,
    {
        let params = serde_json::to_value(self).map_err(|error| {
            CallError::new(CallErrorKind::BadParams, Self::NAME).describe(error.to_string())
        })?;
        Ok(Call::new(portal.clone(), Self::NAME, params).repeat(self.repeat()))
    }

    /// Reads the `result` of the answer.
    fn read_answer(result: Value) -> Result<Self::Answer, CallError> {
        serde_json::from_value(result)
            .map_err(|error| CallError::new(CallErrorKind::BadAnswer, Self::NAME).describe(error.to_string()))
    }
}

/// Typed calls over any [`Api`].
#[async_trait]
pub trait ApiExt: Api {
    /// Makes a typed call.
    async fn invoke<M: Method>(&self, portal: &PortalKey, method: &M) -> Result<M::Answer, CallError> {
        M::read_answer(self.call(method.to_call(portal)?).await?)
    }
}

impl<A: Api + ?Sized> ApiExt for A {}
