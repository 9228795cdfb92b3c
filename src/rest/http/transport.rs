//! One request and its bounded answer.

use std::{error::Error, sync::OnceLock, time::Duration};

use reqwest::{Client, ClientBuilder, RequestBuilder, Response, header, redirect};

use super::{Address, HttpOptions, Scrub, SetupError};
use crate::rest::{CallError, CallErrorKind};

/// Idle connections are dropped sooner than servers do it: a call on one that was just closed has an unknown outcome.
const IDLE: Duration = Duration::from_secs(15);

/// The longest wait that a server's `Retry-After` is believed.
const LONGEST_WAIT: u64 = 3600;

#[derive(Debug)]
pub(crate) struct Transport {
    client: Client,
    /// For loopback, past any proxy of the environment. Made when first needed.
    local: OnceLock<Client>,
    options: HttpOptions,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Nothing, or not all, came back.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request cannot be sent.
    Unsendable(String),
    /// No connection was made.
    Unreachable(String),
    /// The request went out, perhaps.
    Broken(String),
}

impl Transport {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, SetupError> {
        let client = builder(options).build().map_err(|error| SetupError(told(error)))?;
        Ok(Self { client, local: OnceLock::new(), options: options.clone() })
    }

    /// The client for this address.
    pub(crate) fn client(&self, address: &Address) -> &Client {
        if !address.is_loopback() {
            return &self.client;
        }
        self.local
            .get_or_init(|| builder(&self.options).no_proxy().build().unwrap_or_else(|_| self.client.clone()))
    }

    /// How long a call may take.
    pub(crate) fn usual_time(&self) -> Duration {
        self.options.timeout
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Received, Failure> {
        let answer = request.send().await.map_err(Failure::of)?;
        let status = answer.status().as_u16();
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = text(header::RETRY_AFTER)
            .and_then(|wait| wait.trim().parse::<u64>().ok())
            .map(|seconds| Duration::from_secs(seconds.min(LONGEST_WAIT)));
        let location = text(header::LOCATION).map(str::to_owned);
        let body = self.body(answer).await?;
        Ok(Received { status, retry_after, location, body })
    }

    async fn body(&self, mut answer: Response) -> Result<Vec<u8>, Failure> {
        let limit = self.options.max_body;
        let long = || Failure::Broken(format!("the answer is longer than {limit} bytes"));
        let told = answer.content_length().and_then(|length| usize::try_from(length).ok());
        if told.is_some_and(|length| length > limit) {
            return Err(long());
        }
        let mut body = Vec::with_capacity(told.unwrap_or(0));
        while let Some(chunk) = answer.chunk().await.map_err(Failure::of)? {
            if body.len() + chunk.len() > limit {
                return Err(long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl Failure {
    /// What happened, without the address.
    pub(crate) fn told(self) -> String {
        match self {
            Self::Unsendable(what) | Self::Unreachable(what) | Self::Broken(what) => what,
        }
    }

    pub(crate) fn of(error: reqwest::Error) -> Self {
        if error.is_builder() {
            Self::Unsendable(told(error))
        } else if error.is_connect() {
            Self::Unreachable(told(error))
        } else if error.is_timeout() {
            Self::Broken(format!("no whole answer in time: {}", told(error)))
        } else {
            Self::Broken(told(error))
        }
    }

    pub(crate) fn into_error(self, method: &str, scrub: &Scrub) -> CallError {
        let (kind, what) = match self {
            Self::Unsendable(what) => (CallErrorKind::BadParams, what),
            Self::Unreachable(what) => (CallErrorKind::Unreachable, what),
            Self::Broken(what) => (CallErrorKind::Unknown, what),
        };
        CallError::new(kind, method.to_owned()).describe(scrub.clean(&what))
    }
}

fn builder(options: &HttpOptions) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("openlines/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .pool_idle_timeout(IDLE)
}

/// The error with its causes, without the address.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !told.contains(&text) {
            told.push_str(": ");
            told.push_str(&text);
        }
        cause = next.source();
    }
    told
}
