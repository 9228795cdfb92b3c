//! `send`: a campaign from the command line.

use std::{collections::BTreeMap, path::PathBuf};

use indicatif::ProgressBar;
use openlines::{app::Running, prelude::*};

use super::{Campaign, Notifier, OptOuts, Settings, people, results};

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
        people: people(&file, &settings.message)?,
        results: results(&result)?,
        line: settings.line,
        opt_outs,
    };
    let portal = settings.portal.as_deref();
    if dry_run {
        return rehearse(&app, &campaign, portal).await;
    }
    let bar = ProgressBar::new(campaign.people.len() as u64);
    let tell = |done: usize, all: usize| {
        bar.set_position(done as u64);
        if bar.is_hidden() {
            tracing::info!(done, all, "campaign");
        }
    };
    let job = async |running: &Running| {
        let desk = running.desks().choose(portal)?;
        campaign.run(&desk, &tell).await
    };
    let ended = app.serve_during(job).await?.transpose()?;
    bar.abandon();
    let mut counts = BTreeMap::new();
    for one in &campaign.people {
        *counts.entry(campaign.results.of(&one.user).map(|row| row.outcome)).or_insert(0) += 1;
    }
    for (outcome, count) in counts {
        println!("{count:>8}  {}", outcome.map_or("not yet".into(), |outcome| format!("{outcome:?}")));
    }
    match ended {
        Some(()) => println!("all done; {} says what became of each", result.display()),
        None => println!("paused; the same command goes on"),
    }
    Ok(())
}

/// Says what would be done.
async fn rehearse(app: &App, campaign: &Campaign, portal: Option<&str>) -> Result<(), AppError> {
    let (view, open) = (app.inspect(portal).await?, campaign.open());
    let users = open.iter().map(|one| one.user);
    let outcomes = view.network_outcomes(&campaign.name, &campaign.line, users).await?;
    let (told, due) = campaign.part(view.portal(), open, outcomes, view.now());
    told.iter().for_each(|row| println!("{}: {:?} {}", row.user, row.outcome, row.why));
    due.iter().for_each(|one| println!("{}: {}", one.user, one.text));
    println!("{} of {} would be sent; nothing was done", due.len(), campaign.people.len());
    Ok(())
}
