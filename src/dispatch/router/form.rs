//! Routes of [`Form`]s: what is done with one that is filled in.

use std::sync::Arc;

use futures_util::FutureExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Router,
    endpoint::{self, Endpoint, Handler},
    table::Trigger,
};
use crate::dispatch::{
    Answer, Context,
    form::{Finish, Form},
};

impl Router {
    /// Hears the answers to `form` while it is open, before all other routes and whatever filters say, and gives
    /// `handler` what they make once they are complete (and confirmed, if it has a summary). Begin it with
    /// [`Context::begin`].
    ///
    /// The handler runs in the turn of the last answer. If it fails, that turn runs again, and the form is still open.
    pub fn form<T, F, Fut>(self, form: Form<T>, handler: F) -> Self
    where
        T: DeserializeOwned + Send + 'static,
        F: Fn(Context, T) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let definition = Arc::new(form.into_definition());
        let handler: Handler<T> = endpoint::handler(handler);
        let finish: Finish =
            Arc::new(move |cx, answers| Ok(handler(cx, T::deserialize(Value::Object(answers))?)));
        let form = definition.clone();
        let endpoint: Endpoint = Arc::new(move |cx, incoming, _| {
            let (form, finish) = (form.clone(), finish.clone());
            async move { form.take(cx, incoming, &finish).await }.boxed()
        });
        self.route(Trigger::Form(definition), endpoint)
    }
}
