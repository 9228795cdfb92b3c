//! What every portal is to have: bots, events, and the address they come to.

use super::{AppError, AppErrorKind, checks};
use crate::{
    dispatch::Bot,
    portal::{BotGeneration, Credentials, Delivery, Wanted},
};

/// Events every application asks for, besides what the reconciler adds.
const EVENTS: [&str; 2] = ["ONSESSIONSTART", "ONSESSIONFINISH"];

/// Where portals send events, below the public address.
pub(super) fn handler_url(public_url: &str) -> String {
    format!("{}/events", public_url.trim_end_matches('/'))
}

/// The events that portals by OAuth are asked for.
pub(super) fn bound_events(events: &[String]) -> impl Iterator<Item = &str> {
    EVENTS.iter().copied().chain(events.iter().map(String::as_str))
}

/// What every portal is to have.
pub(super) fn wanted(
    bots: &[Bot],
    events: &[String],
    public_url: Option<&str>,
    credentials: &Credentials,
) -> Result<Wanted, AppError> {
    let mut wanted = Wanted::new();
    let delivery = if public_url.is_some() { Delivery::Webhook } else { Delivery::Fetch };
    for bot in bots {
        let spec = bot.profile.spec().clone();
        if spec.generation == BotGeneration::V1 {
            if public_url.is_none() {
                return Err(AppError::new(
                    AppErrorKind::Setting,
                    format!(
                        "bot `{}` is a v1 bot, whose events cannot be fetched: set OPENLINES_PUBLIC_URL, or make it a v2 bot",
                        spec.code
                    ),
                ));
            }
            wanted = wanted.bot(spec);
        } else {
            wanted = wanted.bot(spec.delivery(delivery));
        }
    }
    if let Some(url) = public_url {
        wanted = wanted.handler_url(&handler_url(url));
        if matches!(credentials, Credentials::OAuth(_)) {
            for event in bound_events(events) {
                wanted = wanted.event(event);
            }
        }
    }
    if bots.len() > 1 {
        tracing::warn!("{}", checks::several_bots(bots.len()));
    }
    Ok(wanted)
}
