//! The settings form of an application without a page (`URL_SETTINGS`): the portal asks the application for a form,
//! again whenever a field that says so changes, and posts what was filled in to the form's own address.
//!
//! ```no_run
//! # async fn settings(portal: openlines_emulator::Portal) {
//! portal.set_settings_url(Some("http://127.0.0.1:8080/settings"));
//! let mut form = portal.settings_form().await;
//! assert!(form.faults().is_empty(), "{:?}", form.faults());
//! form.fill("api-key", "secret").await;
//! assert_eq!(form.save().await, Ok(None));
//! # }
//! ```
//!
//! The trap: the names of these requests keep their mixed case, `OnAppSettingsInstall`, unlike those of events.

use serde_json::{Map, Value, json};

use super::Portal;
use crate::form;

/// A form that the application has sent, and what was filled in so far.
#[derive(Clone, Debug)]
pub struct SettingsForm {
    portal: Portal,
    status: Result<u16, String>,
    config: Value,
    faults: Vec<String>,
    values: Map<String, Value>,
}

/// What the application said of one field when it refused to save.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// The field's name; empty if the fault is not in one field.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Portal {
    /// Where the application's settings form comes from; `None` for an application without one.
    pub fn set_settings_url(&self, url: Option<&str>) {
        let client_id = self.shared.names.client_id.clone();
        self.shared.hit(|world| {
            if let Some(app) = world.apps.get_mut(&client_id) {
                app.settings_url = url.map(str::to_owned);
            }
        });
    }

    /// Opens the form as the portal does right after the installation: `OnAppSettingsInstall`.
    ///
    /// # Panics
    ///
    /// When no settings URL is set.
    pub async fn settings_after_install(&self) -> SettingsForm {
        self.ask_for_form("OnAppSettingsInstall", Map::new()).await
    }

    /// Opens the form as somebody does who goes to the application's settings: `OnAppSettingsDisplay`.
    ///
    /// # Panics
    ///
    /// When no settings URL is set.
    pub async fn settings_form(&self) -> SettingsForm {
        self.ask_for_form("OnAppSettingsDisplay", Map::new()).await
    }

    async fn ask_for_form(&self, event: &str, values: Map<String, Value>) -> SettingsForm {
        let client_id = self.shared.names.client_id.clone();
        let url = self.shared.look(|world| world.apps.get(&client_id)?.settings_url.clone());
        let Some(url) = url else {
            self.fail("the application has no settings URL; see Portal::set_settings_url")
        };
        let (status, answer) = self.post_form(&url, json!({"event": event, "data": values})).await;
        let config: Value = serde_json::from_slice(&answer).unwrap_or(Value::Null);
        let mut faults = form_faults(&config, &client_id);
        if !matches!(status, Ok(200..=299)) {
            faults.insert(0, format!("the application answered {status:?}"));
        }
        let mut form = SettingsForm { portal: self.clone(), status, config, faults, values };
        let given: Vec<(String, Value)> = form
            .fields()
            .filter_map(|field| Some((field["name"].as_str()?.to_owned(), field.get("value")?.clone())))
            .collect();
        for (name, value) in given {
            form.values.entry(name).or_insert(value);
        }
        form
    }

    /// Posts a form with the admin's authorisation; status and body of the answer.
    async fn post_form(&self, url: &str, mut body: Value) -> (Result<u16, String>, Vec<u8>) {
        let (client_id, admin) = (self.shared.names.client_id.clone(), self.shared.names.admin);
        body["auth"] = self.shared.hit(|world| world.form_auth(&client_id, admin));
        let sent = self
            .shared
            .client
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form::encode(&body))
            .send()
            .await;
        match sent {
            Ok(answer) => {
                let status = answer.status().as_u16();
                (Ok(status), answer.bytes().await.map(|bytes| bytes.to_vec()).unwrap_or_default())
            }
            Err(error) => (Err(crate::delivery::reason(error)), Vec::new()),
        }
    }
}

impl SettingsForm {
    /// A form that somebody else has kept meanwhile: what the application sent, and what was filled in.
    pub(crate) fn kept(portal: Portal, config: Value, values: Map<String, Value>) -> Self {
        Self { portal, status: Ok(200), config, faults: Vec::new(), values }
    }

    /// The application's HTTP status, or why there is none.
    ///
    /// # Errors
    ///
    /// When the application could not be reached.
    pub fn status(&self) -> Result<u16, &str> {
        self.status.as_ref().copied().map_err(String::as_str)
    }

    /// The form as the application sent it.
    #[must_use]
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// What is wrong with the form: required parts that are missing, types that the portal does not know.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// The values filled in so far, the form's own among them.
    #[must_use]
    pub fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    fn fields(&self) -> impl Iterator<Item = &Value> {
        steps(&self.config).flat_map(|step| step["fields"].as_array().into_iter().flatten())
    }

    /// Fills in a field. One with `updateForm` makes the portal ask for the form anew: `OnAppSettingsChange`.
    pub async fn fill(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), Value::from(value));
        let asks = self.fields().any(|field| field["name"] == name && field["updateForm"] == true);
        if asks {
            *self = self.portal.ask_for_form("OnAppSettingsChange", self.values.clone()).await;
        }
    }

    /// Presses "Save". Where the portal then goes, if the form says so.
    ///
    /// # Errors
    ///
    /// What the application finds wrong, or one error without a field when its answer is no answer.
    pub async fn save(&self) -> Result<Option<String>, Vec<FieldError>> {
        let general = |message: String| vec![FieldError { field: String::new(), message }];
        let Some(action) = self.config["form"]["action"].as_str() else {
            return Err(general("the form has no action".to_owned()));
        };
        let body = json!({"data": self.values, "saveform": "Y"});
        let (status, answer) = self.portal.post_form(action, body).await;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or(Value::Null);
        if matches!(status, Ok(200..=299)) && answer["status"] == "success" {
            return Ok(self.config["form"]["redirect"].as_str().map(str::to_owned));
        }
        let errors: Vec<FieldError> = answer["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| FieldError {
                field: error["field"].as_str().unwrap_or_default().to_owned(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
            })
            .collect();
        if errors.is_empty() {
            Err(general(format!("the application answered {status:?}")))
        } else {
            Err(errors)
        }
    }
}

fn steps(config: &Value) -> impl Iterator<Item = &Value> {
    config["steps"].as_array().into_iter().flatten()
}

/// What the portal would stumble over.
fn form_faults(config: &Value, client_id: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut need = |place: &str, value: &Value, name: &str| {
        if value[name].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{place} has no {name:?}"));
        }
    };
    need("the form", config, "title");
    for (at, step) in steps(config).enumerate() {
        let place = format!("step {}", at + 1);
        need(&place, step, "id");
        need(&place, step, "title");
        for field in step["fields"].as_array().into_iter().flatten() {
            for name in ["id", "name", "type"] {
                need(&format!("a field of {place}"), field, name);
            }
        }
    }
    for name in ["id", "action", "clientId"] {
        need("the block \"form\"", &config["form"], name);
    }
    if config["version"] != "1" {
        faults.push("\"version\" is not \"1\"".to_owned());
    }
    if steps(config).next().is_none() {
        faults.push("there is no step".to_owned());
    }
    let types = steps(config).flat_map(|step| step["fields"].as_array().into_iter().flatten());
    for kind in types.filter_map(|field| field["type"].as_str()) {
        if !["input", "dropdown-list"].contains(&kind) {
            faults.push(format!("a field has the unknown type {kind:?}"));
        }
    }
    if config["form"]["clientId"].as_str().is_some_and(|id| id != client_id) {
        faults.push("\"clientId\" is not the application's".to_owned());
    }
    faults
}
