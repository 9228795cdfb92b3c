//! Waiting for something to happen, with a deadline; a failure tells what did happen.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Portal;
use crate::record::{ChatMessage, RecordedCall};
use crate::world::World;
use crate::world::bots::BotKind;
use crate::world::chats::ChatKind;

/// Calls and deliveries that a failure shows.
const SHOWN: usize = 40;

impl Portal {
    /// The first bot message that fits.
    ///
    /// # Panics
    ///
    /// When none comes in time; the message holds transcript and calls.
    pub async fn wait_for_bot_message(
        &self,
        mut fits: impl FnMut(&ChatMessage) -> bool,
        limit: Duration,
    ) -> ChatMessage {
        self.until("a bot message that fits", limit, |world| {
            bot_messages(world).into_iter().find(|message| fits(message))
        })
        .await
    }

    /// All bot messages, once there are at least `count`.
    ///
    /// # Panics
    ///
    /// When there are fewer in time; the message holds transcript and calls.
    pub async fn wait_for_bot_messages(&self, count: usize, limit: Duration) -> Vec<ChatMessage> {
        self.until(&format!("{count} bot messages"), limit, |world| {
            (world.bot_messages.len() >= count)
                .then(|| bot_messages(world))
                .filter(|messages| messages.len() >= count)
        })
        .await
    }

    /// The first call of a method, in any case.
    ///
    /// # Panics
    ///
    /// When none comes in time; the message holds transcript and calls.
    pub async fn wait_for_call(&self, method: &str, limit: Duration) -> RecordedCall {
        let name = method.to_ascii_lowercase();
        self.until(&format!("a call of {method}"), limit, |world| {
            world.calls.iter().find(|call| call.method == name).cloned()
        })
        .await
    }

    /// The first `count` calls of a method, in any case.
    ///
    /// # Panics
    ///
    /// When fewer come in time; the message holds transcript and calls.
    pub async fn wait_for_calls(&self, method: &str, count: usize, limit: Duration) -> Vec<RecordedCall> {
        let name = method.to_ascii_lowercase();
        self.until(&format!("{count} calls of {method}"), limit, |world| {
            let calls: Vec<RecordedCall> =
                world.calls.iter().filter(|call| call.method == name).take(count).cloned().collect();
            (calls.len() == count).then_some(calls)
        })
        .await
    }

    /// Returns when no callback is queued or under way.
    ///
    /// # Panics
    ///
    /// When that takes longer than `limit`.
    pub async fn settled(&self, limit: Duration) {
        let deliveries = &self.shared.deliveries;
        self.until("all callbacks delivered", limit, |_| deliveries.is_idle().then_some(())).await;
    }

    /// Waits until the world shows what is wanted.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        limit: Duration,
        look: impl FnMut(&World) -> Option<T>,
    ) -> T {
        match self.wait(limit, look).await {
            Some(found) => found,
            None => self.fail(&format!("waited {limit:?} in vain for {what}")),
        }
    }

    /// Looks at the world now and whenever it changes; nothing when the time is up.
    pub(super) async fn wait<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut(&World) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut news = self.shared.changed.subscribe();
        loop {
            news.mark_unchanged();
            if let Some(found) = self.shared.look(&mut look) {
                return Some(found);
            }
            match timeout_at(deadline, news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return None,
            }
        }
    }

    /// Fails the test with everything that did happen.
    pub(super) fn fail(&self, why: &str) -> ! {
        crate::fail(&format!("{why}\n{}", self.story()))
    }

    /// Transcripts, calls and deliveries, the newest of each.
    pub(super) fn story(&self) -> String {
        let mut out = self.shared.look(|world| {
            let mut out = String::new();
            for chat in world.chats.values().filter(|chat| chat.last_message > 0).rev().take(SHOWN) {
                let _ = write!(out, "chat {}:\n{}", chat.id, transcript(world, chat.id));
            }
            let _ = writeln!(out, "calls ({} in all):", world.calls.len());
            for call in world.calls.iter().rev().take(SHOWN).rev() {
                let answer: String =
                    crate::record::masked(&call.answer).to_string().chars().take(160).collect();
                let _ = writeln!(out, "  {} {} {answer}", call.status, call.method);
                if let Some(why) = &call.why {
                    let _ = writeln!(out, "      why: {why}");
                }
            }
            if world.bots.values().all(|bot| bot.kind == BotKind::Network) {
                out.push_str("no bot is registered\n");
            }
            for (bot_id, log) in &world.fetch_log {
                let name = world.name_of(*bot_id);
                let names = |events: Vec<&str>| events.join(", ");
                let fetched = log.fetched.iter().map(|(_, event)| *event).collect();
                let _ = writeln!(out, "events that {name} has fetched: {}", names(fetched));
                let waiting = log.events.iter().take(SHOWN).map(|event| event.event).collect();
                let _ = writeln!(
                    out,
                    "events not acknowledged ({} in all): {}",
                    log.events.len(),
                    names(waiting)
                );
            }
            out
        });
        let deliveries = self.shared.deliveries.all();
        let _ = writeln!(out, "callbacks ({} in all):", deliveries.len());
        for delivery in deliveries.iter().rev().take(SHOWN).rev() {
            let url = crate::record::without_query(&delivery.url);
            let _ = writeln!(out, "  {} to {url}: {:?}", delivery.event, delivery.status);
        }
        out
    }
}

/// Messages of bots, without those of network lines.
pub(super) fn bot_messages(world: &World) -> Vec<ChatMessage> {
    world
        .bot_messages
        .iter()
        .filter_map(|id| world.messages.get(id))
        .filter(|message| world.bots.get(&message.author_id).is_none_or(|bot| bot.kind != BotKind::Network))
        .map(|message| world.seen(message))
        .collect()
}

/// One line a message: id, author, text, buttons.
pub(super) fn transcript(world: &World, chat_id: i64) -> String {
    let mut out = String::new();
    if world.chats.get(&chat_id).is_none_or(|chat| chat.kind == ChatKind::LiveChat) {
        return out;
    }
    for message in world.messages_of(chat_id) {
        let author = if message.author_id == 0 { "*".to_owned() } else { world.name_of(message.author_id) };
        let text = message.text.replace('\n', "\n      ");
        let _ = write!(out, "  #{} {author}: {text}", message.id);
        for button in message.keyboard.as_ref().and_then(|keyboard| keyboard.as_array()).into_iter().flatten()
        {
            if let Some(text) = button["TEXT"].as_str() {
                let _ = write!(out, " [{text}]");
            }
        }
        if message.attach.is_some() {
            out.push_str(" {attachment}");
        }
        for file in message.files.iter().filter_map(|id| world.files.get(*id)) {
            let _ = write!(out, " {{file: {}}}", file.name);
        }
        out.push('\n');
    }
    out
}
