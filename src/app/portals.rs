//! `portals`: where the bot is installed.

use std::fmt::Write as _;

use super::{AppError, AppErrorKind, Config, command_line::PortalsTask};
use crate::{
    store::{self, PortalStatus, Portals},
    wire::PortalKey,
};

/// Carries out one `portals` command and prints what it found.
pub(super) async fn run(config: &Config, task: PortalsTask) -> Result<(), AppError> {
    let text = match task {
        PortalsTask::List => {
            list(store::inspect(&config.database_url).map_err(|error| AppError::database(&error))?.as_ref())
                .await?
        }
        PortalsTask::Forget { id } => {
            // As the server would, which must not run meanwhile: opening refuses beside one, by name.
            let store = store::open(&config.database_url).map_err(|error| AppError::database(&error))?;
            let known = store.portals().await.map_err(AppError::store)?;
            let key: PortalKey =
                known.into_iter().map(|portal| portal.key).find(|key| key.to_string() == id).ok_or_else(
                    || {
                        AppError::new(
                            AppErrorKind::Request,
                            format!("there is no portal `{id}`; `portals list` prints them"),
                        )
                    },
                )?;
            store.forget_portal(&key).await.map_err(AppError::store)?;
            format!("{id} is forgotten\n")
        }
    };
    super::print(&text)
}

async fn list(store: &dyn Portals) -> Result<String, AppError> {
    let mut text = String::new();
    for portal in store.portals().await.map_err(AppError::store)? {
        let status = match portal.status {
            PortalStatus::Active => "active",
            PortalStatus::Broken => "broken: install again",
            PortalStatus::Uninstalled => "uninstalled",
        };
        let _ = writeln!(text, "{}  {}  {status}", portal.key, portal.domain);
    }
    Ok(if text.is_empty() { "the bot is installed on no portal yet\n".into() } else { text })
}
