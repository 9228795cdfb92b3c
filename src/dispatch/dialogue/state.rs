//! The state of a dialogue as a type, and how an older one is read.

use std::{fmt, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::record::Stored;

/// Where a dialogue stands: usually an enum, one variant for each question that waits for its answer. Read with
/// [`Context::state`](crate::dispatch::Context::state), changed with [`Context::goto`](crate::dispatch::Context::goto).
///
/// A state that was written by an older version of the type goes through its migrations one by one; each is written
/// once and stays. What cannot be read at all does not lock the client out: the dialogue begins anew with the
/// [`fallback`](Self::fallback), and the log says why.
///
/// ```
/// use openlines::dispatch::DialogState;
/// use serde::{Deserialize, Serialize};
/// use serde_json::{Value, json};
///
/// #[derive(Serialize, Deserialize)]
/// enum Order {
///     Start,
///     Delivery { street: String, floor: Option<u8> },
/// }
///
/// impl DialogState for Order {
///     const VERSION: u32 = 3;
///
///     fn migrate(version: u32, state: Value) -> Option<Value> {
///         match version {
///             // `Address` became `Delivery`.
///             1 if state.get("Address").is_some() => Some(json!({"Delivery": state["Address"]})),
///             // The floor was not asked for then; it is `None`.
///             1 | 2 => Some(state),
///             _ => None,
///         }
///     }
///
///     fn fallback() -> Self {
///         Self::Start
///     }
/// }
/// ```
pub trait DialogState: Serialize + DeserializeOwned + Send + 'static {
    /// Tells states of several kinds in one dialog apart. A bot with one kind leaves it.
    const NAME: &'static str = "dialogue";

    /// Raised with every change of what is written; [`assert_shape`](super::assert_shape) tells when.
    const VERSION: u32;

    /// What `version` wrote, as the version after it writes it; `None` if nothing can be made of it.
    fn migrate(version: u32, state: Value) -> Option<Value> {
        let _ = (version, state);
        None
    }

    /// Where a dialogue begins, and begins anew when its state cannot be read.
    fn fallback() -> Self;

    /// How long the client has in this state. Then the bot's `on_timer` is called, where
    /// [`Context::timed_out`](crate::dispatch::Context::timed_out) is the state; it goes with the session.
    fn time_out(&self) -> Option<Duration> {
        None
    }
}

/// Why a state cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::dispatch) enum Unreadable {
    Newer { version: u32, known: u32 },
    NoMigration { version: u32 },
    Shape { version: u32, error: String },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { version, known } => {
                write!(f, "it has version {version}, this program knows {known}: run the newer program")
            }
            Self::NoMigration { version } => {
                write!(f, "there is no migration from version {version}: write one in `DialogState::migrate`")
            }
            Self::Shape { version, error } => write!(
                f,
                "what version {version} wrote does not fit the type ({error}): raise `VERSION` and migrate"
            ),
        }
    }
}

/// Reads what was written, through the migrations.
pub(in crate::dispatch) fn read<S: DialogState>(stored: &Stored) -> Result<S, Unreadable> {
    let Stored { version, value, .. } = stored;
    if *version > S::VERSION {
        return Err(Unreadable::Newer { version: *version, known: S::VERSION });
    }
    let mut value = value.clone();
    for version in *version..S::VERSION {
        value = S::migrate(version, value).ok_or(Unreadable::NoMigration { version })?;
    }
    S::deserialize(&value).map_err(|error| Unreadable::Shape { version: *version, error: error.to_string() })
}

pub(in crate::dispatch) fn write<S: DialogState>(state: &S) -> Result<Stored, serde_json::Error> {
    Ok(Stored { version: S::VERSION, value: serde_json::to_value(state)?, session: false })
}

/// The timer that ends a state of this name.
pub(in crate::dispatch) fn time_out_name<S: DialogState>() -> String {
    format!("{}.time-out", S::NAME)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Order {
        Start,
        Delivery { street: String },
    }

    impl DialogState for Order {
        const VERSION: u32 = 4;
        fn migrate(version: u32, state: Value) -> Option<Value> {
            match version {
                2 => Some(json!({"Where": state.get("Address")?})),
                3 => Some(json!({"Delivery": state.get("Where")?})),
                _ => None,
            }
        }
        fn fallback() -> Self {
            Self::Start
        }
    }

    fn opened(version: u32, value: Value) -> Result<Order, Unreadable> {
        read(&Stored { version, value, session: false })
    }

    #[test]
    fn an_old_state_goes_through_every_migration_after_it() {
        let street = || Ok(Order::Delivery { street: "Elm".into() });
        assert_eq!(opened(4, json!({"Delivery": {"street": "Elm"}})), street());
        assert_eq!(opened(3, json!({"Where": {"street": "Elm"}})), street());
        assert_eq!(opened(2, json!({"Address": {"street": "Elm"}})), street());
        assert_eq!(opened(1, json!("Start")), Err(Unreadable::NoMigration { version: 1 }));
        assert_eq!(opened(2, json!("Start")), Err(Unreadable::NoMigration { version: 2 }));
        assert_eq!(opened(5, json!("Start")), Err(Unreadable::Newer { version: 5, known: 4 }));
        assert!(matches!(opened(4, json!("Begin")), Err(Unreadable::Shape { version: 4, .. })));
    }
}
