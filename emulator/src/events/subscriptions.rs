//! The table of handlers: which application wants which event where.

use crate::world::apps::Owner;
use crate::world::{World, take};

/// Whose a handler row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowOwner {
    /// An OAuth application, by client id.
    App(String),
    /// No application: a bot that was registered by webhook. The value is its `CLIENT_ID` or `botToken`.
    Custom(String),
}

impl RowOwner {
    /// The bots that such a row can speak for. A row without an application says so in its own URL.
    pub(crate) fn bots(&self, url: &str) -> Option<Owner> {
        match self {
            Self::App(client_id) => Some(Owner::App(client_id.clone())),
            Self::Custom(_) => client_id_in(url).map(Owner::Custom),
        }
    }
}

impl From<&Owner> for RowOwner {
    fn from(owner: &Owner) -> Self {
        match owner {
            Owner::App(client_id) => Self::App(client_id.clone()),
            Owner::Custom(token) => Self::Custom(token.clone()),
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct HandlerRow {
    pub(crate) id: i64,
    pub(crate) owner: RowOwner,
    pub(crate) event: String,
    pub(crate) url: String,
    /// Whose token the callback carries; 0 for the acting user's.
    pub(crate) user_id: i64,
    /// Made by `event.bind`, and so shown by `event.get`.
    pub(crate) bound: bool,
    /// `auth_connector` of the call that bound it.
    pub(crate) connector: String,
    /// Seconds between two ONOFFLINEEVENT (`OPTIONS[minTimeout]`).
    pub(crate) min_timeout: i64,
}

/// Seconds between two ONOFFLINEEVENT unless the application asks for others.
pub(crate) const MIN_TIMEOUT: i64 = 1;

impl World {
    pub(crate) fn rows_for(&self, event: &str) -> Vec<HandlerRow> {
        self.handlers.iter().filter(|row| row.event == event).cloned().collect()
    }

    /// v1 registration: one URL for each application and event.
    pub(crate) fn bind_v1(&mut self, owner: &Owner, event: &str, url: &str) {
        let owner = RowOwner::from(owner);
        self.handlers.retain(|row| row.bound || row.owner != owner || row.event != event);
        self.add_row(owner, event, url, 0, false);
    }

    /// v2 registration: rows are added beside older ones.
    pub(crate) fn bind_v2(&mut self, owner: &Owner, event: &str, url: &str) {
        let owner = RowOwner::from(owner);
        let known =
            self.handlers.iter().any(|row| row.owner == owner && row.event == event && row.url == url);
        if !known {
            self.add_row(owner, event, url, 0, false);
        }
    }

    pub(crate) fn add_row(&mut self, owner: RowOwner, event: &str, url: &str, user_id: i64, bound: bool) {
        let id = take(&mut self.next.handler);
        let (event, url) = (event.to_owned(), url.to_owned());
        let (connector, min_timeout) = (String::new(), MIN_TIMEOUT);
        self.handlers.push(HandlerRow { id, owner, event, url, user_id, bound, connector, min_timeout });
    }
}

/// The value of `CLIENT_ID` in a URL's query.
fn client_id_in(url: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let query = query.split('#').next()?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name == "CLIENT_ID" && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// The URL with `CLIENT_ID=` appended, as v1 registration by webhook does.
pub(crate) fn with_client_id(url: &str, client_id: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}CLIENT_ID={}", crate::form::percent(client_id))
}

/// Why a handler URL was refused (protocol 1.9): error code and text.
pub(crate) fn check_url(url: &str) -> Result<(), (&'static str, &'static str)> {
    let scheme_end = url.find("://").map(|at| (url[..at].to_ascii_lowercase(), &url[at + 3..]));
    let Some((scheme, rest)) = scheme_end else {
        return Err(("ERROR_WRONG_HANDLER_URL", "Wrong handler URL"));
    };
    if scheme != "http" && scheme != "https" {
        return Err(("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported event handler protocol"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.find('.') {
        Some(at) if at > 0 => Ok(()),
        _ => Err(("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")),
    }
}

#[cfg(test)]
mod tests {
    use super::{check_url, client_id_in, with_client_id};

    #[test]
    fn a_handler_url_needs_http_and_a_dot_in_its_host() {
        assert!(check_url("http://127.0.0.1:8080/events").is_ok());
        assert_eq!(check_url("ftp://a.example/x").unwrap_err().0, "ERROR_UNSUPPORTED_PROTOCOL");
        for bad in ["http://localhost/x", "http://.com", "nonsense", "", "https://"] {
            assert_eq!(check_url(bad).unwrap_err().0, "ERROR_WRONG_HANDLER_URL", "{bad}");
        }
    }

    #[test]
    fn the_client_id_of_a_row_without_application_is_in_its_url() {
        assert_eq!(client_id_in(&with_client_id("http://a.b/x?y=1", "t k")).as_deref(), Some("t k"));
        assert_eq!(client_id_in("http://a.b/x"), None);
    }
}
