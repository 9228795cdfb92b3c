//! What a bot author needs, in one line: `use openlines::prelude::*;`.

pub use async_trait::async_trait;

pub use crate::{
    app::{App, AppError, Config},
    dispatch::{
        Answer, Args, ArgsError, BadArgs, BotHandler, BotProfile, Captures, Context, CrmItem, Done,
        EventType, Filter, FromArgs, Handle, Handled, HandlerError, Layer, Next, Pattern, Recovery, Router,
        SessionFinished, SessionStarted,
    },
    message::{
        Attach, Button, ButtonPayload, ButtonPress, Keyboard, Menu, MenuReading, Reply, RtEvent, literal,
    },
    wire::{
        AppInstall, AppUninstall, AppUpdate, Author, BotDeleted, Chat, Command, CommandContext,
        ContextOpened, DialogId, Event, Incoming, Joined, LineMessage, LineSessionEvent, Message,
        MessageDeleted, MessageUpdated, Origin, Reaction, User, UserId,
    },
};
