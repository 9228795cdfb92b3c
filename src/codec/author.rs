//! Who wrote: client, operator, employee, bot or the portal itself.

use crate::wire::{Author, Chat, ChatEntity, ChatKind, User, UserId};

/// What an event says about its author directly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// `IS_BOT` / `bot`.
    pub bot: Option<bool>,
    /// `IS_CONNECTOR` / `connector`.
    pub connector: Option<bool>,
    /// A system message.
    pub system: bool,
}

impl Flags {
    /// The flags of `user`, if that is the author.
    pub fn of(user: Option<&User>, author: UserId, system: bool) -> Self {
        match user.filter(|user| user.id == author) {
            Some(user) => Self { bot: user.is_bot, connector: user.is_connector, system },
            None => Self { bot: None, connector: None, system },
        }
    }
}

/// Classifies an author: by the flags where the event has them, else by the client of the entity id and `known_bots`.
///
/// ```
/// use openlines::{codec::{classify, Flags}, wire::{Author, Chat, ChatEntity, UserId}};
///
/// let mut chat = Chat::default();
/// chat.entity = ChatEntity::parse("LINES", "livechat|22|1775|599");
/// let of = |user| classify(Flags::default(), &chat, Some(UserId::new(user)), &|user| user.get() == 567);
/// assert_eq!((of(599), of(27), of(567)), (Author::Client, Author::Operator, Author::Bot));
/// assert_eq!(of(0), Author::System);
/// ```
///
/// **Trap:** an event names only the bots it is for. Ask again with the stored bots before a class other than
/// [`Author::Client`] decides anything; without flags a foreign bot looks like an operator.
pub fn classify(
    flags: Flags,
    chat: &Chat,
    author: Option<UserId>,
    known_bots: &dyn Fn(UserId) -> bool,
) -> Author {
    if flags.system || author.is_some_and(|author| author.get() == 0) {
        return Author::System;
    }
    let Some(author) = author else {
        return Author::Unknown;
    };
    if flags.bot == Some(true) || known_bots(author) {
        return Author::Bot;
    }
    match flags.connector {
        Some(true) => return Author::Client,
        Some(false) if chat.is_line() => return Author::Operator,
        Some(false) => return Author::Employee,
        None => {}
    }
    match &chat.entity {
        ChatEntity::Lines(address) if address.user == author => Author::Client,
        // A connector that groups by chat names no client, so nobody can be told from one.
        ChatEntity::Lines(address) if address.user.get() == 0 => Author::Unknown,
        ChatEntity::Lines(_) => Author::Operator,
        ChatEntity::Livechat { user, .. } if *user == author => Author::Client,
        ChatEntity::Livechat { .. } => Author::Operator,
        ChatEntity::None | ChatEntity::Other { .. } => match chat.kind {
            ChatKind::Line | ChatKind::Unknown => Author::Unknown,
            ChatKind::Private | ChatKind::Group | ChatKind::Open | ChatKind::Other(_) => Author::Employee,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> Chat {
        Chat { entity: ChatEntity::parse("LINES", id), kind: ChatKind::Line, ..Chat::default() }
    }

    fn of(flags: Flags, chat: &Chat, author: i64) -> Author {
        classify(flags, chat, Some(UserId::new(author)), &|user| user.get() == 567)
    }

    #[test]
    fn the_flags_go_before_the_entity_id() {
        let flags = Flags { bot: Some(false), connector: Some(true), system: false };
        assert_eq!(of(flags, &line("telegrambot|1|x|599"), 27), Author::Client);
        let flags = Flags { bot: Some(false), connector: Some(false), system: false };
        assert_eq!(of(flags, &line("telegrambot|1|x|599"), 599), Author::Operator);
    }

    #[test]
    fn the_bots_own_echo_is_never_an_operator() {
        assert_eq!(of(Flags::default(), &line("telegrambot|1|x|599"), 567), Author::Bot);
        let flags = Flags { bot: None, connector: Some(false), system: false };
        assert_eq!(of(flags, &line("telegrambot|1|x|599"), 567), Author::Bot);
    }

    #[test]
    fn without_evidence_nobody_is_a_client() {
        assert_eq!(of(Flags::default(), &line("whatsapp|1|group|0"), 27), Author::Unknown);
        assert_eq!(of(Flags::default(), &line("broken"), 27), Author::Unknown);
        assert_eq!(of(Flags::default(), &Chat::default(), 27), Author::Unknown);
        assert_eq!(classify(Flags::default(), &Chat::default(), None, &|_| true), Author::Unknown);
    }

    #[test]
    fn who_writes_elsewhere_is_an_employee() {
        let private = Chat { kind: ChatKind::Private, ..Chat::default() };
        assert_eq!(of(Flags::default(), &private, 27), Author::Employee);
    }

    #[test]
    fn another_users_flags_say_nothing_of_the_author() {
        let user = User { id: UserId::new(27), is_connector: Some(true), ..User::default() };
        assert_eq!(Flags::of(Some(&user), UserId::new(28), false), Flags::default());
    }
}
