//! What a closure may return: nothing, its reply, several of them, or any of these behind `Option` or `Result`.
//!
//! ```
//! use openlines::prelude::*;
//!
//! let router = Router::new()
//!     .text("hello", async |_cx: Context, _message: Message| "Good day!")
//!     .text("who", async |_cx: Context, message: Message| message.user.map(|user| literal(user.name)))
//!     .text("story", async |_cx: Context, _message: Message| vec!["Once upon a time", "…", "The end."])
//!     .command("half", async |_cx: Context, number: u32| {
//!         Ok::<_, HandlerError>((format!("{}", number / 2), (number % 2 == 1).then_some("and a half")))
//!     });
//! # let _ = router;
//! ```
//!
//! **Trap:** an `Err` is no answer to the client: the turn fails and runs again. What the client is to read is returned
//! as a text.

use std::borrow::Cow;

use super::{Context, Done, Handled, HandlerError};
use crate::message::{Attach, Literal, Reply, RtMessage, Text};

/// Turns what a closure returned into effects. Several answers are asked for in their order,
/// and all or none of them leave.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer",
    note = "return `()`, `Done`, `&'static str`, `String`, a `Text`, a `Reply`, an `Attach`, an `RtMessage`, a tuple, array or `Vec` of these, or an `Option` or `Result` of these",
    note = "a `Keyboard` wants a text: `Reply::text(…).keyboard(…)`"
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

impl Answer for Cow<'static, str> {
    fn answer(self, cx: &Context) -> Handled {
        self.into_owned().answer(cx)
    }
}

impl<T: AsRef<str> + Send> Answer for Literal<T> {
    fn answer(self, cx: &Context) -> Handled {
        Reply::from(self).answer(cx)
    }
}

/// A message of its own, without text.
impl Answer for Attach {
    fn answer(self, cx: &Context) -> Handled {
        Reply::default().attach(self).answer(cx)
    }
}

impl Answer for RtMessage {
    fn answer(self, cx: &Context) -> Handled {
        cx.rt_message(&self);
        Ok(Done)
    }
}

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

impl<A: Answer> Answer for Vec<A> {
    fn answer(self, cx: &Context) -> Handled {
        self.into_iter().try_fold(Done, |Done, answer| answer.answer(cx))
    }
}

impl<A: Answer, const N: usize> Answer for [A; N] {
    fn answer(self, cx: &Context) -> Handled {
        self.into_iter().try_fold(Done, |Done, answer| answer.answer(cx))
    }
}

macro_rules! several {
    ($($($kind:ident)+;)+) => {$(
        impl<$($kind: Answer),+> Answer for ($($kind,)+) {
            #[allow(non_snake_case)]
            fn answer(self, cx: &Context) -> Handled {
                let ($($kind,)+) = self;
                $($kind.answer(cx)?;)+
                Ok(Done)
            }
        }
    )+};
}

several! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}
