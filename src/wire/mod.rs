//! Floor 0: what travels on the wire, as plain values: ids, chats, users, events. No I/O, no clock.
//!
//! Everything here is what a portal said, after [`codec`](crate::codec) has read it. v1 (`ONIMBOT*`),
//! v2 (`ONIMBOTV2*`), open-line and application events arrive as the same structs.
//!
//! ```
//! use openlines::wire::{ChatEntity, LineAddress};
//!
//! let entity = ChatEntity::parse("LINES", "livechat|22|1775|599");
//! let ChatEntity::Lines(LineAddress { connector, line, user, .. }) = entity else { panic!() };
//! assert_eq!((connector.as_str(), line.get(), user.get()), ("livechat", 22, 599));
//! ```
//!
//! **Trap:** an id of `0` is a real answer on this wire ("system", "nobody", "group connector"), not a missing one.

mod app;
mod auth;
mod author;
mod chat;
mod connector;
mod entity;
mod event;
mod ids;
mod line;
mod message;
mod raw;
mod timer;
mod withheld;

pub use app::{
    AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, MethodConfirmation, OfflineEvents,
    SubscriptionRenewed,
};
pub use auth::AuthBlock;
pub use author::Author;
pub use chat::{Chat, ChatKind, User};
pub use connector::{
    ConnectorDialog, ConnectorMessage, ConnectorMessageDeleted, ConnectorMessageUpdated, ConnectorPlace,
    ConnectorRemoved, LineRemoved, SessionState,
};
pub use entity::{ChatEntity, CrmBinding, LineAddress, LineSession};
pub use event::{BotDeleted, BotRef, Event, Incoming, Origin};
pub use ids::{
    AppId, BotId, ChatId, CommandId, ConnectorId, DialogId, LineId, MemberId, MessageId, NoTimestamp,
    PortalKey, SessionId, Timestamp, UserId,
};
pub use line::{LineFile, LineMessage, LineMessageDeleted, LineMessageUpdated, LineSessionEvent};
pub use message::{
    Command, CommandContext, ContextOpened, FileRef, Forward, Joined, Message, MessageDeleted,
    MessageUpdated, Reaction,
};
pub(crate) use raw::{Builder, MapId};
pub use raw::{Entries, Node, Raw};
pub use timer::TimerFired;
pub use withheld::Withheld;
