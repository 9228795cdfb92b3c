//! The graph: who has a session after something happened.

use serde::{Deserialize, Serialize};

/// Who has a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Holder {
    /// The bot.
    #[default]
    Bot,
    /// Nobody yet: it was handed over and waits for a person. The bot may still speak.
    Waiting,
    /// A person. The bot says nothing to the client.
    Human,
    /// Nobody: it is over. The client's next message begins a new one, which the bot has.
    Closed,
}

/// What happened, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// The client wrote, and the chat belongs to the bot or to nobody.
    ClientWrites,
    /// A person wrote into the chat, or owns it.
    TakenOver,
    /// The bot handed it over, or the client asked for people by the text `0`.
    HandedOver,
    /// It was given back to the bot.
    Returned,
    /// It ended.
    Finished,
}

impl Holder {
    pub(super) fn after(self, fact: Fact) -> Self {
        match (fact, self) {
            (Fact::ClientWrites, Self::Waiting) => Self::Waiting,
            (Fact::ClientWrites, Self::Bot | Self::Human | Self::Closed) => Self::Bot,
            (Fact::TakenOver, _) => Self::Human,
            (Fact::HandedOver, Self::Bot | Self::Waiting) => Self::Waiting,
            (Fact::HandedOver, holder @ (Self::Human | Self::Closed)) => holder,
            (Fact::Returned, Self::Closed) => Self::Closed,
            (Fact::Returned, Self::Bot | Self::Waiting | Self::Human) => Self::Bot,
            (Fact::Finished, _) => Self::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Fact::*,
        Holder::{self, *},
    };
    use rstest::rstest;

    #[rstest]
    #[case::client_writes(ClientWrites, [Bot, Waiting, Bot, Bot])]
    #[case::taken_over(TakenOver, [Human, Human, Human, Human])]
    #[case::handed_over(HandedOver, [Waiting, Waiting, Human, Closed])]
    #[case::returned(Returned, [Bot, Bot, Bot, Closed])]
    #[case::finished(Finished, [Closed, Closed, Closed, Closed])]
    fn every_cell_of_the_table(#[case] fact: super::Fact, #[case] row: [Holder; 4]) {
        assert_eq!([Bot, Waiting, Human, Closed].map(|holder| holder.after(fact)), row);
    }
}
