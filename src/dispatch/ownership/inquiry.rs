//! Asking the portal who has a session (`imopenlines.dialog.get`, protocol 4.5), for many of them in one request.
//!
//! **Trap:** without the scope `imopenlines` a portal refuses. Then there is only what events say.

use std::{collections::HashSet, sync::Mutex, sync::PoisonError, time::Duration};

use super::{evidence::Evidence, fence::Fence};
use crate::{
    codec::keys,
    rest::{
        Api, BATCH_LIMIT, Batch, CallError, CallErrorKind, CallPriority, Method,
        methods::imopenlines::{DialogGet, LineDialog},
    },
    store::LaneKey,
    wire::{ChatEntity, ChatId, Timestamp, UserId},
};

/// So long an answer is waited for, the portal's limit included.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long a portal that refused is not asked again: somebody may give the application the right.
const REFUSED: Duration = Duration::from_secs(3_600);
/// Chats of no open line that are remembered.
const KNOWN: usize = 10_000;

/// Codes by which a portal refuses one chat, and not the method.
const OF_ONE_CHAT: &str = "ACCESS_ERROR";

/// One inquiry of a portal at a time.
#[derive(Debug, Default)]
pub(super) struct Inquiry {
    one: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    refused: Option<Timestamp>,
    told: bool,
    /// When an inquiry failed last, and why.
    failed: Option<(Timestamp, String)>,
    no_lines: HashSet<ChatId>,
}

type Answer = Result<LineDialog, CallError>;

impl Inquiry {
    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the portal answers such questions, as far as is known.
    pub(super) fn may_be_made(&self, fence: &Fence) -> bool {
        let now = fence.services().clock.now();
        self.known(|known| known.refused.is_none_or(|refused| now.since(refused) >= REFUSED))
    }

    /// Asks for a session whose evidence is older than `since`, and for whichever else will be needed. An error says
    /// why it is not known.
    pub(super) async fn renew(
        &self,
        fence: &Fence,
        chat: ChatId,
        lane: LaneKey,
        since: Timestamp,
    ) -> Result<(), String> {
        let came = fence.services().clock.now();
        let _one = self.one.lock().await;
        self.has_failed_since(came)?;
        let is_new =
            |lane: &LaneKey| fence.sessions().known(lane).is_some_and(|(_, newest)| newest >= Some(since));
        if is_new(&lane) || !self.may_be_made(fence) {
            return Ok(());
        }
        let mut wanted = fence.sessions().stale(since, BATCH_LIMIT);
        wanted.retain(|(_, known)| *known != lane);
        wanted.truncate(BATCH_LIMIT - 1);
        wanted.push((chat, lane));
        let chats: Vec<ChatId> = wanted.iter().map(|(chat, _)| *chat).collect();
        let (asked, answers) = self.ask(fence, &chats).await?;
        // The one that is asked for is the last. What is not told of another one is asked for when that needs it.
        let mut told = Ok(());
        for ((chat, lane), answer) in wanted.into_iter().zip(answers) {
            told = match self.evidence(fence, chat, answer, asked) {
                Ok(evidence) => self.note(fence, chat, &lane, evidence, asked).await,
                Err(why) => Err(why),
            };
        }
        told
    }

    async fn note(
        &self,
        fence: &Fence,
        chat: ChatId,
        lane: &LaneKey,
        evidence: Option<(Option<LaneKey>, Evidence)>,
        asked: Timestamp,
    ) -> Result<(), String> {
        if fence.sessions().known(lane).is_none() {
            fence.load(lane, chat).await.map_err(|error| error.to_string())?;
        }
        fence.sessions().answered(lane, evidence.as_ref().map(|(_, evidence)| evidence), asked);
        Ok(())
    }

    /// Finds the lane of a chat that no event has told of; whether it has one that is an open line's.
    pub(super) async fn find(&self, fence: &Fence, chat: ChatId) -> Result<bool, String> {
        let came = fence.services().clock.now();
        let _one = self.one.lock().await;
        self.has_failed_since(came)?;
        if fence.sessions().lane_of(chat).is_some() {
            return Ok(true);
        }
        if !self.may_be_made(fence) || self.known(|known| known.no_lines.contains(&chat)) {
            return Ok(false);
        }
        let (asked, mut answers) = self.ask(fence, &[chat]).await?;
        let Some(answer) = answers.pop() else { return Ok(false) };
        match self.evidence(fence, chat, answer, asked)? {
            Some((Some(lane), evidence)) => {
                self.note(fence, chat, &lane, Some((None, evidence)), asked).await?;
                Ok(true)
            }
            _ => {
                self.known(|known| {
                    if known.no_lines.len() >= KNOWN {
                        known.no_lines.clear();
                    }
                    known.no_lines.insert(chat);
                });
                Ok(false)
            }
        }
    }

    async fn ask(&self, fence: &Fence, chats: &[ChatId]) -> Result<(Timestamp, Vec<Answer>), String> {
        let clock = &fence.services().clock;
        let asked = clock.now();
        let answers = tokio::select! {
            answers = answers(fence, chats) => answers,
            () = clock.sleep_until(asked.plus(PATIENCE)) => {
                Err(format!("the portal was asked and has not answered for {PATIENCE:?}"))
            }
        };
        if let Err(why) = &answers {
            tracing::warn!(portal = %fence.lease().portal, dialogs = chats.len(), why, "who has sessions cannot be asked; messages to them wait");
            self.known(|known| known.failed = Some((clock.now(), why.clone())));
        }
        Ok((asked, answers?))
    }

    /// Who waited while another's inquiry failed does not try it again at once.
    fn has_failed_since(&self, came: Timestamp) -> Result<(), String> {
        let failed = self.known(|known| known.failed.clone());
        failed.filter(|(at, _)| *at > came).map_or(Ok(()), |(_, why)| Err(why))
    }

    /// What an answer says, with the lane of its chat. `None`: nothing; what is known has to do. An error: it may say
    /// it later.
    fn evidence(
        &self,
        fence: &Fence,
        chat: ChatId,
        answer: Answer,
        asked: Timestamp,
    ) -> Result<Option<(Option<LaneKey>, Evidence)>, String> {
        let portal = &fence.lease().portal;
        let error = match answer {
            Ok(LineDialog { chat: found, last_message, .. }) => {
                let ours = |user: UserId| fence.services().registry.has_bot(portal, user);
                let is_line = matches!(found.entity, ChatEntity::Lines(_));
                let lane = is_line.then(|| LaneKey::new(keys::of_chat(&found)));
                return Ok(Some((lane, Evidence::answered(&found, last_message, asked, ours))));
            }
            Err(error) => error,
        };
        match error.kind() {
            CallErrorKind::Refused if !error.is(OF_ONE_CHAT) => {
                let first = self.known(|known| {
                    known.refused = Some(asked);
                    !std::mem::replace(&mut known.told, true)
                });
                if first {
                    tracing::warn!(
                        %portal, %error,
                        "the portal does not tell who has a session: operators are known by events only; give the application the scope imopenlines"
                    );
                }
                Ok(None)
            }
            CallErrorKind::Refused | CallErrorKind::BadAnswer | CallErrorKind::BadParams => {
                tracing::debug!(%portal, %chat, %error, "the portal does not tell who has the session");
                Ok(None)
            }
            _ => Err(error.to_string()),
        }
    }
}

/// One call for one chat, a batch for several.
async fn answers(fence: &Fence, chats: &[ChatId]) -> Result<Vec<Answer>, String> {
    let portal = &fence.lease().portal;
    let api = &fence.services().api;
    let call = |chat: &ChatId| {
        let call = DialogGet::of_chat(*chat).to_call(portal).map_err(|error| error.to_string())?;
        Ok::<_, String>(call.priority(CallPriority::Check).unheld())
    };
    let read = |answer: Result<serde_json::Value, CallError>| answer.and_then(DialogGet::read_answer);
    if let [chat] = chats {
        return match read(api.call(call(chat)?).await) {
            Err(error) if !matches!(error.kind(), CallErrorKind::Refused | CallErrorKind::BadAnswer) => {
                Err(error.to_string())
            }
            answer => Ok(vec![answer]),
        };
    }
    let mut batch = Batch::new(portal.clone());
    for chat in chats {
        batch.add(call(chat)?).map_err(|error| error.to_string())?;
    }
    match api.call(batch.to_call().priority(CallPriority::Check).unheld()).await {
        Ok(answer) => Ok(batch.read(answer).into_iter().map(read).collect()),
        Err(error) if error.kind() == CallErrorKind::Refused => {
            Ok(chats.iter().map(|_| Err(error.clone())).collect())
        }
        Err(error) => Err(error.to_string()),
    }
}
