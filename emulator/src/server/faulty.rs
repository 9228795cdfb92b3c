//! What a planned fault makes of one request: an answer instead of the method, or something after it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::connection::Line;
use super::front::json_answer;
use crate::faults::RestFault;
use crate::rest;

/// An answer that takes the place of the method's.
pub(crate) struct Spoilt {
    pub(crate) status: u16,
    /// What the record of the call shows.
    pub(crate) shown: Value,
    pub(crate) response: Response,
}

impl Spoilt {
    fn error(status: u16, code: &str, text: &str) -> Self {
        let body = json!({"error": code, "error_description": text});
        Self { status, response: json_answer(status, &body), shown: body }
    }
}

/// The answer of a fault that lets nothing run. `None` lets it run.
pub(crate) async fn instead(line: &Line, fault: RestFault) -> Option<Spoilt> {
    Some(match fault {
        RestFault::QueryLimitExceeded => Spoilt::error(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
        RestFault::OperatingLimit => {
            Spoilt::error(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
        }
        RestFault::ErrorInSuccess => Spoilt::error(200, "INTERNAL_SERVER_ERROR", "Internal server error"),
        RestFault::HtmlBody => {
            let html = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>";
            let headers = [(header::CONTENT_TYPE, "text/html")];
            let response = (StatusCode::BAD_GATEWAY, headers, html).into_response();
            Spoilt { status: 502, shown: Value::from("<html>"), response }
        }
        RestFault::CloseBeforeExecution => {
            line.cut();
            let shown = Value::from("connection closed before execution");
            Spoilt { status: 0, shown, response: StatusCode::OK.into_response() }
        }
        RestFault::SilenceBeforeExecution => silence().await,
        RestFault::Error { status, code } => Spoilt::error(status, &code, rest::FORCED),
        RestFault::CloseAfterExecution | RestFault::SilenceAfterExecution | RestFault::SlowAnswer(_) => {
            return None;
        }
    })
}

/// What a fault does when the method has run.
pub(crate) async fn afterwards(line: &Line, fault: Option<RestFault>) {
    match fault {
        Some(RestFault::CloseAfterExecution) => line.cut(),
        Some(RestFault::SilenceAfterExecution) => silence().await,
        Some(RestFault::SlowAnswer(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
}

/// Ends with the connection: the client's patience, or the emulator's end.
async fn silence<T>() -> T {
    std::future::pending().await
}
