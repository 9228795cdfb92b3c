//! Ids as types of their own, so that a chat id is never passed where a user id is meant.
//!
//! ```
//! use openlines::wire::{BotId, ChatId, DialogId, Timestamp, UserId};
//!
//! assert_eq!(DialogId::of_chat(ChatId::new(1777)).as_str(), "chat1777");
//! assert_eq!(DialogId::from("27").chat(), None);
//! assert_eq!(UserId::from(BotId::new(567)).get(), 567);
//! assert_eq!(Timestamp::from_seconds(2).millis(), 2000);
//! ```
//!
//! **Trap:** the dialog of a private chat is the counterpart's user id, so it is another one for each side.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

macro_rules! int_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps the number as the portal gave it.
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }
    )+};
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text as the portal gave it.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self(Arc::from(""))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(Arc::from(id))
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(Arc::from(id))
            }
        }
    )+};
}

int_ids! {
    /// A portal user: employee, bot or connector client. `0` is the system.
    UserId,
    /// A chat, without the `chat` prefix.
    ChatId,
    /// A message; ids grow with time on one portal.
    MessageId,
    /// A bot; the same number is its user id.
    BotId,
    /// A registered slash command.
    CommandId,
    /// An open line (its configuration).
    LineId,
    /// An open-line session.
    SessionId,
}

text_ids! {
    /// The channel of an open line: `livechat`, `telegrambot`, `network` or a custom code.
    ConnectorId,
    /// Where an answer goes: `chat1777`, or the counterpart's user id in a private dialog.
    DialogId,
    /// The stable key of a portal, 32 hex digits; its domain may change, this does not.
    MemberId,
    /// The application: the OAuth client id, or `webhook` for a portal reached by incoming webhook.
    AppId,
}

impl DialogId {
    /// The dialog of a group or open-line chat: `chat<ID>`.
    pub fn of_chat(chat: ChatId) -> Self {
        Self::from(format!("chat{chat}"))
    }

    /// The chat id if this is `chat<ID>`.
    pub fn chat(&self) -> Option<ChatId> {
        self.as_str().strip_prefix("chat")?.parse().ok().map(ChatId::new)
    }
}

impl From<BotId> for UserId {
    fn from(bot: BotId) -> Self {
        Self::new(bot.get())
    }
}

/// One application on one portal: the key that everything stored begins with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortalKey {
    /// The application.
    pub app: AppId,
    /// The portal.
    pub member: MemberId,
}

impl PortalKey {
    /// The key of `app` on the portal `member`.
    pub fn new(app: impl Into<AppId>, member: impl Into<MemberId>) -> Self {
        Self { app: app.into(), member: member.into() }
    }
}

impl fmt::Display for PortalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.app, self.member)
    }
}

/// A moment: milliseconds since the Unix epoch. For people it is written, and read, as RFC 3339 has it, UTC.
///
/// ```
/// use openlines::wire::Timestamp;
///
/// let moment: Timestamp = "2026-03-16T20:41:58+03:00".parse()?;
/// assert_eq!(moment.to_string(), "2026-03-16T17:41:58Z");
/// assert!("yesterday".parse::<Timestamp>().is_err());
/// # Ok::<(), openlines::wire::NoTimestamp>(())
/// ```
///
/// **Trap:** serde has it as the number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the Unix epoch, the unit of `ts` on the wire.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `span` later.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment and `span` earlier.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => moment.fmt(f),
            // Beyond the year 9999, either way.
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NoTimestamp(()))?;
        Ok(Self(moment.as_millisecond()))
    }
}

/// A text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTimestamp(());

impl fmt::Display for NoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no moment; write one as 2026-03-16T17:41:58Z")
    }
}

impl std::error::Error for NoTimestamp {}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn every_moment_can_be_written_and_those_of_the_calendar_are_read_again() {
        for millis in [0, -1, 1_773_682_918_123, 253_402_207_200_000] {
            let moment = Timestamp::from_millis(millis);
            assert_eq!(moment.to_string().parse(), Ok(moment), "{moment}");
        }
        assert_eq!(Timestamp::from_seconds(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9223372036854775807 ms");
    }
}
