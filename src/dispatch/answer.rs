//! What a closure may return: nothing, its reply, or either of these behind `Option` or `Result`.

use super::{Context, Done, Handled, HandlerError};
use crate::message::{Reply, Text};

/// Turns what a closure returned into effects.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer",
    note = "return `()`, `Done`, `&str`, `String`, a `Text`, a `Reply`, or an `Option` or `Result` of these"
)]
pub trait Answer: Send {
    /// Asks `cx` for what the value says.
    fn answer(self, cx: &Context) -> Handled;
}

impl Answer for Done {
    fn answer(self, _: &Context) -> Handled {
        Ok(self)
    }
}

impl Answer for () {
    fn answer(self, _: &Context) -> Handled {
        Ok(Done)
    }
}

macro_rules! replies {
    ($($kind:ty),+) => {$(
        impl Answer for $kind {
            fn answer(self, cx: &Context) -> Handled {
                cx.reply(self);
                Ok(Done)
            }
        }
    )+};
}

replies!(&'static str, String, Text, Reply);

impl<A: Answer> Answer for Option<A> {
    fn answer(self, cx: &Context) -> Handled {
        self.map_or(Ok(Done), |answer| answer.answer(cx))
    }
}

impl<A: Answer, E: Into<HandlerError> + Send> Answer for Result<A, E> {
    fn answer(self, cx: &Context) -> Handled {
        self.map_err(Into::into)?.answer(cx)
    }
}
