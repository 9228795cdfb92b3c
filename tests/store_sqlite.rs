//! What is particular to the SQLite store: its file, its lock, its groups.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{FutureExt, join_all};
use openlines::{
    store::{
        Appended, Committed, DedupeKey, DedupeKind, Inbox, InboxItem, InboxRequest, Journal, LaneKey, Lease,
        Levels, NewEvent, NewOutboxRow, NodeId, OpenMode, Outbox, OutboxId, PortalRecord, PortalStatus,
        Portals, Priority, Retention, SendOutcome, Seq, SqliteStore, StoreError, StoreErrorKind, TurnCommit,
        Upkeep, Work,
    },
    wire::{BotId, Event, Incoming, MessageId, Origin, PortalKey, Timestamp},
};
use rusqlite::Connection;
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn portal() -> PortalKey {
    PortalKey::new("app", "member")
}

fn message(id: i64, body: &str) -> NewEvent {
    NewEvent {
        portal: portal(),
        lane: LaneKey::new("a"),
        dedupe: DedupeKey { bot: BotId::new(39), kind: DedupeKind::Message, ordinal: id, digest: [0; 16] },
        code: "ONIMBOTMESSAGEADD".into(),
        message: Some(MessageId::new(id)),
        body: body.to_owned().into(),
        park: None,
        quiet: false,
        read: None,
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("bot.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path(), OpenMode::Server).unwrap()
    }

    /// A look past the store.
    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

async fn lease(store: &SqliteStore) -> Lease {
    store.acquire(&[portal()], &NodeId::new("n"), at(0)).await.unwrap().remove(0)
}

#[track_caller]
fn refused(path: &Path, mode: OpenMode, kind: StoreErrorKind) -> String {
    let error: StoreError = SqliteStore::open(path, mode).unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(&*path.to_string_lossy()), "the error names the file: {text}");
    text
}

#[tokio::test]
async fn what_the_appender_has_read_comes_back_once_and_is_not_stored() {
    let place = Place::new();
    let read = Incoming::new("ONIMBOTV2MESSAGEADD", Event::Other, Origin::BotV2);
    let event = NewEvent { read: Some(Arc::new(read)), ..message(7, "pairs") };
    let store = place.open();
    let held = lease(&store).await;
    store.append(vec![event], at(1)).await.unwrap();
    let row = store.load(&held, Seq(0), 10).await.unwrap().remove(0);
    assert_eq!(
        Arc::into_inner(row.read.unwrap()).unwrap().code,
        "ONIMBOTV2MESSAGEADD",
        "nobody else holds it"
    );
    let row = store.load(&held, Seq(0), 10).await.unwrap().remove(0);
    assert!(row.read.is_none());
    assert_eq!(row.body, "pairs");
}

#[test]
fn a_second_server_is_refused_by_the_name_of_the_first() {
    let place = Place::new();
    let first = place.open();
    let text = refused(&place.path(), OpenMode::Server, StoreErrorKind::Locked);
    assert!(text.contains(&format!("process {} (store_sqlite", std::process::id())), "{text}");
    drop(first);
    place.open();
}

/// Set in the process that holds the database while the test looks at it.
const HOLD: &str = "OPENLINES_TEST_HOLDS";

#[test]
fn a_killed_server_leaves_the_database_free_for_the_next() {
    if let Some(path) = std::env::var_os(HOLD) {
        let _store = SqliteStore::open(path, OpenMode::Server).unwrap();
        println!("holding");
        // Until the parent kills this process, or is gone itself.
        std::io::stdin().lines().for_each(drop);
        return;
    }
    let place = Place::new();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "a_killed_server_leaves_the_database_free_for_the_next"])
        .env(HOLD, place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(said.map(Result::unwrap).any(|line| line.contains("holding")), "the other process opened it");
    let text = refused(&place.path(), OpenMode::Server, StoreErrorKind::Locked);
    assert!(text.contains(&format!("process {} ", holder.id())), "{text}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    place.open();
}

#[test]
fn a_newer_schema_is_refused_by_name_and_left_as_it_is() {
    let place = Place::new();
    drop(place.open());
    place.raw().pragma_update(None, "user_version", 9999).unwrap();
    for mode in [OpenMode::Server, OpenMode::Inspect] {
        let text = refused(&place.path(), mode, StoreErrorKind::NewerSchema);
        assert!(text.contains("9999"), "{text}");
    }
    let version: i64 = place.raw().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 9999);
}

#[test]
fn an_older_schema_is_not_looked_into_beside_its_server() {
    let place = Place::new();
    drop(place.open());
    place.raw().pragma_update(None, "user_version", 0).unwrap();
    let text = refused(&place.path(), OpenMode::Inspect, StoreErrorKind::OlderSchema);
    assert!(text.contains("start the server once"), "{text}");
}

#[test]
fn files_of_others_are_refused_and_left_as_they_are() {
    let place = Place::new();
    let other = place.raw();
    other.execute_batch("CREATE TABLE recipes (name); PRAGMA application_id = 77").unwrap();
    drop(other);
    let text = "Dear diary, today I wrote a text that is longer than the header of a database. ".repeat(20);
    let diary = place.0.path().join("diary.txt");
    std::fs::write(&diary, &text).unwrap();
    for path in [place.path(), diary.clone()] {
        let before = std::fs::read(&path).unwrap();
        for mode in [OpenMode::Server, OpenMode::Inspect] {
            let text = refused(&path, mode, StoreErrorKind::Damaged);
            assert!(text.contains("name another file"), "{text}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_damaged_file_is_refused_as_damaged() {
    let place = Place::new();
    drop(place.open());
    let mut bytes = std::fs::read(place.path()).unwrap();
    bytes[100..4096].fill(0x5A);
    std::fs::write(place.path(), bytes).unwrap();
    refused(&place.path(), OpenMode::Server, StoreErrorKind::Damaged);
}

#[test]
fn a_place_that_cannot_be_is_named_with_what_to_do() {
    let place = Place::new();
    let missing = place.0.path().join("no/such/bot.db");
    let text = refused(&missing, OpenMode::Server, StoreErrorKind::Io);
    assert!(text.contains("there is no directory") && text.contains("no/such"), "{text}");
    let text = refused(place.0.path(), OpenMode::Server, StoreErrorKind::Io);
    assert!(text.contains("is a directory"), "{text}");
    let text = refused(&place.path(), OpenMode::Inspect, StoreErrorKind::Io);
    assert!(text.contains("start the server"), "{text}");
    assert!(!place.path().exists(), "looking creates nothing");
}

#[cfg(unix)]
#[tokio::test]
async fn all_files_are_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open();
    store.append(vec![message(1, "x")], at(1)).await.unwrap();
    for name in ["bot.db", "bot.db-wal", "bot.db-shm", "bot.db.lock"] {
        let mode = std::fs::metadata(place.0.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_url_opens_a_file_and_inspects_it() {
    let place = Place::new();
    let url = format!("sqlite://{}", place.path().display());
    let store = openlines::store::open(&url).unwrap();
    store.append(vec![message(1, "x")], at(1)).await.unwrap();
    let beside = openlines::store::inspect(&url).unwrap();
    assert_eq!(beside.identity(), store.identity());
    assert!(openlines::store::inspect("memory:").is_err());
}

#[tokio::test]
async fn settings_that_live_in_the_file_are_as_measured_best() {
    let place = Place::new();
    let _store = place.open();
    let raw = place.raw();
    let text = |name: &str| raw.pragma_query_value(None, name, |row| row.get::<_, String>(0)).unwrap();
    let number = |name: &str| raw.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((text("journal_mode").as_str(), number("page_size")), ("wal", 4096));
    assert_eq!((number("user_version"), number("application_id")), (5, 0x4F50_4C4E));
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date_with_what_it_holds() {
    let place = Place::new();
    let raw = place.raw();
    raw.execute_batch(include_str!("../src/store/sqlite/schema/v1.sql")).unwrap();
    raw.execute_batch(
        "INSERT INTO portal_numbers (no, app, member, epoch, node) VALUES (1, 'app', 'p', 3, 'n');
         INSERT INTO outbox (id, portal, dialog, priority, call, uuid, created)
         VALUES (7, 1, 'a', 0, '{}', zeroblob(16), 1000);
         INSERT INTO outbox_open (portal, id, sending, attempts, error) VALUES (1, 7, 2000, 1, '');",
    )
    .unwrap();
    raw.pragma_update(None, "application_id", 0x4F50_4C4E).unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    let store = place.open();
    let leases = store.acquire(&[PortalKey::new("app", "p")], &NodeId::new("n"), at(9)).await.unwrap();
    assert_eq!(leases[0].epoch, 4);
    let rows = store.unsettled(&leases[0], OutboxId(0), 9).await.unwrap();
    assert_eq!((rows[0].id, rows[0].attempts, rows[0].note.as_deref()), (OutboxId(7), 1, None));
    store.note(&leases[0], OutboxId(7), "noted").await.unwrap();
    assert_eq!(store.level("here", &"p".into()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_appends_is_on_disk_in_few_transactions() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let before = store.transactions();
    let storm = (0..200).map(|id| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.append(vec![message(id, "x")], at(id)).await })
    });
    let mut seqs = Vec::new();
    for answer in join_all(storm).await {
        match answer.unwrap().unwrap()[..] {
            [Appended::Fresh(seq)] => seqs.push(seq),
            ref other => panic!("{other:?}"),
        }
    }
    let transactions = store.transactions() - before;
    assert!(transactions <= 100, "{transactions} transactions for 200 appends");
    drop(store);
    let store = place.open();
    let lease = lease(&store).await;
    let stored: Vec<Seq> = store.load(&lease, Seq(0), 999).await.unwrap().iter().map(|row| row.seq).collect();
    seqs.sort_unstable();
    assert_eq!(stored, seqs);
}

#[tokio::test]
async fn a_refused_operation_does_not_keep_its_group_from_the_disk() {
    let place = Place::new();
    let store = place.open();
    let old = lease(&store).await;
    let new = lease(&store).await;
    let seqs: Vec<Seq> = (0..40).map(Seq).collect();
    store.append((0..40).map(|id| message(id, "x")).collect(), at(1)).await.unwrap();
    let before = store.transactions();
    // All are sent before the first is answered, good and bad in turn.
    let all = (0..40).map(|id| {
        let (store, old, new, seqs) = (&store, &old, &new, &seqs);
        async move {
            match id % 3 {
                0 => store.append(vec![message(100 + id, "x")], at(2)).await.map(|_| ()),
                1 => store.mark_sending(old, &[OutboxId(1)], at(2)).await,
                _ => store.start_turn(new, &[seqs[0], Seq(9999)], at(2)).await.map(|_| ()),
            }
        }
    });
    for (id, answer) in join_all(all).await.into_iter().enumerate() {
        let kind = answer.err().map(|error| error.kind());
        let expected = [None, Some(StoreErrorKind::Fenced), Some(StoreErrorKind::Gone)][id % 3];
        assert_eq!(kind, expected, "operation {id}");
    }
    assert!(store.transactions() - before < 40);
    drop(store);
    let store = place.open();
    let lease = lease(&store).await;
    assert_eq!(store.load(&lease, Seq(0), 999).await.unwrap().len(), 40 + 14);
}

#[tokio::test]
async fn when_sql_fails_every_member_of_the_group_is_told_and_nothing_is_written() {
    let place = Place::new();
    let store = place.open();
    let held = lease(&store).await;
    place
        .raw()
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON bodies WHEN CAST(new.body AS TEXT) = 'poison'
             BEGIN SELECT raise(ABORT, 'a broken disk'); END",
        )
        .unwrap();
    let before = store.transactions();
    let events = vec![message(1, "x"), message(2, "poison"), message(3, "x")];
    let error = store.append(events, at(1)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Io);
    assert!(error.to_string().contains("a broken disk"), "{error}");
    assert_eq!(store.transactions(), before);
    assert!(store.load(&held, Seq(0), 9).await.unwrap().is_empty());

    // A lease taken in a group that failed was never taken.
    let poison = store.append(vec![message(2, "poison")], at(1));
    let portals = [portal()];
    let node = NodeId::new("n");
    let acquire = store.acquire(&portals, &node, at(1));
    let (poison, acquire) = tokio::join!(poison, acquire);
    poison.unwrap_err();
    let newest = acquire.map_or(held, |mut leases| leases.remove(0));
    assert!(store.load(&newest, Seq(0), 9).await.unwrap().is_empty());

    // And it goes on as if nothing had been.
    let answer = store.append(vec![message(1, "x"), message(3, "x")], at(2)).await.unwrap();
    assert_eq!(answer, [Appended::Fresh(Seq(1)), Appended::Fresh(Seq(2))]);
}

#[tokio::test]
async fn a_looker_sees_and_asks_beside_the_server_and_changes_nothing_else() {
    let place = Place::new();
    let server = place.open();
    let record = PortalRecord {
        key: portal(),
        generation: 0,
        status: PortalStatus::Active,
        domain: "x.example".into(),
        sealed: "sealed".into(),
        updated: at(0),
    };
    server.put_portal(record.clone(), at(1)).await.unwrap();
    let mut odd = message(1, "odd");
    odd.park = Some("cannot be typed".into());
    server.append(vec![odd], at(1)).await.unwrap();

    let looker = SqliteStore::open(place.path(), OpenMode::Inspect).unwrap();
    assert_eq!(looker.portals().await.unwrap().len(), 1);
    assert_eq!(looker.portal(&portal()).await.unwrap().unwrap().generation, 1);
    let parked = looker.inbox(None, 9).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(&looker.inbox_entry(parked[0].item).await.unwrap().unwrap().body[..], b"odd");
    let kinds = [
        looker.append(vec![message(2, "x")], at(2)).await.unwrap_err().kind(),
        looker.put_portal(record, at(2)).await.unwrap_err().kind(),
        looker.forget_portal(&portal()).await.unwrap_err().kind(),
        looker.acquire(&[portal()], &NodeId::new("n"), at(2)).await.unwrap_err().kind(),
        looker.carry_out_requests(at(2)).await.unwrap_err().kind(),
        looker.sweep(&Retention::default(), 9, at(2)).await.unwrap_err().kind(),
        looker.begin_refresh(&portal(), 1, Duration::ZERO, at(2)).await.unwrap_err().kind(),
    ];
    assert_eq!(kinds, [StoreErrorKind::ReadOnly; 7]);

    assert!(server.carry_out_requests(at(2)).await.unwrap().events.is_empty());
    looker.request(InboxRequest::Retry(InboxItem::Event(Seq(1))), at(3)).await.unwrap();
    let reopened = server.carry_out_requests(at(4)).await.unwrap();
    assert_eq!(reopened.events.len(), 1);
    assert!(looker.inbox(None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn forgetting_goes_on_after_a_restart() {
    let place = Place::new();
    let store = place.open();
    store.append((0..1200).map(|id| message(id, "x")).collect(), at(1)).await.unwrap();
    drop(store);
    // As a process leaves it that ended right after the portal was hidden.
    place
        .raw()
        .execute_batch("INSERT INTO forgotten SELECT no FROM portal_numbers; DELETE FROM portal_numbers")
        .unwrap();
    let store = place.open();
    let deadline = Instant::now() + Duration::from_secs(30);
    let raw = place.raw();
    let count = |table: &str| -> i64 {
        raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    while count("forgotten") > 0 {
        assert!(Instant::now() < deadline, "{} events are left", count("events"));
        tokio::task::yield_now().await;
    }
    for table in ["events", "bodies", "facts", "waiting"] {
        assert_eq!(count(table), 0, "{table}");
    }
    let answer = store.append(vec![message(1, "x")], at(2)).await.unwrap();
    assert_eq!(answer, [Appended::Fresh(Seq(1201))]);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_done_all_the_same() {
    let place = Place::new();
    let store = place.open();
    // Polled once and dropped, as when a client hangs up.
    let _ = store.append(vec![message(1, "x")], at(1)).now_or_never();
    drop(store);
    let store = place.open();
    let answer = store.append(vec![message(1, "x")], at(2)).await.unwrap();
    assert_eq!(answer, [Appended::Duplicate]);
}

#[tokio::test]
async fn what_became_of_a_batch_is_recorded_in_one_transaction() {
    let place = Place::new();
    let store = place.open();
    let lease = lease(&store).await;
    let seq = match store.append(vec![message(1, "x")], at(1)).await.unwrap()[..] {
        [Appended::Fresh(seq)] => seq,
        ref other => panic!("{other:?}"),
    };
    let turn = store.start_turn(&lease, &[seq], at(1)).await.unwrap();
    let row = |n: u128| NewOutboxRow {
        dialog: format!("{n}"),
        priority: Priority::Reply,
        call: "{}".into(),
        uuid: Uuid::from_u128(n),
        marked: false,
    };
    let commit = TurnCommit {
        turn: turn.id,
        lane: LaneKey::new("x"),
        consumed: turn.seqs,
        change: None,
        outbox: (0..50).map(row).collect(),
        timers: Vec::new(),
    };
    let Committed::Done(ids) = store.commit(&lease, commit, at(1)).await.unwrap() else {
        panic!("committed")
    };
    let before = store.transactions();
    store.mark_sending(&lease, &ids, at(2)).await.unwrap();
    let sent = ids.iter().map(|id| (*id, SendOutcome::Sent("1".into()))).collect();
    store.settle_all(&lease, sent, at(3)).await.unwrap();
    assert_eq!(store.transactions() - before, 2);
    assert!(store.unsettled(&lease, OutboxId(0), 99).await.unwrap().is_empty());
}
