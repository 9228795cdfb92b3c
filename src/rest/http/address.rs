//! Addresses that may be called.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

/// An address that may be called: HTTPS, or HTTP on loopback. Shows its host only: that of a webhook is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads a REST root or the like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("the address cannot be read: {error}"))?;
        Self::allowed(url)
    }

    /// The root with a method's name behind it.
    pub(crate) fn method(&self, name: &str) -> Result<Self, String> {
        let mut url = self.0.clone();
        let slash = if url.path().ends_with('/') { "" } else { "/" };
        let path = format!("{}{slash}{name}", url.path());
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        Self::allowed(url)
    }

    /// Scheme, host and port, with this path and query.
    pub(crate) fn at(&self, path: &str) -> Result<Self, String> {
        let url = self.0.join(path).map_err(|error| format!("the address cannot be read: {error}"))?;
        if url.origin() != self.0.origin() {
            return Err("the path leads to another host".to_owned());
        }
        Self::allowed(url)
    }

    /// The root at which this method's address would be if its host were that of `location`. None unless `location`
    /// is the same path on another host under the same scheme.
    pub(super) fn moved_to(&self, location: &str, method: &str) -> Option<Self> {
        let new = Self::allowed(self.0.join(location).ok()?).ok()?;
        let same = new.0.scheme() == self.0.scheme() && new.0.path() == self.0.path();
        if !same || new.0.origin() == self.0.origin() {
            return None;
        }
        let mut root = new.0;
        let path = root.path().strip_suffix(method)?.to_owned();
        root.set_path(&path);
        root.set_query(None);
        Some(Self(root))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn url_mut(&mut self) -> &mut Url {
        &mut self.0
    }

    /// Host and port: not a secret.
    pub(super) fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    fn allowed(url: Url) -> Result<Self, String> {
        let address = Self(url);
        match address.0.scheme() {
            "https" => Ok(address),
            "http" if address.is_loopback() => Ok(address),
            "http" => Err(format!("plain HTTP is for loopback only, not for {}", address.host())),
            scheme => Err(format!("{scheme} is no scheme of a portal; it must be https")),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}://{}/***)", self.0.scheme(), self.host())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in
            ["https://p.example/rest/", "http://127.0.0.1:8024/rest/", "http://localhost/", "http://[::1]/"]
        {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["http://p.example/rest/", "http://127.0.0.1.example/", "ftp://127.0.0.1/", "p.example", ""]
        {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_same_path_on_another_host_is_a_move() {
        let at = |text: &str| Address::parse(text).unwrap();
        let old = at("https://old.example/rest/1/code/profile");
        let new = old.moved_to("https://new.example/rest/1/code/profile", "profile").unwrap();
        assert_eq!(new.url().as_str(), "https://new.example/rest/1/code/");
        for other in ["/auth/", "https://new.example/auth/", "http://127.0.0.1/rest/1/code/profile", "::", ""]
        {
            assert!(old.moved_to(other, "profile").is_none(), "{other}");
        }
    }

    #[test]
    fn its_debug_tells_the_host_only() {
        let shown = format!("{:?}", Address::parse("https://p.example/rest/1/s3cret/").unwrap());
        assert!(shown.contains("p.example") && !shown.contains("s3cret"), "{shown}");
    }
}
