//! Ways to answer: as a bot message, through a CRM item's chat, through a network line.

use serde::Serialize;

use super::Context;
use crate::{
    dispatch::{
        CrmItem, Effect, HandlerError, NetworkLedger, Outgoing, effect::ToClient, network::licensed_ledger,
        router::shown_to,
    },
    message::{Menu, Reply},
    wire::{ChatId, DialogId, UserId},
};

impl Context {
    /// Replies into the dialog of the event, as the bot. Text takes BB code; user text goes in through
    /// [`literal`](crate::message::literal).
    ///
    /// A text over the limit becomes several messages in order, with keyboard and attachment on the last. A keyboard
    /// or an attachment over its limit (protocol 5.3, 6.4), or a reply in an event without a dialog, fails the turn
    /// with an error that says which.
    pub fn reply(&self, reply: impl Into<Reply>) {
        match self.dialog() {
            Some(dialog) => self.reply_to(&dialog, reply),
            None => self.wrong(HandlerError::msg(format!(
                "{} belongs to no dialog, so there is nothing to reply to; use reply_to",
                self.inner.incoming.code
            ))),
        }
    }

    /// Replies with a menu, as the channel of the event shows it: with buttons, or as numbered text.
    ///
    /// A menu that cannot be answered ([`Menu::check`]) fails the turn. For a channel of your own that has buttons, reply
    /// with [`Menu::reply_for`] and [`Channels`](crate::message::Channels).
    pub fn reply_menu<T: Serialize>(&self, menu: &Menu<T>) {
        match menu.reply_for(shown_to(&self.inner.incoming.event)) {
            Ok(reply) => self.reply(reply),
            Err(error) => self.wrong(error.into()),
        }
    }

    /// Sends a bot message into another dialog.
    pub fn reply_to(&self, dialog: &DialogId, reply: impl Into<Reply>) {
        let heard = self.message_heard().filter(|_| self.dialog().as_ref() == Some(dialog));
        for part in reply.into().split() {
            self.ask(|key| {
                let to = self.to_client(dialog, &part);
                let call = Outgoing::message(self.acting_bot()?, dialog, &part, key)?.after(heard).to(to);
                Ok(Effect::message(call, self.queue_of(dialog)))
            });
        }
    }

    /// Sends `text` to the client of a CRM item through `imopenlines.crm.message.add`, as the bot: into the chat of
    /// the event if that is one of the item's with an active session, else into the item's last one that has one.
    ///
    /// The chat is looked for when the message is sent, and a bot that is not in it joins. At most once: after an
    /// unknown outcome it is looked up in the session's history, and shown as uncertain if it is not there. The call
    /// is made by the user who installed the application; that user and the bot need the right to read the item.
    pub fn crm_reply(&self, item: CrmItem, text: impl AsRef<str>) {
        self.crm(item, self.chat_heard(), false, None, text.as_ref());
    }

    /// The same as an employee or another bot, who joins the chat if need be.
    pub fn crm_reply_as(&self, sender: UserId, item: CrmItem, text: impl AsRef<str>) {
        self.crm(item, self.chat_heard(), false, Some(sender), text.as_ref());
    }

    /// The same into this chat or none, as the bot.
    pub fn crm_reply_in(&self, item: CrmItem, chat: ChatId, text: impl AsRef<str>) {
        self.crm(item, Some(chat), true, None, text.as_ref());
    }

    fn crm(&self, item: CrmItem, chat: Option<ChatId>, only: bool, sender: Option<UserId>, text: &str) {
        for part in Reply::text(text).split() {
            self.ask(|_| {
                let sender = match sender {
                    Some(sender) => sender,
                    None => self.acting_bot()?.id.into(),
                };
                let to = ToClient { chat: ChatId::default(), own: false, untold: self.is_report() };
                Effect::crm(item, chat, only, sender, &part.text, self.queue(), to)
            });
        }
    }

    fn chat_heard(&self) -> Option<ChatId> {
        self.dialog().and_then(|dialog| dialog.chat())
    }

    /// Sends a message to a portal user through a joined network line (`imopenlines.network.message.add`), whose code
    /// has 32 characters: one a week for each bot and user, except on NFR portals. It comes from the line's bot.
    ///
    /// Kept in a ledger: one that comes too soon is not sent but rejected with the moment of the next, which
    /// [`network_ledger`](Self::network_ledger) tells beforehand. Buttons must be links; others fail the turn.
    /// Exactly once on portals with the weekly limit, at most once on the others
    /// (see [`NetworkLimit`](crate::dispatch::NetworkLimit)).
    pub fn network_reply(&self, code: &str, user: UserId, reply: impl Into<Reply>) {
        let reply = reply.into();
        self.ask(|_| Effect::network(code, user, &reply));
    }

    /// What the ledger says of `user` on the network line `code`: the last message, and when the next is allowed.
    pub async fn network_ledger(&self, code: &str, user: UserId) -> Result<NetworkLedger, HandlerError> {
        Ok(licensed_ledger(&self.inner.services, self.portal(), code, user).await?)
    }
}
