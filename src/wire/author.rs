//! Who wrote a message.
//!
//! ```
//! use openlines::wire::Author;
//!
//! // What an event does not say is not made up.
//! assert_eq!(Author::default(), Author::Unknown);
//! ```
//!
//! **Trap:** with an event alone a bot of another application may look like an operator; see
//! [`classify`](crate::codec::classify).

/// The class of a message's author. [`Author::Unknown`] is never taken for a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Author {
    /// The person on the other side of an open line.
    Client,
    /// An employee writing into an open-line chat.
    Operator,
    /// An employee in a private or group chat.
    Employee,
    /// A bot, this one or another.
    Bot,
    /// The portal itself (user 0 or a system message).
    System,
    /// The event does not say.
    #[default]
    Unknown,
}
