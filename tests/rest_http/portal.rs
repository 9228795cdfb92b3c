//! A server that answers as told, and what its clients know of it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{Response, StatusCode, header},
};
use openlines::{
    rest::{
        Access, Api as _, Authorization, Call, CallError, HttpApi, HttpOptions, TokenError, TokenErrorKind,
        TokenSource,
    },
    wire::PortalKey,
};
use serde_json::{Value, json};

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

/// A server of its own on port 0.
#[derive(Debug, Clone)]
pub(crate) struct Portal {
    pub(crate) origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Portal {
    pub(crate) async fn start(
        answer: impl Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, kept) = (answer.clone(), Arc::clone(&kept));
            async move {
                let (parts, body) = request.into_parts();
                let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let authorization =
                    parts.headers.get(header::AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
                let request = Seen {
                    verb: parts.method.to_string(),
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    authorization: authorization.to_owned(),
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                };
                kept.lock().unwrap().push(request.clone());
                answer(&request)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn answer(status: u16, body: impl ToString) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

pub(crate) fn answer_with(status: u16, name: header::HeaderName, value: &str) -> Response<Body> {
    let mut answer = answer(status, "");
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

/// Tokens `token-0`, `token-1`, …; a renewal gives the next one, and the next address if there are several.
#[derive(Debug)]
pub(crate) struct Tokens {
    addresses: Vec<String>,
    generation: AtomicU64,
    pub(crate) renewals: AtomicU64,
    by_header: bool,
    refuses: Option<TokenErrorKind>,
}

impl Tokens {
    pub(crate) fn bearer(addresses: &[&Portal]) -> Arc<Self> {
        Arc::new(Self {
            addresses: addresses.iter().map(|portal| format!("{}/rest/", portal.origin)).collect(),
            generation: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
            by_header: true,
            refuses: None,
        })
    }

    pub(crate) fn webhook(address: &str) -> Arc<Self> {
        Arc::new(Self {
            addresses: vec![address.to_owned()],
            generation: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
            by_header: false,
            refuses: None,
        })
    }

    pub(crate) fn refusing(kind: TokenErrorKind) -> Arc<Self> {
        Arc::new(Self {
            addresses: Vec::new(),
            generation: AtomicU64::new(0),
            renewals: AtomicU64::new(0),
            by_header: true,
            refuses: Some(kind),
        })
    }
}

#[async_trait]
impl TokenSource for Tokens {
    async fn access(&self, _: &PortalKey) -> Result<Access, TokenError> {
        if let Some(kind) = self.refuses {
            return Err(TokenError::new(kind, "the portal is not known; install the application there"));
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let at = usize::try_from(generation).unwrap().min(self.addresses.len() - 1);
        Ok(Access {
            endpoint: self.addresses[at].as_str().into(),
            authorization: if self.by_header {
                Authorization::Bearer(format!("token-{generation}").into())
            } else {
                Authorization::InAddress
            },
            generation,
        })
    }

    async fn renew(&self, portal: &PortalKey, stale: u64) -> Result<Access, TokenError> {
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.generation.store(stale + 1, Ordering::SeqCst);
        self.access(portal).await
    }
}

pub(crate) fn key() -> PortalKey {
    PortalKey::new("local.1", "7c1f0b2a9d3e4f5687a1b2c3d4e5f601")
}

pub(crate) fn api(tokens: Arc<Tokens>) -> HttpApi {
    HttpApi::new(tokens, HttpOptions::default()).unwrap()
}

/// What a call of `profile` comes to when the portal answers so.
pub(crate) async fn profile(
    given: impl Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Result<Value, CallError> {
    let portal = Portal::start(given).await;
    api(Tokens::bearer(&[&portal])).call(Call::new(key(), "profile", json!({}))).await
}
