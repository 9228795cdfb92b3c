//! Files that a connector's application names are read, if they lie on this machine.
//!
//! A portal reads such a file before it stores the message. The emulator does so only at addresses of loopback: that is the
//! author's own program, and nobody can send the emulator to look around in a network. Redirects are followed there and
//! nowhere else. What cannot be read stays a reference: too large, too slow, not answered with 2xx.
//!
//! The trap: `https` on loopback is read only with a certificate that this machine trusts anyway.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use reqwest::redirect::Policy;
use tokio::time::{Instant, timeout_at};

/// Bytes of one file.
const LARGEST: usize = 20 * 1_024 * 1_024;
/// Bytes of all files of one call.
const LARGEST_CALL: usize = 4 * LARGEST;
/// For all files of one call together: its caller is waiting.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 5;

/// The reader, made when the first file is named.
#[derive(Default)]
pub(crate) struct Fetching(OnceLock<Option<reqwest::Client>>);

impl Fetching {
    /// What could be read of these addresses.
    pub(crate) async fn read(&self, addresses: Vec<String>) -> HashMap<String, Bytes> {
        self.read_until(addresses, Instant::now() + PATIENCE, LARGEST).await
    }

    async fn read_until(
        &self,
        addresses: Vec<String>,
        deadline: Instant,
        largest: usize,
    ) -> HashMap<String, Bytes> {
        let mut found = HashMap::new();
        let Some(client) = self.0.get_or_init(client) else { return found };
        let mut left = LARGEST_CALL;
        for address in addresses {
            let Some(url) = Url::parse(&address).ok().filter(is_loopback) else { continue };
            if found.contains_key(&address) {
                continue;
            }
            match timeout_at(deadline, file(client, url, largest.min(left))).await {
                Ok(Ok(content)) => {
                    left -= content.len();
                    found.insert(address, content);
                }
                Ok(Err(why)) => tracing::warn!(%why, "a connector's file was not read and stays a reference"),
                Err(_) => tracing::warn!("a connector's file came too slowly and stays a reference"),
            }
        }
        found
    }
}

fn client() -> Option<reqwest::Client> {
    let here = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let policy = Policy::custom(|attempt| {
        if !is_loopback(attempt.url()) {
            attempt.error("it leads away from this machine")
        } else if attempt.previous().len() > MOST_REDIRECTS {
            attempt.error("it leads on and on")
        } else {
            attempt.follow()
        }
    });
    reqwest::Client::builder()
        .no_proxy()
        .redirect(policy)
        // Whatever a resolver says of it: the name means this machine.
        .resolve_to_addrs("localhost", &here.map(|ip| SocketAddr::new(ip, 0)))
        .build()
        .inspect_err(|error| tracing::warn!(%error, "files of connectors are not read"))
        .ok()
}

/// Whether the address is one of this machine, by number or as `localhost`.
fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
        return false;
    };
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    number.map_or(host == "localhost", |ip| ip.is_loopback())
}

async fn file(client: &reqwest::Client, url: Url, largest: usize) -> Result<Bytes, String> {
    let told = |error: reqwest::Error| match std::error::Error::source(&error) {
        Some(cause) if error.is_redirect() => cause.to_string(),
        _ => error.without_url().to_string(),
    };
    let mut answer = client.get(url).send().await.map_err(told)?;
    if !answer.status().is_success() {
        return Err(format!("its address answered {}", answer.status().as_u16()));
    }
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(told)? {
        if content.len() + chunk.len() > largest {
            return Err(format!("it has more than {largest} bytes"));
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content.into())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_read() {
        for (address, here) in [
            ("http://127.0.0.1:8080/a.png", true),
            ("http://127.8.9.1/a.png", true),
            ("https://[::1]/a.png", true),
            ("http://LOCALHOST:1/a.png", true),
            ("http://2130706433/a.png", true),
            ("http://localhost.example/a.png", false),
            ("http://127.0.0.1.example/a.png", false),
            ("http://127.0.0.1@example.org/a.png", false),
            ("http://0.0.0.0/a.png", false),
            ("http://169.254.169.254/a.png", false),
            ("http://10.0.0.1/a.png", false),
            ("http://[::ffff:10.0.0.1]/a.png", false),
            ("file:///etc/hosts", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(address).expect("a test's own address")), here, "{address}");
        }
    }

    #[tokio::test]
    async fn what_is_too_large_too_slow_refused_or_elsewhere_is_not_read() {
        let to =
            |target: &'static str| get(move || async move { axum::response::Redirect::temporary(target) });
        let router = Router::new()
            .route("/small", get(|| async { "12345" }))
            .route("/large", get(|| async { "123456" }))
            .route("/slow", get(std::future::pending::<&str>))
            .route("/moved", to("/small"))
            .route("/away", to("http://169.254.169.254/small"))
            .route("/round", to("/round"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let root = format!("http://localhost:{}", listener.local_addr().expect("it listens").port());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let at = |path: &str| format!("{root}/{path}");
        let all = ["small", "large", "moved", "away", "round", "missing", "slow"].map(at).to_vec();
        let fetching = Fetching::default();
        let deadline = Instant::now() + Duration::from_millis(1_500);
        let mut read: Vec<String> = fetching.read_until(all, deadline, 5).await.into_keys().collect();
        read.sort();
        assert_eq!(read, [at("moved"), at("small")]);
        serving.abort();
    }
}
