//! The portals we work for: loaded from the store, opened once, verified against from memory.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    Credentials, Grants, IncomingWebhook, OAuthApp, PortalError, PortalErrorKind, RegisteredBot, Vault,
    VaultError, VaultErrorKind,
    record::{PortalState, Sealed},
    refresh::Refreshing,
    verify::Expected,
};
use crate::{
    clock::Clock,
    store::{PortalRecord, PortalStatus, Portals},
    wire::{AppId, BotId, MemberId, PortalKey, UserId},
};

/// How often a change is tried again when another writer was faster; each try starts from what that one wrote.
const CHANGE_TRIES: u32 = 16;

/// What became of a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PortalChange {
    /// It was proven, or its tokens work again: it is worked for.
    Active,
    /// Its tokens no longer work; it has to be installed again.
    Broken,
    /// The application was removed from it.
    Uninstalled,
    /// Nothing of it is kept any more.
    Forgotten,
}

/// Hears what becomes of portals. Must not block.
pub trait PortalWatch: Send + Sync {
    /// `portal` has changed.
    fn portal_changed(&self, portal: &PortalKey, change: PortalChange);
}

/// A portal as known now, for `portals list` and for dispatch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PortalView {
    /// Its key.
    pub key: PortalKey,
    /// Host, for people to recognise it by.
    pub domain: String,
    /// Whether it is worked for.
    pub status: PortalStatus,
    /// Its bots.
    pub bots: Vec<RegisteredBot>,
    /// Granted scopes.
    pub scope: Vec<String>,
}

/// A portal in memory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) generation: u64,
    pub(super) status: PortalStatus,
    pub(super) domain: String,
    pub(super) state: PortalState,
    pub(super) expected: Expected,
}

/// A record on its way into the store.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) status: PortalStatus,
    pub(super) domain: String,
    pub(super) state: PortalState,
}

impl Default for Draft {
    fn default() -> Self {
        Self { status: PortalStatus::Active, domain: String::new(), state: PortalState::default() }
    }
}

/// What the store holds of a portal before a change.
enum Stored {
    New(Draft),
    Known(Draft),
    Unreadable(Option<PortalError>),
}

/// The portals we work for. Clones share everything.
#[derive(Clone)]
pub struct Registry(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: Arc<dyn Portals>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) vault: Vault,
    pub(super) grants: Arc<dyn Grants>,
    credentials: Vec<Credentials>,
    entries: RwLock<HashMap<PortalKey, Arc<Entry>>>,
    /// One place a portal; whoever holds its lock renews the tokens.
    pub(super) refreshing: Mutex<HashMap<PortalKey, Arc<tokio::sync::Mutex<Refreshing>>>>,
    watches: RwLock<Vec<Arc<dyn PortalWatch>>>,
    /// Rings when a record in memory has changed.
    bell: tokio::sync::watch::Sender<()>,
    /// Held from the read of a record until it is in `entries`, so that memory follows the order of the store.
    changing: tokio::sync::Mutex<()>,
}

impl Registry {
    /// Loads all portals of the applications in `credentials`; a portal by incoming webhook is made if it is new.
    pub async fn load(
        store: Arc<dyn Portals>,
        clock: Arc<dyn Clock>,
        vault: Vault,
        grants: Arc<dyn Grants>,
        credentials: Vec<Credentials>,
    ) -> Result<Self, PortalError> {
        let setting = |what: &str| PortalError::new(PortalErrorKind::Setting, what);
        let needs_key = credentials.iter().any(|one| matches!(one, Credentials::OAuth(_)));
        if needs_key && !vault.has_key() {
            return Err(setting(
                "OPENLINES_MASTER_KEY is not set: with an OAuth application it encrypts the tokens at rest; make one \
                 with `openssl rand -base64 32` and keep it",
            ));
        }
        if credentials.is_empty() {
            return Err(setting(
                "no portal is configured: set BITRIX24_CLIENT_ID and BITRIX24_CLIENT_SECRET, or BITRIX24_WEBHOOK_URL \
                 and BITRIX24_BOT_TOKEN",
            ));
        }
        let registry = Self(Arc::new(Inner {
            store,
            clock,
            vault,
            grants,
            credentials,
            entries: RwLock::default(),
            refreshing: Mutex::default(),
            watches: RwLock::default(),
            bell: tokio::sync::watch::Sender::new(()),
            changing: tokio::sync::Mutex::default(),
        }));
        registry.reload().await?;
        Ok(registry)
    }

    /// Reads all portals again, as after `portals forget` in another process.
    pub async fn reload(&self) -> Result<(), PortalError> {
        let changing = self.0.changing.lock().await;
        let mut entries = HashMap::new();
        for record in self.0.store.portals().await? {
            let key = record.key.clone();
            match self.open(record) {
                Ok(Some(entry)) => drop(entries.insert(key, Arc::new(entry))),
                Ok(None) => tracing::debug!(portal = %key, "kept for an application that is not configured"),
                Err(error) if is_wrong_key(&error) && self.webhook(&key).is_none() => return Err(error),
                // One damaged record must not keep the others from being worked for.
                Err(error) => tracing::error!(portal = %key, %error, "this portal is left out"),
            }
        }
        *write(&self.0.entries) = entries;
        drop(changing);
        for credentials in &self.0.credentials {
            if let Credentials::Webhook(webhook) = credentials {
                self.ensure_webhook(webhook).await?;
            }
        }
        Ok(())
    }

    /// Hears from now on what becomes of portals.
    pub fn watch(&self, watch: Arc<dyn PortalWatch>) {
        write(&self.0.watches).push(watch);
    }

    /// The application a request is for: the one named, or the only one if none is.
    pub fn app(&self, named: Option<&str>) -> Option<AppId> {
        match (named, self.0.credentials.as_slice()) {
            (Some(named), all) => all.iter().map(Credentials::app).find(|app| app.as_str() == named),
            (None, [only]) => Some(only.app()),
            (None, _) => None,
        }
    }

    /// The OAuth application `app`, unless it is a webhook or unknown.
    pub fn oauth_app(&self, app: &AppId) -> Option<&OAuthApp> {
        self.0.credentials.iter().find_map(|credentials| match credentials {
            Credentials::OAuth(oauth) if oauth.client_id() == app => Some(oauth),
            _ => None,
        })
    }

    /// The incoming webhook behind `portal`, if it is reached by one.
    pub fn webhook(&self, portal: &PortalKey) -> Option<&IncomingWebhook> {
        self.webhook_of(&portal.app).filter(|webhook| webhook.key() == portal)
    }

    pub(super) fn webhook_of(&self, app: &AppId) -> Option<&IncomingWebhook> {
        self.0.credentials.iter().find_map(|credentials| match credentials {
            Credentials::Webhook(webhook) if webhook.key().app == *app => Some(webhook),
            _ => None,
        })
    }

    /// All portals, in no order.
    pub fn portals(&self) -> Vec<PortalView> {
        read(&self.0.entries).iter().map(|(key, entry)| view(key, entry)).collect()
    }

    /// One portal.
    pub fn portal(&self, key: &PortalKey) -> Option<PortalView> {
        self.entry(key).map(|entry| view(key, &entry))
    }

    /// The bot `id` of `portal`, if we registered it.
    pub fn bot(&self, portal: &PortalKey, id: BotId) -> Option<RegisteredBot> {
        self.entry(portal)?.state.bots.values().find(|bot| bot.id == id).cloned()
    }

    /// Whether `user` is a bot of the application there.
    pub(crate) fn has_bot(&self, portal: &PortalKey, user: UserId) -> bool {
        self.entry(portal)
            .is_some_and(|entry| entry.state.bots.values().any(|bot| bot.id.get() == user.get()))
    }

    /// Notes that the application was removed: no call is made any more and nothing more is accepted. With `clean` its
    /// records go as well, once [`forget`](Self::forget) is called or [`tidy`](Self::tidy) finds it old enough; until
    /// then `on_uninstall` may run.
    pub async fn uninstalled(&self, portal: &PortalKey, clean: bool) -> Result<(), PortalError> {
        self.change(portal, |draft| {
            draft.status = PortalStatus::Uninstalled;
            draft.state.tokens = None;
            draft.state.application_token = None;
            draft.state.bots.clear();
            draft.state.clean |= clean;
            Ok(())
        })
        .await?;
        tracing::info!(%portal, clean, "the application was removed from this portal");
        self.tell(portal, PortalChange::Uninstalled);
        Ok(())
    }

    /// Whether the portal was removed with the wish that its records go too.
    pub fn wants_to_be_forgotten(&self, portal: &PortalKey) -> bool {
        self.entry(portal).is_some_and(|entry| entry.status == PortalStatus::Uninstalled && entry.state.clean)
    }

    /// Removes the portal and everything kept of it.
    pub async fn forget(&self, portal: &PortalKey) -> Result<(), PortalError> {
        let changing = self.0.changing.lock().await;
        self.0.store.forget_portal(portal).await?;
        write(&self.0.entries).remove(portal);
        drop(changing);
        lock(&self.0.refreshing).remove(portal);
        tracing::info!(%portal, "nothing of this portal is kept any more");
        self.tell(portal, PortalChange::Forgotten);
        Ok(())
    }

    /// Forgets portals that were removed with CLEAN longer than `grace` ago.
    pub async fn tidy(&self, grace: std::time::Duration) -> Result<(), PortalError> {
        let now = self.0.clock.now();
        for record in self.0.store.portals().await? {
            if record.status == PortalStatus::Uninstalled
                && now.since(record.updated) >= grace
                && self.wants_to_be_forgotten(&record.key)
            {
                self.forget(&record.key).await?;
            }
        }
        Ok(())
    }

    /// Resolves whenever a portal or its bots have changed here.
    pub(crate) fn bell(&self) -> tokio::sync::watch::Receiver<()> {
        self.0.bell.subscribe()
    }

    pub(super) fn entry(&self, key: &PortalKey) -> Option<Arc<Entry>> {
        read(&self.0.entries).get(key).cloned()
    }

    /// Reads one portal again from the store.
    pub(super) async fn reread(&self, key: &PortalKey) -> Result<Option<Arc<Entry>>, PortalError> {
        let _changing = self.0.changing.lock().await;
        let opened = match self.0.store.portal(key).await? {
            Some(record) => self.open(record)?.map(Arc::new),
            None => None,
        };
        let mut entries = write(&self.0.entries);
        match &opened {
            Some(entry) => drop(entries.insert(key.clone(), Arc::clone(entry))),
            None => drop(entries.remove(key)),
        }
        Ok(opened)
    }

    /// Changes a known portal, from what the store holds now. The closure runs again if another writer was faster.
    pub(super) async fn change(
        &self,
        key: &PortalKey,
        mut change: impl FnMut(&mut Draft) -> Result<(), PortalError> + Send,
    ) -> Result<Arc<Entry>, PortalError> {
        self.write_record(key, &mut |draft| match draft {
            Stored::Known(draft) => change(draft),
            Stored::Unreadable(error) => Err(error.take().unwrap_or_else(|| unknown(key))),
            Stored::New(_) => Err(unknown(key)),
        })
        .await
    }

    /// The same, but makes the portal if it is new, or if its record can no longer be read.
    pub(super) async fn install(
        &self,
        key: &PortalKey,
        mut change: impl FnMut(&mut Draft) -> Result<(), PortalError> + Send,
    ) -> Result<Arc<Entry>, PortalError> {
        self.write_record(key, &mut |stored| {
            if let Stored::Unreadable(_) = stored {
                *stored = Stored::New(Draft::default());
            }
            match stored {
                Stored::Known(draft) | Stored::New(draft) => change(draft),
                Stored::Unreadable(_) => Ok(()),
            }
        })
        .await
    }

    async fn write_record(
        &self,
        key: &PortalKey,
        change: &mut (dyn FnMut(&mut Stored) -> Result<(), PortalError> + Send),
    ) -> Result<Arc<Entry>, PortalError> {
        let _changing = self.0.changing.lock().await;
        for _ in 0..CHANGE_TRIES {
            let (generation, mut stored) = match self.0.store.portal(key).await? {
                Some(record) => (record.generation, self.draft_of(record)),
                None => (0, Stored::New(Draft::default())),
            };
            change(&mut stored)?;
            let (Stored::Known(draft) | Stored::New(draft)) = stored else {
                return Err(unknown(key));
            };
            let now = self.0.clock.now();
            let record = PortalRecord {
                key: key.clone(),
                generation,
                status: draft.status,
                domain: draft.domain.clone(),
                sealed: draft.state.seal(&self.0.vault, key)?,
                updated: now,
            };
            if let Some(generation) = self.0.store.put_portal(record, now).await? {
                let entry = Arc::new(self.entry_of(key, generation, draft));
                write(&self.0.entries).insert(key.clone(), Arc::clone(&entry));
                self.0.bell.send_replace(());
                return Ok(entry);
            }
        }
        Err(PortalError::new(
            PortalErrorKind::Store,
            format!(
                "the record of {key} is being changed by others all the time; is a second server running?"
            ),
        ))
    }

    fn draft_of(&self, record: PortalRecord) -> Stored {
        match PortalState::open(&self.0.vault, &record.key, &record.sealed) {
            Ok(state) => Stored::Known(Draft { status: record.status, domain: record.domain, state }),
            Err(error) => Stored::Unreadable(Some(error)),
        }
    }

    pub(super) fn tell(&self, portal: &PortalKey, change: PortalChange) {
        for watch in read(&self.0.watches).iter() {
            watch.portal_changed(portal, change);
        }
    }

    /// `None` for a portal of an application that is not configured now.
    fn open(&self, record: PortalRecord) -> Result<Option<Entry>, PortalError> {
        if self.app(Some(record.key.app.as_str())).is_none() {
            return Ok(None);
        }
        let state = PortalState::open(&self.0.vault, &record.key, &record.sealed)?;
        let draft = Draft { status: record.status, domain: record.domain, state };
        Ok(Some(self.entry_of(&record.key, record.generation, draft)))
    }

    fn entry_of(&self, key: &PortalKey, generation: u64, draft: Draft) -> Entry {
        let Draft { status, domain, state } = draft;
        let expected = match (status, self.webhook(key)) {
            (PortalStatus::Uninstalled, _) => Expected::none(),
            (_, Some(webhook)) => Expected::of(webhook.application_tokens().iter()),
            (_, None) => Expected::of(state.application_token.iter().map(Sealed::secret)),
        };
        Entry { generation, status, domain, state, expected }
    }

    async fn ensure_webhook(&self, webhook: &IncomingWebhook) -> Result<(), PortalError> {
        let key = webhook.key();
        if self.entry(key).is_some_and(|entry| entry.status == PortalStatus::Active) {
            return Ok(());
        }
        self.install(key, |draft| {
            draft.status = PortalStatus::Active;
            draft.domain = key.member.as_str().to_owned();
            Ok(())
        })
        .await?;
        Ok(())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("credentials", &self.0.credentials)
            .field("portals", &read(&self.0.entries).len())
            .finish_non_exhaustive()
    }
}

pub(super) fn unknown(key: &PortalKey) -> PortalError {
    PortalError::new(
        PortalErrorKind::UnknownPortal,
        format!("the portal {key} is not known; install the application on it"),
    )
}

/// The key of a callback that names `member`.
pub(super) fn key_of(app: &AppId, member: &str) -> PortalKey {
    PortalKey::new(app.clone(), MemberId::from(member))
}

fn view(key: &PortalKey, entry: &Entry) -> PortalView {
    PortalView {
        key: key.clone(),
        domain: entry.domain.clone(),
        status: entry.status,
        bots: entry.state.bots.values().cloned().collect(),
        scope: entry.state.scope.clone(),
    }
}

fn is_wrong_key(error: &PortalError) -> bool {
    use std::error::Error;
    error
        .source()
        .and_then(|source| source.downcast_ref::<VaultError>())
        .is_some_and(|error| matches!(error.kind(), VaultErrorKind::OtherKey | VaultErrorKind::NoKey))
}

// A panic while a lock is held leaves these maps whole: every change to them is one call.
fn read<T: ?Sized>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T: ?Sized>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn lock<T: ?Sized>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
