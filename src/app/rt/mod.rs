//! The page side of RT: `GET /openlines/rt.js`, a module that keeps a page up to date, and `GET /openlines/rt`, which
//! tells it where to listen; [`App::page`](super::App::page) serves the page itself.
//!
//! ```
//! use openlines::prelude::*;
//!
//! const PAGE: &str = r#"<!doctype html>
//! <ul id="orders"></ul>
//! <script type="module">
//!   import { connect } from '/openlines/rt.js';
//!   connect().on('order_paid', ({ order }) => document.querySelector('#orders').append(order, ' '));
//! </script>"#;
//!
//! let app = App::new(Config::new()).page("/orders", PAGE);
//! # let _ = app;
//! ```
//!
//! The page is opened in a frame of the portal, whose form post has the token of the user who looks. The module sends
//! it to `/openlines/rt` in the header, and this server asks the portal, as that user, for the channels that are this
//! user's. So a page hears what its user may hear, whatever it claims.
//!
//! **Trap:** an RT event is a hint, at least once and only while somebody listens. A page reads its state when it
//! opens and when it comes back, and takes events as news about it.

mod channels;
mod desk;
mod page;
pub(super) mod questions;

use std::{collections::HashSet, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use secrecy::SecretString;
use serde_json::json;

use super::{AppError, AppErrorKind};
use crate::{clock::Clock, portal::Registry, rest::Api};
use desk::{Asked, Desk};

pub(super) use page::Page;

const MODULE: &str = include_str!("rt.js");

/// The addresses, and the pages of the application.
pub(super) fn router(registry: Registry, api: Arc<dyn Api>, clock: Arc<dyn Clock>, pages: &[Page]) -> Router {
    let desk = Arc::new(Desk::new(registry.clone(), api, clock));
    let router = Router::new()
        .route("/openlines/rt.js", get(module))
        .route("/openlines/rt", get(configuration))
        .with_state(desk);
    pages.iter().fold(router, |router, page| router.merge(page.router(registry.clone())))
}

/// Pages have paths of their own, which the router takes as they stand.
pub(super) fn check_pages(pages: &[Page]) -> Result<(), AppError> {
    let ours = ["/events", "/install", "/oauth", "/settings", "/openlines"];
    let mut paths = HashSet::new();
    for Page { path, policy, .. } in pages {
        let (path, policy) = (path.as_str(), policy.as_deref().unwrap_or_default());
        let first = path.split('/').nth(1).unwrap_or_default();
        let why = if !path.starts_with('/') || path.contains(['{', '}', '?', '#', '*', ' ']) {
            "is no plain path such as `/orders`"
        } else if ours.iter().any(|own| own[1..] == *first) {
            "is an address of the framework"
        } else if HeaderValue::from_str(policy).is_err() {
            "has a content security policy with signs that no header takes"
        } else if !paths.insert(path) {
            "is there twice"
        } else {
            continue;
        };
        return Err(AppError::new(
            AppErrorKind::Setting,
            format!("the page `{path}` {why}; give it another one"),
        ));
    }
    Ok(())
}

async fn module() -> Response {
    answer(StatusCode::OK, "text/javascript; charset=utf-8", MODULE.into())
}

async fn configuration(
    State(desk): State<Arc<Desk>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let fields = page::Fields::of(&[query.as_deref().unwrap_or_default().as_bytes()]);
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .filter(|token| !token.is_empty());
    let (Some(token), Some(member)) = (bearer, fields.get("member_id")) else {
        return refused(
            StatusCode::UNAUTHORIZED,
            "the page sends the token of its user in the header and `member_id` in the query; open the page from the portal",
        );
    };
    let fresh = fields.get("fresh") == Some("1");
    let asked = desk.ask(fields.get("app"), member, SecretString::from(token), fresh).await;
    match asked {
        Asked::Channels(text) => answer(StatusCode::OK, "application/json", text),
        Asked::NoPortal => refused(
            StatusCode::NOT_FOUND,
            "this portal is not known here, or is reached by incoming webhook, which has no RT events",
        ),
        Asked::NoUser => {
            refused(StatusCode::UNAUTHORIZED, "the portal does not take the token of this page's user")
        }
        Asked::Later(why) => {
            let mut response = refused(StatusCode::SERVICE_UNAVAILABLE, &why);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            response
        }
    }
}

fn refused(status: StatusCode, why: &str) -> Response {
    answer(status, "application/json", json!({"error": why}).to_string())
}

/// What is told here is for one user: nobody on the way keeps it.
fn answer(status: StatusCode, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
