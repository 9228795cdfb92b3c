//! A program's own work beside its bots: what it may look at and send from, and who looks at its pages.

use std::{fmt, sync::Arc};

use secrecy::SecretString;
use serde_json::Value;

#[cfg(doc)]
use super::AppErrorKind;
use super::{
    AppError, portals,
    rt::questions::{Questions, TOO_MANY},
};
use crate::{
    clock::Clock,
    dispatch::{Engine, Happenings, PortalDesk},
    portal::Registry,
    rest::{Api, Call, CallError, CallErrorKind, Method, methods::basic::Profile},
    store::PortalStatus,
    wire::{PortalKey, UserId},
};

/// The portals of a running app, for what is done outside of an event: from a task of [`App::beside`](super::App::beside),
/// or from the routes of a page. Cheap to clone.
#[derive(Clone)]
pub struct Desks {
    pub(super) engine: Engine,
    pub(super) registry: Registry,
    pub(super) api: Arc<dyn Api>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) visits: Arc<Questions<(UserId, bool)>>,
}

impl Desks {
    /// The portal of this member id, also one that has removed the app and is not forgotten yet; `None` if it is not known.
    pub fn portal(&self, member: &str) -> Option<PortalDesk> {
        let portals = self.registry.portals();
        let found = portals.iter().find(|portal| portal.key.member.as_str() == member)?;
        Some(self.engine.desk(&found.key))
    }

    /// The portal of this member id where the app is installed; without one, the only such portal: for work of the
    /// program's own that is for one portal, which a setting may name.
    ///
    /// Errors: [`Setting`](AppErrorKind::Setting) if it takes a member id to tell, [`Request`](AppErrorKind::Request) if
    /// there is no such portal.
    pub fn choose(&self, member: Option<&str>) -> Result<PortalDesk, AppError> {
        let portals = self.registry.portals().into_iter().map(|portal| (portal.key, portal.status));
        Ok(self.engine.desk(&portals::choose(portals, member)?))
    }

    /// All portals where the app is installed.
    pub fn portals(&self) -> Vec<PortalDesk> {
        let portals = self.registry.portals().into_iter();
        let active = portals.filter(|portal| portal.status == PortalStatus::Active);
        active.map(|portal| self.engine.desk(&portal.key)).collect()
    }

    /// What happens in the dialogs of all portals from now on.
    pub fn watch(&self) -> Happenings {
        self.engine.watch()
    }

    /// Who looks at a page: the owner of the access token that the page was opened with (`memberId` and `accessToken` of
    /// what `/openlines/rt.js` calls the visit). The portal is asked (`profile`), as that user, at most every five minutes
    /// for one token, and not so often that strangers spend its rate.
    ///
    /// Errors: [`Unauthorised`](CallErrorKind::Unauthorised) if the portal does not know the token or is not known here,
    /// [`Limited`](CallErrorKind::Limited) if it was asked too often, [`BadParams`](CallErrorKind::BadParams) on a portal by
    /// incoming webhook, which has no users' tokens.
    ///
    /// **Trap:** that somebody may open the page says nothing of what they may see. Look at
    /// [`is_admin`](Visitor::is_admin), or at a list of users of your own.
    pub async fn visitor(
        &self,
        member: &str,
        token: impl Into<SecretString> + Send,
    ) -> Result<Visitor, CallError> {
        let token = token.into();
        let failed = |kind, why: &str| Err(CallError::new(kind, Profile::NAME).describe(why));
        let Some(desk) = self.portal(member) else {
            return failed(CallErrorKind::Unauthorised, "the page names a portal that is not known here");
        };
        let (portal, now) = (desk.portal().clone(), self.clock.now());
        let place = Questions::<(UserId, bool)>::place(&portal, &token);
        let (user, admin) = match self.visits.kept(&place, now) {
            Some(known) => known,
            None if !self.visits.take(&portal, now) => return failed(CallErrorKind::Limited, TOO_MANY),
            None => {
                let call = Profile::new().to_call(&portal)?.acting_as(token.clone());
                let profile = Profile::read_answer(self.api.call(call).await?)?;
                let known = (profile.id, profile.admin);
                self.visits.keep(place, now, known);
                known
            }
        };
        Ok(Visitor { desk, user, admin, token, api: self.api.clone() })
    }
}

impl fmt::Debug for Desks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desks").field("registry", &self.registry).finish_non_exhaustive()
    }
}

/// A user who looks at a page of the app.
#[derive(Clone)]
pub struct Visitor {
    desk: PortalDesk,
    user: UserId,
    admin: bool,
    token: SecretString,
    api: Arc<dyn Api>,
}

impl Visitor {
    /// The user's portal, for sending as the app.
    pub fn desk(&self) -> &PortalDesk {
        &self.desk
    }

    /// The portal.
    pub fn portal(&self) -> &PortalKey {
        self.desk.portal()
    }

    /// The user.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Whether the user is an administrator of the portal.
    pub fn is_admin(&self) -> bool {
        self.admin
    }

    /// Makes a call as this user, with this user's rights; not repeated.
    pub async fn call<M: Method>(&self, method: &M) -> Result<M::Answer, CallError> {
        M::read_answer(self.made(method.to_call(self.portal())?).await?)
    }

    async fn made(&self, call: Call) -> Result<Value, CallError> {
        self.api.call(call.acting_as(self.token.clone())).await
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor")
            .field("portal", self.portal())
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
