//! From the bytes of a request to rows in the journal.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    Refusal, RefusalKind, claims,
    complaints::{Complaints, Kind},
    figures::FIGURES,
    rows,
    sessions::SessionNotes,
};
use crate::{
    clock::Clock,
    codec::{
        self,
        form::{FormError, FormErrorKind, Limits},
    },
    portal::{Installer, Registry, Verification, Welcome},
    store::{Appended, Journal, NewEvent, SessionChange, Sessions, StoreError},
    wire::{AppId, Event, PortalKey, Raw},
};

/// Is told that a portal has new rows in the journal. Must not block; told once for many rows.
pub trait Wake: Send + Sync {
    /// `portal` has events that were not there before.
    fn accepted(&self, portal: &PortalKey);
}

/// What became of a request that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepted {
    /// Its events are in the journal.
    Journaled {
        /// Where they came from.
        portal: PortalKey,
        /// How many were new; the rest were known already.
        fresh: usize,
    },
    /// It is an installation that is now being proven.
    Pending {
        /// The portal it claims to be.
        claimed: PortalKey,
    },
}

/// Takes requests in: verifies, understands, journals. Knows no web server; [`Gate::router`] puts one in front of it.
#[derive(Clone)]
pub struct Gate {
    parts: Arc<Parts>,
    sessions: Option<Arc<SessionNotes>>,
}

struct Parts {
    registry: Registry,
    installer: Installer,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    wake: Arc<dyn Wake>,
    limits: Limits,
    complaints: Complaints,
    /// Rung when a portal tells that offline events wait.
    offline: Mutex<HashMap<PortalKey, Arc<Notify>>>,
}

impl Gate {
    /// A gate to `journal` for the portals of `registry`.
    pub fn new(
        registry: Registry,
        installer: Installer,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        wake: Arc<dyn Wake>,
    ) -> Self {
        let parts = Parts {
            registry,
            installer,
            journal,
            clock,
            wake,
            limits: Limits::default(),
            complaints: Complaints::default(),
            offline: Mutex::default(),
        };
        Self { parts: Arc::new(parts), sessions: None }
    }

    /// Writes down in `sessions` which sessions are open, for [`GapRepair`](super::GapRepair).
    #[must_use]
    pub fn sessions(mut self, sessions: Arc<dyn Sessions>) -> Self {
        self.sessions = Some(Arc::new(SessionNotes::new(sessions)));
        self
    }

    /// Takes in one callback for the application `app`, or for the only one. When it returns, its events are durable.
    pub async fn accept(
        &self,
        app: Option<&str>,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Accepted, Refusal> {
        let app = self.app(app)?;
        let raw = self.decode(content_type, &body)?;
        self.accept_raw(&app, raw).await
    }

    /// Takes in the form of the install page, or an ONAPPINSTALL sent to the same address. When it returns, the
    /// installation is durable; it counts once it is proven.
    pub async fn install(
        &self,
        app: Option<&str>,
        content_type: Option<&str>,
        body: Bytes,
        query: Option<&str>,
    ) -> Result<Accepted, Refusal> {
        let app = self.app(app)?;
        let raw = self.decode(content_type, &body)?;
        if raw.path(&["event"]).is_some() {
            return self.accept_raw(&app, raw).await;
        }
        let query = codec::form::decode(query.unwrap_or_default().as_bytes(), &self.parts.limits);
        let query = query.map_err(|error| malformed(&error).at("query"))?;
        let claim = claims::of_page(app, &query, &raw, self.parts.clock.now())?;
        self.receive(claim).await
    }

    /// Rings when the portal tells that offline events wait.
    pub(super) fn offline_bell(&self, portal: &PortalKey) -> Arc<Notify> {
        let mut bells = self.parts.offline.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(portal.clone()).or_default().clone()
    }

    /// What is known of open sessions, if it is written down.
    pub(super) fn notes(&self) -> Option<&SessionNotes> {
        self.sessions.as_deref()
    }

    async fn accept_raw(&self, app: &AppId, raw: Raw) -> Result<Accepted, Refusal> {
        if claims::is_installation(&raw) {
            return self.receive(claims::of_event(app.clone(), raw)?).await;
        }
        let portal = self.verify(app, &raw)?;
        let raw = Arc::new(raw);
        let removal = rows::removal(&raw);
        let mut changes = Vec::new();
        let rows = rows::of_callback(&portal, raw, &mut |incoming| {
            if matches!(incoming.event, Event::OfflineEvents(_)) {
                self.offline_bell(&portal).notify_one();
            }
            if let Some(notes) = &self.sessions {
                changes.extend(notes.change(&portal, incoming, self.parts.clock.now()));
            }
        });
        let fresh = self.append_noting(&portal, rows, changes).await.map_err(|error| {
            let kind = RefusalKind::NotStored;
            if let Some(left_out) = self.parts.complaints.count(Kind::Refused(kind), self.parts.clock.now()) {
                tracing::error!(%portal, %error, left_out, "a verified event could not be stored; the portal was told so");
            }
            Refusal::new(kind)
        })?;
        if let Some(clean) = removal
            && let Err(error) = self.parts.registry.uninstalled(&portal, clean).await
        {
            tracing::error!(%portal, %error, "the application was removed, but that could not be noted; remove it with `portals forget`");
        }
        Ok(Accepted::Journaled { portal, fresh })
    }

    /// The same as [`append`](Self::append), and what became known of sessions is written down.
    pub(super) async fn append_noting(
        &self,
        portal: &PortalKey,
        rows: Vec<NewEvent>,
        changes: Vec<SessionChange>,
    ) -> Result<usize, StoreError> {
        let appending = self.append(portal, rows);
        match &self.sessions {
            // Side by side: the store makes one transaction of both.
            Some(notes) if !changes.is_empty() => {
                tokio::join!(notes.write(portal, changes, self.parts.clock.now()), appending).1
            }
            _ => appending.await,
        }
    }

    /// Puts rows into the journal and wakes whoever works on them.
    pub(super) async fn append(&self, portal: &PortalKey, rows: Vec<NewEvent>) -> Result<usize, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let parked: Vec<_> =
            rows.iter().filter_map(|row| Some((row.code.clone(), row.park.clone()?))).collect();
        let appended = self.parts.journal.append(rows, self.parts.clock.now()).await?;
        FIGURES.parked.increment(parked.len() as u64);
        for (event, error) in parked {
            tracing::error!(%portal, event, error, "an event cannot be read and is parked; see `inbox list`");
        }
        let fresh = appended.iter().filter(|one| matches!(one, Appended::Fresh(_))).count();
        FIGURES.accepted.increment(fresh as u64);
        FIGURES.duplicate.increment((appended.len() - fresh) as u64);
        tracing::debug!(%portal, fresh, known = appended.len() - fresh, "events were accepted");
        if fresh > 0 {
            self.parts.wake.accepted(portal);
        }
        Ok(fresh)
    }

    fn app(&self, named: Option<&str>) -> Result<AppId, Refusal> {
        self.parts.registry.app(named).ok_or_else(|| {
            Refusal::new(match named {
                Some(_) => RefusalKind::UnknownApp,
                None => RefusalKind::AppNotNamed,
            })
        })
    }

    fn decode(&self, content_type: Option<&str>, body: &[u8]) -> Result<Raw, Refusal> {
        codec::decode(content_type, body, &self.parts.limits).map_err(|error| malformed(&error))
    }

    fn verify(&self, app: &AppId, raw: &Raw) -> Result<PortalKey, Refusal> {
        let member = raw.path(&["auth", "member_id"]).and_then(|member| member.as_str());
        let token = codec::application_token(raw).filter(|token| !token.is_empty());
        let kind = match self.parts.registry.verify(app, member, token) {
            Verification::Verified(portal) => return Ok(portal),
            _ if !has_event(raw) => RefusalKind::NoEvent,
            _ if token.is_none() => RefusalKind::MissingToken,
            Verification::Forged => RefusalKind::ForgedToken,
            Verification::Unknown => RefusalKind::UnknownPortal,
        };
        let event = raw.path(&["event"]).and_then(|event| event.as_str());
        self.parts.complaints.tell(kind, member, event, self.parts.clock.now());
        Err(Refusal::new(kind))
    }

    async fn receive(&self, claim: crate::portal::Claim) -> Result<Accepted, Refusal> {
        let claimed = claim.key();
        match self.parts.installer.receive(claim).await {
            Ok(()) => Ok(Accepted::Pending { claimed }),
            Err(error) => {
                let why = error.to_string();
                let refusal = Refusal::from(error);
                let kind = Kind::Refused(refusal.kind());
                if let Some(left_out) = self.parts.complaints.count(kind, self.parts.clock.now()) {
                    tracing::warn!(why, left_out, "an installation was refused");
                }
                Err(refusal)
            }
        }
    }
}

#[async_trait::async_trait]
impl Welcome for Gate {
    async fn installed(&self, portal: &PortalKey, notice: Bytes) -> Result<(), StoreError> {
        self.append(portal, rows::of_notice(portal, &notice)).await.map(drop)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("registry", &self.parts.registry).finish_non_exhaustive()
    }
}

fn has_event(raw: &Raw) -> bool {
    raw.path(&["event"]).and_then(|event| event.as_str()).is_some_and(|code| !code.is_empty())
}

fn malformed(error: &FormError) -> Refusal {
    let kind = match error.kind() {
        FormErrorKind::BodyTooLarge { .. } => RefusalKind::TooLarge,
        FormErrorKind::MediaType => RefusalKind::MediaType,
        _ => return Refusal::new(RefusalKind::Malformed).detail(error.to_string()),
    };
    Refusal::new(kind)
}
