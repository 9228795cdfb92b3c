//! `pull.application.*`: RT events for the pages of an application (protocol 4.9 and 10).

use serde_json::{Value, json};

use super::call::loose_int;
use super::{Answer, Call, Method, Reply, RestError};
use crate::record::RtEvent;
use crate::world::identity::random_hex;

pub(super) const METHODS: &[Method] = &[
    Method::upper("pull.application.event.add", "pull", event_add),
    Method::upper("pull.application.config.get", "pull", config_get),
];

fn event_add(call: &mut Call<'_>) -> Reply {
    call.auth.app()?;
    let user_ids = recipients(call)?;
    let module_id = match call.value("MODULE_ID") {
        None => "application".to_owned(),
        Some(Value::String(id))
            if id.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() && !byte.is_ascii_uppercase() || matches!(byte, b'.' | b'_')
            }) =>
        {
            id.clone()
        }
        Some(_) => return Err(RestError::bad("MODULE_ID_ERROR", "Module ID format error")),
    };
    let command = call
        .value("COMMAND")
        .and_then(Value::as_str)
        .filter(|command| {
            !command.is_empty()
                && command.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'|' | b'.' | b'-')
                })
        })
        .ok_or_else(|| RestError::bad("COMMAND_ERROR", "Command format error"))?
        .to_owned();
    let params = match call.value("PARAMS") {
        None => json!([]),
        Some(Value::String(text)) => serde_json::from_str::<Value>(text)
            .ok()
            .filter(|value| value.is_object() || value.is_array())
            .ok_or_else(|| RestError::bad("PARAMS_ERROR", "Params format error"))?,
        Some(value @ (Value::Object(_) | Value::Array(_))) => value.clone(),
        Some(_) => return Err(RestError::bad("PARAMS_ERROR", "Params format error")),
    };
    let unix = call.world.now();
    if user_ids.as_ref().is_none_or(|ids| !ids.is_empty()) {
        call.world.rt_events.push(RtEvent { user_ids, module_id, command, params, unix });
    }
    super::yes()
}

/// Who is to get the event; `None` is the shared channel.
fn recipients(call: &Call<'_>) -> Result<Option<Vec<i64>>, RestError> {
    let Some(value) = call.value("USER_ID") else { return Ok(None) };
    if !call.auth.is_admin(call.world) {
        // The portal compares type and value with its own text.
        let own = call.auth.user_id.to_string();
        return if value.as_str() == Some(own.as_str()) {
            Ok(Some(vec![call.auth.user_id]))
        } else {
            Err(RestError::bad("USER_ID_ACCESS_ERROR", "Only admin can send notifications to other users"))
        };
    }
    let parsed = match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
        other => other.clone(),
    };
    let ids: Vec<i64> = match &parsed {
        Value::Array(list) => list.iter().map(loose_int).collect(),
        Value::Object(map) => map.values().map(loose_int).collect(),
        scalar => vec![loose_int(scalar)],
    };
    Ok(Some(ids.into_iter().filter(|id| *id > 0).collect()))
}

fn config_get(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    let now = call.world.now();
    let (start, end) = (crate::clock::iso(now), crate::clock::iso(now + 43_205));
    let channel = |kind: &str| json!({"id": format!("{}.{}", random_hex(32), random_hex(40)), "start": start, "end": end, "type": kind});
    let origin = &call.world.identity.origin;
    let socket = origin.replacen("http", "ws", 1);
    Ok(Answer::new(json!({
        "server": {
            "version": 3,
            "server_enabled": true,
            "mode": "personal",
            "hostname": call.world.identity.domain,
            "long_polling": format!("{origin}/sub/"),
            "long_pooling_secure": format!("{origin}/sub/"),
            "websocket_enabled": true,
            "websocket": format!("{socket}/subws/"),
            "websocket_secure": format!("{socket}/subws/"),
            "publish_enabled": false,
            "publish": "",
            "publish_secure": "",
            "config_timestamp": now,
        },
        "api": {"revision_web": 19, "revision_mobile": 3},
        "channels": {"shared": channel(&client_id), "private": channel(&client_id)},
        "publicChannels": {},
    })))
}
