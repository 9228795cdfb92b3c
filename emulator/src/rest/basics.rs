//! Methods that need no scope, and the few of other scopes that a bot uses beside its own.

use serde_json::{Value, json};

use super::auth::AuthKind;
use super::call::{loose_int, positive};
use super::{Answer, Call, Method, Reply, RestError, lists, plain_name, scope_of};

pub(super) const METHODS: &[Method] = &[
    Method::upper("app.info", "", app_info),
    Method::upper("profile", "", profile),
    Method::upper("scope", "", scope),
    Method::upper("server.time", "", server_time),
    Method::upper("method.get", "", method_get),
    Method::upper("events", "", super::event::events),
    Method::upper("user.get", "user", user_get),
    Method::upper("user.current", "user", user_current),
];

/// Scopes that the portal has.
/// The scopes that an application or a webhook can have here.
pub const ALL_SCOPES: &[&str] =
    &["crm", "im", "imbot", "imconnector", "imopenlines", "placement", "pull", "user"];

fn app_info(call: &mut Call<'_>) -> Reply {
    let license = json!(if call.world.network.nfr { "en_nfr" } else { "en_pro100" });
    let AuthKind::OAuth { client_id } = &call.auth.kind else {
        return Ok(Answer::new(json!({"SCOPE": call.auth.scope, "LICENSE": license})));
    };
    let app = call
        .world
        .apps
        .get(client_id)
        .ok_or_else(|| RestError::new(401, "APPLICATION_NOT_FOUND", "Application not found"))?;
    Ok(Answer::new(json!({
        "ID": app.row_id,
        "CODE": app.client_id,
        "VERSION": app.version,
        "STATUS": app.status,
        "INSTALLED": app.installed,
        "PAYMENT_EXPIRED": if app.payment_expired { "Y" } else { "N" },
        "DAYS": app.days,
        "LANGUAGE_ID": call.world.identity.language,
        "LICENSE": license,
    })))
}

fn profile(call: &mut Call<'_>) -> Reply {
    let user = call.world.users.get(&call.auth.user_id).ok_or_else(|| {
        RestError::new(401, "user_access_error", "The user does not have access to the application.")
    })?;
    Ok(Answer::new(json!({
        "ID": user.id.to_string(),
        "ADMIN": user.admin,
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": user.gender,
        "TIME_ZONE": "",
    })))
}

fn scope(call: &mut Call<'_>) -> Reply {
    let full = call.value("FULL").is_some_and(|value| loose_int(value) == 1 || value.as_bool() == Some(true));
    Ok(Answer::new(if full { json!(ALL_SCOPES) } else { json!(call.auth.scope) }))
}

fn server_time(call: &mut Call<'_>) -> Reply {
    Ok(Answer::new(json!(call.world.clock.iso())))
}

fn method_get(call: &mut Call<'_>) -> Reply {
    let name = call.filled("NAME").ok_or_else(|| RestError::missing("name"))?;
    let scope = scope_of(&plain_name(&name));
    let available =
        scope.is_some_and(|scope| scope.is_empty() || call.auth.scope.iter().any(|own| own == scope));
    Ok(Answer::new(json!({"isExisting": scope.is_some(), "isAvailable": available})))
}

fn user_row(call: &Call<'_>, id: i64) -> Option<Value> {
    let user = call.world.users.get(&id)?;
    Some(json!({
        "ID": user.id.to_string(),
        "ACTIVE": true,
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "WORK_POSITION": user.work_position,
        "PERSONAL_GENDER": user.gender,
        "USER_TYPE": if user.kind == crate::world::people::UserKind::Employee { "employee" } else { "extranet" },
    }))
}

fn user_get(call: &mut Call<'_>) -> Reply {
    let filter = call.value("FILTER").and_then(|filter| positive(filter.get("ID")));
    let wanted = positive(call.value("ID")).or(filter);
    let ids: Vec<i64> = match wanted {
        Some(id) => vec![id],
        None => call.world.users.keys().copied().collect(),
    };
    let rows: Vec<Value> = ids.iter().filter_map(|id| user_row(call, *id)).collect();
    Ok(lists::page(rows, call.start))
}

fn user_current(call: &mut Call<'_>) -> Reply {
    Ok(Answer::new(user_row(call, call.auth.user_id).unwrap_or(Value::Null)))
}
