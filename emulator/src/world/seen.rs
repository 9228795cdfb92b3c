//! What the client's channel shows: a record kept as messages leave, for what was shown is not taken back by everyone.
//!
//! The trap: an edit reaches only channels that can edit. On the others the client keeps seeing the first text, and the
//! record says that the edit was lost.

use super::World;
use super::connectors::Connector;
use super::messages::Message;
use super::people::UserKind;
use super::sending::NewMessage;
use crate::record::{LostPart, SeenMessage};
use crate::validate::text;

impl World {
    /// A message of a line's chat goes to the channel, if it goes anywhere.
    pub(super) fn channel_gets(&mut self, message: &Message) {
        let own = self.user_kind(message.author_id) == Some(UserKind::Client);
        if !own && !self.leaves_the_portal(message) {
            return;
        }
        let Some(connector) = self.connector_of(message.chat_id) else { return };
        let failing = connector.failing && !own;
        let seen = self.as_seen(connector, message, own);
        if failing {
            let notice = format!("{} did not take the message.", connector.title);
            self.post(NewMessage::notice(message.chat_id, notice), 0);
            return;
        }
        self.seen.entry(message.chat_id).or_default().push(seen);
        if !own {
            self.raise_connector_message(message);
        }
    }

    pub(super) fn channel_gets_edit(&mut self, message: &Message) {
        let own = self.user_kind(message.author_id) == Some(UserKind::Client);
        let Some(connector) = self.connector_of(message.chat_id) else { return };
        let follows = own || connector.follows_edits;
        let fresh = self.as_seen(connector, message, own);
        let Some(seen) = self.seen_mut(message) else { return };
        if follows {
            let delivered = seen.delivered;
            *seen = SeenMessage { edited: true, delivered, ..fresh };
        } else if !seen.lost.contains(&LostPart::Edit) {
            seen.lost.push(LostPart::Edit);
        }
        if !own && follows {
            self.raise_connector_change(message, false);
        }
    }

    pub(super) fn channel_gets_deletion(&mut self, message: &Message) {
        let own = self.user_kind(message.author_id) == Some(UserKind::Client);
        let Some(connector) = self.connector_of(message.chat_id) else { return };
        let follows = own || connector.follows_deletions;
        let Some(seen) = self.seen_mut(message) else { return };
        if !follows {
            seen.lost.push(LostPart::Deletion);
            return;
        }
        if let Some(all) = self.seen.get_mut(&message.chat_id) {
            all.retain(|seen| seen.id != message.id);
        }
        if !own {
            self.raise_connector_change(message, true);
        }
    }

    fn seen_mut(&mut self, message: &Message) -> Option<&mut SeenMessage> {
        self.seen.get_mut(&message.chat_id)?.iter_mut().rev().find(|seen| seen.id == message.id)
    }

    /// The text as it leaves: with the author's name if the connector wants signatures.
    pub(crate) fn signed_text(&self, connector: &Connector, message: &Message) -> String {
        if connector.signs && self.user_kind(message.author_id) != Some(UserKind::Client) {
            format!("[b]{}:[/b] [br]{}", self.name_of(message.author_id), message.text)
        } else {
            message.text.clone()
        }
    }

    fn mention(&self, id: &str) -> String {
        self.name_of(id.parse().unwrap_or(0))
    }

    fn as_seen(&self, connector: &Connector, message: &Message, own: bool) -> SeenMessage {
        let shows = connector.shows;
        let text = self.signed_text(connector, message);
        let buttons: Vec<String> = message
            .keyboard
            .as_ref()
            .and_then(|keyboard| keyboard.as_array())
            .into_iter()
            .flatten()
            .filter_map(|button| button["TEXT"].as_str().map(str::to_owned))
            .collect();
        let mut lost = Vec::new();
        if message.keyboard.is_some() && !shows.keyboards {
            lost.push(LostPart::Keyboard);
        }
        if message.attach.is_some() && !shows.attachments {
            lost.push(LostPart::Attachment);
        }
        if !message.files.is_empty() && !shows.files {
            lost.push(LostPart::Files);
        }
        SeenMessage {
            id: message.id,
            connector: connector.code.clone(),
            own,
            from: if own || connector.signs { String::new() } else { self.name_of(message.author_id) },
            text: if shows.markup || own { text } else { readable(&text, |id| self.mention(id)) },
            attach: message.attach.clone().filter(|_| shows.attachments),
            buttons: if shows.keyboards { buttons } else { Vec::new() },
            files: if shows.files { message.files.clone() } else { Vec::new() },
            lost,
            edited: message.edited,
            delivered: own || connector.app.is_none(),
            unix: message.date,
        }
    }
}

/// A text without BB codes, line breaks kept.
fn readable(text: &str, name_of: impl Fn(&str) -> String) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let text = text.replace(" [br]", "\n").replace("[br]", "\n").replace("[BR]", "\n");
    text::plain(&text, name_of)
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_signature_becomes_a_line_of_its_own() {
        assert_eq!(readable("[b]Ivan:[/b] [br]Good [i]day[/i]", str::to_owned), "Ivan:\nGood day");
    }
}
