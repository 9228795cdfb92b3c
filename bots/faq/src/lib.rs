//! Answers clients of open lines from a file: a tree of topics, found by number, label, synonym, and with small
//! misspellings.
//!
//! ```
//! use std::sync::Arc;
//!
//! use faq::{Answers, Faq, Shelf, Unanswered};
//! use openlines::testing::Conversation;
//!
//! let answers = Answers::read("answers.toml".as_ref(), r#"
//!     prompt = "What is it about?"
//!     [[topics]]
//!     label = "Delivery"
//!     synonyms = ["shipping"]
//!     answer = "It takes two days."
//! "#)?;
//! let faq = Faq::new(Arc::new(Shelf::of(answers)), Unanswered::default());
//! let mut talk = Conversation::with(faq);
//! talk.client_says("hello").expect_containing("What is it about?");
//! talk.client_says("how long does the delivry take?").expect("It takes two days.");
//! talk.client_says("1").expect("It takes two days.");
//! # Ok::<(), openlines::prelude::AppError>(())
//! ```
//!
//! **Trap:** texts of the file are BB code and are said as they are; it is a file of the shop's own people. What a client
//! wrote is never repeated.

mod answers;
mod bot;
mod search;
mod settings;
mod shelf;
mod shown;
mod unanswered;

use std::{sync::Arc, time::Duration};

use openlines::prelude::*;

pub use answers::{Answers, Link, Path, Topic, Words};
pub use bot::Faq;
pub use search::{Found, search};
pub use settings::Settings;
pub use shelf::{Look, Shelf};
pub use shown::Shown;
pub use unanswered::Unanswered;

/// The app with the bot in it, as its settings say. What changes in the file of answers is followed from then on, so it
/// has to be called inside of a runtime.
pub fn app(app: App) -> Result<App, AppError> {
    let settings: Settings = app.settings("faq.toml")?;
    let shelf = Arc::new(Shelf::open(settings.answers.as_deref())?);
    let unanswered = Unanswered::into_file(settings.unanswered.clone())?;
    let look_every = Duration::from_secs(settings.look_every_seconds.get().into());
    tokio::spawn(shelf.clone().follow(look_every));
    let profile = BotProfile::openline("faq").name(&settings.name).return_command("/bot");
    Ok(app.bot(profile, Faq::new(shelf, unanswered)))
}
