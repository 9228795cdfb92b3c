//! The emulator on the command line: a portal that stays open until Ctrl-C.
//!
//! ```text
//! openlines-emulator --listen 127.0.0.1:8024 --install http://127.0.0.1:8080/install
//! ```
//!
//! The trap: without `--identity` every start is a new portal with new secrets; what a bot stored about the one before is
//! worth nothing.

mod flags;
mod greeting;
mod installing;
mod stopping;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use openlines_emulator::{Emulator, RateLimit};
use tracing_subscriber::EnvFilter;

/// A Bitrix24 portal in a box: open lines, bots, OAuth and event delivery on loopback.
#[derive(Debug, Parser)]
#[command(version)]
struct Settings {
    /// Where to listen. Loopback unless told otherwise.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8024", value_parser = flags::listen)]
    listen: SocketAddr,
    /// Where the application is installed as soon as somebody listens there: its handler gets ONAPPINSTALL. The
    /// address of the printed command unless told otherwise.
    #[arg(long, value_name = "URL", value_parser = flags::url)]
    install: Option<String>,
    /// Install the application by its page instead: the URL gets the form post of a frame.
    #[arg(long, value_name = "URL", conflicts_with = "install", value_parser = flags::url)]
    install_page: Option<String>,
    /// Install nothing by itself; the page has a button for it.
    #[arg(long, conflicts_with_all = ["install", "install_page"])]
    no_install: bool,
    /// Count the application as installed from the start, without a handler.
    #[arg(long, conflicts_with_all = ["install", "install_page"])]
    installed: bool,
    /// Speak https, by a certificate authority made at the start; its file is printed.
    #[arg(long)]
    tls: bool,
    /// Be the portal that this file knows, so that the printed commands serve again after a restart. The file is made
    /// if there is none; chats are not in it.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Scopes of the application and of the webhook.
    #[arg(long, value_name = "LIST", value_parser = flags::scope, default_value = "imbot,imopenlines,imconnector,im,pull,user,crm")]
    scope: String,
    /// Where the application wants authorisation codes.
    #[arg(long, value_name = "URL", value_parser = flags::url)]
    redirect_uri: Option<String>,
    /// How many requests the portal takes from one address.
    #[arg(long, value_enum, default_value_t = Rate::Standard)]
    rate_limit: Rate,
    /// Seconds of operating time that each method may use in ten minutes; 0 for no limit.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = flags::seconds, default_value_t = 420)]
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
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    match run(Settings::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), String> {
    // Before there is anything to clean up.
    let stopped = stopping::listen()?;
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
    if let Some(file) = &settings.identity {
        builder = builder.identity(file).map_err(|error| error.to_string())?;
    }
    let emulator = builder
        .start()
        .await
        .map_err(|error| format!("cannot listen on {}: {error}; choose another --listen", settings.listen))?;
    let portal = emulator.portal();
    let operating = Duration::from_secs(settings.operating_limit);
    portal.set_operating_limit(Some(operating).filter(|limit| !limit.is_zero()));
    let plan = installing::Plan::of(&settings, &portal);
    print!("{}", greeting::text(&emulator, plan.as_ref(), settings.identity.as_deref(), settings.installed));
    warn_of_an_open_door(settings.listen);
    tokio::select! {
        () = stopped => Ok(()),
        () = installing::run(&portal, plan) => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_loopback_unless_told_otherwise() {
        let settings = Settings::parse_from(["openlines-emulator"]);
        assert!(settings.listen.ip().is_loopback());
        assert!(!settings.tls && !settings.installed);
    }

    #[test]
    fn the_application_is_installed_one_way_or_not_at_all() {
        for wrong in [
            ["--installed", "--install=http://127.0.0.1:1/"],
            ["--no-install", "--install-page=http://127.0.0.1:1/"],
        ] {
            assert!(Settings::try_parse_from(["openlines-emulator"].into_iter().chain(wrong)).is_err());
        }
    }
}
