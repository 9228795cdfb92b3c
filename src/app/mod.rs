//! Floor 6: the builder, its settings, and the command line that every bot gets.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use openlines::prelude::*;
//!
//! let hello = async |_cx: Context, _message: Message| "Good day!";
//! let config = Config::new()
//!     .listen("127.0.0.1:0".parse().unwrap())
//!     .without_admin()
//!     .database_url("memory:")
//!     .master_key("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
//!     .oauth_app("local.65f0a1b2c3d4e5.12345678", "client secret");
//! let running = App::new(config).bot(BotProfile::openline("hello"), hello).start().await?;
//! assert!(running.registry().portals().is_empty(), "nobody has installed it yet");
//! running.stop().await;
//! # Ok::<(), AppError>(())
//! # }).unwrap();
//! ```
//!
//! **Trap:** one database, one server. A second one is refused by name; `inbox` works beside it.

mod admin;
mod builder;
#[cfg(feature = "emulator")]
mod chat;
mod checks;
mod checkup;
mod command_line;
mod config;
#[cfg(feature = "emulator")]
mod demo;
mod desks;
mod diagnosis;
mod doctor;
mod error;
mod following;
mod guarantee;
mod inbox;
mod levels;
mod main;
mod metrics;
mod own_settings;
mod portals;
mod rt;
mod running;
mod serve;
#[cfg(feature = "emulator")]
mod trial;
mod upkeep;
mod view;
mod wanted;

pub use builder::App;
pub use config::Config;
pub use desks::{Desks, Visitor};
pub use diagnosis::{Diagnosis, Finding, Verdict};
pub use error::{AppError, AppErrorKind};
pub use main::main;
pub use own_settings::settings_of;
pub use running::Running;
pub use view::PortalView;

/// Writes to standard output. A reader that has gone away, such as `head`, is no error.
fn print(text: &str) -> Result<(), AppError> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            let what = format!("standard output cannot be written: {error}");
            Err(AppError::new(AppErrorKind::Request, what).caused(error))
        }
        _ => Ok(()),
    }
}
