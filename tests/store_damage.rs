//! A database file with one damaged page, each page in turn: whatever touches it says so by name, what is acknowledged
//! is on disk, and no thread dies of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{collections::BTreeMap, path::Path, time::Duration};

use openlines::{
    store::{
        Appended, DedupeKey, DedupeKind, Inbox, Journal, LaneChange, LaneKey, LaneState, Lease, NewEvent,
        NewOutboxRow, NodeId, OpenMode, Outbox, OutboxId, Parking, PortalRecord, PortalStatus, Portals,
        Priority, Retention, SendOutcome, Seq, SqliteStore, StoreError, StoreErrorKind, TimerChange,
        TurnCommit, TurnId, Upkeep, Work,
    },
    wire::{BotId, MessageId, PortalKey, Timestamp},
};
use rusqlite::Connection;
use uuid::Uuid;

const PAGE: usize = 4096;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn portal() -> PortalKey {
    PortalKey::new("app", "member")
}

fn event(id: i64) -> NewEvent {
    NewEvent {
        portal: portal(),
        lane: LaneKey::new(format!("lane {}", id % 7)),
        dedupe: DedupeKey { bot: BotId::new(39), kind: DedupeKind::Message, ordinal: id, digest: [3; 16] },
        code: "ONIMBOTV2MESSAGEADD".into(),
        message: Some(MessageId::new(id)),
        // The longest do not fit into a page.
        body: vec![b'x'; usize::try_from(id).unwrap() % 5 * 1_500].into(),
        park: (id % 11 == 0).then(|| "cannot be typed".into()),
        quiet: false,
        read: None,
    }
}

fn commit(turn: TurnId, lane: LaneKey, seqs: Vec<Seq>, revision: u64) -> TurnCommit {
    let row = NewOutboxRow {
        dialog: lane.as_str().into(),
        priority: Priority::Reply,
        call: r#"{"method":"imbot.v2.Chat.Message.send"}"#.into(),
        uuid: Uuid::from_u128(turn.0.as_u128() ^ 1),
        marked: true,
    };
    let (change, timers) = lane_change(revision);
    TurnCommit { turn, lane, consumed: seqs, change, outbox: vec![row], timers }
}

fn parking(turn: TurnId, lane: LaneKey, revision: u64) -> Parking {
    let (change, timers) = lane_change(revision);
    Parking { turn, lane, error: "no".into(), change, timers }
}

fn lane_change(expected: u64) -> (Option<LaneChange>, Vec<TimerChange>) {
    let state = LaneState { dialogue: Some("state".into()), ..LaneState::default() };
    let timer = TimerChange::Set { id: "tea".into(), at: at(50), payload: "tea".into() };
    (Some(LaneChange { expected, state }), vec![timer])
}

async fn lease(store: &SqliteStore) -> Result<Lease, StoreError> {
    Ok(store.acquire(&[portal()], &NodeId::new("n"), at(1)).await?.remove(0))
}

/// One of everything that a bot asks of its store. The sequence number of what was appended last, if that was done.
async fn work(store: &SqliteStore, first: i64) -> (Vec<StoreError>, Option<Seq>) {
    let mut wrong = Vec::new();
    macro_rules! done {
        ($what:expr) => {
            match $what.await {
                Ok(done) => Some(done),
                Err(error) => {
                    wrong.push(error);
                    None
                }
            }
        };
    }
    let record = PortalRecord {
        key: portal(),
        generation: done!(store.portal(&portal())).flatten().map_or(0, |record| record.generation),
        status: PortalStatus::Active,
        domain: "x.example".into(),
        sealed: vec![7; 600].into(),
        updated: at(1),
    };
    done!(store.put_portal(record, at(1)));
    done!(store.begin_refresh(&portal(), 1, Duration::from_secs(9), at(1)));
    let appended = done!(store.append((first..first + 40).map(event).collect(), at(1)));
    if let Some(lease) = done!(lease(store)) {
        let rows = done!(store.load(&lease, Seq(0), 12)).unwrap_or_default();
        for (nth, row) in rows.into_iter().enumerate() {
            let Some(turn) = done!(store.start_turn(&lease, &[row.seq], at(2))) else { continue };
            let state = done!(store.lane(&lease, &row.lane)).unwrap_or_default();
            done!(store.put_step(&lease, turn.id, "step", "done".into()));
            match nth % 3 {
                0 => drop(done!(store.commit(
                    &lease,
                    commit(turn.id, row.lane, turn.seqs, state.revision),
                    at(3)
                ))),
                1 => drop(done!(store.fail(&lease, turn.id, "no", at(9)))),
                _ => drop(done!(store.park(&lease, parking(turn.id, row.lane, state.revision), at(3)))),
            }
        }
        let calls = done!(store.unsettled(&lease, OutboxId(0), 9)).unwrap_or_default();
        for call in calls.into_iter().take(2) {
            done!(store.mark_sending(&lease, &[call.id], at(4)));
            done!(store.settle(&lease, call.id, SendOutcome::Sent("1".into()), at(5)));
        }
        done!(store.next_timer(&lease));
        done!(store.due_timers(&lease, 9, at(60)));
    }
    done!(store.inbox(None, 99));
    done!(store.carry_out_requests(at(6)));
    done!(store.sweep(&Retention::default(), 99, at(100_000)));
    let last = appended.and_then(|rows| match rows.last() {
        Some(Appended::Fresh(seq)) => Some(*seq),
        _ => None,
    });
    (wrong, last)
}

/// A look past the store: whether the journal has it, if that can be told.
fn has(path: &Path, seq: Seq) -> rusqlite::Result<bool> {
    let raw = Connection::open(path)?;
    raw.query_row("SELECT count(*) FROM events WHERE seq = ?1", [seq.0], |row| row.get(0))
}

/// Which table or index each page belongs to.
fn owners(path: &Path) -> BTreeMap<usize, String> {
    let raw = Connection::open(path).unwrap();
    let mut pages = raw.prepare("SELECT pageno, name FROM dbstat").unwrap();
    pages
        .query_map([], |row| Ok((usize::try_from(row.get::<_, i64>(0)?).unwrap(), row.get(1)?)))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[tokio::test]
async fn whichever_page_is_damaged_it_is_said_by_name_and_what_is_acknowledged_is_on_disk() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("bot.db");
    let store = SqliteStore::open(&path, OpenMode::Server).unwrap();
    let (wrong, last) = work(&store, 1).await;
    assert!(wrong.is_empty() && last.is_some(), "{wrong:?}");
    drop(store);
    let sound = std::fs::read(&path).unwrap();
    let owners = owners(&path);
    let pages = sound.len() / PAGE;
    assert!(pages > 40, "{pages}");

    let (mut at_start, mut at_work, mut unnoticed) = (0, 0, Vec::new());
    for page in 1..=pages {
        for filling in [[0x00; 8], [0x5A; 8], [0x0D, 0xFF, 0x00, 0x9C, 0x31, 0x80, 0x02, 0xE7]] {
            let owner = owners.get(&page).map_or("nobody", String::as_str);
            let damaged = place.path().join(format!("page {page}.db"));
            let mut bytes = sound.clone();
            // What the header says of the whole file stays: without it this is no database at all.
            let from = if page == 1 { 100 } else { (page - 1) * PAGE };
            let hurt = &mut bytes[from..page * PAGE];
            hurt.iter_mut().zip(filling.iter().cycle()).for_each(|(byte, wrong)| *byte = *wrong);
            std::fs::write(&damaged, bytes).unwrap();

            let (wrong, last) = match SqliteStore::open(&damaged, OpenMode::Server) {
                Ok(store) => work(&store, 1_000).await,
                Err(error) => {
                    at_start += 1;
                    (vec![error], None)
                }
            };
            let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            for error in &wrong {
                let text = error.to_string();
                let what = format!("page {page} of {owner}, filled with {filling:x?}: {told:#?}");
                match error.kind() {
                    StoreErrorKind::Damaged => {
                        assert!(text.contains(&*damaged.to_string_lossy()), "{what}");
                        assert!(text.contains("restore a copy"), "{what}");
                    }
                    // It names what the damage has made unknown.
                    StoreErrorKind::Gone => {}
                    other => panic!("{other:?}: {what}"),
                }
            }
            if let Some(seq) = last
                && let Ok(has) = has(&damaged, seq)
            {
                assert!(has, "page {page} of {owner}: {seq} was acknowledged and is not there; {told:#?}");
            }
            if wrong.is_empty() {
                unnoticed.push(owner);
            } else {
                at_work += 1;
            }
            std::fs::remove_file(&damaged).unwrap();
        }
    }
    unnoticed.sort_unstable();
    unnoticed.dedup();
    println!(
        "{pages} pages, each damaged in 3 ways: {at_start} refused at the start, {} while at work; \
         not noticed, as nothing read it: {unnoticed:?}",
        at_work - at_start
    );
    assert!(at_start > 0 && at_work > pages, "{at_start}, {at_work}");
}
