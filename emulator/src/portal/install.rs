//! The life of the application on the portal: installation by script or by page, update, removal.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Portal;
use crate::delivery::Callback;
use crate::events::subscriptions::RowOwner;
use crate::record::Delivery;
use crate::world::World;
use crate::world::apps::{Application, Owner};
use crate::world::take;
use crate::{form, frame};

/// How long the installation waits for its handler.
const INSTALL_WAIT: Duration = Duration::from_secs(30);

impl Portal {
    /// Installs the application without a page: its URL becomes the handler of ONAPPINSTALL, which is sent at once.
    ///
    /// # Panics
    ///
    /// When the callback is not sent within 30 seconds.
    pub async fn install(&self, handler_url: &str) -> Delivery {
        let client_id = self.shared.names.client_id.clone();
        let admin = self.shared.names.admin;
        let ((), numbers) = self.shared.hit_with_deliveries(|world| {
            with_app(world, &client_id, |app| {
                app.active = true;
                app.installed = true;
            });
            let owner = RowOwner::App(client_id.clone());
            world.handlers.retain(|row| row.owner != owner || row.event != "ONAPPINSTALL");
            world.add_row(owner, "ONAPPINSTALL", handler_url, 0, true);
            raise_install(world, &client_id, admin);
        });
        self.delivered(numbers.first().copied().unwrap_or(0)).await
    }

    /// Opens the application's installation page as the portal does in a frame: a form post with tokens. No event
    /// leaves the portal until [`install_finish`](Self::install_finish).
    pub async fn install_with_page(&self, install_url: &str) -> Delivery {
        let client_id = self.shared.names.client_id.clone();
        self.shared.hit(|world| {
            with_app(world, &client_id, |app| {
                app.active = true;
                app.installed = false;
                app.install_url = Some(install_url.to_owned());
            });
        });
        self.open_page(install_url).await
    }

    /// Sets the page of the application, which [`frame_url`](Self::frame_url) shows once it is installed; `None`: it
    /// has no page of its own.
    pub fn set_page_url(&self, url: Option<&str>) {
        let client_id = self.shared.names.client_id.clone();
        self.shared.hit(|world| with_app(world, &client_id, |app| app.page_url = url.map(str::to_owned)));
    }

    /// Opens any page of the application in a frame, for the admin.
    pub async fn open_page(&self, page_url: &str) -> Delivery {
        let client_id = self.shared.names.client_id.clone();
        let admin = self.shared.names.admin;
        let (query, body) = self.shared.hit(|world| frame::request(world, &client_id, admin));
        let (query, body) = (form::encode(&query), form::encode(&body));
        let joint = if page_url.contains('?') { '&' } else { '?' };
        let url = format!("{page_url}{joint}{query}");
        let started = Instant::now();
        let answer = self
            .shared
            .client
            .post(&url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body.clone())
            .send()
            .await;
        Delivery {
            id: 0,
            event: String::new(),
            url,
            body: body.into(),
            status: answer.map(|answer| answer.status().as_u16()).map_err(crate::delivery::reason),
            took: started.elapsed(),
            unix: self.shared.clock.unix(),
        }
    }

    /// The portal's own page that has the application's page in a frame, for a browser. With another user's id as
    /// `?user=` it is that user's.
    #[must_use]
    pub fn frame_url(&self) -> String {
        format!("{}/app/", self.shared.names.origin)
    }

    /// What the page's `installFinish` does: from now on the application hears events.
    pub fn install_finish(&self) {
        let client_id = self.shared.names.client_id.clone();
        let admin = self.shared.names.admin;
        self.shared.hit(|world| {
            with_app(world, &client_id, |app| app.installed = true);
            raise_install(world, &client_id, admin);
        });
    }

    /// Removes the application: ONAPPUNINSTALL goes out, then its bots, handlers and tokens are gone. A later
    /// installation has another application token. Returns when the callbacks are sent.
    pub async fn uninstall(&self, clean: bool) {
        let client_id = self.shared.names.client_id.clone();
        let admin = self.shared.names.admin;
        self.shared.hit(|world| {
            let data = json!({"CLEAN": i64::from(clean), "LANGUAGE_ID": world.identity.language});
            world.raise_own_app_event(&client_id, "ONAPPUNINSTALL", data, admin);
            let owner = RowOwner::App(client_id.clone());
            world.handlers.retain(|row| row.owner != owner);
            let mine = Owner::App(client_id.clone());
            let bots: Vec<i64> =
                world.bots.values().filter(|bot| bot.owner == mine).map(|bot| bot.id).collect();
            for bot_id in bots {
                world.remove_bot(bot_id);
            }
            world.remove_connectors_of(&client_id);
            world.confirmations.clear();
            world.revoke_app(&client_id);
            world.offline.bindings.retain(|binding| binding.client_id != client_id);
            world.offline.rows.retain(|row| row.client_id != client_id);
            let row_id = take(&mut world.next.app_row);
            with_app(world, &client_id, |app| {
                app.active = false;
                app.installed = false;
                app.row_id = row_id;
            });
        });
        self.settled(INSTALL_WAIT).await;
    }

    /// Gives the application a new version and raises ONAPPUPDATE.
    pub fn update_app(&self, version: i64) {
        let client_id = self.shared.names.client_id.clone();
        let admin = self.shared.names.admin;
        self.shared.hit(|world| {
            let previous = world.apps.get(&client_id).map_or(0, |app| app.version);
            with_app(world, &client_id, |app| app.version = version);
            let data = json!({
                "VERSION": version,
                "PREVIOUS_VERSION": previous,
                "LANGUAGE_ID": world.identity.language,
            });
            world.raise_own_app_event(&client_id, "ONAPPUPDATE", data, admin);
        });
    }

    /// Sends a recorded callback once more, byte for byte.
    ///
    /// # Panics
    ///
    /// When it is not sent within 30 seconds.
    pub async fn redeliver(&self, delivery: &Delivery) -> Delivery {
        let id = self.shared.deliveries.push(Callback {
            event: delivery.event.clone(),
            url: delivery.url.clone(),
            body: delivery.body.clone(),
        });
        self.delivered(id).await
    }

    async fn delivered(&self, id: u64) -> Delivery {
        let deliveries = &self.shared.deliveries;
        self.until("the callback to be delivered", INSTALL_WAIT, |_| deliveries.get(id)).await
    }
}

fn with_app(world: &mut World, client_id: &str, change: impl FnOnce(&mut Application)) {
    if let Some(app) = world.apps.get_mut(client_id) {
        change(app);
    }
}

fn raise_install(world: &mut World, client_id: &str, admin: i64) {
    let version = world.apps.get(client_id).map_or(1, |app| app.version);
    let data = json!({
        "VERSION": version,
        "ACTIVE": "Y",
        "INSTALLED": "Y",
        "LANGUAGE_ID": world.identity.language,
    });
    world.raise_own_app_event(client_id, "ONAPPINSTALL", data, admin);
}
