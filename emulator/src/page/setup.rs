//! The first steps of a bot: what to paste into a terminal, and the application's installation.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{app, refused};
use crate::portal::{Entrance, Portal};
use crate::server::shared::Shared;

#[derive(Deserialize)]
pub(super) struct Installation {
    url: String,
    /// By the application's page instead of ONAPPINSTALL.
    #[serde(default)]
    by_page: bool,
}

/// What is said when the portal waits in vain for its own callbacks.
pub(super) const HELD: &str = "The callbacks do not leave the portal. Is a fault holding them back?";

/// Installs the application at an address; what its handler answered.
pub(super) async fn install(State(shared): State<Arc<Shared>>, Json(wanted): Json<Installation>) -> Response {
    let url = wanted.url.trim().to_owned();
    if !app::is_address(&url) {
        return refused(StatusCode::BAD_REQUEST, "An address begins with http:// or https://.");
    }
    let portal = Portal::new(Arc::clone(&shared));
    let (there, by_page) = (portal.clone(), wanted.by_page);
    // On its own, because it gives up loudly when a fault holds the callback back.
    let installing = tokio::spawn(async move {
        if by_page { there.install_with_page(&url).await } else { there.install(&url).await }
    });
    let Ok(delivery) = installing.await else { return refused(StatusCode::CONFLICT, HELD) };
    shared.changed.send_modify(|turn| *turn += 1);
    match delivery.status {
        Ok(status @ 200..=299) => {
            if wanted.by_page {
                portal.install_finish();
            }
            Json(json!({"status": status})).into_response()
        }
        Ok(status) => refused(StatusCode::BAD_GATEWAY, &format!("The bot answered {status}.")),
        Err(why) => refused(StatusCode::BAD_GATEWAY, &format!("Not installed: {why}.")),
    }
}

/// What one copies from the page.
pub(super) fn shown(shared: &Arc<Shared>) -> Value {
    let portal = Portal::new(Arc::clone(shared));
    let app = portal.app();
    let environment = |entrance| {
        let pairs = portal.bot_environment(entrance);
        pairs.into_iter().map(|(name, value)| json!([name, value])).collect::<Vec<_>>()
    };
    let names = &shared.names;
    json!({
        "webhook": environment(Entrance::Webhook),
        "application": environment(Entrance::Application),
        "install_url": portal.bot_install_url(),
        "client_id": app.client_id,
        "address": app.domain,
        "member_id": app.member_id,
        "network_line": names.network_code,
        "installed": shared.look(|world| world.app_hears_events(&names.client_id)),
        "app": app::shown(shared),
    })
}
