//! Stores by their URL.

use std::sync::Arc;

use super::{MemoryStore, OpenMode, SqliteStore, Store, StoreError, StoreErrorKind};

/// Opens the store that `url` names, to work on it: `sqlite://PATH` or `memory:`.
///
/// ```
/// let store = openlines::store::open("memory:")?;
/// assert_eq!(store.identity().len(), 16);
/// assert!(openlines::store::open("redis://localhost").is_err());
/// # Ok::<(), openlines::store::StoreError>(())
/// ```
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match named(url)? {
        Named::Memory => Ok(Arc::new(MemoryStore::new())),
        Named::Sqlite(path) => Ok(Arc::new(SqliteStore::open(path, OpenMode::Server)?)),
    }
}

/// Opens the store that `url` names to look into it beside the server that works on it: portals, inbox, requests.
pub fn inspect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match named(url)? {
        Named::Memory => Err(StoreError::new(
            StoreErrorKind::UnknownScheme,
            "a store in memory is seen by its own process only; name the server's database, sqlite://PATH",
        )),
        Named::Sqlite(path) => Ok(Arc::new(SqliteStore::open(path, OpenMode::Inspect)?)),
    }
}

enum Named<'a> {
    Memory,
    Sqlite(&'a str),
}

fn named(url: &str) -> Result<Named<'_>, StoreError> {
    if url == "memory:" {
        return Ok(Named::Memory);
    }
    match url.strip_prefix("sqlite://") {
        Some("") => Err(StoreError::new(
            StoreErrorKind::UnknownScheme,
            "the database URL sqlite:// names no file; write sqlite://openlines.db or sqlite:///var/lib/bot.db",
        )),
        Some(path) => Ok(Named::Sqlite(path)),
        None => {
            // Only the scheme: what follows may hold a password.
            let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
            if scheme.is_empty() {
                return Err(StoreError::new(
                    StoreErrorKind::UnknownScheme,
                    "the database URL has no scheme; for a file write sqlite://PATH, such as sqlite:///var/lib/bot.db",
                ));
            }
            Err(StoreError::new(
                StoreErrorKind::UnknownScheme,
                format!(
                    "no store is known for the scheme {scheme:?} of the database URL; known are sqlite://PATH and memory:"
                ),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_scheme_is_refused_with_the_known_ones_and_without_the_password() {
        let error = open("postgres://bot:secret@host/db").unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::UnknownScheme);
        let text = error.to_string();
        assert!(
            text.contains("postgres") && text.contains("sqlite://PATH") && text.contains("memory:"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
        for url in ["", "openlines.db", "sqlite:", "sqlite://"] {
            assert_eq!(open(url).unwrap_err().kind(), StoreErrorKind::UnknownScheme, "{url}");
        }
    }
}
