//! Sends campaigns through a network line (`imopenlines.network.message.add`), one message a week for each user, and
//! remembers who wants none.
//!
//! ```
//! use notifier::{Notifier, OptOuts};
//! use openlines::testing::Conversation;
//!
//! let dir = tempfile::tempdir()?;
//! let opt_outs = OptOuts::open(&dir.path().join("opt-outs.csv"))?;
//! let mut talk = Conversation::with(Notifier::new(Default::default(), opt_outs));
//! talk.client_says("STOP").expect_containing("no more messages");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** the file of results is what a campaign knows of itself. Who deletes it and keeps the database still sends
//! nothing twice for 31 days; who deletes both relies on the portal's weekly limit.

mod bot;
mod campaign;
mod journal;
mod opt_outs;
mod people;
mod results;
mod settings;
mod task;

pub use bot::Notifier;
pub use campaign::{Campaign, Progress};
pub use journal::Journal;
pub use opt_outs::OptOuts;
pub use people::{Person, people};
pub use results::{Outcome, Results, Row, results};
pub use settings::Settings;
pub use task::{Task, run};
