//! The life of the application on the page: its version, its payment, its addresses, its removal.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use super::setup::HELD;
use crate::events::subscriptions::RowOwner;
use crate::portal::Portal;
use crate::server::shared::Shared;

/// At most so many days the page pays for.
const LONGEST_PAID: i64 = 3_660;

/// One act of the administrator.
#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(super) enum Act {
    Update {
        version: i64,
    },
    Uninstall {
        #[serde(default)]
        clean: bool,
    },
    Pay {
        days: i64,
    },
    Expire,
    /// The application's page and the address of its settings form; an empty one is none.
    Addresses {
        page: String,
        settings: String,
    },
}

pub(super) async fn act(State(shared): State<Arc<Shared>>, Json(act): Json<Act>) -> Response {
    let portal = Portal::new(Arc::clone(&shared));
    let client_id = &shared.names.client_id;
    let there = shared.look(|world| world.apps.get(client_id).is_some_and(|app| app.active));
    match act {
        Act::Addresses { page, settings } => {
            let (page, settings) = (page.trim(), settings.trim());
            if [page, settings].iter().any(|url| !url.is_empty() && !is_address(url)) {
                return refused(StatusCode::BAD_REQUEST, "An address begins with http:// or https://.");
            }
            portal.set_page_url(Some(page).filter(|url| !url.is_empty()));
            portal.set_settings_url(Some(settings).filter(|url| !url.is_empty()));
        }
        _ if !there => return refused(StatusCode::CONFLICT, "The application is not on this portal."),
        Act::Update { version } if version < 1 => {
            return refused(StatusCode::BAD_REQUEST, "A version is a number from 1.");
        }
        Act::Update { version } => portal.update_app(version),
        Act::Pay { days } if !(1..=LONGEST_PAID).contains(&days) => {
            return refused(
                StatusCode::BAD_REQUEST,
                "One pays for one day at least, and for ten years at most.",
            );
        }
        Act::Pay { days } => portal.pay_app(days),
        Act::Expire => portal.expire_payment(),
        Act::Uninstall { clean } => {
            // On its own, because it gives up loudly when a fault holds the callbacks back.
            let removing = tokio::spawn(async move { portal.uninstall(clean).await });
            if removing.await.is_err() {
                return refused(StatusCode::CONFLICT, HELD);
            }
        }
    }
    shared.changed.send_modify(|turn| *turn += 1);
    Json(json!({})).into_response()
}

pub(super) fn is_address(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// The application as the administrator sees it.
pub(super) fn shown(shared: &Shared) -> Value {
    let client_id = &shared.names.client_id;
    shared.look(|world| {
        let Some(app) = world.apps.get(client_id) else { return Value::Null };
        let owner = RowOwner::App(client_id.clone());
        let mut handlers = world.handlers.iter().filter(|row| row.owner == owner);
        json!({
            "active": app.active,
            "installed": app.installed,
            "handler": handlers.any(|row| row.event == "ONAPPINSTALL"),
            "version": app.version,
            "expired": app.payment_expired,
            "days": app.days,
            "page": app.page_url,
            "install_page": app.install_url,
            "settings": app.settings_url,
        })
    })
}
