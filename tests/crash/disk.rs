//! A disk that is full while the bot works: what does not fit is refused, what was accepted waits, and with room again
//! everything goes on.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use openlines_emulator::{Client, Emulator, Portal};

use crate::{
    bot::{Bot, Home},
    crowd::{self, CROWD, Place},
};

const SOON: Duration = Duration::from_secs(60);
const CLIENTS: usize = 4;

/// What keeps files from growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// A small file system of the bot's own; where this user may mount one.
    Disk,
    /// The longest file that the process may write.
    Limit,
}

impl Bound {
    /// What the log says that is to be done.
    fn advice(self) -> &'static str {
        match self {
            Self::Disk => "the disk is full; free space, then try again",
            Self::Limit => "nothing was acknowledged; look at the disk, then try again",
        }
    }
}

/// Where the database lies, and how it is kept from growing.
struct Volume {
    bound: Bound,
    directory: PathBuf,
}

impl Volume {
    fn new(bound: Bound, directory: &Path) -> Self {
        let directory = directory.join("disk");
        std::fs::create_dir(&directory).unwrap();
        Self { bound, directory }
    }

    fn database(&self) -> String {
        format!("sqlite://{}/bot.db", self.directory.display())
    }

    /// The shell becomes the bot. Its file system is gone with it.
    fn command(&self) -> Command {
        let bot = std::env::current_exe().unwrap();
        let mut command = match self.bound {
            Bound::Disk => {
                let mut command = unshared();
                command.args(["sh", "-c", r#"mount -t tmpfs -o size=4m none "$0" && exec "$1""#]);
                command
            }
            Bound::Limit => {
                let mut command = Command::new("sh");
                // Writing fails; the signal that would end the process is not sent.
                command.args(["-c", r#"trap "" XFSZ; exec "$1""#]);
                command
            }
        };
        command.arg(&self.directory).arg(bot);
        command
    }

    /// As the bot sees it.
    fn seen_by(&self, bot: &Bot) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", bot.id()));
        root.join(self.directory.strip_prefix("/").unwrap())
    }

    /// Leaves no room.
    fn fill(&self, bot: &Bot) {
        match self.bound {
            Bound::Disk => {
                let mut filler = File::create(self.seen_by(bot).join("filler")).unwrap();
                let mut chunk: &[u8] = &[7; 4096];
                while !chunk.is_empty() {
                    // Down to the last byte.
                    if filler.write_all(chunk).is_err() {
                        chunk = &chunk[..chunk.len() / 2];
                    }
                }
            }
            Bound::Limit => {
                let written = std::fs::metadata(self.directory.join("bot.db-wal")).unwrap().len();
                limit(bot, &written.to_string());
            }
        }
    }

    /// Makes room again.
    fn free(&self, bot: &Bot) {
        match self.bound {
            Bound::Disk => std::fs::remove_file(self.seen_by(bot).join("filler")).unwrap(),
            Bound::Limit => limit(bot, "unlimited"),
        }
    }
}

/// A command in a mount namespace of its own.
pub(crate) fn unshared() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount"]);
    command
}

/// Whether this user may mount. Without that, what needs it is left out, and said so.
pub(crate) fn may_mount() -> bool {
    let may = unshared()
        .args(["sh", "-c", "mount -t tmpfs -o size=1m none /tmp"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !may {
        println!("left out: this user may not mount a file system");
    }
    may
}

fn limit(bot: &Bot, bytes: &str) {
    let status = Command::new("prlimit")
        .args(["--pid", &bot.id().to_string(), &format!("--fsize={bytes}:")])
        .status()
        .unwrap();
    assert!(status.success());
}

pub(crate) async fn full_in_the_middle(bound: Bound, fetches: bool) {
    if bound == Bound::Disk && !may_mount() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let volume = Volume::new(bound, directory.path());
    let admin = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ready = async || reqwest::get(format!("http://{admin}/readyz")).await.unwrap().status().as_u16();
    let home = Home::new(CROWD, &portal, directory.path())
        .fetching(fetches)
        .with("OPENLINES_DATABASE_URL", volume.database())
        .with("OPENLINES_ADMIN_LISTEN", admin.to_string());
    let bot = home.start_as(volume.command()).await;
    portal.install(&home.install_url()).await;
    portal.wait_for_call(if fetches { "imbot.v2.Event.get" } else { "event.bind" }, SOON).await;
    let clients: Vec<Client> = (0..CLIENTS).map(|at| portal.client(&format!("Client {at}"))).collect();

    let began = Instant::now();
    // Under way in lanes and outbox while the disk fills up.
    say(&clients, 0..10).await;
    volume.fill(&bot);
    say(&clients, 10..20).await;
    portal.settled(SOON).await;
    home.until("what is to be done", || home.log().contains(bound.advice())).await;
    assert_eq!(ready().await, 503, "it takes nothing");
    if !fetches {
        let refused: Vec<_> = statuses(&portal).into_iter().filter(|status| *status != Ok(200)).collect();
        assert!(refused.iter().all(|status| *status == Ok(503)), "{refused:?}\n{}", home.log());
        assert!(!refused.is_empty(), "more was accepted than there was room for\n{}", home.log());
        let log = home.log();
        let told = |line: &&str| {
            (line.contains("WARN") || line.contains("ERROR")) && line.contains("openlines::ingest")
        };
        let told: Vec<&str> = log.lines().filter(told).collect();
        // One of events and one of sessions.
        let allowed = 2 * (1 + began.elapsed().as_secs() / 60);
        assert!(told.len() as u64 <= allowed, "{} refusals, {} lines\n{log}", refused.len(), told.len());
        println!("{bound:?}: {} refusals, {} lines in the log", refused.len(), told.len());
    }
    let told = home.log().matches("store: nothing of a group was written").count() as u64;
    assert!(told <= 1 + began.elapsed().as_secs() / 60, "{told} lines of the store\n{}", home.log());

    volume.free(&bot);
    assert_eq!(ready().await, 200, "it goes on by itself");
    assert!(home.log().contains("store: it can be written again"), "{}", home.log());
    let told = statuses(&portal).len();
    say(&clients, 20..30).await;
    portal.settled(SOON).await;
    let taken = statuses(&portal).split_off(told);
    assert!(taken.iter().all(|status| *status == Ok(200)), "{taken:?}\n{}", home.log());
    let due: BTreeSet<Place> = match fetches {
        true => (0..CLIENTS).flat_map(|dialog| (0..30).map(move |number| (dialog, number))).collect(),
        false => portal.deliveries().iter().filter_map(crowd::acknowledged).collect(),
    };
    home.until("an answer to all that was accepted", || {
        let answered: BTreeSet<Place> = crowd::answers(&portal).iter().map(|answer| answer.place).collect();
        due.is_subset(&answered)
    })
    .await;
    for dialog in 0..CLIENTS {
        let answers = crowd::answers(&portal).into_iter().filter(|answer| answer.place.0 == dialog);
        let numbers: Vec<usize> = answers.map(|answer| answer.place.1).collect();
        assert!(numbers.is_sorted_by(|before, after| before < after), "{numbers:?}\n{}", home.log());
    }
    println!(
        "{bound:?}: {} of {} messages were accepted, each answered once and in order",
        due.len(),
        CLIENTS * 30
    );
}

async fn say(clients: &[Client], numbers: Range<usize>) {
    for number in numbers {
        for (dialog, client) in clients.iter().enumerate() {
            client.says(&format!("{dialog}/{number}")).await;
        }
    }
}

/// What the bot answered to the callbacks of messages.
pub(crate) fn statuses(portal: &Portal) -> Vec<Result<u16, String>> {
    let deliveries = portal.deliveries().into_iter();
    let messages = deliveries.filter(|delivery| delivery.event == "ONIMBOTV2MESSAGEADD");
    messages.map(|delivery| delivery.status).collect()
}
