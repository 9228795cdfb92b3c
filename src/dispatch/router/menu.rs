//! Routes of [`Menu`]s: whichever way the client answers, the handler gets the value.
//!
//! ```
//! use openlines::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, Serialize, Deserialize)]
//! enum Topic { Delivery, Payment }
//!
//! fn topics() -> Menu<Topic> {
//!     Menu::new("What is it about?").by_command().item(Topic::Delivery, "Delivery").item(Topic::Payment, "Payment")
//! }
//!
//! let router = Router::new()
//!     .text("help", async |cx: Context, _message: Message| cx.reply_menu(&topics()))
//!     .menu(topics(), async |_cx: Context, topic: Topic| match topic {
//!         Topic::Delivery => "It takes two days",
//!         Topic::Payment => "By card or in cash",
//!     });
//!
//! let wrote = |text: &str| {
//!     let message = Message::new(1.into(), text, Chat::default(), 7.into(), Author::Client);
//!     Incoming::new("ONIMBOTV2MESSAGEADD", Event::Message(message), Origin::BotV2)
//! };
//! assert_eq!(router.takes(&wrote("2.")), Some("menu `What is it about?`"));
//! assert_eq!(router.takes(&wrote("delivery")), Some("menu `What is it about?`"));
//! assert_eq!(router.takes(&wrote("3")), None);
//! ```
//!
//! **Trap:** a router does not know which menu the client saw last. `1` answers the first of its menus, shown or not:
//! keep menus that may be mistaken for one another behind filters, or read them by [`Menu::read`] in the state of a
//! dialogue.

use std::sync::Arc;

use futures_util::FutureExt;
use serde::Serialize;

use super::{
    Router,
    endpoint::{self, Endpoint, Handler, handler, pass},
    table::{Pressed, Trigger},
};
use crate::{
    dispatch::{Answer, Context},
    message::{ButtonPayload, ButtonPress, Menu, MenuPress, MenuReading},
    wire::{Command, CommandContext, Event, Message},
};

/// An answer that fits several items of a menu, see [`Router::ambiguous`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ambiguous {
    /// What the client wrote.
    pub message: Message,
    /// Numbers and labels of the items that fit, as the menu shows them. Labels are no BB code: put them through
    /// [`literal()`](crate::message::literal()).
    pub choices: Vec<(usize, String)>,
}

/// What a text is to a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Chosen,
    Ambiguous,
    No,
}

/// A menu without its type.
pub(super) trait AnyMenu: Send + Sync {
    fn title(&self) -> &str;
    fn is_by_command(&self) -> bool;
    fn reads(&self, text: &str) -> Reading;
    fn pressed(&self, command: &Command) -> Pressed;
}

impl<T: Serialize + Send + Sync> AnyMenu for Menu<T> {
    fn title(&self) -> &str {
        self.title()
    }

    fn is_by_command(&self) -> bool {
        self.is_by_command()
    }

    fn reads(&self, text: &str) -> Reading {
        match self.read(text) {
            MenuReading::Chosen(_) => Reading::Chosen,
            MenuReading::Ambiguous(_) => Reading::Ambiguous,
            _ => Reading::No,
        }
    }

    fn pressed(&self, command: &Command) -> Pressed {
        if command.context == CommandContext::Typed {
            return Pressed::NotMine;
        }
        match press(self, command) {
            MenuReading::Chosen(_) => Pressed::Mine,
            MenuReading::Stale => Pressed::Stale,
            _ => Pressed::NotMine,
        }
    }
}

/// The command's name is the table's business, which compares it in any case.
fn press<'m, T: Serialize>(menu: &'m Menu<T>, command: &Command) -> MenuReading<'m, T> {
    match MenuPress::press(MenuPress::COMMAND, &command.params) {
        ButtonPress::Payload(press) => menu.read(&press),
        ButtonPress::NotMine => MenuReading::NotMine,
        ButtonPress::Stale(_) => MenuReading::Stale,
    }
}

impl Router {
    /// Sends every answer to `menu` to `handler`, with the value of the item: a press of one of its buttons, and a
    /// message with the item's number, label or synonym. Show it by [`Context::reply_menu`]. The command of a menu
    /// [`by_command`](Menu::by_command) is registered with the bot.
    ///
    /// A text that fits several items is answered by [`ambiguous`](Self::ambiguous), unless a text or pattern of another
    /// route fits it; a button whose item is gone, and one of a menu that is gone altogether, by
    /// [`stale`](Self::stale).
    ///
    /// ```
    /// use openlines::prelude::*;
    ///
    /// fn sizes() -> Menu<u32> {
    ///     Menu::new("Which size?").item(30, "Small").item(40, "Large").synonym("big")
    /// }
    ///
    /// let router = Router::new()
    ///     .command("pizza", async |cx: Context, (): ()| cx.reply_menu(&sizes()))
    ///     .menu(sizes(), async |_cx: Context, inches: u32| format!("{inches} cm, in half an hour"));
    /// # let _ = router;
    /// ```
    ///
    /// **Trap:** a router does not know which menu was shown: `1` goes to the first that has it. A menu that refuses to
    /// be shown ([`Menu::check`]) is heard all the same.
    pub fn menu<T, F, Fut>(self, menu: Menu<T>, handler: F) -> Self
    where
        T: Serialize + Clone + Send + Sync + 'static,
        F: Fn(Context, T) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        let menu = Arc::new(menu);
        self.route(Trigger::Menu(menu.clone()), on_menu(menu, endpoint::handler(handler)))
    }

    /// Answers messages that fit several items of a menu, for this router and those nested in it that have no such
    /// handler of their own. Unless told otherwise, the answer asks which, by their numbers.
    pub fn ambiguous<F, Fut>(mut self, answer: F) -> Self
    where
        F: Fn(Context, Ambiguous) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Answer,
    {
        self.ambiguous = Some(handler(answer));
        self.changed()
    }
}

fn on_menu<T: Serialize + Clone + Send + Sync + 'static>(
    menu: Arc<Menu<T>>,
    handler: Handler<T>,
) -> Endpoint {
    Arc::new(move |cx, incoming, scope| {
        let reading = match &incoming.event {
            Event::Message(message) => menu.read(message),
            Event::Command(command) => press(&menu, command),
            _ => return pass(),
        };
        match (reading, &incoming.event) {
            (MenuReading::Chosen(value), _) => handler(cx.clone(), value.clone()),
            (MenuReading::Ambiguous(values), Event::Message(message)) => {
                let items = menu.items().enumerate();
                let fits =
                    items.filter(|(_, (value, _))| values.iter().any(|fit| std::ptr::eq(*fit, *value)));
                let choices = fits.map(|(at, (_, label))| (at + 1, label.to_owned())).collect();
                (scope.ambiguous)(cx.clone(), Ambiguous { message: message.clone(), choices }).boxed()
            }
            _ => pass(),
        }
    })
}
