//! What a bot author needs, in one line: `use openlines::prelude::*;`.

pub use async_trait::async_trait;

pub use crate::{
    app::{App, AppError, Config},
    dispatch::{
        Answer, BotHandler, BotProfile, Context, CrmItem, Done, Handled, HandlerError, Recovery, Router,
    },
    message::{
        Attach, Button, ButtonPayload, ButtonPress, Keyboard, Menu, MenuReading, Reply, RtEvent, literal,
    },
    wire::{
        AppInstall, AppUninstall, AppUpdate, Author, BotDeleted, Chat, Command, CommandContext,
        ContextOpened, DialogId, Incoming, Joined, LineMessage, LineSessionEvent, Message, MessageDeleted,
        MessageUpdated, Reaction, User, UserId,
    },
};
