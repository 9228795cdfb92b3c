//! A database with a past: events that are done, or that wait, written through the store's own interface.

use std::{sync::Arc, time::Duration};

use openlines::{
    clock::{Clock as _, SystemClock},
    codec,
    store::{
        Appended, Committed, DedupeKey, DedupeKind, Journal as _, LaneChange, LaneKey, LaneState, NewEvent,
        NewOutboxRow, NodeId, OpenMode, Outbox as _, Priority, SendOutcome, Seq, SqliteStore, TurnCommit,
        Work as _,
    },
    wire::PortalKey,
};
use tokio::task::JoinSet;

use crate::{
    Failed,
    event::{MEMBER, Mark, Template},
    load,
    stage::{CLIENT_ID, Home},
};

/// Events written at once.
const AT_ONCE: usize = 1_000;

/// What the database of a bot that does not run is to hold besides what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    /// Dialogs known.
    pub(crate) dialogs: usize,
    /// Messages of each.
    pub(crate) each: u32,
    /// Whether they are answered, or still wait.
    pub(crate) done: bool,
}

/// Writes `past` into the database of `home`.
pub(crate) async fn write(home: &Home, past: Past) -> Result<(), Failed> {
    let store = Arc::new(SqliteStore::open(home.database(), OpenMode::Server)?);
    let portal = PortalKey::new(CLIENT_ID, MEMBER);
    let clock = SystemClock;
    let lease = store.acquire(std::slice::from_ref(&portal), &NodeId::new("bench"), clock.now()).await?;
    let lease = Arc::new(lease.into_iter().next().ok_or("the store gave no lease")?);
    let template = Template::v2();
    let (mut message, total) = (1, past.dialogs * past.each as usize);
    for from in (0..total).step_by(AT_ONCE) {
        let mut events = Vec::with_capacity(AT_ONCE);
        for place in from..(from + AT_ONCE).min(total) {
            let mark = Mark {
                dialog: u32::try_from(place % past.dialogs)?,
                number: u32::try_from(place / past.dialogs)?,
            };
            events.push((event(&portal, &template, mark, message)?, mark.number, message));
            message += 1;
        }
        let rows = events.iter().map(|(event, ..)| event.clone()).collect();
        let appended = store.append(rows, clock.now()).await?;
        if !past.done {
            continue;
        }
        let mut turns = JoinSet::new();
        for ((event, number, message), appended) in events.into_iter().zip(appended) {
            let Appended::Fresh(seq) = appended else { return Err("an event was known already".into()) };
            let (store, lease) = (Arc::clone(&store), Arc::clone(&lease));
            turns.spawn(async move { answered(&store, &lease, event.lane, seq, number, message).await });
        }
        while let Some(turn) = turns.join_next().await {
            turn??;
        }
    }
    Ok(())
}

fn event(portal: &PortalKey, template: &Template, mark: Mark, message: u64) -> Result<NewEvent, Failed> {
    let body = template.body(mark, message, load::now(), "");
    let raw = codec::form::decode(body.as_bytes(), &codec::form::Limits::default())?;
    let callback = codec::Callback::read(Arc::new(raw))?;
    let incoming = codec::events(&callback)?.into_iter().next().ok_or("the event names no bot")?;
    let fact = codec::keys::fact(&incoming, None);
    Ok(NewEvent {
        portal: portal.clone(),
        lane: LaneKey::new(codec::keys::lane(&incoming)),
        dedupe: DedupeKey {
            bot: fact.bot,
            kind: DedupeKind::Message,
            ordinal: fact.ordinal,
            digest: fact.digest,
        },
        code: incoming.code.clone(),
        message: codec::keys::ordering(&incoming),
        body: codec::stored(&incoming),
        park: None,
        quiet: codec::keys::is_quiet(&incoming),
        read: None,
    })
}

async fn answered(
    store: &SqliteStore,
    lease: &openlines::store::Lease,
    lane: LaneKey,
    seq: Seq,
    number: u32,
    message: u64,
) -> Result<(), Failed> {
    let now = SystemClock.now();
    let turn = store.start_turn(lease, &[seq], now).await?;
    let state = LaneState { last_message: i64::try_from(message)?, ..LaneState::default() };
    let reply = NewOutboxRow {
        dialog: lane.as_str().to_owned(),
        priority: Priority::Reply,
        call: REPLY.to_owned(),
        uuid: turn.id.0,
        marked: false,
    };
    let commit = TurnCommit {
        turn: turn.id,
        lane,
        consumed: turn.seqs,
        change: Some(LaneChange { expected: u64::from(number), state }),
        outbox: vec![reply],
        timers: Vec::new(),
    };
    let Committed::Done(calls) = store.commit(lease, commit, now).await? else {
        return Err("a dialog was changed by somebody else".into());
    };
    for call in calls {
        let sent = SendOutcome::Sent(r#"{"id":1}"#.to_owned());
        store.settle(lease, call, sent, now.plus(Duration::from_millis(1))).await?;
    }
    Ok(())
}

/// A reply of the usual length; nobody sends it any more.
const REPLY: &str = r#"{"route":"bot_message","method":"imbot.v2.Chat.Message.send","params":{"botId":456,"dialogId":"chat100001","fields":{"message":"You said: q12x7z Where is my order?","templateId":"796c45aa-70e5-45aa-930c-c7fb32710c62"}}}"#;
