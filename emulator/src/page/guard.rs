//! What keeps other sites' pages out: `Host` and `Origin` must be the page's own, and nothing foreign runs on it.
//!
//! A site whose name is made to resolve to this machine (DNS rebinding) counts as the page's own site in the browser's
//! eyes. It cannot name itself by an address, so the page answers addresses and `localhost` only.
//!
//! The trap: programs that are no browsers send what they like. This is no password.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::refused;

/// Nothing from elsewhere runs or styles; pictures may come from where the bot says, everything else from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Refuses what another site's page wants, and tells the browser what this page may do.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let foreign = request.method() != Method::GET && is_foreign(request.headers());
    let mut answer = if !has_own_host(request.headers()) {
        refused(StatusCode::MISDIRECTED_REQUEST, "Open this page by an IP address or as localhost.")
    } else if foreign {
        refused(StatusCode::FORBIDDEN, "This request comes from another site.")
    } else {
        next.run(request).await
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Refuses a browser that was led here under another site's name; for pages with a policy of their own.
pub(crate) async fn own_host(request: Request, next: Next) -> Response {
    if has_own_host(request.headers()) {
        next.run(request).await
    } else {
        refused(StatusCode::MISDIRECTED_REQUEST, "Open this page by an IP address or as localhost.")
    }
}

/// Whether the request names this server by an address or as `localhost`.
fn has_own_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    };
    let address = bare.strip_prefix('[').and_then(|bare| bare.strip_suffix(']')).unwrap_or(bare);
    let name = bare.trim_end_matches('.').to_ascii_lowercase();
    address.parse::<IpAddr>().is_ok() || name == "localhost" || name.ends_with(".localhost")
}

/// Whether another site's page has made the request. Programs that are no browsers send no `Origin`.
fn is_foreign(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let own = [&b"http://"[..], b"https://"].iter().any(|scheme| {
        origin.as_bytes().strip_prefix(*scheme).is_some_and(|origin| !host.is_empty() && origin == host)
    });
    !own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_this_page() {
        for (host, own) in [
            ("127.0.0.1:8024", true),
            ("127.0.0.1", true),
            ("[::1]:8024", true),
            ("192.168.1.7:8024", true),
            ("localhost:8024", true),
            ("LOCALHOST.", true),
            ("portal.localhost", true),
            ("evil.example:8024", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("notlocalhost", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(has_own_host(&headers), own, "{host:?}");
        }
        assert!(!has_own_host(&HeaderMap::new()));
    }
}
