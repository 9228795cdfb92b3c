//! `send`: a campaign from the command line.

use std::path::PathBuf;

use indicatif::ProgressBar;
use openlines::{
    app::Running,
    clock::{Clock, SystemClock},
    prelude::*,
    store::{self, PortalStatus},
    wire::PortalKey,
};

use super::{Campaign, Notifier, OptOuts, Results, Settings, campaign::failed, people};

/// What this bot does beside what every bot does.
#[derive(Debug, clap::Subcommand)]
pub enum Task {
    /// Send the message of the settings to everybody in a CSV file, and serve meanwhile. Ctrl-C pauses it; the same
    /// command goes on, and nobody gets it twice.
    Send {
        /// The CSV file: the column `user`, and those that the message names.
        people: PathBuf,
        /// Say what would be done, and do nothing. Works beside a running server.
        #[arg(long)]
        dry_run: bool,
        /// Name of the campaign, by which it is known again and its results are called; that of the file unless told
        /// otherwise.
        #[arg(long)]
        campaign: Option<String>,
    },
}

/// Does what the command line says.
pub async fn run(app: App, task: Option<Task>) -> Result<(), AppError> {
    let settings: Settings = app.settings("notifier.toml")?;
    let opt_outs = OptOuts::open(&settings.opt_outs)
        .map_err(|error| AppError::wrong_setting(format!("`opt_outs` of the settings: {error}")))?;
    let notifier = Notifier::new(settings.words.clone(), opt_outs.clone());
    let app = app.bot(BotProfile::openline("notifier").name(&settings.name), notifier);
    let Some(Task::Send { people: file, dry_run, campaign }) = task else { return app.run().await };
    if settings.line.is_empty() {
        let what = "`line` of the settings is not set; the code of a network line that the portal has joined is needed";
        return Err(AppError::wrong_setting(what));
    }
    let name =
        campaign.unwrap_or_else(|| file.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let result = file.with_file_name(format!("{name}.result.csv"));
    let mut campaign = Campaign {
        name,
        line: settings.line.clone(),
        people: people(&file, &settings.message)?,
        results: Results::open(&result)?,
        opt_outs,
    };
    let chosen = settings.portal.as_deref();
    if dry_run {
        let store = store::inspect(app.config().database()).map_err(failed)?;
        let portals = store.portals().await.map_err(failed)?;
        let portal = only(portals.into_iter().map(|portal| (portal.key, portal.status)), chosen)?;
        let plan = campaign.plan(store.as_ref(), &portal, SystemClock.now()).await?;
        let due = plan.iter().filter(|(_, row)| row.is_none()).count();
        for (person, row) in &plan {
            match row {
                Some(row) => println!("{}: {:?} {}", person.user, row.outcome, row.why),
                None => println!("{}: {}", person.user, person.text),
            }
        }
        println!("{due} of {} would be sent; nothing was done", campaign.people.len());
        return Ok(());
    }
    let bar = ProgressBar::new(campaign.people.len() as u64);
    let tell = |done: usize, all: usize| {
        bar.set_position(done as u64);
        if bar.is_hidden() {
            tracing::info!(done, all, "campaign");
        }
    };
    let job = async |running: &Running| {
        let portals = running.registry().portals().into_iter();
        let portal = only(portals.map(|portal| (portal.key, portal.status)), chosen)?;
        campaign.run(running, portal.member.as_str(), &SystemClock, &tell).await
    };
    let ended = app.serve_during(job).await?.transpose()?;
    bar.abandon();
    for (outcome, count) in campaign.results.count(&campaign.people) {
        println!("{count:>8}  {}", outcome.map_or("not yet".into(), |outcome| format!("{outcome:?}")));
    }
    match ended {
        Some(()) => println!("all done; {} says what became of each", result.display()),
        None => println!("paused; the same command goes on"),
    }
    Ok(())
}

/// The portal that the settings name, or the only one.
fn only(
    portals: impl Iterator<Item = (PortalKey, PortalStatus)>,
    chosen: Option<&str>,
) -> Result<PortalKey, AppError> {
    let active = portals.filter(|(_, status)| *status == PortalStatus::Active).map(|(key, _)| key);
    let mut fits = active.filter(|key| chosen.is_none_or(|chosen| key.member.as_str() == chosen));
    match (fits.next(), fits.next()) {
        (Some(portal), None) => Ok(portal),
        (None, _) => Err(AppError::failed(format!(
            "the bot is not on {}; `portals list` shows where it is",
            chosen.unwrap_or("any portal")
        ))),
        _ => Err(AppError::wrong_setting(
            "`portal` of the settings is not set, and the bot is on several; `portals list` shows their member ids",
        )),
    }
}
