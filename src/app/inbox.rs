//! `inbox`: what needs a person. Works beside a running server, which acts on requests within a second.

use std::fmt::Write as _;

use super::{AppError, AppErrorKind, Config, command_line::InboxTask};
use crate::{
    clock::{Clock, SystemClock},
    codec,
    store::{self, Inbox, InboxEntry, InboxItem, InboxRequest, InboxState, OutboxId, Seq},
    wire::Timestamp,
};

/// Carries out one `inbox` command and prints what it found.
pub(super) async fn run(config: &Config, task: InboxTask) -> Result<(), AppError> {
    let store = store::inspect(&config.database_url).map_err(|error| AppError::database(&error))?;
    let now = SystemClock.now();
    let text = match task {
        InboxTask::List { pending, limit } => list(store.as_ref(), pending, limit, now).await?,
        InboxTask::Show { id } => show(&find(store.as_ref(), &id).await?, now),
        InboxTask::Retry { id } => {
            let entry = find(store.as_ref(), &id).await?;
            store.request(InboxRequest::Retry(entry.item), now).await.map_err(AppError::store)?;
            format!("{id} is put back; a running server takes it up within a second\n")
        }
        InboxTask::Drop { id } => {
            let entry = find(store.as_ref(), &id).await?;
            store.request(InboxRequest::Drop(entry.item), now).await.map_err(AppError::store)?;
            format!("{id} is given up; a running server drops it within a second\n")
        }
    };
    super::print(&text)
}

async fn list(store: &dyn Inbox, pending: bool, limit: u32, now: Timestamp) -> Result<String, AppError> {
    let mut entries = store.inbox(None, limit).await.map_err(AppError::store)?;
    if pending {
        entries.extend(store.inbox(Some(InboxState::Pending), limit).await.map_err(AppError::store)?);
    }
    if entries.is_empty() {
        return Ok("nothing needs you\n".into());
    }
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(
            text,
            "{:<12} {:<9} {:>6} ago  tries {:<2} {}  {}  {}  {}",
            id_of(entry.item),
            state(entry.state),
            age(entry.since, now),
            entry.attempts,
            entry.what,
            entry.lane,
            entry.portal,
            first_line(&entry.error),
        );
    }
    Ok(text)
}

async fn find(store: &dyn Inbox, id: &str) -> Result<InboxEntry, AppError> {
    let item = item_of(id).ok_or_else(|| {
        AppError::new(
            AppErrorKind::Request,
            format!("`{id}` is no entry: `inbox list` prints them, as event:12 or call:7"),
        )
    })?;
    store.inbox_entry(item).await.map_err(AppError::store)?.ok_or_else(|| {
        AppError::new(
            AppErrorKind::Request,
            format!("there is no {id}: it is done, or was dropped; see `inbox list`"),
        )
    })
}

fn show(entry: &InboxEntry, now: Timestamp) -> String {
    let body = match entry.item {
        InboxItem::Event(_) => codec::from_stored(&entry.body).ok().map(|raw| raw.root().to_json()),
        InboxItem::Call(_) => serde_json::from_slice(&entry.body).ok(),
    };
    let body = body.and_then(|value| serde_json::to_string_pretty(&value).ok());
    format!(
        "{}  {}\nportal   {}\nlane     {}\nstate    {}, {} ago, {} failed tries\nerror    {}\n\n{}\n",
        id_of(entry.item),
        entry.what,
        entry.portal,
        entry.lane,
        state(entry.state),
        age(entry.since, now),
        entry.attempts,
        if entry.error.is_empty() { "none" } else { &entry.error },
        body.unwrap_or_else(|| "(its content is kept no longer, or cannot be read)".into()),
    )
}

fn id_of(item: InboxItem) -> String {
    match item {
        InboxItem::Event(Seq(seq)) => format!("event:{seq}"),
        InboxItem::Call(OutboxId(id)) => format!("call:{id}"),
    }
}

fn item_of(id: &str) -> Option<InboxItem> {
    let (kind, number) = id.split_once(':')?;
    let number = number.parse().ok()?;
    match kind {
        "event" => Some(InboxItem::Event(Seq(number))),
        "call" => Some(InboxItem::Call(OutboxId(number))),
        _ => None,
    }
}

fn state(state: InboxState) -> &'static str {
    match state {
        InboxState::Pending => "pending",
        InboxState::Parked => "parked",
        InboxState::Uncertain => "uncertain",
        InboxState::Rejected => "rejected",
    }
}

fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(since).as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_as_it_is_printed() {
        for item in [InboxItem::Event(Seq(12)), InboxItem::Call(OutboxId(7))] {
            assert_eq!(item_of(&id_of(item)), Some(item));
        }
        for wrong in ["12", "event:", "event:x", "row:1", ""] {
            assert_eq!(item_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_age_is_told_in_the_unit_that_fits() {
        let since = Timestamp::from_seconds(0);
        let ages = [5, 180, 7200, 200_000].map(|seconds| age(since, Timestamp::from_seconds(seconds)));
        assert_eq!(ages, ["5s", "3m", "2h", "2d"]);
    }
}
