//! What can be set, in `assistant.toml`, which tells of each; the endpoint's key comes by the environment alone.
//!
//! **Trap:** what is wrong is said while the file is read, with file and key; an address is not repeated there, for
//! somebody may have put a secret into it.

use std::{
    num::{NonZeroU8, NonZeroU32},
    path::PathBuf,
};

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

/// The environment variable with the endpoint's key. Without it the assistant answers from its pages alone.
pub const KEY: &str = "ASSISTANT_API_KEY";

/// The settings; every one has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub(crate) folder: Option<PathBuf>,
    #[serde(deserialize_with = "endpoint")]
    pub(crate) endpoint: String,
    pub(crate) model: String,
    pub(crate) instructions: String,
    pub(crate) quiet_seconds: u8,
    pub(crate) answer_seconds: NonZeroU8,
    pub(crate) tokens_per_answer: NonZeroU32,
    pub(crate) tokens_per_dialog: NonZeroU32,
    pub(crate) tokens_per_day: NonZeroU32,
    pub(crate) ledger: PathBuf,
    pub(crate) person: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            folder: None,
            endpoint: "https://api.openai.com/v1".into(),
            model: "gpt-4o-mini".into(),
            instructions: String::new(),
            quiet_seconds: 2,
            answer_seconds: const { NonZeroU8::new(60).unwrap() },
            tokens_per_answer: const { NonZeroU32::new(600).unwrap() },
            tokens_per_dialog: const { NonZeroU32::new(20_000).unwrap() },
            tokens_per_day: const { NonZeroU32::new(1_000_000).unwrap() },
            ledger: "assistant-ledger.db".into(),
            person: ["operator", "human", "оператор", "оператора", "человека"].map(String::from).to_vec(),
        }
    }
}

/// HTTPS, or HTTP to this machine: the key and what clients write go there.
fn endpoint<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let is_allowed = Url::parse(&text).is_ok_and(|url| {
        let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let has_secret = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
        !has_secret && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
    });
    is_allowed.then(|| text.trim_end_matches('/').to_owned()).ok_or_else(|| {
        D::Error::custom(format!(
            "this address is not allowed; one like `https://api.openai.com/v1` is, or `http://127.0.0.1:11434/v1` on this \
             machine, without the key, which comes by {KEY}"
        ))
    })
}
