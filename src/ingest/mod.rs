//! Floor 4: the way in. Webhook and polling bring events into the journal; every refusal comes from one catalogue.
//!
//! [`Gate`] takes a callback or an installation in and answers once it is durable; [`Poller`] asks for the events of bots
//! in fetch mode. Neither runs a handler nor waits for one.
//!
//! **Trap:** a 200 is a promise. Nothing may be answered before the journal's commit, and nothing may be written before
//! the application token was compared.

mod body;
mod claims;
mod gate;
mod page;
mod poll;
mod refusal;
mod routes;
mod rows;

pub use body::BODY_MAX;
pub use gate::{Accepted, Gate, Wake};
pub use poll::{Poller, PollerSettings};
pub use refusal::{Refusal, RefusalKind};
