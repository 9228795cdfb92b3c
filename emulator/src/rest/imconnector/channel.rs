//! A connector and its channels on lines: registering, switching on and off, settings, errors.
//!
//! The trap: a channel with an error takes nothing until it is switched on again.

use serde_json::{Map, Value, json};

use super::super::call::scalar_text;
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{address, legacy, turned};
use crate::world::connectors::{Connector, Shows};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imconnector.register", "imopenlines", register),
    Method::upper("imconnector.unregister", "imopenlines", unregister),
    Method::upper("imconnector.list", "imopenlines", list),
    Method::upper("imconnector.activate", "imopenlines", activate),
    Method::upper("imconnector.status", "imopenlines", status),
    Method::upper("imconnector.connector.data.set", "imopenlines", data_set),
    Method::upper("imconnector.set.error", "imopenlines", set_error),
];

fn register(call: &mut Call<'_>) -> Reply {
    let app = call.auth.app()?.to_owned();
    let params = turned(&Value::Object(call.params.clone()), str::to_ascii_uppercase);
    let filled = |value: &Value| scalar_text(value).filter(|text| !text.is_empty() && text != "0");
    let id = filled(&params["ID"]);
    if id.as_ref().is_some_and(|id| id.contains('.')) {
        return legacy("APPLICATION_REGISTRATION_ERROR_POINT", "The connector ID must not contain a dot");
    }
    let Some(id) = id else { return legacy("CONNECTOR_ID_REQUIRED", "The connector ID is required") };
    let Some(title) = filled(&params["NAME"]) else {
        return legacy("NAME_REQUIRED", "The connector name is required");
    };
    if filled(&params["ICON"]["DATA_IMAGE"]).is_none() {
        return legacy("ICON_REQUIRED", "The connector icon is required");
    }
    if filled(&params["PLACEMENT_HANDLER"]).is_none() {
        return legacy("NO_PLACEMENT_HANDLER", "The settings page of the connector is required");
    }
    let code = id.to_lowercase();
    if call.world.connectors.get(&code).is_some_and(|known| known.app.as_deref() != Some(&app)) {
        return legacy("APPLICATION_REGISTRATION_ERROR", "The connector could not be registered");
    }
    // Everything is allowed unless it was forbidden.
    let allowed = |name: &str| {
        !params
            .get(name)
            .is_some_and(|value| matches!(scalar_text(value).as_deref(), Some("N" | "" | "0" | "false")))
    };
    call.world.connectors.put(Connector {
        code,
        title,
        app: Some(app),
        signs: allowed("NEED_SIGNATURE"),
        shows: Shows { markup: true, files: true, attachments: true, keyboards: false },
        groups: crate::world::is_yes(params.get("CHAT_GROUP")),
        follows_edits: allowed("EDIT_INTERNAL_MESSAGES"),
        follows_deletions: allowed("DEL_INTERNAL_MESSAGES"),
        failing: false,
    });
    Ok(Answer::new(json!({"result": true})))
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let app = call.auth.app()?.to_owned();
    let code = call.text("ID").unwrap_or_default().to_lowercase();
    if call.world.connectors.get(&code).is_none_or(|known| known.app.as_deref() != Some(&app)) {
        return legacy("APPLICATION_UNREGISTRATION_ERROR", "The connector could not be removed");
    }
    call.world.connectors.remove(&code);
    for line in call.world.lines.values_mut() {
        line.channels.remove(&code);
    }
    Ok(Answer::new(json!({"result": true})))
}

fn list(call: &mut Call<'_>) -> Reply {
    call.auth.app()?;
    let all: Map<String, Value> = call
        .world
        .connectors
        .all()
        .map(|connector| (connector.code.clone(), json!(connector.title)))
        .collect();
    Ok(Answer::new(Value::Object(all)))
}

fn activate(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let active = call.value("ACTIVE").ok_or_else(|| RestError::missing("ACTIVE"))?;
    let on = scalar_text(active).is_some_and(|text| !text.is_empty() && text != "0");
    let caller = call.auth.user_id;
    let app = call.world.connectors.get(&code).and_then(|connector| connector.app.clone());
    let Some(line) = call.world.lines.get_mut(&line_id) else { return Ok(Answer::new(json!(on))) };
    if on {
        let channel = line.channels.entry(code).or_default();
        channel.active = true;
        channel.error = false;
        return super::super::yes();
    }
    let was_on = line.channels.remove(&code).is_some();
    if let Some(app) = app.filter(|_| was_on) {
        call.world.raise_channel_off(&app, &code, line_id, caller);
    }
    Ok(Answer::new(json!(was_on)))
}

fn status(call: &mut Call<'_>) -> Reply {
    call.auth.app()?;
    let code = call.value("CONNECTOR").ok_or_else(|| RestError::missing("CONNECTOR"))?;
    let code = scalar_text(code).unwrap_or_default().to_lowercase();
    let line_id = call.int("LINE");
    let channel = call.world.lines.get(&line_id).and_then(|line| line.channels.get(&code));
    let (on, error) = channel.map_or((false, false), |channel| (channel.active, channel.error));
    Ok(Answer::new(json!({
        "LINE": line_id,
        "CONNECTOR": code,
        "ERROR": error,
        "CONFIGURED": on,
        "STATUS": on && !error,
    })))
}

fn data_set(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let data = call.value("DATA").ok_or_else(|| RestError::missing("DATA"))?;
    let data = turned(data, str::to_ascii_uppercase);
    if let Some(channel) = call.world.lines.get_mut(&line_id).and_then(|line| line.channels.get_mut(&code)) {
        channel.data.insert("connector_id".to_owned(), json!(code));
        for name in ["ID", "URL", "URL_IM", "NAME"] {
            if let Some(text) = data.get(name).and_then(scalar_text).filter(|text| !text.is_empty()) {
                channel.data.insert(name.to_ascii_lowercase(), json!(text));
            }
        }
    }
    super::super::yes()
}

/// The channel is out of order: it takes no messages until it is switched on again.
fn set_error(call: &mut Call<'_>) -> Reply {
    let (code, line_id) = address(call)?;
    let channel = call.world.lines.get_mut(&line_id).and_then(|line| line.channels.get_mut(&code));
    Ok(Answer::new(json!(channel.map(|channel| channel.error = true).is_some())))
}
