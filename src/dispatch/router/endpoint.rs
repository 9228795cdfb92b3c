//! Closures of every shape, brought into one: event in, answer carried out.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    args::{self, BadArgs, FromArgs},
    event::EventType,
    table::Scope,
    text::{Captures, Pattern},
};
use crate::{
    dispatch::{Answer, Context, Done, Handle, Handled},
    message::{ButtonPayload, ButtonPress},
    wire::{Command, Event, Incoming},
};

/// A closure over `E`, its answer carried out.
pub(in crate::dispatch) type Handler<E> =
    Arc<dyn Fn(Context, E) -> BoxFuture<'static, Handled> + Send + Sync>;

/// The end of a route.
pub(super) type Endpoint =
    Arc<dyn for<'a> Fn(&'a Context, &'a Incoming, &'a Scope) -> BoxFuture<'a, Handled> + Send + Sync>;

pub(in crate::dispatch) fn handler<E, F, Fut>(closure: F) -> Handler<E>
where
    F: Fn(Context, E) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
    Fut::Output: Answer,
{
    Arc::new(move |cx, event| {
        let said = closure(cx.clone(), event);
        async move { said.await.answer(&cx) }.boxed()
    })
}

/// For an event that a layer changed into one the route is not for.
pub(super) fn pass<'a>() -> BoxFuture<'a, Handled> {
    std::future::ready(Ok(Done)).boxed()
}

pub(super) fn on_event<E: EventType>(handler: Handler<E>) -> Endpoint {
    Arc::new(move |cx, incoming, _| match E::of(incoming) {
        Some(event) => handler(cx.clone(), event),
        None => pass(),
    })
}

pub(super) fn on_command<A: FromArgs + 'static>(handler: Handler<A>) -> Endpoint {
    Arc::new(move |cx, incoming, scope| {
        let Event::Command(command) = &incoming.event else { return pass() };
        match args::read::<A>(command) {
            Ok(args) => handler(cx.clone(), args),
            Err(error) => (scope.bad_args)(cx.clone(), BadArgs::new(command.clone(), error, A::usage())),
        }
    })
}

pub(super) fn on_button<T: ButtonPayload + 'static>(handler: Handler<T>) -> Endpoint {
    Arc::new(move |cx, incoming, _| match &incoming.event {
        Event::Command(command) => match press::<T>(command).payload() {
            Some(payload) => handler(cx.clone(), payload),
            None => pass(),
        },
        _ => pass(),
    })
}

/// The name is the table's business, which compares it in any case.
pub(super) fn press<T: ButtonPayload>(command: &Command) -> ButtonPress<T> {
    T::press(T::COMMAND, &command.params)
}

pub(super) fn on_pattern(pattern: Pattern, handler: Handler<Captures>) -> Endpoint {
    Arc::new(move |cx, incoming, _| match &incoming.event {
        Event::Message(message) => match pattern.captures(message.clone()) {
            Some(found) => handler(cx.clone(), found),
            None => pass(),
        },
        _ => pass(),
    })
}

pub(super) fn on_all(handle: Arc<dyn Handle>) -> Endpoint {
    Arc::new(move |cx, incoming, _| {
        let handle = handle.clone();
        async move { handle.handle(cx, incoming).await }.boxed()
    })
}
