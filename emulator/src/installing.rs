//! The application's installation by the command line: as soon as somebody listens at the bot's address.
//!
//! A bot needs what was printed before it can start, so its address is watched. The trap: what listens there may be
//! another program; an installation that is refused is tried again only after that program has gone.

use std::time::Duration;

use openlines_emulator::Portal;
use tokio::net::TcpStream;

use crate::Settings;

/// Between two looks at the bot's address.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Where and how the application is installed.
pub(super) struct Plan {
    url: String,
    by_page: bool,
}

impl Plan {
    /// `None` if the command line wants nothing installed.
    pub(super) fn of(settings: &Settings, portal: &Portal) -> Option<Self> {
        if settings.no_install || settings.installed {
            return None;
        }
        if let Some(url) = &settings.install_page {
            return Some(Self { url: url.clone(), by_page: true });
        }
        let url = settings.install.clone().unwrap_or_else(|| portal.bot_install_url());
        Some(Self { url, by_page: false })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// `HOST:PORT` of the address.
    fn address(&self) -> Option<String> {
        let (scheme, rest) = self.url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
        let port = if scheme == "https" { 443 } else { 80 };
        Some(if has_port { authority.to_owned() } else { format!("{authority}:{port}") })
    }
}

/// Installs by the plan, and then waits for ever.
pub(super) async fn run(portal: &Portal, plan: Option<Plan>) {
    if let Some(plan) = plan {
        match plan.address() {
            Some(address) => install(portal, &plan, &address).await,
            None => {
                eprintln!("{} is no address of an installation; write http://HOST:PORT/install", plan.url)
            }
        }
    }
    std::future::pending().await
}

async fn install(portal: &Portal, plan: &Plan, address: &str) {
    let mut foreign = false;
    loop {
        until(address, true).await;
        let delivery = if plan.by_page {
            portal.install_with_page(&plan.url).await
        } else {
            portal.install(&plan.url).await
        };
        match delivery.status {
            Ok(status @ 200..=299) => {
                println!("Installed at {}: it answered {status}.", plan.url);
                if plan.by_page {
                    portal.install_finish();
                }
                return;
            }
            Ok(403) if foreign => {}
            Ok(403) => {
                foreign = true;
                println!(
                    "Not installed: what listens at {} belongs to another portal (it answered 403). It is left alone; \
                     as soon as another program listens there, that is tried.",
                    plan.url
                );
            }
            Ok(status) => println!(
                "Not installed: {} answered {status}. Is it the bot, and was it started with the client id printed above?",
                plan.url
            ),
            Err(why) => println!("Not installed: {} does not answer: {why}.", plan.url),
        }
        until(address, false).await;
    }
}

/// Waits until somebody listens at the address, or nobody does.
async fn until(address: &str, listened_on: bool) {
    while TcpStream::connect(address).await.is_ok() != listened_on {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_port_of_its_scheme_unless_it_names_one() {
        for (url, address) in [
            ("http://127.0.0.1:8081/install", Some("127.0.0.1:8081")),
            ("https://bot.example/install?a=1:2", Some("bot.example:443")),
            ("http://[::1]:9/", Some("[::1]:9")),
            ("http://user:pw@bot.example", Some("bot.example:80")),
            ("bot.example", None),
        ] {
            let plan = Plan { url: url.to_owned(), by_page: false };
            assert_eq!(plan.address().as_deref(), address, "{url}");
        }
    }

    #[tokio::test]
    async fn a_bot_that_comes_late_is_installed_when_it_is_there() {
        let emulator = openlines_emulator::Emulator::start().await;
        let portal = emulator.portal();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens").to_string();
        drop(listener);
        let plan = Plan { url: format!("http://{address}/install"), by_page: false };
        let late = address.clone();
        let bot = async move {
            let router = axum::Router::new().route("/install", axum::routing::post(|| async { "ok" }));
            let listener = tokio::net::TcpListener::bind(late).await.expect("the port is still free");
            axum::serve(listener, router).await
        };
        tokio::select! {
            () = install(&portal, &plan, &address) => {}
            ended = bot => assert!(ended.is_ok(), "the bot ended first"),
        }
        let sent = portal.deliveries();
        assert_eq!((sent.len(), sent[0].event.as_str()), (1, "ONAPPINSTALL"));
        assert_eq!(sent[0].status, Ok(200));
    }
}
