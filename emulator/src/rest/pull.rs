//! `pull.application.*`: RT events for the pages of an application (protocol 4.9 and 10).

use serde_json::{Value, json};

use super::call::scalar_text;
use super::{Answer, Call, Method, Reply, RestError};
use crate::record::{PhoneNotice, RtEvent};
use crate::validate::pull::{self, Caller, Recipients, Verdict};

pub(super) const METHODS: &[Method] = &[
    Method::upper("pull.application.event.add", "pull", event_add),
    Method::upper("pull.application.push.add", "pull", push_add),
    Method::upper("pull.application.config.get", "pull", config_get),
];

fn event_add(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    let caller = if call.auth.is_admin(call.world) {
        Caller::Admin
    } else {
        Caller::User { id: call.auth.user_id.to_string() }
    };
    let event = match pull::check(&Value::Object(call.params.clone()), &caller) {
        Verdict::Sent(event) => event,
        Verdict::Error { code } => return Err(RestError::bad(code, text_of(code))),
        Verdict::Fatal { detail } => {
            tracing::warn!(%detail, "the portal's own code breaks on a value: HTTP 500");
            return Err(Call::broken());
        }
    };
    let user_ids = match event.recipients {
        Recipients::Shared => None,
        Recipients::One(id) => Some(vec![id]),
        Recipients::Own(_) => Some(vec![call.auth.user_id]),
        Recipients::Many(ids) if ids.is_empty() => return super::yes(),
        Recipients::Many(ids) => Some(ids),
    };
    let unix = call.world.now();
    let plain = |value: &Value| scalar_text(value).unwrap_or_default();
    let (module_id, command) = (plain(&event.module_id).to_lowercase(), plain(&event.command));
    let event = RtEvent { user_ids, module_id, command, params: event.params, unix };
    call.world.push_event(&client_id, &event);
    let bytes = event.command.len() + crate::weight::weight(&event.params);
    call.world.rt_events.push(event, bytes);
    super::yes()
}

/// A notice on the phones of users. Never tells whether it arrived.
fn push_add(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    if !call.auth.is_admin(call.world) {
        return Err(RestError::bad("ACCESS_ERROR", "You do not have access to send push notifications"));
    }
    let text = call.filled("TEXT").ok_or_else(|| RestError::bad("TEXT_ERROR", "Text can't be empty"))?;
    if call.world.apps.get(&client_id).is_none_or(|app| app.name.is_empty()) {
        return Err(RestError::bad(
            "EMPTY_APP_NAME",
            "For send push-notification application name can't be empty",
        ));
    }
    let user_ids = pull::user_ids(call.value("USER_ID")).ok_or_else(Call::broken)?;
    let notice = PhoneNotice {
        user_ids,
        text,
        avatar: call.text("AVATAR").unwrap_or_default(),
        unix: call.world.now(),
    };
    let bytes = notice.text.len() + notice.avatar.len();
    call.world.phone_notices.push(notice, bytes);
    super::yes()
}

fn text_of(code: &str) -> &'static str {
    match code {
        "USER_ID_ACCESS_ERROR" => "Only admin can send notifications to other users",
        "MODULE_ID_ERROR" => "Module ID format error",
        "COMMAND_ERROR" => "Command format error",
        _ => "Params format error",
    }
}

fn config_get(call: &mut Call<'_>) -> Reply {
    let client_id = call.auth.app()?.to_owned();
    let now = call.world.now();
    let channels = call.world.push.channels_of(&client_id, call.auth.user_id, now);
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
            "config_timestamp": call.world.push.config_timestamp,
        },
        "api": {"revision_web": 19, "revision_mobile": 3},
        "channels": channels,
        "publicChannels": [],
    })))
}
