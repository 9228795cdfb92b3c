//! A bot in a process of its own, as any bot is started, and the dice that say when it is killed.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use openlines_emulator::Portal;

/// Says of a process that it is a bot, and which.
pub(crate) const BOT: &str = "OPENLINES_TEST_IS_THE_BOT";
const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

/// Where a bot lives: its portal, its address, its files.
pub(crate) struct Home<'a> {
    which: &'a str,
    portal: &'a Portal,
    listen: SocketAddr,
    directory: &'a Path,
    fetches: bool,
    more: Vec<(&'a str, String)>,
}

impl<'a> Home<'a> {
    /// Of the bot `which`, hearing callbacks on a free port, with its database and its log in `directory`.
    pub(crate) fn new(which: &'a str, portal: &'a Portal, directory: &'a Path) -> Self {
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { which, portal, listen, directory, fetches: false, more: Vec::new() }
    }

    /// It has no public address and fetches its events.
    pub(crate) fn fetching(mut self, fetches: bool) -> Self {
        self.fetches = fetches;
        self
    }

    /// More of an environment.
    pub(crate) fn with(mut self, name: &'a str, value: String) -> Self {
        self.more.push((name, value));
        self
    }

    /// Where the portal finds its installation.
    pub(crate) fn install_url(&self) -> String {
        format!("http://{}/install", self.listen)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listen
    }

    /// What it has logged so far, over all its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("bot.log")).unwrap_or_default()
    }

    /// Looks until it is so.
    pub(crate) async fn until(&self, what: &str, done: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while !done() {
            assert!(Instant::now() < deadline, "in vain: {what}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The database's file.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.join("bot.db")
    }

    /// Starts the bot, and waits until it listens.
    pub(crate) async fn start(&self) -> Bot {
        self.start_as(Command::new(std::env::current_exe().unwrap())).await
    }

    /// Starts the bot by a command that becomes it, and waits until it listens.
    pub(crate) async fn start_as(&self, command: Command) -> Bot {
        let mut bot = self.launch(command);
        let deadline = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(self.listen).await.is_err() {
            let ended = bot.process.try_wait().unwrap();
            assert!(ended.is_none(), "the bot ended by itself\n{}", self.log());
            assert!(Instant::now() < deadline, "the bot does not listen\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bot
    }

    /// Starts the bot by a command that becomes it, and does not wait.
    pub(crate) fn launch(&self, mut command: Command) -> Bot {
        let app = self.portal.app();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.directory.join("bot.log"));
        command
            .env(BOT, self.which)
            .env("OPENLINES_LISTEN", self.listen.to_string())
            .env("OPENLINES_ADMIN_LISTEN", "127.0.0.1:0")
            .env("OPENLINES_DATABASE_URL", format!("sqlite://{}", self.database().display()))
            .env("OPENLINES_MASTER_KEY", MASTER_KEY)
            .env("BITRIX24_CLIENT_ID", app.client_id)
            .env("BITRIX24_CLIENT_SECRET", app.client_secret)
            .env("BITRIX24_OAUTH_HOSTS", app.oauth_host)
            .env("RUST_LOG", "info")
            .envs(self.more.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.unwrap());
        if self.fetches {
            command.env_remove("OPENLINES_PUBLIC_URL");
        } else {
            command.env("OPENLINES_PUBLIC_URL", format!("http://{}", self.listen));
        }
        Bot { process: command.spawn().unwrap() }
    }
}

/// The bot's process; killed when dropped.
pub(crate) struct Bot {
    process: Child,
}

impl Bot {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it ends by itself, because of `what`; whether it says that all is well.
    pub(crate) async fn ended(&mut self, what: &str) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < deadline, "{what}: the bot goes on");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// xorshift64*: the same kills for the same seed, which is printed.
pub(crate) struct Dice(u64);

impl Dice {
    /// With the seed of the environment, or one of its own; printed either way.
    pub(crate) fn new() -> Self {
        let seed = std::env::var("OPENLINES_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) * 0x9E37_79B9 + 1);
        println!("OPENLINES_TEST_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }

    pub(crate) fn shuffle<T>(&mut self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            cards.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
