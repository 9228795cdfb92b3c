//! The emulator on the command line: a portal that stays open until Ctrl-C.
//!
//! ```text
//! openlines-emulator --listen 127.0.0.1:8024 --install http://127.0.0.1:8080/install
//! ```
//!
//! The trap: every start is a new portal with new secrets; what a bot stored about the one before is worth nothing.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use openlines_emulator::{Emulator, Portal, RateLimit};
use tracing_subscriber::EnvFilter;

/// Between two tries to reach the application's installation address.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// A Bitrix24 portal in a box: open lines, bots, OAuth and event delivery on loopback.
#[derive(Debug, Parser)]
#[command(version)]
struct Settings {
    /// Where to listen. Loopback unless told otherwise.
    #[arg(long, default_value = "127.0.0.1:8024")]
    listen: SocketAddr,
    /// Install the application at once: its handler gets ONAPPINSTALL.
    #[arg(long, value_name = "URL")]
    install: Option<String>,
    /// Install the application by its page instead: the URL gets the form post of a frame.
    #[arg(long, value_name = "URL", conflicts_with = "install")]
    install_page: Option<String>,
    /// Count the application as installed from the start, without a handler.
    #[arg(long)]
    installed: bool,
    /// Speak https, by a certificate authority made at the start; its file is printed.
    #[arg(long)]
    tls: bool,
    /// Scopes of the application and of the webhook.
    #[arg(long, default_value = "imbot,imopenlines,imconnector,im,pull,user,crm")]
    scope: String,
    /// Where the application wants authorisation codes.
    #[arg(long, value_name = "URL")]
    redirect_uri: Option<String>,
    /// How many requests the portal takes from one address.
    #[arg(long, value_enum, default_value_t = Rate::Standard)]
    rate_limit: Rate,
    /// Seconds of operating time that each method may use in ten minutes; 0 for no limit.
    #[arg(long, value_name = "SECONDS", default_value_t = 420)]
    operating_limit: u64,
}

/// Rate limits of the portals there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rate {
    /// 50 requests, 2 a second.
    Standard,
    /// 250 requests, 5 a second.
    Enterprise,
    /// As many as come.
    Off,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), String> {
    let mut builder = Emulator::builder().listen(settings.listen).scope(&settings.scope);
    if let Some(uri) = &settings.redirect_uri {
        builder = builder.redirect_uri(uri);
    }
    builder = match settings.rate_limit {
        Rate::Standard => builder.rate_limit(RateLimit::STANDARD),
        Rate::Enterprise => builder.rate_limit(RateLimit::ENTERPRISE),
        Rate::Off => builder.no_rate_limit(),
    };
    if settings.tls {
        builder = builder.tls();
    }
    if settings.installed {
        builder = builder.installed();
    }
    let emulator = builder
        .start()
        .await
        .map_err(|error| format!("cannot listen on {}: {error}; choose another --listen", settings.listen))?;
    introduce(&emulator);
    warn_of_an_open_door(settings.listen);
    let portal = emulator.portal();
    let operating = Duration::from_secs(settings.operating_limit);
    portal.set_operating_limit(Some(operating).filter(|limit| !limit.is_zero()));
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => {
            stopped.map_err(|error| format!("cannot wait for Ctrl-C: {error}"))
        }
        () = install(&portal, &settings) => Ok(()),
    }
}

/// Installs the application if asked to, and then waits for ever. The bot needs what was just printed before it can
/// start, so an address where nobody listens yet is tried again.
async fn install(portal: &Portal, settings: &Settings) {
    let mut told = false;
    while let Some(url) = settings.install.as_ref().or(settings.install_page.as_ref()) {
        let by_page = settings.install_page.is_some();
        let delivery = if by_page { portal.install_with_page(url).await } else { portal.install(url).await };
        match delivery.status {
            Ok(status) => {
                println!("Installed at {url}: it answered {status}.");
                if by_page {
                    portal.install_finish();
                }
                break;
            }
            Err(_) if !told => {
                println!("Nobody answers at {url} yet; the installation waits for it.");
                told = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    std::future::pending().await
}

/// The page and the secrets printed here have no lock: on this machine that is right, on a network it is not.
fn warn_of_an_open_door(address: SocketAddr) {
    if !address.ip().is_loopback() {
        eprintln!(
            "WARNING: {address} is not loopback. Whoever reaches it reads every message and token, writes as any client, \
             and makes this machine send requests to any address. Use it in a network of your own only."
        );
    }
}

fn introduce(emulator: &Emulator) {
    let portal = emulator.portal();
    let app = portal.app();
    println!("Chat page        {}/", emulator.url());
    if let Some(ca) = emulator.ca_path() {
        println!("CA certificate   {}", ca.display());
    }
    println!("Webhook          {}", portal.webhook_url());
    println!("Client id        {}", app.client_id);
    println!("Client secret    {}", app.client_secret);
    println!("OAuth host       {}", app.oauth_host);
    println!("Network line     {}", portal.network_code());
    println!();
    println!("Connect a bot by webhook:");
    println!("  BITRIX24_WEBHOOK_URL={} BITRIX24_BOT_TOKEN=<any text> your-bot", portal.webhook_url());
    println!("or as an application, by starting this with --install http://127.0.0.1:8080/install and");
    println!(
        "  BITRIX24_CLIENT_ID={} BITRIX24_CLIENT_SECRET={} BITRIX24_OAUTH_HOSTS={} your-bot",
        app.client_id, app.client_secret, app.oauth_host
    );
    println!(
        "The first open-line bot that registers meets the clients of the page. Ctrl-C stops the portal."
    );
}
