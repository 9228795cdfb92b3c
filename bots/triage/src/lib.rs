//! The first line of a contact centre: greets, asks what it is about and how urgent it is, and hands over to the right queue
//! with a summary; out of hours it promises a time and takes a contact.
//!
//! ```
//! use openlines::testing::Conversation;
//! use triage::{Settings, routes};
//!
//! let mut talk = Conversation::with(routes(Settings::default()));
//! talk.client_says("hello").expect_containing("Good day!");
//! talk.expect_menu("What is it about?", ["Order", "Complaint", "Something else"]);
//! talk.client_says("complaint").expect_menu("How urgent is it?", ["Today", "It can wait"]);
//! talk.client_says("1").expect_containing("Complaint").expect_containing("A colleague").expect_hand_over();
//! ```
//!
//! **Trap:** a hand-over is a request: whether a person takes the session is seen later. The bot looks after the time that
//! the settings name, as long as nobody has come.

mod contact;
mod reception;
mod settings;
mod speech;

use std::sync::Arc;

use openlines::prelude::*;

pub use contact::Contact;
pub use reception::Stage;
pub use settings::{Settings, Topic};
pub use speech::{LANGUAGES, Speech};

/// The app with the bot in it, as its settings say.
pub fn app(app: App) -> Result<App, AppError> {
    let settings = app.settings::<Settings>("triage.toml")?.check()?;
    let profile = BotProfile::openline("triage").name(&settings.name).return_command(&settings.back);
    Ok(app.bot(profile, routes(settings)))
}

/// What the bot hears.
pub fn routes(settings: Settings) -> Router {
    let settings = Arc::new(settings);
    let forms = LANGUAGES.into_iter().fold(Router::new(), |router, language| {
        let settings = settings.clone();
        router.form(contact::form(Speech::of(language, "en")), move |cx: Context, contact: Contact| {
            let settings = settings.clone();
            async move { reception::promise(&cx, &settings, Speech::of(language, "en"), &contact) }
        })
    });
    forms.rest(reception::Reception::new(settings))
}
