//! The public addresses: `POST /events[/{app}]`, `POST /install[/{app}]`.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::post,
};
use serde_json::json;

use super::{Gate, Refusal, RefusalKind, body, figures::FIGURES, page};

impl Gate {
    /// The public addresses, to be merged into the server's router.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/events", post(events))
            .route("/events/{app}", post(events))
            .route("/install", post(install))
            .route("/install/{app}", post(install))
            .fallback(async || refused(&Refusal::new(RefusalKind::NoSuchAddress)))
            .method_not_allowed_fallback(async || refused(&Refusal::new(RefusalKind::NotAPost)))
            .with_state(self.clone())
    }
}

async fn events(State(gate): State<Gate>, app: Option<Path<String>>, request: Request) -> Response {
    let app = app.map(|Path(app)| app);
    match events_of(&gate, app.as_deref(), request).await {
        Ok(()) => answer(StatusCode::OK, "text/plain; charset=utf-8", String::new()),
        Err(refusal) => refused(&refusal),
    }
}

async fn events_of(gate: &Gate, app: Option<&str>, request: Request) -> Result<(), Refusal> {
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body).await?;
    gate.accept(app, content_type(&head), body).await?;
    Ok(())
}

async fn install(State(gate): State<Gate>, app: Option<Path<String>>, request: Request) -> Response {
    let app = app.map(|Path(app)| app);
    let (head, body) = request.into_parts();
    let kept = match body::read(&head.headers, body).await {
        Ok(body) => gate.install(app.as_deref(), content_type(&head), body, head.uri.query()).await,
        Err(refusal) => Err(refusal),
    };
    match kept {
        Ok(_) => answer(StatusCode::OK, HTML, page::finished()),
        Err(refusal) => {
            log(&refusal);
            with_retry_after(answer(status(&refusal), HTML, page::refused(&refusal)), &refusal)
        }
    }
}

const HTML: &str = "text/html; charset=utf-8";

fn content_type(head: &axum::http::request::Parts) -> Option<&str> {
    head.headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

fn refused(refusal: &Refusal) -> Response {
    log(refusal);
    let text = json!({
        "error": refusal.code(),
        "error_description": refusal.to_string(),
        "path": refusal.path(),
    });
    with_retry_after(answer(status(refusal), "application/json; charset=utf-8", text.to_string()), refusal)
}

/// What a person has to hear of was told by the gate, once in a while.
fn log(refusal: &Refusal) {
    FIGURES.refused(refusal.kind());
    tracing::debug!(code = refusal.code(), %refusal, "a request was refused");
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn with_retry_after(mut response: Response, refusal: &Refusal) -> Response {
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn answer(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
