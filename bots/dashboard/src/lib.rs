//! The supervisor's page inside of the portal: every open dialog, who has it, how long the client waits, what the bots say
//! as they say it, with buttons to take a dialog over and to return it to the bot.
//!
//! It watches the bots of its own process:
//!
//! ```no_run
//! # fn example() -> Result<(), openlines::prelude::AppError> {
//! use openlines::prelude::*;
//!
//! let echo = async |_cx: Context, message: Message| format!("You said: {}", literal(message.text));
//! let app = dashboard::beside(App::from_env()?.bot(BotProfile::openline("echo"), echo))?;
//! # let _ = app;
//! # Ok(()) }
//! ```
//!
//! Without a bot of yours [`app`] brings one that passes clients on to people.
//!
//! **Trap:** what the portal tells no bot the page does not know at once: that an operator took a dialog by a click, or wrote
//! after the bot had left. Let the line part with its bot *when the dialog is closed*.

mod board;
mod news;
mod page;
mod passing;
mod settings;

use std::sync::Arc;

use openlines::prelude::*;

use board::Board;
pub use passing::Passing;
pub use settings::Settings;

/// Where the page is, below the public address.
pub const PATH: &str = "/dashboard";

/// The app with the dashboard and a bot that passes clients on to people, as `dashboard.toml` says.
pub fn app(app: App) -> Result<App, AppError> {
    let settings = app.settings::<Settings>("dashboard.toml")?.check()?;
    let profile = BotProfile::openline("dashboard").name("Switchboard").return_command("/bot");
    Ok(beside_with(app.bot(profile, Passing(settings.greeting.clone())), settings))
}

/// The app with the dashboard beside its bots, as `dashboard.toml` says.
pub fn beside(app: App) -> Result<App, AppError> {
    app.settings::<Settings>("dashboard.toml")?.check().map(|settings| beside_with(app, settings))
}

/// The same with settings of yours.
pub fn beside_with(app: App, settings: Settings) -> App {
    let board = Arc::new(Board::new());
    let (shown, set) = (board.clone(), settings.clone());
    // Operators' words to the channel, also where the bot has left the chat to them.
    app.event("ONOPENLINEMESSAGEADD")
        .page_under(page::POLICY, PATH, page::HTML)
        .routes(move |desks| page::routes(shown, set, desks))
        .beside(move |desks| news::keep(board, settings, desks))
}
