//! The open dialogs of each portal as the page shows them, kept up by what happens.
//!
//! **Trap:** happenings are news and may come twice; what is not known of a dialog is read from its history on the portal.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use openlines::{
    clock::{Clock, SystemClock},
    dispatch::{Happening, Holder, OpenDialog, Session, What},
    message::strip,
    prelude::*,
    rest::methods::imopenlines::SessionHistory,
    wire::{ChatId, LineId, PortalKey},
};
use serde::Serialize;

/// Lines of a dialog that are shown, and characters of each.
const LINES: usize = 5;
const LONGEST: usize = 300;
/// The same words of the same operator within this time are one message that was told twice.
const TWICE: Duration = Duration::from_secs(3);
/// Who has not asked for so long does not look any more.
const LOOKS: Duration = Duration::from_secs(60);
/// Who said a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Who {
    Client,
    Operator,
    Bot,
    /// The bot, but a person had the dialog: it was not sent.
    Withheld,
}

/// Something that was said.
#[derive(Debug, Clone, Serialize)]
struct Line {
    who: Who,
    name: String,
    text: String,
    at: Timestamp,
    /// Read from the past, and not heard yet.
    past: bool,
}

impl Line {
    fn new(who: Who, name: &str, text: &str, at: Timestamp) -> Self {
        // The client's words are shown as they are; what we or operators write has codes.
        let text = if who == Who::Client { text.to_owned() } else { strip(text) };
        let text = text.replace('\u{2060}', "").trim().chars().take(LONGEST).collect();
        Self { who, name: name.to_owned(), text, at, past: false }
    }
}

/// An open dialog.
#[derive(Debug, Clone, Default, Serialize)]
struct Row {
    chat: ChatId,
    rev: u64,
    client: String,
    /// Code of the channel; empty as long as it is not known.
    channel: String,
    line: LineId,
    line_name: String,
    /// The bot's name.
    bot: String,
    holder: Holder,
    operator: Option<UserId>,
    operator_name: String,
    since: Timestamp,
    /// Since when the client waits for an answer.
    waits: Option<Timestamp>,
    lines: VecDeque<Line>,
    /// When its past was read; `None`: it has to be.
    #[serde(skip)]
    read: Option<Timestamp>,
    /// It was there before the program.
    #[serde(skip)]
    restored: bool,
}

impl Row {
    /// Takes in what was said before the program could hear it, and with whom.
    fn recalls(&mut self, history: &SessionHistory) {
        let named = |author| history.name_of(author).unwrap_or_default().to_owned();
        (self.client, self.bot) = (named(Author::Client), named(Author::Bot));
        let address = history.address().unwrap_or_default();
        (self.channel, self.line) = (address.connector.as_str().to_owned(), address.line);
        // A history has notes to operators, too, and they look like the bot's answers.
        if !self.restored && self.read.is_none() {
            return;
        }
        (self.lines, self.waits) = (VecDeque::new(), None);
        for said in history.said() {
            let who = match said.author {
                Author::Client => Who::Client,
                Author::Bot => Who::Bot,
                _ => Who::Operator,
            };
            self.hears(Line { past: true, ..Line::new(who, &said.name, &said.text, said.at) });
        }
        self.waits = self.waits.or((self.holder == Holder::Waiting).then_some(self.since));
    }

    /// Whether it is news.
    fn hears(&mut self, line: Line) -> bool {
        match (line.who, self.holder) {
            (Who::Client, _) => self.waits = self.waits.or(Some(line.at)),
            // In the queue the client waits for a person, whatever the bot says.
            (Who::Bot, Holder::Waiting) if line.at.seconds() >= self.since.seconds() => {}
            (Who::Withheld, _) => {}
            _ => self.waits = None,
        }
        let same = |known: &Line| known.who == line.who && known.text == line.text;
        // Read from the past, or told of an operator by the channel, too.
        let near = |known: &Line| line.who == Who::Operator && line.at.since(known.at) < TWICE;
        let known = |known: &&mut Line| same(known) && !line.past && (known.past || near(known));
        if let Some(known) = self.lines.iter_mut().find(known) {
            known.past = false;
            return false;
        }
        self.lines.push_back(line);
        self.lines.drain(..self.lines.len().saturating_sub(LINES));
        true
    }
}

/// What changed on the board.
#[derive(Debug, Serialize)]
pub(crate) struct News {
    /// Which life of the program it is; after another one nothing before counts.
    life: i64,
    /// What this follows; `None`: it is everything.
    from: Option<u64>,
    rev: u64,
    now: Timestamp,
    dialogs: Vec<Row>,
    gone: Vec<ChatId>,
}

impl RtEvent for News {
    const COMMAND: &'static str = "dashboard.news";
}

#[derive(Debug, Default)]
struct Portal {
    rev: u64,
    told: u64,
    rows: BTreeMap<ChatId, Row>,
    /// Dialogs that ended since the pages were told last.
    gone: Vec<ChatId>,
    names: HashMap<UserId, String>,
    lines: HashMap<LineId, String>,
    viewers: HashMap<UserId, Timestamp>,
}

impl Portal {
    fn changed(&mut self, chat: ChatId) {
        let Some(row) = self.rows.get_mut(&chat) else { return };
        self.rev += 1;
        row.rev = self.rev;
        row.operator_name = row.operator.and_then(|user| self.names.get(&user).cloned()).unwrap_or_default();
        row.line_name = self.lines.get(&row.line).cloned().unwrap_or_default();
    }

    fn ended(&mut self, chat: ChatId) {
        let ended = self.rows.remove(&chat).map(|row| row.chat);
        self.rev += u64::from(ended.is_some());
        self.gone.extend(ended);
    }

    fn happened(&mut self, chat: ChatId, what: What, now: Timestamp) {
        let opens = matches!(&what, What::Wrote { author: Author::Client, .. } | What::Session { .. });
        if matches!(&what, What::Session { holder: Holder::Closed, .. }) {
            return self.ended(chat);
        }
        // A farewell comes after the end, and opens nothing.
        if !opens && !self.rows.contains_key(&chat) {
            return;
        }
        let row = self.rows.entry(chat).or_insert_with(|| Row { chat, since: now, ..Row::default() });
        let is_news = match what {
            What::Wrote { author: Author::Client, name, text, at, .. } => {
                row.client.clone_from(&name);
                row.hears(Line::new(Who::Client, &name, &text, at))
            }
            What::Wrote { author: Author::Operator | Author::Employee, user, name, text, at } => {
                let line = Line::new(Who::Operator, &name, &text, at);
                self.names.extend(Some((user, name)).filter(|(_, name)| !name.is_empty()));
                row.hears(line)
            }
            What::Session { holder, operator, since } => {
                (row.holder, row.operator, row.since) = (holder, operator, since);
                row.waits = row.waits.or((holder == Holder::Waiting).then_some(since));
                // The history tells who that is.
                row.read = row.read.filter(|_| operator.is_none_or(|user| self.names.contains_key(&user)));
                true
            }
            What::Said { text } => row.hears(Line::new(Who::Bot, "", &text, now)),
            What::Withheld { text } => row.hears(Line::new(Who::Withheld, "", &text, now)),
            _ => false,
        };
        if is_news {
            self.changed(chat);
        }
    }

    fn news(&self, life: i64, from: Option<u64>, now: Timestamp, gone: Vec<ChatId>) -> News {
        let dialogs =
            self.rows.values().filter(|row| from.is_none_or(|from| row.rev > from)).cloned().collect();
        News { life, from, rev: self.rev, now, dialogs, gone }
    }

    fn lookers(&self, now: Timestamp) -> Vec<UserId> {
        self.viewers.iter().filter(|(_, seen)| now.since(**seen) < LOOKS).map(|(user, _)| *user).collect()
    }
}

/// The open dialogs of all portals, and who looks at them.
pub(crate) struct Board {
    life: i64,
    portals: Mutex<HashMap<PortalKey, Portal>>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { life: SystemClock.now().millis(), portals: Mutex::default() }
    }

    fn at<R>(&self, portal: &PortalKey, change: impl FnOnce(&mut Portal, Timestamp) -> R) -> R {
        let mut portals = self.portals.lock().unwrap_or_else(PoisonError::into_inner);
        change(portals.entry(portal.clone()).or_default(), SystemClock.now())
    }

    pub(crate) fn happened(&self, happening: Happening) {
        self.at(&happening.portal, |portal, now| portal.happened(happening.chat, happening.what, now));
    }

    /// The open dialogs that the framework knows, and the names of the lines.
    pub(crate) fn begin(&self, portal: &PortalKey, dialogs: Vec<OpenDialog>, lines: HashMap<LineId, String>) {
        self.at(portal, |portal, _| {
            portal.lines = lines;
            for OpenDialog { chat, session: Session { holder, operator, since, .. }, .. } in dialogs {
                let row = Row { chat, holder, operator, since, restored: true, ..Row::default() };
                portal.rows.insert(chat, row);
                portal.changed(chat);
            }
        });
    }

    /// Dialogs whose history is to be read, as they were at this revision: while somebody looks, and it never was, or
    /// nothing was heard of them for as long as `quiet`.
    pub(crate) fn unread(&self, portal: &PortalKey, quiet: Duration) -> Vec<(ChatId, u64)> {
        self.at(portal, |portal, now| {
            let last = |row: &Row| row.lines.back().map_or(row.since, |line| line.at);
            let is_unread = |row: &&Row| row.read.is_none_or(|read| now.since(read.max(last(row))) > quiet);
            let rows = portal.rows.values().filter(|_| !portal.lookers(now).is_empty()).filter(is_unread);
            rows.map(|row| (row.chat, row.rev)).collect()
        })
    }

    /// The history of a dialog, as it was asked for at this revision; `None` if it cannot be read.
    pub(crate) fn read(&self, portal: &PortalKey, chat: ChatId, rev: u64, history: Option<SessionHistory>) {
        self.at(portal, |portal, now| {
            let Some(row) = portal.rows.get_mut(&chat) else { return };
            let Some(history) = history else { return row.read = Some(now) };
            if history.is_over() {
                return portal.ended(chat);
            }
            // Something has happened meanwhile that the history may not have: it is read once more.
            if row.rev == rev {
                row.recalls(&history);
                row.read = Some(now);
                let name = row.operator.and_then(|user| Some((user, history.name(user)?.to_owned())));
                portal.names.extend(name);
                portal.changed(chat);
            }
        });
    }

    /// What there is for this user, who looks from now on: nothing if it was seen in this life.
    pub(crate) fn look(&self, portal: &PortalKey, user: UserId, seen: Option<(i64, u64)>) -> News {
        self.at(portal, |portal, now| {
            portal.viewers.insert(user, now);
            let from = seen.filter(|seen| *seen == (self.life, portal.rev)).map(|(_, rev)| rev);
            portal.news(self.life, from, now, Vec::new())
        })
    }

    /// Who has this dialog, if it is open.
    pub(crate) fn holder(&self, portal: &PortalKey, chat: ChatId) -> Option<Holder> {
        self.at(portal, |portal, _| portal.rows.get(&chat).map(|row| row.holder))
    }

    /// What is to be told, and whom.
    pub(crate) fn untold(&self, portal: &PortalKey) -> Option<(Vec<UserId>, News)> {
        self.at(portal, |portal, now| {
            let (lookers, told) = (portal.lookers(now), std::mem::replace(&mut portal.told, portal.rev));
            let gone = std::mem::take(&mut portal.gone);
            (told < portal.rev && !lookers.is_empty())
                .then(|| (lookers, portal.news(self.life, Some(told), now, gone)))
        })
    }
}
