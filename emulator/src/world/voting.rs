//! The client rates a dialog, when the line has asked for it.
//!
//! Live chat and the network draw two buttons under the request; on every other channel the client answers with `1` or
//! `0`. The answer is kept in the session, shown in its history and on the request (`IMOL_VOTE`), and thanked for. With
//! `VOTE_CLOSING_DELAY=Y` it closes the session; otherwise it leaves the session as it was.
//!
//! An answer is no message of a dialog: it opens no session and brings none back to life, not even after a line that
//! closes at once. Any other text withdraws the question of a channel. The trap: bots that are still in the chat hear the
//! `1` or `0` as a message.

use serde_json::{Value, json};

use super::World;
use super::sessions::{Session, status};
use crate::record::Vote;
use crate::rest::scalar_text;

impl Vote {
    /// `IMOL_VOTE` of the request.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Dislike => "dislike",
        }
    }

    /// The mark of a session: the best or the worst of five.
    pub(crate) fn mark(self) -> i64 {
        match self {
            Self::Like => 5,
            Self::Dislike => 1,
        }
    }

    /// What a client writes on a channel without buttons.
    pub(crate) fn answer(self) -> &'static str {
        match self {
            Self::Like => "1",
            Self::Dislike => "0",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Like, Self::Dislike].into_iter().find(|vote| text.trim() == vote.answer())
    }
}

/// What is said to a client about rating, on one kind of channel.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    pub(crate) request: String,
    like: String,
    dislike: String,
}

impl Wording {
    fn of(request: &str) -> Self {
        Self {
            request: request.to_owned(),
            like: "Thank you for your rating!".to_owned(),
            dislike: "We are sorry to hear that, and will do better.".to_owned(),
        }
    }

    fn thanks(&self, vote: Vote) -> &str {
        match vote {
            Vote::Like => &self.like,
            Vote::Dislike => &self.dislike,
        }
    }
}

/// How a line asks for ratings.
#[derive(Clone, Debug)]
pub(crate) struct Rating {
    /// `VOTE_MESSAGE`.
    pub(crate) on: bool,
    /// `VOTE_MESSAGE_1_…`: where there are buttons.
    pub(crate) buttons: Wording,
    /// `VOTE_MESSAGE_2_…`: where an answer is a text.
    pub(crate) texts: Wording,
    /// `VOTE_CLOSING_DELAY`: an answer closes the session.
    pub(crate) closes: bool,
    /// `VOTE_TIME_LIMIT`; 0 for none.
    pub(crate) seconds: i64,
}

impl Default for Rating {
    fn default() -> Self {
        Self {
            on: false,
            buttons: Wording::of("Please rate the dialog."),
            texts: Wording::of("Please rate the dialog: 1 if you are satisfied, 0 if not."),
            closes: false,
            seconds: 0,
        }
    }
}

impl Rating {
    /// Takes one of its own settings of `imopenlines.config.*`; false if the name is none of them.
    pub(crate) fn take(&mut self, name: &str, value: &Value) -> bool {
        let text = scalar_text(value).unwrap_or_default();
        match name {
            "VOTE_MESSAGE" => self.on = text == "Y",
            "VOTE_CLOSING_DELAY" => self.closes = text == "Y",
            "VOTE_TIME_LIMIT" => self.seconds = text.parse().unwrap_or(0).max(0),
            "VOTE_MESSAGE_1_TEXT" => self.buttons.request = text,
            "VOTE_MESSAGE_1_LIKE" => self.buttons.like = text,
            "VOTE_MESSAGE_1_DISLIKE" => self.buttons.dislike = text,
            "VOTE_MESSAGE_2_TEXT" => self.texts.request = text,
            "VOTE_MESSAGE_2_LIKE" => self.texts.like = text,
            "VOTE_MESSAGE_2_DISLIKE" => self.texts.dislike = text,
            _ => return false,
        }
        true
    }

    /// The settings as `imopenlines.config.get` shows them.
    pub(crate) fn rows(&self) -> Vec<(&'static str, Value)> {
        let flag = |on: bool| json!(if on { "Y" } else { "N" });
        vec![
            ("VOTE_MESSAGE", flag(self.on)),
            ("VOTE_TIME_LIMIT", json!(self.seconds.to_string())),
            ("VOTE_CLOSING_DELAY", flag(self.closes)),
            ("VOTE_MESSAGE_1_TEXT", json!(self.buttons.request)),
            ("VOTE_MESSAGE_1_LIKE", json!(self.buttons.like)),
            ("VOTE_MESSAGE_1_DISLIKE", json!(self.buttons.dislike)),
            ("VOTE_MESSAGE_2_TEXT", json!(self.texts.request)),
            ("VOTE_MESSAGE_2_LIKE", json!(self.texts.like)),
            ("VOTE_MESSAGE_2_DISLIKE", json!(self.texts.dislike)),
        ]
    }
}

/// A request that waits for the client's answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) message_id: i64,
    at: i64,
}

impl World {
    /// Whether the chat's channel draws buttons under a request.
    fn has_vote_buttons(&self, chat_id: i64) -> bool {
        self.connector_of(chat_id).is_some_and(|one| matches!(one.code.as_str(), "livechat" | "network"))
    }

    fn rating_of(&self, session: &Session) -> Option<&Rating> {
        Some(&self.lines.get(&session.line_id)?.texts.rating)
    }

    /// Asks the client to rate the dialog, if the line does so.
    pub(super) fn line_asks_for_vote(&mut self, chat_id: i64) {
        let buttons = self.has_vote_buttons(chat_id);
        let Some(rating) = self.texts_of(chat_id).map(|texts| &texts.rating).filter(|rating| rating.on)
        else {
            return;
        };
        let text = if buttons { &rating.buttons.request } else { &rating.texts.request };
        if text.trim().is_empty() {
            return;
        }
        let message_id = self.line_says(chat_id, text.clone());
        let at = self.now();
        if let Some(session) = self.open_session(chat_id) {
            session.request = Some(Request { message_id, at });
        }
    }

    /// The chat's last session with its request, while an answer still counts.
    fn awaiting_vote(&self, chat_id: i64) -> Option<(i64, Request)> {
        let session = self.last_session(chat_id).filter(|session| session.client_vote.is_none())?;
        let request = session.request?;
        let limit = self.rating_of(session).map_or(0, |rating| rating.seconds);
        (limit == 0 || self.now() <= request.at + limit).then_some((session.id, request))
    }

    /// The request that the client's channel shows with buttons now.
    pub(crate) fn vote_buttons(&self, chat_id: i64) -> Option<i64> {
        self.awaiting_vote(chat_id)
            .filter(|_| self.has_vote_buttons(chat_id))
            .map(|(_, request)| request.message_id)
    }

    /// Whether an answer to a request would count now, with buttons or without.
    pub(crate) fn is_vote_awaited(&self, chat_id: i64) -> bool {
        self.awaiting_vote(chat_id).is_some()
    }

    /// A client's text arrives: it is the answer to a request, or a session is opened for it if none is open.
    pub(crate) fn open_for(&mut self, chat_id: i64, client_id: i64, text: &str) -> Option<Vote> {
        let awaited = self.awaiting_vote(chat_id).filter(|_| !self.has_vote_buttons(chat_id));
        let vote = awaited.and_then(|_| Vote::read(text));
        if vote.is_none() {
            if let Some(session) = awaited.and_then(|(session_id, _)| self.sessions.get_mut(&session_id)) {
                session.request = None;
            }
            self.ensure_session(chat_id, client_id);
        }
        vote
    }

    /// Keeps the client's answer and thanks for it; false if nobody asked, or too long ago.
    pub(crate) fn vote(&mut self, chat_id: i64, client_id: i64, vote: Vote) -> bool {
        let Some((session_id, request)) = self.awaiting_vote(chat_id) else { return false };
        let buttons = self.has_vote_buttons(chat_id);
        let Some(session) = self.sessions.get_mut(&session_id) else { return false };
        session.client_vote = Some(vote);
        if let Some(message) = self.messages.get_mut(&request.message_id) {
            message.vote = Some(vote.name());
        }
        let rating = self.sessions.get(&session_id).and_then(|session| self.rating_of(session));
        let (thanks, closes) = rating.map_or_else(Default::default, |rating| {
            let wording = if buttons { &rating.buttons } else { &rating.texts };
            (wording.thanks(vote).to_owned(), rating.closes)
        });
        if !thanks.trim().is_empty() {
            self.line_says(chat_id, thanks);
        }
        if closes {
            self.close_session(chat_id, status::CLOSED, client_id);
        }
        true
    }
}
