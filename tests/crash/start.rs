//! Databases that cannot be worked with: the bot does not start, and says by the file's name why and what to do.

use std::{path::Path, process::Command};

use openlines::{
    store::{DedupeKey, DedupeKind, Journal, LaneKey, NewEvent, OpenMode, SqliteStore},
    wire::{BotId, PortalKey, Timestamp},
};
use openlines_emulator::Emulator;
use rusqlite::Connection;

use crate::{
    bot::Home,
    crowd::CROWD,
    disk::{may_mount, unshared},
};

/// A database as a bot leaves it, of many pages.
async fn sound() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bot.db");
    let store = SqliteStore::open(&path, OpenMode::Server).unwrap();
    let event = |id: i64| NewEvent {
        portal: PortalKey::new("app", "member"),
        lane: LaneKey::new("a"),
        dedupe: DedupeKey { bot: BotId::new(39), kind: DedupeKind::Message, ordinal: id, digest: [0; 16] },
        code: "ONIMBOTV2MESSAGEADD".into(),
        message: None,
        body: vec![b'x'; 1_000].into(),
        park: None,
        read: None,
    };
    store.append((1..100).map(event).collect(), Timestamp::from_seconds(1)).await.unwrap();
    drop(store);
    std::fs::read(path).unwrap()
}

/// What is wrong with the file, and two things that the bot says of it.
struct Case {
    what: &'static str,
    wrong: fn(&Path, &[u8]),
    says: [&'static str; 2],
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

const NO_DATABASE: [&str; 2] = ["it is no SQLite database", "name another file"];
const DAMAGED: [&str; 2] = ["the file is damaged", "stop the server and restore a copy of it"];

const CASES: &[Case] = &[
    Case {
        what: "a damaged header",
        wrong: |path, sound| write(path, &[&[0x5A; 100], &sound[100..]].concat()),
        says: NO_DATABASE,
    },
    Case { what: "the first bytes only", wrong: |path, sound| write(path, &sound[..50]), says: DAMAGED },
    Case {
        what: "a damaged list of tables",
        wrong: |path, sound| write(path, &[&sound[..100], &[0x5A; 3_996], &sound[4_096..]].concat()),
        says: DAMAGED,
    },
    Case {
        what: "half of it is lost",
        wrong: |path, sound| write(path, &sound[..sound.len() / 2]),
        says: DAMAGED,
    },
    Case {
        what: "the end is lost",
        wrong: |path, sound| write(path, &sound[..sound.len() - 100]),
        says: DAMAGED,
    },
    Case {
        what: "a text",
        wrong: |path, _sound| write(path, "Dear diary, today I wrote a text.\n".repeat(99).as_bytes()),
        says: NO_DATABASE,
    },
    Case {
        what: "another program's database",
        wrong: |path, _sound| {
            let other = Connection::open(path).unwrap();
            other.execute_batch("CREATE TABLE recipes (name); PRAGMA application_id = 77").unwrap();
        },
        says: ["a SQLite database of another program", "name another file"],
    },
    Case {
        what: "a newer schema",
        wrong: |path, sound| {
            write(path, sound);
            Connection::open(path).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
        },
        says: ["has schema 9999, written by a newer program", "use the newer program, or another file"],
    },
];

/// The same by the way in which it is mounted: `$0` is the directory, `$1` the bot.
const MOUNTED: &[(&str, &str, [&str; 2])] = &[
    (
        "a read-only file",
        r#"mount --bind "$0/bot.db" "$0/bot.db" && mount -o remount,bind,ro "$0/bot.db" && exec "$1""#,
        ["cannot be written to", "let this user write to the file and its directory"],
    ),
    (
        "a read-only directory",
        r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$1""#,
        ["cannot lock", "let this user write to its directory"],
    ),
    (
        "a full disk, and no database yet",
        r#"mount -t tmpfs -o size=64k none "$0" && { cat /dev/zero >"$0/filler" 2>/dev/null; exec "$1"; }"#,
        ["the disk is full", "free space, then try again"],
    ),
    (
        "a full disk with a database",
        r#"mkdir "$0/disk" && mount -t tmpfs -o size=1m none "$0/disk" && cp "$0/bot.db" "$0/disk" &&
           mount --move "$0/disk" "$0" && { cat /dev/zero >"$0/filler" 2>/dev/null; exec "$1"; }"#,
        ["the disk is full", "free space, then try again"],
    ),
];

pub(crate) async fn is_refused_by_name() {
    let emulator = Emulator::start().await;
    for case in CASES {
        let bot = std::env::current_exe().unwrap();
        is_refused(&emulator, case.what, case.wrong, Command::new(bot), case.says).await;
    }
}

pub(crate) async fn is_refused_where_it_lies() {
    if !may_mount() {
        return;
    }
    let emulator = Emulator::start().await;
    for (what, script, says) in MOUNTED {
        let mut command = unshared();
        command.args(["sh", "-c", script]);
        is_refused(&emulator, what, write, command, *says).await;
    }
}

async fn is_refused(
    emulator: &Emulator,
    what: &str,
    wrong: impl Fn(&Path, &[u8]),
    mut command: Command,
    says: [&str; 2],
) {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("place");
    std::fs::create_dir(&place).unwrap();
    let path = place.join("bot.db");
    wrong(&path, &sound().await);
    let before = std::fs::read(&path).unwrap();
    let portal = emulator.portal();
    let home = Home::new(CROWD, &portal, directory.path())
        .with("OPENLINES_DATABASE_URL", format!("sqlite://{}", path.display()));
    if command.get_program() == "unshare" {
        command.arg(&place).arg(std::env::current_exe().unwrap());
    }
    let is_well = home.launch(command).ended(what).await;
    let log = home.log();
    assert!(!is_well, "{what}: it started\n{log}");
    for part in [&*path.to_string_lossy(), says[0], says[1]] {
        assert!(log.contains(part), "{what}: {part:?} is not said\n{log}");
    }
    assert!(!log.contains("panicked"), "{what}\n{log}");
    assert_eq!(std::fs::read(&path).unwrap(), before, "{what}: the file is as it was");
}
