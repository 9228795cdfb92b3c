//! A look at what is stored, beside the server that works on it: for dry runs and reports.

use std::{fmt, sync::Arc};

use super::{App, AppError, portals};
use crate::{
    clock::Clock,
    dispatch::{NetworkLimit, NetworkOutcome, outcomes},
    store::{self, Store},
    wire::{PortalKey, Timestamp, UserId},
};

/// One portal as the database has it. Looking changes nothing, and asks the portal nothing.
#[derive(Clone)]
pub struct PortalView {
    portal: PortalKey,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    exempt: bool,
}

impl App {
    /// Looks into the database, which a server may be working on: at the portal of this member id, or at the only one.
    ///
    /// Errors: as those of [`Desks::choose`](super::Desks::choose), and [`Store`](super::AppErrorKind::Store) if there is
    /// no database yet, as before the first start.
    ///
    /// ```no_run
    /// use openlines::prelude::*;
    ///
    /// # async fn example(app: App) -> Result<(), AppError> {
    /// let portal = app.inspect(None).await?;
    /// let code = "0123456789abcdef0123456789abcdef";
    /// let ann = portal.network_outcomes("sunday", code, [UserId::new(7)]).await?;
    /// println!("if it were sent now: {:?}", ann[0]);
    /// # Ok(()) }
    /// ```
    pub async fn inspect(&self, member: Option<&str>) -> Result<PortalView, AppError> {
        let url = self.config.database();
        let store = store::inspect(url).map_err(|error| AppError::database(&error))?;
        let known = store.portals().await.map_err(AppError::store)?;
        let portal = portals::choose(known.into_iter().map(|portal| (portal.key, portal.status)), member)?;
        let exempt = self.policy.network_limit == NetworkLimit::Exempt;
        Ok(PortalView { portal, store, clock: self.clock.clone(), exempt })
    }
}

impl PortalView {
    /// The portal.
    pub fn portal(&self) -> &PortalKey {
        &self.portal
    }

    /// The time by the app's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// As [`PortalDesk::network_outcomes`](crate::dispatch::PortalDesk::network_outcomes). A portal counts as one that has
    /// the weekly limit unless the [policy](crate::dispatch::Policy) says otherwise: it is not asked for its licence.
    pub async fn network_outcomes(
        &self,
        campaign: &str,
        code: &str,
        users: impl IntoIterator<Item = UserId> + Send,
    ) -> Result<Vec<NetworkOutcome>, AppError> {
        let users: Vec<UserId> = users.into_iter().collect();
        let outcomes = outcomes(&*self.store, &self.portal, campaign, code, &users, self.now()).await;
        let mut outcomes = outcomes.map_err(AppError::store)?;
        if self.exempt {
            NetworkOutcome::lift_the_limit(&mut outcomes);
        }
        Ok(outcomes)
    }
}

impl fmt::Debug for PortalView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalView").field("portal", &self.portal).finish_non_exhaustive()
    }
}
