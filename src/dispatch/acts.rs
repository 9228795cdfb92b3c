//! What a bot does to messages and chats besides speaking, as calls of both generations (protocol 4.6, 4.8). Every
//! one of them leaves things alike however often it is made.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{HandlerError, Outgoing, Route};
use crate::{
    message::Reply,
    portal::{BotGeneration, RegisteredBot},
    wire::{DialogId, MessageId, UserId},
};

/// What an agent is busy with, shown in place of plain typing (protocol 4.8, v2 only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgentStatus {
    /// Thinking.
    Thinking,
    /// Searching.
    Searching,
    /// Generating.
    Generating,
    /// Analysing.
    Analyzing,
    /// Processing.
    Processing,
    /// Translating.
    Translating,
    /// Connecting.
    Connecting,
    /// Checking.
    Checking,
    /// Calculating.
    Calculating,
    /// Reading documents.
    ReadingDocs,
    /// Composing.
    Composing,
}

impl AgentStatus {
    /// As the portal knows it, `IMBOT_AGENT_ACTION_THINKING`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Thinking => "IMBOT_AGENT_ACTION_THINKING",
            Self::Searching => "IMBOT_AGENT_ACTION_SEARCHING",
            Self::Generating => "IMBOT_AGENT_ACTION_GENERATING",
            Self::Analyzing => "IMBOT_AGENT_ACTION_ANALYZING",
            Self::Processing => "IMBOT_AGENT_ACTION_PROCESSING",
            Self::Translating => "IMBOT_AGENT_ACTION_TRANSLATING",
            Self::Connecting => "IMBOT_AGENT_ACTION_CONNECTING",
            Self::Checking => "IMBOT_AGENT_ACTION_CHECKING",
            Self::Calculating => "IMBOT_AGENT_ACTION_CALCULATING",
            Self::ReadingDocs => "IMBOT_AGENT_ACTION_READING_DOCS",
            Self::Composing => "IMBOT_AGENT_ACTION_COMPOSING",
        }
    }
}

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

fn call(method: &str, params: Value) -> Outgoing {
    Outgoing::named(Route::Idempotent, method, params)
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
    let attach = reply.attach.as_ref().map(|attach| attach.to_value());
    Ok(match bot.generation {
        BotGeneration::V2 => {
            let keyboard = reply.keyboard.as_ref().map(|keyboard| keyboard.to_value_for(bot.id));
            let mut fields = Map::new();
            fields.insert("message".into(), json!(reply.text));
            fields.insert("attach".into(), attach.unwrap_or_else(|| json!("")));
            fields.insert("keyboard".into(), keyboard.unwrap_or_else(|| json!("")));
            if reply.without_preview {
                fields.insert("urlPreview".into(), json!(false));
            }
            call(
                "imbot.v2.Chat.Message.update",
                json!({"botId": bot.id, "messageId": message, "fields": fields}),
            )
        }
        BotGeneration::V1 => {
            let keyboard = reply.keyboard.as_ref().map(|keyboard| keyboard.to_value());
            let mut params = json!({
                "BOT_ID": bot.id,
                "MESSAGE_ID": message,
                "MESSAGE": reply.text,
                "ATTACH": attach.unwrap_or_else(|| json!("N")),
                "KEYBOARD": keyboard.unwrap_or_else(|| json!("N")),
            });
            if reply.without_preview {
                params["URL_PREVIEW"] = json!("N");
            }
            call("imbot.message.update", params)
        }
    })
}

pub(crate) fn delete(bot: &RegisteredBot, message: MessageId, complete: bool) -> Outgoing {
    match bot.generation {
        BotGeneration::V2 => call(
            "imbot.v2.Chat.Message.delete",
            json!({"botId": bot.id, "messageId": message, "complete": complete}),
        ),
        BotGeneration::V1 => call(
            "imbot.message.delete",
            json!({"BOT_ID": bot.id, "MESSAGE_ID": message, "COMPLETE": if complete { "Y" } else { "N" }}),
        ),
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
    Ok(match bot.generation {
        BotGeneration::V2 => call(
            if set { "imbot.v2.Chat.Message.Reaction.add" } else { "imbot.v2.Chat.Message.Reaction.delete" },
            json!({"botId": bot.id, "messageId": message, "reaction": reaction}),
        ),
        BotGeneration::V1 if reaction == "like" => call(
            "imbot.message.like",
            json!({"BOT_ID": bot.id, "MESSAGE_ID": message, "ACTION": if set { "plus" } else { "minus" }}),
        ),
        BotGeneration::V1 => return Err(cannot("v1", &format!("react with `{reaction}`, only with `like`"))),
    })
}

/// Marks messages as read, up to `message` or all.
pub(crate) fn read(
    bot: &RegisteredBot,
    dialog: &DialogId,
    message: Option<MessageId>,
) -> Result<Outgoing, HandlerError> {
    if bot.generation == BotGeneration::V1 {
        return Err(cannot("v1", "mark messages as read"));
    }
    let mut params = json!({"botId": bot.id, "dialogId": dialog});
    if let Some(message) = message {
        params["messageId"] = json!(message);
    }
    Ok(call("imbot.v2.Chat.Message.read", params))
}

/// Shows for `seconds` that the bot is typing, or what it is busy with.
pub(crate) fn typing(
    bot: &RegisteredBot,
    dialog: &DialogId,
    status: Option<AgentStatus>,
    seconds: u64,
) -> Result<Outgoing, HandlerError> {
    Ok(match (bot.generation, status) {
        (BotGeneration::V1, Some(_)) => {
            return Err(cannot("v1", "show what it is busy with, only that it is typing"));
        }
        (BotGeneration::V1, None) => {
            call("imbot.chat.sendTyping", json!({"BOT_ID": bot.id, "DIALOG_ID": dialog}))
        }
        (BotGeneration::V2, status) => {
            let mut fields = json!({"duration": seconds});
            if let Some(status) = status {
                fields["statusMessageCode"] = json!(status.code());
            }
            call(
                "imbot.v2.Chat.InputAction.notify",
                json!({"botId": bot.id, "dialogId": dialog, "fields": fields}),
            )
        }
    })
}

/// A change of the chat of `dialog`.
pub(crate) fn chat(bot: &RegisteredBot, dialog: &DialogId, act: ChatAct) -> Result<Outgoing, HandlerError> {
    if dialog.chat().is_none() {
        return Err(HandlerError::msg(format!(
            "dialog {dialog} is a private one: it has no members, owner or title to change; use a dialog like chat15"
        )));
    }
    if let ChatAct::Title(title) = &act
        && title.trim().is_empty()
    {
        return Err(HandlerError::msg("the title of a chat must not be blank"));
    }
    Ok(match bot.generation {
        BotGeneration::V2 => chat_v2(bot, dialog, act)?,
        BotGeneration::V1 => chat_v1(bot, dialog, act)?,
    })
}

fn chat_v2(bot: &RegisteredBot, dialog: &DialogId, act: ChatAct) -> Result<Outgoing, HandlerError> {
    let (method, name, value) = match act {
        ChatAct::Title(title) => ("Chat.update", "fields", json!({"title": title})),
        ChatAct::Description(text) => ("Chat.update", "fields", json!({"description": text})),
        ChatAct::Color(color) => ("Chat.update", "fields", json!({"color": color.to_string()})),
        ChatAct::Add { hide_history: true, .. } => {
            return Err(cannot("v2", "add users without the chat's history"));
        }
        ChatAct::Add { users, .. } => ("Chat.User.add", "userIds", json!(users)),
        ChatAct::Remove(user) => ("Chat.User.delete", "userId", json!(user)),
        ChatAct::Leave => ("Chat.leave", "", Value::Null),
        ChatAct::Owner(user) => ("Chat.setOwner", "userId", json!(user)),
        ChatAct::Manager { user, is: true } => ("Chat.Manager.add", "userIds", json!([user])),
        ChatAct::Manager { user, is: false } => ("Chat.Manager.delete", "userIds", json!([user])),
        ChatAct::TextField(enabled) => ("Chat.TextField.enabled", "enabled", json!(enabled)),
    };
    let mut params = json!({"botId": bot.id, "dialogId": dialog});
    if !name.is_empty() {
        params[name] = value;
    }
    Ok(call(&format!("imbot.v2.{method}"), params))
}

fn chat_v1(bot: &RegisteredBot, dialog: &DialogId, act: ChatAct) -> Result<Outgoing, HandlerError> {
    let yes = |set: bool| if set { "Y" } else { "N" };
    let (method, more) = match act {
        ChatAct::Title(title) => ("updateTitle", json!({"TITLE": title})),
        ChatAct::Description(_) => return Err(cannot("v1", "change the description of a chat")),
        ChatAct::Color(color) => ("updateColor", json!({"COLOR": color.to_string()})),
        ChatAct::Add { users, hide_history } => {
            ("user.add", json!({"USERS": users, "HIDE_HISTORY": yes(hide_history)}))
        }
        ChatAct::Remove(user) => ("user.delete", json!({"USER_ID": user})),
        ChatAct::Leave => ("leave", json!({})),
        ChatAct::Owner(user) => ("setOwner", json!({"USER_ID": user})),
        ChatAct::Manager { user, is } => ("setManager", json!({"USER_ID": user, "IS_MANAGER": yes(is)})),
        ChatAct::TextField(enabled) => {
            ("updateTextFieldEnabled", json!({"TEXT_FIELD_ENABLED": yes(enabled)}))
        }
    };
    let mut params = json!({"BOT_ID": bot.id, "DIALOG_ID": dialog});
    if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
        params.extend(more);
    }
    Ok(call(&format!("imbot.chat.{method}"), params))
}
