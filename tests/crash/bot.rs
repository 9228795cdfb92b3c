//! A bot in a process of its own, as any bot is started, and the dice that say when it is killed.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use openlines_emulator::Portal;

/// Says of a process that it is a bot, and which.
pub(crate) const BOT: &str = "OPENLINES_TEST_IS_THE_BOT";
const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

/// The bot's process; killed when dropped.
pub(crate) struct Bot {
    process: Child,
}

impl Bot {
    /// Starts `which` bot, with more of an environment, and waits until it listens.
    pub(crate) async fn start(
        which: &str,
        portal: &Portal,
        listen: SocketAddr,
        directory: &Path,
        more: &[(&str, String)],
    ) -> Self {
        let app = portal.app();
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(directory.join("bot.log")).unwrap();
        let process = Command::new(std::env::current_exe().unwrap())
            .env(BOT, which)
            .envs(more.iter().map(|(name, value)| (name, value)))
            .env("OPENLINES_LISTEN", listen.to_string())
            .env("OPENLINES_ADMIN_LISTEN", "127.0.0.1:0")
            .env("OPENLINES_PUBLIC_URL", format!("http://{listen}"))
            .env("OPENLINES_DATABASE_URL", format!("sqlite://{}", directory.join("bot.db").display()))
            .env("OPENLINES_MASTER_KEY", MASTER_KEY)
            .env("BITRIX24_CLIENT_ID", app.client_id)
            .env("BITRIX24_CLIENT_SECRET", app.client_secret)
            .env("BITRIX24_OAUTH_HOSTS", app.oauth_host)
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut bot = Self { process };
        let deadline = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(listen).await.is_err() {
            assert!(bot.process.try_wait().unwrap().is_none(), "the bot ended by itself; see bot.log");
            assert!(Instant::now() < deadline, "the bot does not listen");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bot
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
}
