//! What an answer to a menu means.

use serde::Serialize;

use super::{Item, Menu, MenuPress, plain};
use crate::{
    message::{ButtonPayload, ButtonPress, trim::trimmed},
    wire::{Command, Message},
};

/// What may answer a menu: a text, or the press of a button.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum MenuAnswer<'a> {
    /// Something written.
    Text(&'a str),
    /// A command with its parameters.
    Command(&'a str, &'a str),
    /// A press that is read already.
    Press(&'a MenuPress),
}

impl<'a> From<&'a str> for MenuAnswer<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for MenuAnswer<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Message> for MenuAnswer<'a> {
    fn from(message: &'a Message) -> Self {
        Self::Text(&message.text)
    }
}

impl<'a> From<&'a Command> for MenuAnswer<'a> {
    fn from(command: &'a Command) -> Self {
        Self::Command(&command.name, &command.params)
    }
}

impl<'a> From<&'a MenuPress> for MenuAnswer<'a> {
    fn from(press: &'a MenuPress) -> Self {
        Self::Press(press)
    }
}

/// What an answer means to a [`Menu`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MenuReading<'m, T> {
    /// This value.
    Chosen(&'m T),
    /// One of these: ask which.
    Ambiguous(Vec<&'m T>),
    /// The portal has ended the bot's session: the client wrote `0`.
    EndsSession,
    /// A button of this menu whose value is gone, or one that cannot be read any more: show the menu again.
    Stale,
    /// A press of something else.
    NotMine,
    /// No answer to it.
    Unknown,
}

impl<T> Menu<T> {
    /// The value that the answer means, if it means just one.
    pub fn choice<'a>(&self, answer: impl Into<MenuAnswer<'a>>) -> Option<&T>
    where
        T: Serialize,
    {
        match self.read(answer) {
            MenuReading::Chosen(value) => Some(value),
            _ => None,
        }
    }

    /// What the answer means.
    ///
    /// A text is, in this order: a number, label or synonym (case, `ё` and spaces aside); the same without signs at
    /// its ends; the first words of labels or synonyms. The first of these that fits anything decides, and if it
    /// fits several answers, the text is ambiguous.
    ///
    /// ```
    /// use openlines::message::{Menu, MenuReading};
    ///
    /// let menu = Menu::new("Which?").item('a', "Red shirt").item('b', "Red hat").item('c', "Ёлка");
    /// assert_eq!(menu.read("red hat?"), MenuReading::Chosen(&'b'));
    /// assert_eq!(menu.read("red"), MenuReading::Ambiguous(vec![&'a', &'b']));
    /// assert_eq!(menu.read("елка"), MenuReading::Chosen(&'c'));
    /// assert_eq!(menu.read("0"), MenuReading::EndsSession);
    /// assert_eq!(menu.read("green"), MenuReading::Unknown);
    /// ```
    pub fn read<'a>(&self, answer: impl Into<MenuAnswer<'a>>) -> MenuReading<'_, T>
    where
        T: Serialize,
    {
        match answer.into() {
            MenuAnswer::Text(text) => self.read_text(text),
            MenuAnswer::Press(press) => self.read_press(press),
            MenuAnswer::Command(command, params) => match MenuPress::press(command, params) {
                ButtonPress::Payload(press) => self.read_press(&press),
                ButtonPress::Stale(_) => MenuReading::Stale,
                ButtonPress::NotMine => MenuReading::NotMine,
            },
        }
    }

    fn read_press(&self, press: &MenuPress) -> MenuReading<'_, T>
    where
        T: Serialize,
    {
        if press.menu() != self.key() {
            return MenuReading::NotMine;
        }
        let chosen = self.items.iter().find(|item| press.is(&item.value));
        chosen.map_or(MenuReading::Stale, |item| MenuReading::Chosen(&item.value))
    }

    fn read_text(&self, text: &str) -> MenuReading<'_, T> {
        if trimmed(text) == "0" {
            return MenuReading::EndsSession;
        }
        let light = plain::light(text);
        if light.is_empty() || plain::number(&light) == Some(0) {
            return MenuReading::Unknown;
        }
        let bare = plain::bare(&light);
        let number = plain::number(&light);
        let numbered = plain::numbered(&light);
        let stages: [&dyn Fn(usize, &str) -> bool; 4] = [
            &|at, word| number == Some(at + 1) || word == light,
            &|at, word| {
                numbered.is_some_and(|(number, label)| {
                    number == at + 1 && (label == word || plain::bare(label) == plain::bare(word))
                })
            },
            &|_, word| plain::bare(word) == bare,
            &|_, word| plain::begins(plain::bare(word), bare),
        ];
        for means in stages {
            let fits =
                |(at, item): &(usize, &Item<T>)| item.words().any(|word| means(*at, &plain::light(word)));
            let mut found: Vec<&T> =
                self.items.iter().enumerate().filter(fits).map(|(_, item)| &item.value).collect();
            match found.len() {
                0 => {}
                1 => return MenuReading::Chosen(found.remove(0)),
                _ => return MenuReading::Ambiguous(found),
            }
        }
        MenuReading::Unknown
    }
}
