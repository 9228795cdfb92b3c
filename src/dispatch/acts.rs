//! What a bot does to messages and chats besides speaking, as calls of both generations (protocol 4.6, 4.8). All but
//! typing leave things alike however often they are made.

use std::fmt;

use super::{HandlerError, Outgoing, Route};
use crate::{
    message::Reply,
    portal::{BotGeneration, RegisteredBot},
    rest::{
        Method, Repeat,
        methods::{
            BotKeyboard, Part, imbot,
            imbot_v2::{self, InputAction},
        },
    },
    wire::{BotId, ChatId, DialogId, MessageId, UserId},
};

/// The colours a chat may have (protocol 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "a colour is called what it looks like")]
#[non_exhaustive]
pub enum ChatColor {
    Red,
    Green,
    Mint,
    LightBlue,
    DarkBlue,
    Purple,
    Aqua,
    Pink,
    Lime,
    Brown,
    Azure,
    Khaki,
    Sand,
    Marengo,
    Gray,
    Graphite,
    Copilot,
}

impl fmt::Display for ChatColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Red => "RED",
            Self::Green => "GREEN",
            Self::Mint => "MINT",
            Self::LightBlue => "LIGHT_BLUE",
            Self::DarkBlue => "DARK_BLUE",
            Self::Purple => "PURPLE",
            Self::Aqua => "AQUA",
            Self::Pink => "PINK",
            Self::Lime => "LIME",
            Self::Brown => "BROWN",
            Self::Azure => "AZURE",
            Self::Khaki => "KHAKI",
            Self::Sand => "SAND",
            Self::Marengo => "MARENGO",
            Self::Gray => "GRAY",
            Self::Graphite => "GRAPHITE",
            Self::Copilot => "COPILOT",
        })
    }
}

/// A change of a chat.
#[derive(Debug, Clone)]
pub(crate) enum ChatAct {
    Title(String),
    Description(String),
    Color(ChatColor),
    Add { users: Vec<UserId>, hide_history: bool },
    Remove(UserId),
    Leave,
    Owner(UserId),
    Manager { user: UserId, is: bool },
    TextField(bool),
}

fn cannot(generation: &str, what: &str) -> HandlerError {
    HandlerError::msg(format!(
        "a {generation} bot cannot {what}: its generation has no call for it (protocol 4.6, 4.8); register the bot as the other generation, or leave it out"
    ))
}

/// The call, to be tried again as the method allows.
fn call<M: Method>(method: M) -> Result<Outgoing, HandlerError> {
    let route = if method.repeat() == Repeat::Idempotent { Route::Idempotent } else { Route::Other };
    Outgoing::of(route, &method)
}

/// The part as it is to be: what is not there goes.
fn whole<T>(part: Option<T>) -> Part<T> {
    part.map_or(Part::Remove, Part::Set)
}

/// The message becomes `reply`; what that does not have is removed.
pub(crate) fn edit(bot: &RegisteredBot, message: MessageId, reply: &Reply) -> Result<Outgoing, HandlerError> {
    reply.check()?;
    if reply.text.trim().is_empty() {
        return Err(HandlerError::msg(
            "edit: a message that loses its text is deleted by the portal; give it a text, or use delete",
        ));
    }
    if reply.system || reply.internal_note {
        return Err(HandlerError::msg(
            "edit: a message cannot become a system message or a note; send a new one",
        ));
    }
    let preview = reply.without_preview.then_some(false);
    let reply = reply.clone();
    match bot.generation {
        BotGeneration::V2 => {
            let keyboard = reply.keyboard.map(|keyboard| BotKeyboard::new(bot.id, keyboard));
            let change = imbot_v2::MessageChange {
                url_preview: preview,
                ..imbot_v2::MessageChange::new()
                    .message(reply.text)
                    .attach(whole(reply.attach))
                    .keyboard(whole(keyboard))
            };
            call(imbot_v2::MessageUpdate::new(bot.id, message, change))
        }
        BotGeneration::V1 => call(imbot::MessageUpdate {
            url_preview: preview.map(Into::into),
            ..imbot::MessageUpdate::new(bot.id, message)
                .message(reply.text)
                .attach(whole(reply.attach))
                .keyboard(whole(reply.keyboard))
                .menu(whole(reply.context_menu))
        }),
    }
}

pub(crate) fn delete(
    bot: &RegisteredBot,
    message: MessageId,
    complete: bool,
) -> Result<Outgoing, HandlerError> {
    match bot.generation {
        BotGeneration::V2 => call(imbot_v2::MessageDelete::new(bot.id, message).complete(complete)),
        BotGeneration::V1 => call(imbot::MessageDelete::new(bot.id, message).complete(complete)),
    }
}

/// Sets or takes back a reaction.
pub(crate) fn react(
    bot: &RegisteredBot,
    message: MessageId,
    reaction: &str,
    set: bool,
) -> Result<Outgoing, HandlerError> {
    let is_code = reaction.starts_with(|first: char| first.is_ascii_lowercase())
        && reaction.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_code {
        return Err(HandlerError::msg(format!(
            "reaction `{reaction}`: reactions are named in camelCase, such as `like` or `faceWithTearsOfJoy`"
        )));
    }
    match bot.generation {
        BotGeneration::V2 if set => call(imbot_v2::ReactionAdd::new(bot.id, message, reaction)),
        BotGeneration::V2 => call(imbot_v2::ReactionDelete::new(bot.id, message, reaction)),
        BotGeneration::V1 if reaction == "like" => {
            let action = if set { imbot::Like::Plus } else { imbot::Like::Minus };
            call(imbot::MessageLike::new(bot.id, message).action(action))
        }
        BotGeneration::V1 => Err(cannot("v1", &format!("react with `{reaction}`, only with `like`"))),
    }
}

/// Marks messages as read, up to `message` or all.
pub(crate) fn read(
    bot: &RegisteredBot,
    dialog: &DialogId,
    message: Option<MessageId>,
) -> Result<Outgoing, HandlerError> {
    match bot.generation {
        BotGeneration::V2 => {
            let all = imbot_v2::MessageRead::new(bot.id, dialog.clone());
            call(imbot_v2::MessageRead { message_id: message, ..all })
        }
        BotGeneration::V1 => Err(cannot("v1", "mark messages as read")),
    }
}

/// Shows for `seconds` that the bot is typing, or what it is busy with.
pub(crate) fn typing(
    bot: &RegisteredBot,
    dialog: &DialogId,
    status: Option<InputAction>,
    seconds: i64,
) -> Result<Outgoing, HandlerError> {
    match bot.generation {
        BotGeneration::V2 => {
            let typing = imbot_v2::InputActionNotify::new(bot.id, dialog.clone()).duration(seconds);
            call(imbot_v2::InputActionNotify { status, ..typing })
        }
        BotGeneration::V1 if status.is_some() => {
            Err(cannot("v1", "show what it is busy with, only that it is typing"))
        }
        BotGeneration::V1 => call(imbot::ChatSendTyping::new(bot.id, dialog.clone())),
    }
}

/// A change of the chat of `dialog`.
pub(crate) fn chat(bot: &RegisteredBot, dialog: &DialogId, act: ChatAct) -> Result<Outgoing, HandlerError> {
    let Some(chat) = dialog.chat() else {
        return Err(HandlerError::msg(format!(
            "dialog {dialog} is a private one: it has no members, owner or title to change; use a dialog like chat15"
        )));
    };
    if let ChatAct::Title(title) = &act
        && title.trim().is_empty()
    {
        return Err(HandlerError::msg("the title of a chat must not be blank"));
    }
    match bot.generation {
        BotGeneration::V2 => chat_v2(bot.id, dialog.clone(), act),
        BotGeneration::V1 => chat_v1(bot.id, chat, act),
    }
}

fn chat_v2(bot: BotId, dialog: DialogId, act: ChatAct) -> Result<Outgoing, HandlerError> {
    use imbot_v2::{ChatChanges, ChatUpdate};
    match act {
        ChatAct::Title(title) => call(ChatUpdate::new(bot, dialog, ChatChanges::new().title(title))),
        ChatAct::Description(text) => {
            call(ChatUpdate::new(bot, dialog, ChatChanges::new().description(text)))
        }
        ChatAct::Color(color) => {
            call(ChatUpdate::new(bot, dialog, ChatChanges::new().color(color.to_string())))
        }
        ChatAct::Add { hide_history: true, .. } => Err(cannot("v2", "add users without the chat's history")),
        ChatAct::Add { users, .. } => call(imbot_v2::ChatUserAdd::new(bot, dialog, users)),
        ChatAct::Remove(user) => call(imbot_v2::ChatUserDelete::new(bot, dialog, user)),
        ChatAct::Leave => call(imbot_v2::ChatLeave::new(bot, dialog)),
        ChatAct::Owner(user) => call(imbot_v2::ChatSetOwner::new(bot, dialog, user)),
        ChatAct::Manager { user, is: true } => call(imbot_v2::ChatManagerAdd::new(bot, dialog, [user])),
        ChatAct::Manager { user, is: false } => call(imbot_v2::ChatManagerDelete::new(bot, dialog, [user])),
        ChatAct::TextField(enabled) => call(imbot_v2::TextFieldEnabled::new(bot, dialog, enabled)),
    }
}

fn chat_v1(bot: BotId, chat: ChatId, act: ChatAct) -> Result<Outgoing, HandlerError> {
    match act {
        ChatAct::Title(title) => call(imbot::ChatUpdateTitle::new(bot, chat, title)),
        ChatAct::Description(_) => Err(cannot("v1", "change the description of a chat")),
        ChatAct::Color(color) => call(imbot::ChatUpdateColor::new(bot, chat, color.to_string())),
        ChatAct::Add { users, hide_history } => {
            call(imbot::ChatUserAdd::new(bot, chat, users).hide_history(hide_history))
        }
        ChatAct::Remove(user) => call(imbot::ChatUserDelete::new(bot, chat, user)),
        ChatAct::Leave => call(imbot::ChatLeave::new(bot, chat)),
        ChatAct::Owner(user) => call(imbot::ChatSetOwner::new(bot, chat, user)),
        ChatAct::Manager { user, is } => call(imbot::ChatSetManager::new(bot, chat, user).is_manager(is)),
        ChatAct::TextField(enabled) => {
            call(imbot::ChatUpdateTextFieldEnabled::new(bot, DialogId::of_chat(chat), enabled))
        }
    }
}
