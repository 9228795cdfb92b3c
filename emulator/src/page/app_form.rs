//! The application's settings form on the page: opened, filled in and saved as the portal does it.
//!
//! The browser keeps the form between two requests, so that a reload forgets it and no form lives on the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::refused;
use crate::portal::{Portal, SettingsForm};
use crate::server::shared::Shared;

/// What somebody does with the form.
#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(super) enum Act {
    Open {
        /// Right after the installation, and not later from the settings.
        #[serde(default)]
        after_install: bool,
    },
    /// A field is filled in; the application may then send another form.
    Fill {
        config: Value,
        values: Map<String, Value>,
        name: String,
        value: String,
    },
    Save {
        config: Value,
        values: Map<String, Value>,
    },
}

pub(super) async fn act(State(shared): State<Arc<Shared>>, Json(act): Json<Act>) -> Response {
    let portal = Portal::new(Arc::clone(&shared));
    let client_id = &shared.names.client_id;
    let has_form =
        shared.look(|world| world.apps.get(client_id).is_some_and(|app| app.settings_url.is_some()));
    if !has_form {
        return refused(StatusCode::CONFLICT, "The application has no address of a settings form.");
    }
    let form = match act {
        Act::Open { after_install: true } => portal.settings_after_install().await,
        Act::Open { after_install: false } => portal.settings_form().await,
        Act::Fill { config, values, name, value } => {
            let mut form = SettingsForm::kept(portal, config, values);
            form.fill(&name, &value).await;
            form
        }
        Act::Save { config, values } => {
            return match SettingsForm::kept(portal, config, values).save().await {
                Ok(redirect) => Json(json!({"saved": true, "redirect": redirect})).into_response(),
                Err(errors) => {
                    let errors = errors.iter().map(|one| json!({"field": one.field, "message": one.message}));
                    Json(json!({"saved": false, "errors": errors.collect::<Vec<_>>()})).into_response()
                }
            };
        }
    };
    match form.status() {
        Err(why) => refused(StatusCode::BAD_GATEWAY, &format!("There is no form: {why}.")),
        Ok(_) => Json(json!({"config": form.config(), "values": form.values(), "faults": form.faults()}))
            .into_response(),
    }
}
