//! What a bot author needs, in one line: `use openlines::prelude::*;`.

pub use async_trait::async_trait;

pub use crate::{
    app::{App, AppError, Config},
    clock::{Weekday, WorkingHours},
    dispatch::{
        Ambiguous, Answer, Args, ArgsError, BadArgs, BotHandler, BotProfile, Captures, Context, CrmItem,
        DialogState, Done, EventType, Field, Filter, Form, FromArgs, Handle, Handled, HandlerError, Layer,
        Next, Pattern, Recovery, Router, SessionFinished, SessionStarted, TurnPolicy,
    },
    message::{
        Attach, Button, ButtonPayload, ButtonPress, Keyboard, Menu, MenuReading, Reply, RtEvent, RtMessage,
        RtRecipients, Text, literal,
    },
    rest::{DownloadLimits, Upload},
    wire::{
        AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, Author, BotDeleted, Chat, Command,
        CommandContext, ConnectorDialog, ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated,
        ConnectorRemoved, ContextOpened, DialogId, Event, Incoming, Joined, LineMessage, LineMessageDeleted,
        LineMessageUpdated, LineRemoved, LineSessionEvent, Message, MessageDeleted, MessageUpdated,
        MethodConfirmation, OfflineEvents, Origin, Reaction, SubscriptionRenewed, TimerFired, Timestamp,
        User, UserId, Withheld,
    },
};
