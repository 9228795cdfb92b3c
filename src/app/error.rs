//! Why a bot could not start or go on.

use std::fmt;

use crate::dispatch::EnqueueError;

/// The kinds of [`AppError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AppErrorKind {
    /// A setting is missing or wrong.
    Setting,
    /// An address could not be listened on.
    Listen,
    /// The store could not be opened or failed.
    Store,
    /// The command line asked for what there is not.
    Request,
    /// It took too long.
    Late,
    /// Not all is as it should be.
    Unwell,
    /// A task of the bot's own failed.
    Failed,
}

/// A bot could not start or go on: what, where, what to do. Holds no secret.
pub struct AppError {
    kind: AppErrorKind,
    what: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AppError {
    pub(super) fn new(kind: AppErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }

    pub(super) fn caused(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    pub(super) fn setting(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(AppErrorKind::Setting, error.to_string())
    }

    /// A setting of the bot's own is wrong: say which, in which file, and what is allowed. What a type can check while
    /// it is read, [`App::settings`](super::App::settings) tells by itself. The exit status is 2 with
    /// [`main`](super::main()).
    ///
    /// ```
    /// use openlines::app::{AppError, AppErrorKind};
    ///
    /// let error = AppError::wrong_setting("shop.toml: `folder`: there is no folder `pages`; one with .md files is allowed");
    /// assert_eq!(error.kind(), AppErrorKind::Setting);
    /// ```
    ///
    /// **Trap:** put no secret into it; it is printed.
    pub fn wrong_setting(what: impl Into<String>) -> Self {
        Self::new(AppErrorKind::Setting, what)
    }

    /// A task of the bot's own failed: say what, where, and what to do. The exit status is 1 with [`main`](super::main()).
    ///
    /// **Trap:** put no secret into it; it is printed.
    pub fn failed(what: impl Into<String>) -> Self {
        Self::new(AppErrorKind::Failed, what)
    }

    /// The store that the settings name could not be opened.
    pub(super) fn database(error: &crate::store::StoreError) -> Self {
        Self::new(AppErrorKind::Store, format!("OPENLINES_DATABASE_URL: {error}"))
    }

    pub(super) fn store(error: crate::store::StoreError) -> Self {
        Self::new(AppErrorKind::Store, error.to_string()).caused(error)
    }

    /// The kind, to match on.
    pub fn kind(&self) -> AppErrorKind {
        self.kind
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// What a task of the bot's own asked for at a desk could not be asked for.
impl From<EnqueueError> for AppError {
    fn from(error: EnqueueError) -> Self {
        Self::failed(error.to_string()).caused(error)
    }
}

/// What `main` prints when it returns this: the text alone, for people.
impl fmt::Debug for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut cause = self.source.as_deref().and_then(std::error::Error::source);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for AppError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|error| error as &(dyn std::error::Error + 'static))
    }
}
