//! The application's page in a frame of the portal: `/app/` embeds it as the portal does, by a form post, and answers
//! what the page's frame library asks of its parent window (protocol 2.6).
//!
//! Until `installFinish` the admin always gets the installation, and everybody else is told to wait. The trap: the page
//! speaks to its parent window only; the endpoints here belong to the shell and refuse other sites.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::portal::Portal;
use crate::server::front::json_answer;
use crate::server::shared::Shared;
use crate::world::World;
use crate::world::identity::random_hex;
use crate::world::tokens::ACCESS_SECONDS;

const SHELL: &str = include_str!("frame.html");

/// Query and body of the form post that opens an application in a frame.
pub(crate) fn request(world: &mut World, client_id: &str, user_id: i64) -> (Value, Value) {
    let (access, _) = world.issue_access(client_id, user_id, None);
    let refresh = world.issue_refresh(client_id, user_id);
    let query = json!({
        "DOMAIN": world.identity.domain,
        "PROTOCOL": i64::from(world.identity.origin.starts_with("https:")),
        "LANG": world.identity.language,
        "APP_SID": random_hex(32),
    });
    let app = world.apps.get(client_id);
    let body = json!({
        "AUTH_ID": access,
        "AUTH_EXPIRES": ACCESS_SECONDS,
        "REFRESH_ID": refresh,
        "SERVER_ENDPOINT": world.identity.server_endpoint(),
        "APPLICATION_TOKEN": world.application_token(client_id),
        "APPLICATION_SCOPE": app.map(|app| app.scope.join(",")).unwrap_or_default(),
        "member_id": world.identity.member_id,
        "status": app.map_or("L", |app| app.status),
        "PLACEMENT": "DEFAULT",
    });
    (query, body)
}

#[derive(Deserialize)]
pub(crate) struct Visitor {
    user: Option<i64>,
}

/// The shell with the page in it.
pub(crate) async fn shell(State(shared): State<Arc<Shared>>, Query(visitor): Query<Visitor>) -> Response {
    let names = &shared.names;
    let user_id = visitor.user.unwrap_or(names.admin);
    let page = shared.look(|world| {
        let app = world.apps.get(&names.client_id).filter(|app| app.active)?;
        // An application with one page for both has it open whatever comes first.
        let (first, second) =
            if app.installed { (&app.page_url, &app.install_url) } else { (&app.install_url, &app.page_url) };
        Some((first.clone().or_else(|| second.clone())?, app.installed))
    });
    let Some((page_url, installed)) = page else {
        return notice("The application has no page, or is not on this portal.");
    };
    let admin = shared.look(|world| world.users.get(&user_id).map(|user| user.admin));
    let Some(admin) = admin else { return notice("There is no such user.") };
    if !installed && !admin {
        return notice(
            "The application is not installed yet. Ask the administrator to finish the installation.",
        );
    }
    let (query, body, more) = shared.hit(|world| {
        let (query, body) = request(world, &names.client_id, user_id);
        let more = json!({"installed": installed, "admin": admin, "domain": world.identity.domain});
        (query, body, more)
    });
    let joint = if page_url.contains('?') { '&' } else { '?' };
    let target = format!("{page_url}{joint}{}", crate::form::encode(&query));
    let facts = json!({"target": target, "query": query, "body": body, "more": more, "user": user_id});
    // A page's JSON must not end the script that holds it.
    let facts = facts.to_string().replace('<', "\\u003c");
    let nonce = random_hex(32);
    let html = SHELL.replace("NONCE", &nonce).replace("\"FACTS\"", &facts);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; frame-src http: https:; form-action http: https:"
    );
    ([(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store".to_owned())], Html(html))
        .into_response()
}

fn notice(text: &str) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.to_owned()).into_response()
}

/// `installFinish` of the page, passed on by the shell.
pub(crate) async fn install_finish(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    Portal::new(shared).install_finish();
    json_answer(200, &json!({"result": true}))
}

/// `refreshAuth` of the page: a fresh pair for the visitor.
pub(crate) async fn refresh_auth(
    State(shared): State<Arc<Shared>>,
    Query(visitor): Query<Visitor>,
    headers: HeaderMap,
) -> Response {
    if foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let names = &shared.names;
    let user_id = visitor.user.unwrap_or(names.admin);
    let fresh = shared.hit(|world| {
        world.apps.get(&names.client_id).filter(|app| app.active)?;
        world.users.get(&user_id)?;
        Some(request(world, &names.client_id, user_id).1)
    });
    match fresh {
        Some(body) => json_answer(
            200,
            &json!({"AUTH_ID": body["AUTH_ID"], "REFRESH_ID": body["REFRESH_ID"], "AUTH_EXPIRES": ACCESS_SECONDS}),
        ),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether another site's page, or no page at all, makes the request.
fn foreign(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let own =
        |origin: &str| ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host));
    !text(header::ORIGIN).is_some_and(own)
}
