//! Callbacks to events: bots of both generations, open lines, connectors and the application, in one shape.
//!
//! ```
//! use std::sync::Arc;
//! use openlines::{codec, wire::Event};
//!
//! let body = "event=ONIMCONNECTORLINEDELETE&data=107&ts=1773761165";
//! let raw = codec::form::decode(body.as_bytes(), &Default::default())?;
//! let events = codec::events(&codec::Callback::read(Arc::new(raw))?)?;
//! assert!(matches!(events[0].event, Event::LineRemoved(removed) if removed.line.get() == 107));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** portals and the documentation draw several of these events differently; both forms are read.

mod app;
mod chat;
pub(super) mod connector;
pub(super) mod line;
pub(super) mod v1;
mod v2;

use super::{Callback, TypeError, fields::Fields};
use crate::wire::{Event, Incoming, OfflineEvents, Origin};

/// The events of a callback: one for each bot or command that it names, one for everything else.
///
/// What is not typed is [`Event::Other`]. An event that is typed but lacks an essential is an error: it is to be kept and
/// shown to a person, not dropped.
///
/// **Trap:** all of them share the callback's [`Raw`](crate::wire::Raw), tokens included; [`stored`](super::stored) cuts
/// out what belongs to one of them, without tokens.
pub fn events(callback: &Callback) -> Result<Vec<Incoming>, TypeError> {
    match callback.code.as_str() {
        "ONIMBOTMESSAGEADD" => v1::messages(callback),
        "ONIMBOTMESSAGEUPDATE" => v1::updates(callback),
        "ONIMBOTMESSAGEDELETE" => v1::deletes(callback),
        "ONIMBOTJOINCHAT" => v1::joins(callback),
        "ONIMBOTCONTEXTGET" => v1::contexts(callback),
        "ONIMBOTDELETE" => v1::bot_deleted(callback),
        "ONIMCOMMANDADD" => v1::commands(callback),
        "ONIMBOTV2MESSAGEADD" => v2::message(callback),
        "ONIMBOTV2MESSAGEUPDATE" => v2::update(callback),
        "ONIMBOTV2MESSAGEDELETE" => v2::delete(callback),
        "ONIMBOTV2JOINCHAT" => v2::join(callback),
        "ONIMBOTV2CONTEXTGET" => v2::context(callback),
        "ONIMBOTV2DELETE" => v2::bot_deleted(callback),
        "ONIMBOTV2COMMANDADD" => v2::command(callback),
        "ONIMBOTV2REACTIONCHANGE" => v2::reaction(callback),
        "ONOPENLINEMESSAGEADD" => line::messages(callback),
        "ONOPENLINEMESSAGEUPDATE" => line::updates(callback),
        "ONOPENLINEMESSAGEDELETE" => line::deletes(callback),
        "ONSESSIONSTART" => line::sessions(callback, Event::SessionStarted),
        "ONSESSIONFINISH" => line::sessions(callback, Event::SessionFinished),
        "ONAPPINSTALL" => Ok(one(callback, Event::AppInstalled(app::installed(callback)))),
        "ONAPPUPDATE" => Ok(one(callback, Event::AppUpdated(app::updated(callback)))),
        "ONAPPUNINSTALL" => Ok(one(callback, Event::AppUninstalled(app::uninstalled(callback)))),
        "ONAPPPAYMENT" => Ok(one(callback, Event::AppPaid(app::paid(callback)))),
        "ONSUBSCRIPTIONRENEW" => Ok(one(callback, Event::SubscriptionRenewed(app::renewed(callback)))),
        "ONAPPMETHODCONFIRM" => Ok(one(callback, Event::MethodConfirmed(app::confirmed(callback)))),
        "ONAPPTEST" => Ok(one(callback, Event::AppTested(app::tested(callback)))),
        "ONOFFLINEEVENT" => Ok(one(callback, Event::OfflineEvents(OfflineEvents))),
        "ONIMCONNECTORMESSAGEADD" => connector::messages(callback),
        "ONIMCONNECTORMESSAGEUPDATE" => connector::updates(callback),
        "ONIMCONNECTORMESSAGEDELETE" => connector::deletes(callback),
        "ONIMCONNECTORDIALOGSTART" => connector::dialogs(callback, Event::ConnectorDialogStarted),
        "ONIMCONNECTORDIALOGFINISH" => connector::dialogs(callback, Event::ConnectorDialogFinished),
        "ONIMCONNECTORSTATUSDELETE" => connector::removed(callback),
        "ONIMCONNECTORLINEDELETE" => connector::line_removed(callback),
        _ => Ok(one(callback, Event::Other)),
    }
}

/// Which generation or family a code belongs to.
fn origin(code: &str) -> Origin {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if starts(&["ONIMBOTV2"]) {
        Origin::BotV2
    } else if starts(&["ONIMBOT", "ONIMCOMMAND"]) {
        Origin::BotV1
    } else if starts(&["ONIMCONNECTOR"]) {
        Origin::Connector
    } else if starts(&["ONOPENLINE", "ONSESSION"]) {
        Origin::Line
    } else if starts(&["ONAPP", "ONSUBSCRIPTION", "ONOFFLINEEVENT"]) {
        Origin::App
    } else {
        Origin::Other
    }
}

fn incoming(callback: &Callback, event: Event) -> Incoming {
    Incoming {
        ts: callback.ts,
        raw: callback.raw.clone(),
        ..Incoming::new(callback.code.as_str(), event, origin(&callback.code))
    }
}

fn one(callback: &Callback, event: Event) -> Vec<Incoming> {
    let bot = match event {
        // A bot event of the second generation that is not typed yet still says whose it is.
        Event::Other if callback.code.starts_with("ONIMBOTV2") => v2::bot(callback).ok(),
        _ => None,
    };
    vec![Incoming { bot, ..incoming(callback, event) }]
}

/// The fields of `data`, which is a map wherever there is anything to type.
fn payload(callback: &Callback) -> Result<Fields<'_>, TypeError> {
    let node = callback.raw.root().get("data");
    match node {
        Some(data) if data.is_map() => Ok(Fields::new(data, "data")),
        _ => Err(TypeError::new("data", "the event's payload", node)),
    }
}

#[cfg(test)]
mod tests;
