//! Floor 5: what bot authors write, and the engine that runs it.
//!
//! An accepted event waits in its **lane**; a **turn** takes it through the handler; what the handler asked for are
//! **effects**, committed together with the event's completion; the courier carries them out.
//!
//! ```
//! use openlines::prelude::*;
//!
//! struct Greeter;
//!
//! #[async_trait]
//! impl BotHandler for Greeter {
//!     async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
//!         cx.reply(format!("You said: {}", literal(&message.text)));
//!         Ok(Done)
//!     }
//! }
//! ```
//!
//! **Trap:** a handler that fails runs again. What it did through [`Context`] effects is not done twice; what it did
//! by itself is, unless it stands in a [`Context::step`].

mod acts;
mod alarm;
mod answer;
mod burst;
mod closure;
mod context;
mod courier;
mod desk;
mod dialogue;
mod effect;
mod ending;
mod engine;
mod feed;
mod figures;
mod form;
mod handler;
mod heard;
mod holds;
mod lanes;
mod members;
mod network;
mod outcome;
mod ownership;
mod policy;
mod profile;
mod room;
mod router;
mod services;
mod settle;
mod shares;
mod supervising;
mod timer;
mod turn;
mod watch;
mod withheld;

pub use acts::ChatColor;
pub use answer::Answer;
pub use burst::TurnPolicy;
pub use closure::ClosureDoor;
pub use context::{ChatActs, Context, Timer, Typing};
pub use desk::{EnqueueError, EnqueueErrorKind, Enqueued, PortalDesk};
pub use dialogue::{DialogState, assert_shape};
pub use effect::{CrmItem, Route};
pub use engine::Engine;
pub use form::{Field, Form, FormLeft, WhyLeft, Words, assert_form};
pub use handler::{
    BotHandler, Done, Handle, Handled, HandlerError, IntoHandle, MethodsDoor, ObjectDoor, Recovery,
};
pub use network::{NetworkLedger, NetworkLimit};
pub use outcome::NetworkOutcome;
pub use ownership::{Holder, Session};
pub use policy::Policy;
pub use profile::BotProfile;
pub use router::{
    Ambiguous, Args, ArgsError, ArgsErrorKind, BadArgs, Captures, ConnectorDialogFinished,
    ConnectorDialogStarted, EventType, Filter, FromArgs, Layer, Next, Pattern, PatternError, Router,
    RouterDoor, SessionFinished, SessionStarted, Texts,
};
pub use services::{Bot, Services};
pub use supervising::OpenDialog;
pub use watch::{Happening, Happenings, What};

pub(crate) use dialogue::{state_in, states_in};
pub(crate) use effect::{Effect, Outgoing};
pub(crate) use outcome::outcomes;
pub(crate) use timer::setting_in;
