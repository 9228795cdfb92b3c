//! What a bot author needs, in one line: `use openlines::prelude::*;`.

pub use async_trait::async_trait;

pub use crate::{
    app::{App, AppError, Config},
    dispatch::{
        Answer, BotHandler, BotProfile, Context, CrmItem, Done, Handled, HandlerError, Recovery, Router,
    },
    message::{
        Attach, Button, ButtonPayload, ButtonPress, Keyboard, Menu, MenuReading, Reply, RtEvent, RtMessage,
        RtRecipients, Text, literal,
    },
    rest::{DownloadLimits, Upload},
    wire::{
        AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, Author, BotDeleted, Chat, Command,
        CommandContext, ConnectorDialog, ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated,
        ConnectorRemoved, ContextOpened, DialogId, Incoming, Joined, LineMessage, LineMessageDeleted,
        LineMessageUpdated, LineRemoved, LineSessionEvent, Message, MessageDeleted, MessageUpdated,
        MethodConfirmation, OfflineEvents, Reaction, SubscriptionRenewed, User, UserId,
    },
};
