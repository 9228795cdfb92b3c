//! `portals`: where the bot is installed, and which of them is meant.

use std::fmt::Write as _;

use super::{AppError, AppErrorKind, Config, command_line::PortalsTask};
use crate::{
    store::{self, PortalStatus, Portals},
    wire::PortalKey,
};

/// The active portal of this member id, or the only one.
pub(super) fn choose(
    portals: impl IntoIterator<Item = (PortalKey, PortalStatus)>,
    member: Option<&str>,
) -> Result<PortalKey, AppError> {
    let active = portals.into_iter().filter(|(_, status)| *status == PortalStatus::Active);
    let mut fits =
        active.map(|(key, _)| key).filter(|key| member.is_none_or(|member| key.member.as_str() == member));
    match (fits.next(), fits.next(), member) {
        (Some(portal), None, _) => Ok(portal),
        (None, _, member) => Err(AppError::new(
            AppErrorKind::Request,
            format!(
                "the bot is not on {}; `portals list` shows where it is",
                member.map_or_else(|| "any portal yet".into(), |member| format!("the portal {member}"))
            ),
        )),
        (Some(_), Some(_), None) => Err(AppError::new(
            AppErrorKind::Setting,
            "the bot is on several portals, and which one is meant is not set; `portals list` shows their member ids",
        )),
        (Some(_), Some(_), Some(member)) => Err(AppError::new(
            AppErrorKind::Setting,
            format!(
                "several applications of the bot are on the portal {member}; `portals forget` takes the old one away"
            ),
        )),
    }
}

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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn chosen(
        portals: &[(&str, PortalStatus)],
        member: Option<&str>,
    ) -> Result<String, (AppErrorKind, String)> {
        let portals = portals.iter().map(|(member, status)| (PortalKey::new("app", *member), *status));
        let chosen = choose(portals, member);
        chosen.map(|key| key.member.to_string()).map_err(|error| (error.kind(), error.to_string()))
    }

    #[rstest]
    #[case::the_only_one(&[("a", PortalStatus::Active)], None, "a")]
    #[case::the_only_active_one(&[("a", PortalStatus::Uninstalled), ("b", PortalStatus::Active)], None, "b")]
    #[case::the_named_one(&[("a", PortalStatus::Active), ("b", PortalStatus::Active)], Some("b"), "b")]
    fn one_is_meant(
        #[case] portals: &[(&str, PortalStatus)],
        #[case] member: Option<&str>,
        #[case] expected: &str,
    ) {
        assert_eq!(chosen(portals, member).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case::none(&[], None, AppErrorKind::Request, "not on any portal yet")]
    #[case::broken(&[("a", PortalStatus::Broken)], None, AppErrorKind::Request, "not on any portal yet")]
    #[case::another(&[("a", PortalStatus::Active)], Some("b"), AppErrorKind::Request, "not on the portal b")]
    #[case::several(
        &[("a", PortalStatus::Active), ("b", PortalStatus::Active)], None, AppErrorKind::Setting, "on several portals"
    )]
    #[case::of_two_applications(
        &[("a", PortalStatus::Active), ("a", PortalStatus::Active)], Some("a"), AppErrorKind::Setting, "several applications"
    )]
    fn none_or_several_are_meant(
        #[case] portals: &[(&str, PortalStatus)],
        #[case] member: Option<&str>,
        #[case] kind: AppErrorKind,
        #[case] named: &str,
    ) {
        let (is, why) = chosen(portals, member).unwrap_err();
        assert!(is == kind && why.contains(named) && why.contains("`portals "), "{is:?}: {why}");
    }
}
