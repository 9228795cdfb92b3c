//! Every way a request is refused, in one place: status, stable code, what is said.
//!
//! ```
//! use openlines::ingest::{Refusal, RefusalKind};
//!
//! let refusal = Refusal::new(RefusalKind::ForgedToken);
//! assert_eq!((refusal.status(), refusal.code()), (403, "FORGED_TOKEN"));
//! assert!(refusal.to_string().contains("auth[application_token]"));
//! ```
//!
//! **Trap:** a refusal goes to whoever asked. It names fields, never what they held.

use std::fmt;

use crate::portal::{PortalError, PortalErrorKind};

/// Every kind of [`Refusal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// More than 1 MiB.
    TooLarge,
    /// Neither a form nor JSON by its content type.
    MediaType,
    /// A form or JSON that cannot be decoded, or that breaks a limit of the decoder.
    Malformed,
    /// A form without an event code: no callback.
    NoEvent,
    /// The body did not come to its end.
    Incomplete,
    /// The address names an application that is not configured.
    UnknownApp,
    /// The address names no application, and there are several.
    AppNotNamed,
    /// The application is not installed on the portal.
    UnknownPortal,
    /// No application token.
    MissingToken,
    /// Another application token than the portal's.
    ForgedToken,
    /// An installation that does not say what it has to.
    BadInstallation,
    /// An installation that names an authorisation server which is not allowed.
    ServerNotAllowed,
    /// Too many installations wait for their proof.
    InstallationsFull,
    /// The event could not be stored: it was not accepted.
    NotStored,
    /// There is nothing at this address.
    NoSuchAddress,
    /// The address takes POST only.
    NotAPost,
}

/// One row of the catalogue.
struct Row {
    status: u16,
    code: &'static str,
    /// Where in the request it shows; empty for the whole of it.
    path: &'static str,
    what: &'static str,
    todo: &'static str,
}

impl RefusalKind {
    /// All kinds, for the documentation and for tests.
    pub const ALL: [Self; 16] = [
        Self::TooLarge,
        Self::MediaType,
        Self::Malformed,
        Self::NoEvent,
        Self::Incomplete,
        Self::UnknownApp,
        Self::AppNotNamed,
        Self::UnknownPortal,
        Self::MissingToken,
        Self::ForgedToken,
        Self::BadInstallation,
        Self::ServerNotAllowed,
        Self::InstallationsFull,
        Self::NotStored,
        Self::NoSuchAddress,
        Self::NotAPost,
    ];

    /// Stable code, upper case.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    fn row(self) -> Row {
        let row = |status, code, path, what, todo| Row { status, code, path, what, todo };
        match self {
            Self::TooLarge => row(
                413,
                "BODY_TOO_LARGE",
                "body",
                "the body has more than 1 MiB",
                "a portal sends some kilobytes: check who sent it",
            ),
            Self::NoSuchAddress => row(
                404,
                "NO_SUCH_ADDRESS",
                "path",
                "there is nothing at this address",
                "a portal posts its events to /events and opens /install; mind a slash at the end",
            ),
            Self::NotAPost => row(
                405,
                "NOT_A_POST",
                "method",
                "this address takes POST only",
                "set it as the handler or installation path of the application and let the portal call it",
            ),
            Self::MediaType => row(
                415,
                "NOT_A_FORM",
                "Content-Type",
                "the content type is neither application/x-www-form-urlencoded nor application/json",
                "send the body as the portal does, as a form",
            ),
            Self::Malformed => row(
                400,
                "BODY_MALFORMED",
                "body",
                "the body cannot be decoded",
                "send the body as the portal does, form-encoded with bracketed names",
            ),
            Self::NoEvent => row(
                400,
                "NO_EVENT",
                "event",
                "the body holds no event code",
                "this address takes callbacks of a portal; the install page is at /install",
            ),
            Self::Incomplete => row(
                400,
                "BODY_INCOMPLETE",
                "body",
                "the body broke off or came too slowly",
                "send the request again",
            ),
            Self::UnknownApp => row(
                404,
                "UNKNOWN_APP",
                "path",
                "the address names an application that is not configured here",
                "use /events/{client id} with the client id that is configured, or /events if it is the only one",
            ),
            Self::AppNotNamed => row(
                404,
                "APP_NOT_NAMED",
                "path",
                "several applications are configured and the address names none",
                "use /events/{client id}",
            ),
            Self::UnknownPortal => row(
                403,
                "UNKNOWN_PORTAL",
                "auth[member_id]",
                "the application is not installed on this portal, or its installation is not proven yet",
                "install the application on the portal and wait until its installation is proven",
            ),
            Self::MissingToken => row(
                401,
                "MISSING_TOKEN",
                "auth[application_token]",
                "there is no application token",
                "only a portal can send events; it adds the token by itself",
            ),
            Self::ForgedToken => row(
                403,
                "FORGED_TOKEN",
                "auth[application_token]",
                "the application token is not that of this portal",
                "if the application was installed again, open its install page once more, so that the new token is known",
            ),
            Self::BadInstallation => row(
                400,
                "BAD_INSTALLATION",
                "body",
                "the installation does not say what it has to",
                "open the install page from the portal, or install the application again",
            ),
            Self::ServerNotAllowed => row(
                403,
                "SERVER_NOT_ALLOWED",
                "server_endpoint",
                "the installation names an authorisation server that is not allowed; nothing was sent to it",
                "if the server is yours, add its host to BITRIX24_OAUTH_HOSTS",
            ),
            Self::InstallationsFull => row(
                503,
                "INSTALLATIONS_FULL",
                "",
                "too many installations wait for their proof",
                "try again in a few minutes",
            ),
            Self::NotStored => row(
                503,
                "NOT_STORED",
                "",
                "the request could not be stored, so it was not accepted",
                "send it again; the server's log says what is wrong with its store",
            ),
        }
    }
}

/// A refused request: nothing was written, nothing was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
    detail: Option<String>,
    path: Option<String>,
}

impl Refusal {
    /// A refusal of `kind`.
    pub fn new(kind: RefusalKind) -> Self {
        Self { kind, detail: None, path: None }
    }

    /// Says more precisely what was wrong; must hold nothing of a value from the request.
    #[must_use]
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says more precisely where.
    #[must_use]
    pub(super) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The kind, to match on.
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.kind.row().status
    }

    /// Stable code, upper case.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where in the request it shows; empty for the whole of it.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(self.kind.row().path)
    }

    /// Seconds after which the same request may succeed.
    pub fn retry_after(&self) -> Option<u32> {
        match self.kind {
            RefusalKind::NotStored => Some(5),
            RefusalKind::InstallationsFull => Some(60),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.kind.row();
        match self.path() {
            "" => {}
            path => write!(f, "{path}: ")?,
        }
        write!(f, "{}", row.what)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        write!(f, "; {}", row.todo)
    }
}

impl std::error::Error for Refusal {}

impl From<PortalError> for Refusal {
    /// Why an installation was not taken in.
    fn from(error: PortalError) -> Self {
        let kind = match error.kind() {
            PortalErrorKind::BadClaim => RefusalKind::BadInstallation,
            PortalErrorKind::HostNotAllowed | PortalErrorKind::Insecure => {
                // What the list holds is for the log, not for whoever asked.
                return Self::new(RefusalKind::ServerNotAllowed);
            }
            PortalErrorKind::TooManyPending => return Self::new(RefusalKind::InstallationsFull),
            _ => return Self::new(RefusalKind::NotStored),
        };
        Self::new(kind).detail(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_refusal_says_what_where_and_what_to_do_under_a_code_of_its_own() {
        let mut codes = HashSet::new();
        for kind in RefusalKind::ALL {
            let refusal = Refusal::new(kind);
            let row = kind.row();
            assert!(codes.insert(refusal.code()), "{kind:?}");
            assert!((400..600).contains(&refusal.status()) && !row.what.is_empty() && !row.todo.is_empty());
            assert_eq!(refusal.status() == 503, refusal.retry_after().is_some(), "{kind:?}");
            assert!(refusal.to_string().contains(row.todo));
        }
    }

    #[test]
    fn the_list_of_allowed_servers_is_not_told_to_whoever_asks() {
        let error = PortalError::new(PortalErrorKind::HostNotAllowed, "allowed now: internal.example");
        assert!(!Refusal::from(error).to_string().contains("internal.example"));
    }
}
