//! A bot at work for an emulated portal.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use openlines_emulator::{Entrance, Portal};

/// Longest wait for anything.
const LATEST: Duration = Duration::from_secs(60);

/// Where a bot lives over all its lives: its directory, its addresses, its portal, which it reaches by incoming webhook, or
/// as an application.
#[derive(Debug)]
pub struct Home {
    directory: tempfile::TempDir,
    environment: Vec<(String, String)>,
    listen: SocketAddr,
    admin: SocketAddr,
    entrance: Entrance,
}

impl Home {
    /// For a bot that hears callbacks, with these settings in `settings.toml`.
    pub fn new(portal: &Portal, settings: &str) -> Self {
        Self::by(Entrance::Webhook, portal, settings)
    }

    /// The same for one that is the portal's OAuth application, and installed there when it first serves.
    pub fn of_application(portal: &Portal, settings: &str) -> Self {
        Self::by(Entrance::Application, portal, settings)
    }

    fn by(entrance: Entrance, portal: &Portal, settings: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the trial");
        let file = directory.path().join("settings.toml");
        std::fs::write(&file, settings).expect("the settings are written");
        let (listen, admin) = (free_address(), free_address());
        let mut environment = portal.bot_environment(entrance);
        let database = format!("sqlite://{}", directory.path().join("bot.db").display());
        for (name, value) in [
            ("OPENLINES_SETTINGS", file.display().to_string()),
            ("OPENLINES_LISTEN", listen.to_string()),
            ("OPENLINES_ADMIN_LISTEN", admin.to_string()),
            ("OPENLINES_PUBLIC_URL", format!("http://{listen}")),
            ("OPENLINES_DATABASE_URL", database),
        ] {
            environment.push((name.into(), value));
        }
        Self { directory, environment, listen, admin, entrance }
    }

    /// Without a public address: it fetches its events.
    #[must_use]
    pub fn fetching(self) -> Self {
        self.without("OPENLINES_PUBLIC_URL")
    }

    /// Without this variable of its environment.
    #[must_use]
    pub fn without(mut self, variable: &str) -> Self {
        self.environment.retain(|(name, _)| name != variable);
        self
    }

    /// Its files.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What it has logged so far, over all its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("bot.log")).unwrap_or_default()
    }

    /// The program with all that, to be given its arguments.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = bare(program.as_ref(), self.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it with these arguments; what it logs goes to [`log`](Self::log).
    pub fn start(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Process {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path().join("bot.log"));
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("its log"));
        Process(command.spawn().expect("the program starts"))
    }

    /// Starts `serve`, and waits until it is ready and the portal knows the bot.
    pub async fn serve(&self, program: impl AsRef<OsStr>, portal: &Portal, bot: &str) -> Process {
        let process = self.start(program, &["serve"]);
        let ready = || get(self.admin, "/readyz").is_some_and(|answer| answer.contains(" 200 "));
        until("it is ready", || self.log(), ready).await;
        if self.entrance == Entrance::Application && portal.bot_id(bot).is_none() {
            portal.install(&format!("http://{}/install", self.listen)).await;
        }
        until("the portal knows it", || self.log(), || portal.bot_id(bot).is_some()).await;
        process
    }

    /// The figures that it shows.
    pub fn metrics(&self) -> String {
        get(self.admin, "/metrics").unwrap_or_default()
    }

    /// Where the portal reaches it.
    pub fn address(&self) -> SocketAddr {
        self.listen
    }
}

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// SIGTERM, and how long it took to end. Panics if that is more than ten seconds or its status is not 0.
    pub async fn terminate(mut self) -> Duration {
        let told = Instant::now();
        tell_to_stop(&self.0);
        let status = self.ended().await;
        let took = told.elapsed();
        assert!(status.success(), "it ended with {status}");
        assert!(took <= Duration::from_secs(10), "it took {took:?}");
        took
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LATEST;
        loop {
            if let Some(status) = self.0.try_wait().expect("it can be asked") {
                return status;
            }
            assert!(Instant::now() < deadline, "the program goes on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// SIGTERM, to this process alone.
pub(crate) fn tell_to_stop(process: &Child) {
    let id = process.id().to_string();
    let status = Command::new("kill").args(["-TERM", &id]).status().expect("kill is there");
    assert!(status.success(), "no signal was sent to {id}");
}

/// Looks until it is so; panics with `more` after a minute.
pub async fn until(what: &str, more: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LATEST;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}\n{}", more());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An address of this machine that is free now.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// `program` in `home`, with none of the caller's settings.
pub(crate) fn bare(program: &OsStr, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("OPENLINES_") || text.starts_with("BITRIX24_") || text == "RUST_LOG" {
            command.env_remove(&name);
        }
    }
    command
}

/// What is answered to a GET, with its head.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    ask(address, &format!("GET {path}"), "")
}

/// Asks `what` (method and path) with a JSON body; the whole answer.
pub(crate) fn ask(address: SocketAddr, what: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let length = body.len();
    let head = format!(
        "{what} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}"
    );
    write!(stream, "{head}\r\n\r\n{body}").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}
