//! What can go wrong with one call or with one callback.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens to a REST call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
#[non_exhaustive]
pub enum RestFault {
    /// 503 `QUERY_LIMIT_EXCEEDED`; the method does not run.
    QueryLimitExceeded,
    /// 429 `OPERATION_TIME_LIMIT`; the method does not run.
    OperatingLimit,
    /// 502 with an HTML page; the method does not run.
    HtmlBody,
    /// 200 whose body is an error, as some old methods answer; the method does not run.
    ErrorInSuccess,
    /// The connection closes without an answer; the method does not run.
    CloseBeforeExecution,
    /// The method runs, then the connection closes without an answer.
    CloseAfterExecution,
    /// No answer ever comes; the method does not run.
    SilenceBeforeExecution,
    /// The method runs, but no answer ever comes.
    SilenceAfterExecution,
    /// The method runs, the answer comes only after this long.
    SlowAnswer(Duration),
    /// The method refuses the call with this status and error code, whatever it is given; it does not run. It comes
    /// after the checks of authorisation and scope, and strikes items of a batch too.
    Error {
        /// The HTTP status, such as 400.
        status: u16,
        /// The error code, such as `BOT_REGISTER_FAILED`; the portal has empty ones too.
        code: String,
    },
}

impl RestFault {
    /// A refusal with this status and code.
    #[must_use]
    pub fn error(status: u16, code: impl Into<String>) -> Self {
        Self::Error { status, code: code.into() }
    }
}

/// What happens to a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
#[non_exhaustive]
pub enum DeliveryFault {
    /// It is recorded as dropped and never sent.
    Drop,
    /// It is sent twice, byte for byte.
    Duplicate,
    /// It is sent this long after it was raised; others overtake it.
    Delay(Duration),
    /// It waits until another callback was sent, and goes after that.
    Overtaken,
}

/// A fault as JSON has it: its name, and how long if it has a length.
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    fault: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    millis: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl Written {
    fn named(fault: &str) -> Self {
        Self { fault: fault.to_owned(), millis: None, status: None, code: None }
    }

    fn lasting(fault: &str, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { millis: Some(millis), ..Self::named(fault) }
    }

    fn time(&self) -> Result<Duration, String> {
        self.millis.map(Duration::from_millis).ok_or_else(|| format!("`{}` needs `millis`", self.fault))
    }
}

impl From<RestFault> for Written {
    fn from(fault: RestFault) -> Self {
        Self::named(match fault {
            RestFault::QueryLimitExceeded => "query_limit_exceeded",
            RestFault::OperatingLimit => "operating_limit",
            RestFault::HtmlBody => "html_body",
            RestFault::ErrorInSuccess => "error_in_success",
            RestFault::CloseBeforeExecution => "close_before_execution",
            RestFault::CloseAfterExecution => "close_after_execution",
            RestFault::SilenceBeforeExecution => "silence_before_execution",
            RestFault::SilenceAfterExecution => "silence_after_execution",
            RestFault::SlowAnswer(time) => return Self::lasting("slow_answer", time),
            RestFault::Error { status, code } => {
                return Self { status: Some(status), code: Some(code), ..Self::named("error") };
            }
        })
    }
}

impl TryFrom<Written> for RestFault {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Ok(match written.fault.as_str() {
            "query_limit_exceeded" => Self::QueryLimitExceeded,
            "operating_limit" => Self::OperatingLimit,
            "html_body" => Self::HtmlBody,
            "error_in_success" => Self::ErrorInSuccess,
            "close_before_execution" => Self::CloseBeforeExecution,
            "close_after_execution" => Self::CloseAfterExecution,
            "silence_before_execution" => Self::SilenceBeforeExecution,
            "silence_after_execution" => Self::SilenceAfterExecution,
            "slow_answer" => Self::SlowAnswer(written.time()?),
            "error" => {
                let code = written.code.ok_or("`error` needs `code`")?;
                let status = written.status.unwrap_or(400);
                if !(100..1_000).contains(&status) {
                    return Err(format!("{status} is no HTTP status"));
                }
                Self::Error { status, code }
            }
            other => return Err(format!("`{other}` is no fault of a call")),
        })
    }
}

impl From<DeliveryFault> for Written {
    fn from(fault: DeliveryFault) -> Self {
        Self::named(match fault {
            DeliveryFault::Drop => "drop",
            DeliveryFault::Duplicate => "duplicate",
            DeliveryFault::Overtaken => "overtaken",
            DeliveryFault::Delay(time) => return Self::lasting("delay", time),
        })
    }
}

impl TryFrom<Written> for DeliveryFault {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Ok(match written.fault.as_str() {
            "drop" => Self::Drop,
            "duplicate" => Self::Duplicate,
            "overtaken" => Self::Overtaken,
            "delay" => Self::Delay(written.time()?),
            other => return Err(format!("`{other}` is no fault of a delivery")),
        })
    }
}
