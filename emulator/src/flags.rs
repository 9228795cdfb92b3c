//! What the flags of the command line may be: checked before anything is printed, with a sentence that says what to
//! write instead.
//!
//! The trap: `localhost` is asked of the system; the address of IPv4 is taken if it has one.

use std::net::{SocketAddr, ToSocketAddrs as _};

use openlines_emulator::SCOPES;

/// `--listen`.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let write = "write IP:PORT, such as 127.0.0.1:8024";
    let port =
        text.rsplit_once(':').and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
    if port.is_none() {
        return Err(write.to_owned());
    }
    let found: Vec<SocketAddr> =
        text.to_socket_addrs().map_err(|error| format!("{error}; {write}"))?.collect();
    found
        .iter()
        .find(|address| address.is_ipv4())
        .or_else(|| found.first())
        .copied()
        .ok_or_else(|| format!("this name has no address; {write}"))
}

/// `--install`, `--install-page` and `--redirect-uri`.
pub(super) fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let blank = text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    match authority {
        Some(authority) if !authority.is_empty() && !authority.starts_with(':') && !blank => {
            Ok(text.to_owned())
        }
        _ => {
            Err("write an address with http:// or https://, such as http://127.0.0.1:8081/install".to_owned())
        }
    }
}

/// `--scope`.
pub(super) fn scope(text: &str) -> Result<String, String> {
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let known = || SCOPES.join(", ");
    if names.is_empty() {
        return Err(format!("an application needs a scope; there are {}", known()));
    }
    match names.iter().find(|name| !SCOPES.contains(name)) {
        Some(name) => Err(format!("there is no scope {name:?}; there are {}", known())),
        None => Ok(names.join(",")),
    }
}

/// `--operating-limit`.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write whole seconds, or 0 for no limit".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_name_but_needs_a_port() {
        assert_eq!(listen("127.0.0.1:8031").map(|address| address.port()), Ok(8031));
        let local = listen("localhost:8031");
        assert!(local.as_ref().is_ok_and(|address| address.ip().is_loopback() && address.port() == 8031));
        for wrong in ["", "8031", "127.0.0.1", ":8031", "localhost:http"] {
            assert!(listen(wrong).is_err_and(|error| error.contains("write IP:PORT")), "{wrong}");
        }
    }

    #[test]
    fn an_installation_has_an_address_of_the_web() {
        for good in ["http://127.0.0.1:1/install", "https://bot.example"] {
            assert_eq!(url(good).as_deref(), Ok(good));
        }
        for wrong in ["", "notaurl", "ftp://x", "x", "http://", "http://:80/", "http://a b"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn scopes_are_known_ones_and_at_least_one() {
        assert_eq!(scope("imbot, im").as_deref(), Ok("imbot,im"));
        for wrong in ["", " , ", "nonsense", "imbot,nonsense"] {
            assert!(scope(wrong).is_err_and(|error| error.contains("imopenlines")), "{wrong}");
        }
    }

    #[test]
    fn a_limit_is_a_number_of_seconds() {
        assert_eq!((seconds("0"), seconds("420")), (Ok(0), Ok(420)));
        for wrong in ["-3", "1.5", "soon"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
