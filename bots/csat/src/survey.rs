//! The dialog: when the session is at its end, the question, the mark, the comment.
//!
//! **Trap:** of an operator who finishes by a click a bot hears nothing, and without session events not of the end either.
//! So after each word it looks, at growing intervals, what the portal says of the session.

use std::time::Duration;

use openlines::{dispatch::Holder, prelude::*, wire::ChatEntity};
use serde::{Deserialize, Serialize};

use super::{
    Mark, Settings, Speech,
    crm::tell,
    reading::{mark_in, menu},
    seen::{Seen, comes_back, see, stay},
};

const LOOK: &str = "look";
const ANSWER: &str = "answer";
const COMMENT: &str = "comment";

const FIRST_LOOK: Duration = Duration::from_mins(2);
const DAY: Duration = Duration::from_hours(24);

/// Where it stands with a client, over all sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The bot was in a chat with the client before.
    pub met: bool,
    /// What is open.
    pub stage: Stage,
    /// The session that was asked about last; 0 for none.
    pub session: i64,
    /// When; the epoch for never.
    pub asked: Timestamp,
    /// The session is over once that is answered.
    pub ends: bool,
    /// The session whose end is looked for.
    pub watched: Option<Watched>,
}

/// What is open with a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing.
    #[default]
    Quiet,
    /// The question.
    Asked,
    /// A mark of 1 to 5 was given, in this session, and may be changed or commented.
    Rated(u8, i64, Option<String>),
}

/// A session whose end is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Its number on the portal.
    pub session: i64,
    /// The client's language.
    pub language: String,
    /// Nobody said anything since then.
    pub since: Timestamp,
    /// The last word was an operator's.
    pub answered: bool,
    /// It has ended, and the question waits for its hours.
    pub due: bool,
}

impl DialogState for Standing {
    const VERSION: u32 = 1;

    fn fallback() -> Self {
        Self::default()
    }
}

/// Asks, and listens.
pub(crate) struct Survey(pub(crate) Settings);

#[async_trait]
impl BotHandler for Survey {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        let mut standing: Standing = cx.state();
        // In silent mode nothing is for the client.
        let heard = message.chat.is_line() && !message.chat.silent && !message.skips_connector;
        match message.author {
            Author::Client if heard => self.client(cx, &mut standing, message).await?,
            Author::Operator | Author::Employee if heard => self.operator(cx, &mut standing, message).await?,
            _ => return Ok(Done),
        };
        cx.goto(standing);
        Ok(Done)
    }

    async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
        let mut standing: Standing = cx.state();
        let is_over = match fired.name.as_str() {
            LOOK => self.look(cx, &mut standing).await?,
            COMMENT => self.conclude(cx, &mut standing).await?,
            _ => {
                standing.stage = Stage::Quiet;
                matches!(see(cx, standing.session).await?, Seen::Open | Seen::Closing)
            }
        };
        // Another person may have come by a click.
        if is_over && standing.ends && holder(cx) != Some(Holder::Closed) && cx.may_speak().await? {
            cx.finish_session();
        }
        cx.goto(standing);
        Ok(Done)
    }

    async fn on_session_finish(&self, cx: &Context, _session: &LineSessionEvent) -> Handled {
        let mut standing: Standing = cx.state();
        // What is open stays open: an answer to it begins a session of its own.
        if let Some(watched) = standing.watched.take_if(|watched| !watched.due) {
            self.due(cx, &mut standing, watched, Seen::Closed).await?;
        }
        cx.goto(standing);
        Ok(Done)
    }

    async fn on_joined(&self, cx: &Context, joined: &Joined) -> Handled {
        let standing: Standing = cx.state();
        if let ChatEntity::Lines(address) = &joined.chat.entity
            && self.0.stay
            && !standing.met
        {
            stay(cx, address.line).await?;
            cx.goto(Standing { met: true, ..standing });
        }
        Ok(Done)
    }
}

impl Survey {
    async fn client(&self, cx: &Context, standing: &mut Standing, message: &Message) -> Handled {
        let (text, session) = (message.text.trim(), session(message));
        if self.0.is_word(text) && holder(cx) != Some(Holder::Human) {
            self.conclude(cx, standing).await?;
            (standing.ends, standing.watched) = (holder(cx) == Some(Holder::Bot), None);
            return Ok(self.ask(cx, standing, session, &message.language));
        }
        let said = match (&mut standing.stage, mark_in(text)) {
            (Stage::Asked, Some(mark)) => {
                standing.stage = Stage::Rated(mark, session, None);
                if mark <= self.0.low { "comment-low" } else { "comment" }
            }
            (Stage::Rated(mark, heard, _), Some(other)) => {
                (*mark, *heard) = (other, session);
                "changed"
            }
            (Stage::Rated(_, heard, comment @ None), None) if *heard == session => {
                *comment = Some(text.to_owned());
                // It may be a question as well, which is for people.
                if text.contains('?') {
                    return self.pass(cx, standing, message).await;
                }
                "thanks"
            }
            _ => return self.pass(cx, standing, message).await,
        };
        // The session of the question was closed; this one has the answer in it and nothing else.
        standing.ends |= session != standing.session;
        let mark = mark_in(text).unwrap_or_default().to_string();
        cx.reply(Speech::of(&message.language, self.0.language).say(said, &[("mark", mark)]));
        cx.cancel_timer(ANSWER);
        cx.timer(COMMENT).after(Duration::from_mins(self.0.comment_minutes.get().into()));
        Ok(Done)
    }

    /// A message that is for the line, as if there were no bot.
    async fn pass(&self, cx: &Context, standing: &mut Standing, message: &Message) -> Handled {
        self.goes_on(cx, standing, message).await?;
        let leads = cx.speaker().is_some_and(|bot| message.chat.owner == Some(bot.into()));
        // The text `0` has called people already.
        if leads && holder(cx) != Some(Holder::Waiting) && message.text.trim() != "0" {
            cx.hand_over();
        }
        Ok(Done)
    }

    async fn operator(&self, cx: &Context, standing: &mut Standing, message: &Message) -> Handled {
        let is_word = self.0.is_word(&message.text);
        if is_word && standing.stage != Stage::Quiet {
            return Ok(Done);
        }
        self.goes_on(cx, standing, message).await?;
        if let Some(watched) = standing.watched.take_if(|_| is_word) {
            self.due(cx, standing, watched, Seen::Open).await?;
        }
        if is_word && standing.stage == Stage::Quiet && standing.watched.is_none() {
            cx.finish_session();
        }
        Ok(Done)
    }

    /// The session goes on: a mark is what it is, an open question is void, and the end is looked for.
    async fn goes_on(&self, cx: &Context, standing: &mut Standing, message: &Message) -> Handled {
        self.conclude(cx, standing).await?;
        standing.stage = Stage::Quiet;
        [ANSWER, LOOK].into_iter().for_each(|timer| cx.cancel_timer(timer));
        let (session, language, since) = (session(message), message.language.clone(), cx.now());
        let answered = message.author != Author::Client;
        // Before an operator's first word there is nothing to be asked about.
        let before = standing.watched.take().filter(|before| before.session == session);
        let cap = DAY * u32::from(self.0.cap_days);
        if (answered || before.is_some()) && standing.session != session && since.since(standing.asked) >= cap
        {
            standing.watched = Some(Watched { session, language, since, answered, due: false });
            cx.timer(LOOK).after(FIRST_LOOK);
        }
        Ok(Done)
    }

    async fn look(&self, cx: &Context, standing: &mut Standing) -> Result<bool, HandlerError> {
        let Some(watched) = standing.watched.take() else { return Ok(false) };
        let silence = Duration::from_mins(self.0.silence_minutes.into());
        let silence = Some(silence).filter(|silence| watched.answered && !silence.is_zero());
        let passed = cx.now().since(watched.since);
        match see(cx, watched.session).await? {
            Seen::Otherwise => {}
            Seen::Open if !watched.due && silence.is_none_or(|silence| passed < silence) => {
                let next = silence.map_or(passed * 2, |silence| silence.min(passed * 2));
                // What ends after that is no news any more.
                if passed < DAY {
                    cx.timer(LOOK).at(watched.since.plus(next));
                    standing.watched = Some(watched);
                }
            }
            seen => drop(self.due(cx, standing, watched, seen).await?),
        }
        Ok(false)
    }

    /// The session has ended: its client is asked now, later, or not at all.
    async fn due(&self, cx: &Context, standing: &mut Standing, watched: Watched, seen: Seen) -> Handled {
        cx.cancel_timer(LOOK);
        match self.0.opens(cx.now()) {
            Some(opens) if self.0.later => {
                cx.timer(LOOK).at(opens);
                standing.watched = Some(Watched { due: true, ..watched });
            }
            None if seen != Seen::Closed || comes_back(cx, watched.session).await? => {
                standing.ends = true;
                self.ask(cx, standing, watched.session, &watched.language);
            }
            _ => {}
        }
        Ok(Done)
    }

    fn ask(&self, cx: &Context, standing: &mut Standing, session: i64, language: &str) -> Done {
        if holder(cx) == Some(Holder::Human) {
            cx.take_back();
        }
        cx.reply_menu(&menu(Speech::of(language, self.0.language)));
        cx.timer(ANSWER).after(Duration::from_mins(self.0.answer_minutes.get().into()));
        (standing.stage, standing.session, standing.asked) = (Stage::Asked, session, cx.now());
        Done
    }

    /// The mark is what it is, if there is one, and everybody is told.
    async fn conclude(&self, cx: &Context, standing: &mut Standing) -> Result<bool, HandlerError> {
        let Stage::Rated(mark, _, comment) = standing.stage.clone() else { return Ok(false) };
        let dialog = cx.dialog().unwrap_or_default().as_str().to_owned();
        let (session, comment, low) = (standing.session, comment.unwrap_or_default(), mark <= self.0.low);
        tell(cx, &self.0, &Mark { dialog, session, mark, comment, low }).await?;
        cx.cancel_timer(COMMENT);
        standing.stage = Stage::Quiet;
        Ok(true)
    }
}

fn holder(cx: &Context) -> Option<Holder> {
    cx.session().map(|session| session.holder)
}

fn session(message: &Message) -> i64 {
    message.chat.session.as_ref().map_or(0, |session| session.id.get())
}
