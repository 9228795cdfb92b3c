//! Settings that can be seen to be wrong before anything is begun, for `serve` and `doctor`.

use std::collections::HashSet;

use super::{AppError, AppErrorKind};
use crate::dispatch::Bot;

/// Bots are found again by their codes.
pub(super) fn check_bots(bots: &[Bot]) -> Result<(), AppError> {
    let wrong = |what: String| Err(AppError::new(AppErrorKind::Setting, what));
    if bots.is_empty() {
        return wrong("the app has no bot; add one with `App::bot`".into());
    }
    let mut codes = HashSet::new();
    for bot in bots {
        let code = bot.profile.code();
        if code.trim().is_empty() {
            return wrong(
                "a bot has an empty code; the portal knows it by its code, so give it one that stays".into(),
            );
        }
        let spec = bot.profile.spec();
        if spec.name.trim().is_empty() {
            return wrong(format!("bot `{code}` has an empty name; people see it, so give it one"));
        }
        for command in spec.commands.iter().map(|command| command.name.as_str()) {
            if command.is_empty() || command.chars().any(char::is_whitespace) {
                return wrong(format!(
                    "bot `{code}` has the command `{command}`, and the name of a command is one word; the rest of what is typed are its arguments"
                ));
            }
        }
        if !codes.insert(code) {
            return wrong(format!("two bots have the code `{code}`; each needs one of its own"));
        }
    }
    Ok(())
}

/// Whether a portal would take it as the address of a handler (protocol 1.9), and safely.
pub(super) fn check_public_url(text: &str) -> Result<(), AppError> {
    let wrong = |why: &str| {
        let what = format!(
            "OPENLINES_PUBLIC_URL {why}; it is how the portal reaches the bot, such as https://bot.example.com"
        );
        Err(AppError::new(AppErrorKind::Setting, what))
    };
    let Ok(url) = url::Url::parse(text.trim()) else { return wrong("is no URL") };
    let host = url.host_str().unwrap_or_default();
    let loopback = host.starts_with("127.") || host == "[::1]";
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return wrong("is plain http, which carries the portal's tokens in the clear; use https"),
        _ => return wrong("is neither https nor http"),
    }
    if !host.get(1..).is_some_and(|rest| rest.contains('.')) {
        return wrong("has a host without a dot, which portals refuse");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has a query or a fragment");
    }
    Ok(())
}

/// What to know of an application with several bots.
pub(super) fn several_bots(count: usize) -> String {
    format!(
        "this application has {count} bots: hand_over, transfer_to and finish_session act as the one registered first (protocol 4.4)"
    )
}
