//! Values inside buttons: what a handler put in is what it gets back, also after a redeploy.
//!
//! ```
//! use openlines::message::{Button, ButtonPayload, ButtonPress, Keyboard};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Rate {
//!     order: u32,
//!     stars: u8,
//! }
//!
//! impl ButtonPayload for Rate {
//!     const COMMAND: &'static str = "rate";
//! }
//!
//! # fn main() -> Result<(), openlines::message::BuildError> {
//! let keyboard = Keyboard::builder().button(Button::payload("Good", &Rate { order: 15, stars: 5 })).build()?;
//! assert_eq!(keyboard.to_value()[0]["COMMAND_PARAMS"], r#"1 {"order":15,"stars":5}"#);
//!
//! // What comes back in the command event:
//! match Rate::press("rate", r#"1 {"order":15,"stars":5}"#) {
//!     ButtonPress::Payload(rate) => assert_eq!(rate, Rate { order: 15, stars: 5 }),
//!     ButtonPress::NotMine => unreachable!("another command"),
//!     ButtonPress::Stale(old) => unreachable!("{old}"), // "This button is out of date, here is a new one."
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **Trap:** anybody in the chat can type the command with parameters of their own. A payload says which button
//! was pressed, not that the person may press it. And the portal raises no event for a command that the bot has not
//! registered.

use std::{fmt, io};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Serializer, Value, ser::Formatter};

use crate::{
    message::{BuildError, error::quoted},
    wire::Command,
};

/// A value that a button carries, made by [`Button::payload`](super::Button::payload).
///
/// ```
/// use openlines::message::{ButtonPayload, ButtonPress};
/// use serde::{Deserialize, Serialize};
/// use serde_json::Value;
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Rate { order: u32, stars: u8 }
///
/// impl ButtonPayload for Rate {
///     const COMMAND: &'static str = "rate";
///     const VERSION: u32 = 2;
///
///     /// Version 1 had the order only, and one button that meant five stars.
///     fn migrate(version: u32, old: Value) -> Option<Self> {
///         let order = old["order"].as_u64().filter(|_| version == 1)?;
///         Some(Self { order: order.try_into().ok()?, stars: 5 })
///     }
/// }
///
/// assert_eq!(Rate::press("rate", r#"1 {"order":15}"#), ButtonPress::Payload(Rate { order: 15, stars: 5 }));
/// assert!(matches!(Rate::press("rate", "from before payloads"), ButtonPress::Stale(_)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no payload of a button",
    note = "derive Serialize and Deserialize for it, and say `impl ButtonPayload for {Self} {{ const COMMAND: &'static str = \"…\"; }}`"
)]
pub trait ButtonPayload: Serialize + DeserializeOwned {
    /// The command that the bot registers for these buttons, one word without the slash.
    const COMMAND: &'static str;

    /// Raise it when the meaning of old values changes; their buttons are then stale unless
    /// [`migrate`](Self::migrate) reads them.
    const VERSION: u32 = 1;

    /// Reads the value of an older version, if that can be done.
    fn migrate(version: u32, old: Value) -> Option<Self> {
        let _ = (version, old);
        None
    }

    /// Reads the parameters of a command event.
    fn press(command: &str, params: &str) -> ButtonPress<Self> {
        if command.strip_prefix('/').unwrap_or(command) == Self::COMMAND {
            read(params)
        } else {
            ButtonPress::NotMine
        }
    }
}

/// What a command event is to a [`ButtonPayload`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a stale button wants an answer too"]
pub enum ButtonPress<T> {
    /// One of its buttons.
    Payload(T),
    /// Another command.
    NotMine,
    /// Its command, but not its value: a button of an older program, or something typed.
    Stale(StaleButton),
}

impl<T> ButtonPress<T> {
    /// The value, if it is one.
    pub fn payload(self) -> Option<T> {
        match self {
            Self::Payload(payload) => Some(payload),
            Self::NotMine | Self::Stale(_) => None,
        }
    }
}

/// A button that this program cannot read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleButton {
    /// The version that made it, if it says one.
    pub version: Option<u32>,
    /// What it carries.
    pub params: String,
    reason: String,
}

impl fmt::Display for StaleButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.reason, quoted(&self.params))
    }
}

impl std::error::Error for StaleButton {}

impl Command {
    /// What the command is to a [`ButtonPayload`]: one of its buttons, another command, or a stale button.
    pub fn press<T: ButtonPayload>(&self) -> ButtonPress<T> {
        T::press(&self.name, &self.params)
    }
}

/// `VERSION JSON`, with nothing in it that the portal would take for a line break or a mention.
pub(super) fn written<T: ButtonPayload>(payload: &T) -> Result<String, BuildError> {
    if T::COMMAND.is_empty() || T::COMMAND.chars().any(char::is_whitespace) {
        let rule = format!("must be one word to be the command of a payload, not {}", quoted(T::COMMAND));
        return Err(BuildError::bad("COMMAND", "5.2", rule));
    }
    let mut json = format!("{} ", T::VERSION).into_bytes();
    let written = payload.serialize(&mut Serializer::with_formatter(&mut json, Calm));
    written.map_err(io::Error::from).and_then(|()| String::from_utf8(json).map_err(io::Error::other)).map_err(
        |error| BuildError::bad("COMMAND_PARAMS", "5.2", format!("cannot hold the payload as JSON: {error}")),
    )
}

fn read<T: ButtonPayload>(given: &str) -> ButtonPress<T> {
    let stale = |version, reason: String| {
        ButtonPress::Stale(StaleButton { version, params: given.to_owned(), reason })
    };
    let params = given.trim();
    let (version, json) = params.split_once(' ').unwrap_or((params, "null"));
    let Ok(version) = version.parse::<u32>() else { return stale(None, "no version".to_owned()) };
    if version == T::VERSION {
        return match serde_json::from_str(json) {
            Ok(payload) => ButtonPress::Payload(payload),
            Err(error) => stale(Some(version), format!("no payload of version {version} ({error})")),
        };
    }
    match serde_json::from_str(json).ok().and_then(|old| T::migrate(version, old)) {
        Some(payload) => ButtonPress::Payload(payload),
        None => stale(Some(version), format!("version {version}, where {} is read,", T::VERSION)),
    }
}

/// JSON without `[` and `#` inside strings: `[BR]`, `#BR#` and `[USER=…]` are rewritten by the portal.
struct Calm;

impl Formatter for Calm {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut written = 0;
        for (at, sign) in fragment.match_indices(['[', '#']) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            writer.write_all(if sign == "[" { b"\\u005b" } else { b"\\u0023" })?;
            written = at + 1;
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::{message::Button, wire::CommandContext, wire::CommandId};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Vote {
        For { why: String, tags: Vec<String> },
        Against(i64),
        Nothing,
    }

    impl ButtonPayload for Vote {
        const COMMAND: &'static str = "vote";
        const VERSION: u32 = 3;
    }

    fn sent(vote: &Vote) -> String {
        let button = Button::payload("Vote", vote);
        let super::super::Action::Command { command, params } = button.action() else { panic!() };
        assert_eq!(command, "vote");
        params.clone()
    }

    #[test]
    fn an_old_button_is_told_from_a_foreign_one() {
        let mine = sent(&Vote::Against(-5));
        assert_eq!(Vote::press("vote", &mine), ButtonPress::Payload(Vote::Against(-5)));
        assert_eq!(Vote::press("/vote", &format!(" {mine}\n")), ButtonPress::Payload(Vote::Against(-5)));
        assert_eq!(Vote::press("votes", &mine), ButtonPress::NotMine);
        for (params, version) in [
            ("", None),
            ("yes", None),
            ("-1 null", None),
            ("99999999999 null", None),
            ("2 {\"Against\":1}", Some(2)),
            ("4 {\"Against\":1}", Some(4)),
            ("3 {\"Renamed\":1}", Some(3)),
            ("3 {\"Against\":", Some(3)),
            ("3", Some(3)),
        ] {
            let ButtonPress::Stale(stale) = Vote::press("vote", params) else { panic!("{params}") };
            assert_eq!((stale.version, stale.params.as_str()), (version, params));
        }
        let ButtonPress::Stale(stale) = Vote::press("vote", "2 {\"Against\":1}") else { panic!() };
        assert_eq!(stale.to_string(), r#"version 2, where 3 is read, in "2 {\"Against\":1}""#);
    }

    #[test]
    fn a_command_event_is_read_as_a_payload() {
        let command = Command::new(CommandId::new(1), "vote", "3 \"Nothing\"", CommandContext::Button);
        assert_eq!(command.press::<Vote>().payload(), Some(Vote::Nothing));
    }

    #[test]
    fn a_payload_that_cannot_be_json_is_refused_where_the_keyboard_is_built() {
        #[derive(Serialize, Deserialize)]
        struct Odd(std::collections::BTreeMap<(u8, u8), u8>);
        impl ButtonPayload for Odd {
            const COMMAND: &'static str = "odd";
        }
        let odd = Button::payload("Odd", &Odd([((1, 2), 3)].into()));
        let error = super::super::Keyboard::builder().button(odd).build().unwrap_err();
        assert_eq!(error.field(), "COMMAND_PARAMS");
    }

    proptest! {
        #[test]
        fn a_payload_comes_back_and_holds_nothing_that_the_portal_rewrites(
            why in "(\\[BR\\]|#BR#|\\[USER=1\\]|\\\\|\"|\\PC|[\u{0}-\u{1f}]){0,20}",
            tags in proptest::collection::vec(any::<String>(), 0..3),
        ) {
            let vote = Vote::For { why, tags };
            let params = sent(&vote);
            let plain = params.to_ascii_lowercase();
            prop_assert!(!plain.contains("[br]") && !plain.contains("#br#") && !plain.contains("[user"));
            prop_assert_eq!(Vote::press("vote", &params), ButtonPress::Payload(vote));
        }

        #[test]
        fn no_parameters_break_the_reading(params in "([0-9]{1,11})?\\PC{0,30}", command in "(/?vote|\\PC{0,5})") {
            let _ = Vote::press(&command, &params);
        }
    }
}
