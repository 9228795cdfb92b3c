//! A bot process beside its portal: installed the usual way, by OAuth, with webhook delivery and a database on disk.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use tokio::net::TcpStream;

use crate::{
    Failed,
    event::{APPLICATION_TOKEN, MEMBER},
    http::Connection,
    load,
    process::{Cores, Process, free_address},
    stub::Stub,
};

/// The application.
pub(crate) const CLIENT_ID: &str = "local.65f0a1b2c3d4e5.12345678";
/// 32 bytes that protect nothing.
const MASTER_KEY: &str = "dGhpcyBpcyBhIGtleSB1c2VkIGluIHRlc3RzIG9ubHk=";

/// How fast a bot may call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// At once.
    pub(crate) burst: u32,
    /// A second.
    pub(crate) per_second: u32,
}

impl Rate {
    /// More than any machine makes.
    pub(crate) const UNLIMITED: Self = Self { burst: 1_000_000, per_second: 1_000_000 };
}

/// Where a bot's database and log are; the directory goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    /// A new directory beside the built programs: on a disk, where the system's own may be in memory.
    pub(crate) fn new() -> Result<Self, Failed> {
        let program = std::env::current_exe()?;
        let beside = program.parent().ok_or("the program is in no directory")?;
        Ok(Self(tempfile::Builder::new().prefix("openlines-bench-").tempdir_in(beside)?))
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The bot's database.
    pub(crate) fn database(&self) -> PathBuf {
        self.file("bot.db")
    }
}

/// Application and portal, as the environment tells them to a bot.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    /// Client id.
    pub(crate) id: String,
    /// Client secret.
    pub(crate) secret: String,
    /// Authorisation server.
    pub(crate) host: String,
}

impl Application {
    /// The stub's.
    pub(crate) fn of(stub: &Stub) -> Self {
        Self { id: CLIENT_ID.into(), secret: "bench".into(), host: stub.address.to_string() }
    }
}

/// A running bot.
#[derive(Debug)]
pub(crate) struct Bot {
    /// Its process.
    pub(crate) process: Process,
    /// Where it takes events.
    pub(crate) address: SocketAddr,
    /// How long it took to be ready.
    pub(crate) ready: Duration,
}

impl Bot {
    /// Starts a bot on the database of `home`, and returns when it is ready.
    pub(crate) async fn start(
        cores: Cores,
        home: &Home,
        application: Application,
        rate: Rate,
        together: usize,
    ) -> Result<Self, Failed> {
        let (address, admin) = (free_address()?, free_address()?);
        let Application { id, secret, host } = application;
        let environment = [
            ("OPENLINES_LISTEN", address.to_string()),
            ("OPENLINES_ADMIN_LISTEN", admin.to_string()),
            ("OPENLINES_PUBLIC_URL", format!("http://{address}")),
            ("OPENLINES_DATABASE_URL", format!("sqlite://{}", home.database().display())),
            ("OPENLINES_MASTER_KEY", MASTER_KEY.into()),
            ("BITRIX24_CLIENT_ID", id),
            ("BITRIX24_CLIENT_SECRET", secret),
            ("BITRIX24_OAUTH_HOSTS", host),
            ("RUST_LOG", "info".into()),
        ];
        let arguments = [
            "bot".to_owned(),
            format!("--burst={}", rate.burst),
            format!("--rate={}", rate.per_second),
            format!("--together={together}"),
        ];
        let mut process = Process::start(cores, &arguments, &environment, &home.file("bot.log"))?;
        // Not in this thread: the portal answers here meanwhile.
        let waiting = tokio::task::spawn_blocking(move || {
            process.answers(admin, "/readyz").map(|ready| Self { process, address, ready })
        });
        waiting.await?
    }

    /// Starts a bot on a new database and installs it at the stub.
    pub(crate) async fn installed(
        cores: Cores,
        home: &Home,
        stub: &Stub,
        rate: Rate,
    ) -> Result<Self, Failed> {
        let before = stub.registered();
        let bot = Self::start(cores, home, Application::of(stub), rate, 1).await?;
        let form = format!(
            "DOMAIN={portal}&PROTOCOL=0&LANG=en&APP_SID=1&AUTH_ID=a&AUTH_EXPIRES=3600&REFRESH_ID=r&status=L&PLACEMENT=DEFAULT\
             &SERVER_ENDPOINT=http%3A%2F%2F{portal}%2Frest%2F&member_id={MEMBER}&APPLICATION_TOKEN={APPLICATION_TOKEN}",
            portal = stub.address
        );
        let mut connection = Connection::new(TcpStream::connect(bot.address).await?)?;
        connection.write(&load::request("/install", bot.address, &form)).await?;
        load::expect_ok(&mut connection).await?;
        stub.set_up(before).await.map_err(|error| format!("{error}\n{}", bot.process.logged()))?;
        Ok(bot)
    }

    /// Starts a bot that was installed at the stub before, and returns when it is set up again.
    pub(crate) async fn again(cores: Cores, home: &Home, stub: &Stub, rate: Rate) -> Result<Self, Failed> {
        let before = stub.registered();
        let bot = Self::start(cores, home, Application::of(stub), rate, 1).await?;
        stub.set_up(before).await.map_err(|error| format!("{error}\n{}", bot.process.logged()))?;
        Ok(bot)
    }
}

/// Starts the bot that keeps no promise.
pub(crate) fn baseline(cores: Cores, home: &Home, stub: &Stub) -> Result<(Process, SocketAddr), Failed> {
    let address = free_address()?;
    let arguments = [
        "baseline".to_owned(),
        format!("--listen={address}"),
        format!("--portal=http://{}/rest", stub.address),
    ];
    let mut process = Process::start(cores, &arguments, &[], &home.file("baseline.log"))?;
    process.answers(address, "/readyz")?;
    Ok((process, address))
}
