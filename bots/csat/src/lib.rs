//! Asks clients of open lines how it was, once the operator is through: a mark of 1 to 5 and a comment. They go into the
//! CRM, and a low one to those who want to know.
//!
//! ```
//! use csat::{Settings, routes};
//! use openlines::{prelude::*, testing::Conversation};
//!
//! let profile = csat::profile(&Settings::default());
//! let mut talk = Conversation::builder().bot(profile).with(routes(Settings::default()));
//! talk.client_says("hello").expect_hand_over();
//! talk.operator_says("Here is your parcel").operator_says("/rate").expect_containing("How was it?");
//! talk.client_says("five!").expect_containing("Thank you!");
//! ```
//!
//! **Trap:** a bot leaves a chat when its session is closed, so it asks before that. It hears operators, and may ask, only
//! where the line lets it stay until then: see the README.

mod crm;
mod reading;
mod seen;
mod settings;
mod speech;
mod survey;

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

pub use reading::mark_in;
pub use settings::Settings;
pub use speech::{SPEECHES, Speech};
pub use survey::{Stage, Standing, Watched};

/// What a client thinks of a session: one for each session, emitted to the pages of those whom the settings name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// `chat1777`.
    pub dialog: String,
    /// The session's number on the portal.
    pub session: i64,
    /// 1 to 5, 5 being the best.
    pub mark: u8,
    /// What the client added; empty for nothing.
    pub comment: String,
    /// Whether the settings call it low.
    pub low: bool,
}

impl RtEvent for Mark {
    const COMMAND: &'static str = "csat.mark";
}

/// The app with the bot in it, as its settings say.
pub fn app(app: App) -> Result<App, AppError> {
    let settings = app.settings::<Settings>("csat.toml")?.check()?;
    Ok(app.bot(profile(&settings), routes(settings)))
}

/// The bot: it hears both sides while a person has the session, to know when that is at its end.
pub fn profile(settings: &Settings) -> BotProfile {
    BotProfile::openline("csat").name(&settings.name).hears_operators().hears_while_human()
}

/// What the bot hears.
pub fn routes(settings: Settings) -> Router {
    Router::new().rest(survey::Survey(settings))
}
