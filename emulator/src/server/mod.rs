//! The one server: portal REST, authorisation server and page on one port of loopback.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let emulator = openlines_emulator::Emulator::start().await;
//! let page = reqwest::get(format!("{}/", emulator.url())).await.unwrap();
//! assert!(page.status().is_success());
//! # }
//! ```
//!
//! The trap: it has no lock. Whoever reaches the port reads every token, which is right on loopback and nowhere else.

pub(crate) mod connection;
pub(crate) mod faulty;
pub(crate) mod front;
#[cfg(test)]
mod fuzz;
mod kept;
pub(crate) mod shared;
mod tls;
mod xml;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::limits::RateLimit;
use crate::portal::Portal;
use crate::world::identity::Secrets;
use kept::Kept;
use shared::Shared;

/// A running emulator. It stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let emulator = openlines_emulator::Emulator::start().await;
/// assert!(emulator.url().starts_with("http://127.0.0.1:"));
/// assert!(emulator.portal().messages(1).is_empty());
/// # }
/// ```
#[must_use = "the emulator stops when it is dropped; keep it in a variable"]
#[derive(Debug)]
pub struct Emulator {
    portal: Portal,
    address: SocketAddr,
    /// Told when the emulator goes, so that open connections close.
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    strict: bool,
    /// The certificate of the emulator's own authority.
    ca: Option<tls::Certificate>,
}

impl Emulator {
    /// A fresh portal on a free port of `127.0.0.1`.
    ///
    /// # Panics
    ///
    /// When loopback offers no port; use [`Emulator::builder`] to get an error instead.
    pub async fn start() -> Self {
        match Self::builder().start().await {
            Ok(emulator) => emulator,
            Err(error) => crate::fail(&format!("the emulator cannot listen on 127.0.0.1: {error}")),
        }
    }

    /// A fresh portal that forgives nothing: a call of a method that is not modelled, an event that finds no handler or a
    /// callback that no handler takes fails the test when the emulator is dropped, with a list of them.
    ///
    /// ```should_panic
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let emulator = openlines_emulator::Emulator::strict().await;
    /// let misspelt = format!("{}imbot.v2.Chat.Message.sent", emulator.portal().webhook_url());
    /// assert_eq!(reqwest::get(misspelt).await.unwrap().status(), 404);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When loopback offers no port; and when it is dropped, as said.
    pub async fn strict() -> Self {
        match Self::builder().strict().start().await {
            Ok(emulator) => emulator,
            Err(error) => crate::fail(&format!("the emulator cannot listen on 127.0.0.1: {error}")),
        }
    }

    /// An emulator with settings.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end; `https` with [`EmulatorBuilder::tls`].
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.ca.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The file with the certificate (PEM) that clients must trust; only with [`EmulatorBuilder::tls`]. It is removed
    /// when the emulator stops, unless the emulator has an [identity](EmulatorBuilder::identity).
    #[must_use]
    pub fn ca_path(&self) -> Option<&Path> {
        self.ca.as_ref().map(tls::Certificate::path)
    }

    /// The portal in it. Cheap to clone.
    #[must_use]
    pub fn portal(&self) -> Portal {
        self.portal.clone()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
        self.portal.judge(self.strict);
    }
}

/// Settings of an [`Emulator`].
#[must_use = "a builder does nothing until `start` is called"]
#[derive(Clone, Debug)]
pub struct EmulatorBuilder {
    listen: SocketAddr,
    scope: String,
    language: String,
    deliveries_at_once: usize,
    delivery_time_out: Duration,
    rate_limit: Option<RateLimit>,
    redirect_uri: Option<String>,
    app: Option<(String, String)>,
    strict: bool,
    tls: bool,
    installed: bool,
    kept: Option<Kept>,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            scope: "imbot,imopenlines,imconnector,im,pull,user,crm".to_owned(),
            language: "en".to_owned(),
            deliveries_at_once: 1,
            delivery_time_out: Duration::from_secs(20),
            rate_limit: Some(RateLimit::STANDARD),
            redirect_uri: None,
            app: None,
            strict: false,
            tls: false,
            installed: false,
            kept: None,
        }
    }
}

impl EmulatorBuilder {
    /// Where to listen; port 0 takes a free one. Everything but loopback is told of in the log: the portal has no lock.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Scopes of the application and of the incoming webhook, separated by commas.
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = scope.to_owned();
        self
    }

    /// The site language in lower case; `en` by default.
    pub fn language(mut self, language: &str) -> Self {
        self.language = language.to_ascii_lowercase();
        self
    }

    /// How many callbacks may be under way at once to one handler URL. 1, the default, keeps them in order; handlers
    /// never wait for one another.
    pub fn deliveries_at_once(mut self, count: usize) -> Self {
        self.deliveries_at_once = count;
        self
    }

    /// How long a handler may take; 20 seconds by default.
    pub fn delivery_time_out(mut self, limit: Duration) -> Self {
        self.delivery_time_out = limit;
        self
    }

    /// The rate limit; [`RateLimit::STANDARD`] by default.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// Turns the rate limit off, for tests that send more than any portal takes.
    pub fn no_rate_limit(mut self) -> Self {
        self.rate_limit = None;
        self
    }

    /// Where the application wants its authorisation codes.
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uri = Some(uri.to_owned());
        self
    }

    /// Client id and secret of the application; random by default. Portals that have the same application are given
    /// the same.
    pub fn app(mut self, client_id: &str, client_secret: &str) -> Self {
        self.app = Some((client_id.to_owned(), client_secret.to_owned()));
        self
    }

    /// Fails the test for what [`Emulator::strict`] does not forgive.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Speaks TLS, by an authority of its own: every address that is handed out is `https` or `wss`, and
    /// [`Emulator::ca_path`] is what clients must trust. The certificate is good for `localhost`, `127.0.0.1` and
    /// `127.0.0.2`, so that a portal that is renamed to another host has one too.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// The application is installed from the start, without a handler: for clients that get their tokens from the
    /// authorisation page.
    pub fn installed(mut self) -> Self {
        self.installed = true;
        self
    }

    /// The portal is the one that this file knows: its member id, application, webhook and network codes, and the
    /// authority of a TLS port, stay the same over restarts. The file is made if there is none, for its owner alone;
    /// beside it, with `.ca.pem` at the end of its name, is the certificate that clients of a TLS port trust.
    ///
    /// Chats, bots and tokens are not kept. Numbers of chats, messages and people go on where no earlier start can have
    /// come to, so that a bot never takes a new message for one that it has seen.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, or is something else.
    pub fn identity(mut self, file: impl AsRef<Path>) -> std::io::Result<Self> {
        self.kept = Some(Kept::open(file.as_ref())?);
        Ok(self)
    }

    /// Starts the portal.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub async fn start(self) -> std::io::Result<Emulator> {
        let strict = self.strict;
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let tls = self.tls.then(|| tls::prepare(address.ip(), self.kept.as_ref())).transpose()?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "the emulator listens beyond loopback; whoever reaches it reads every token");
        }
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(self.delivery_time_out)
            .build()
            .map_err(std::io::Error::other)?;
        let seed = shared::Seed {
            address,
            tls: self.tls,
            installed: self.installed,
            scope: self.scope.split(',').map(|part| part.trim().to_owned()).collect(),
            language: self.language,
            redirect_uri: self.redirect_uri,
            app: self.app,
            ca: tls.as_ref().map(|tls| tls.ca.path().to_owned()),
            starts: self.kept.as_ref().map_or(0, |kept| kept.starts),
            secrets: self.kept.map_or_else(Secrets::random, |kept| kept.secrets),
        };
        let (shared, receiver) = Shared::new(seed, client.clone());
        shared.limiter.set(self.rate_limit);
        let shared = Arc::new(shared);
        let (stop, stopped) = watch::channel(false);
        let (listeners, taken) = mpsc::unbounded_channel();
        let _ = listeners.send(listener);
        let _ = shared.listeners.set(listeners);
        let router = front::router(Arc::clone(&shared));
        let (acceptor, ca) = tls.map(|tls| (tls.acceptor, tls.ca)).unzip();
        let serving = connection::serve_all(taken, acceptor, router, stopped, shared.generation.clone());
        let posting =
            crate::delivery::run(Arc::clone(&shared.deliveries), receiver, client, self.deliveries_at_once);
        let timekeeping = shared::keep_time(Arc::clone(&shared));
        let tasks = vec![tokio::spawn(serving), tokio::spawn(posting), tokio::spawn(timekeeping)];
        Ok(Emulator { portal: Portal::new(shared), address, stop, tasks, strict, ca })
    }
}
