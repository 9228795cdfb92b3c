//! The bot token that calls through an incoming webhook need, added when they are made so that no stored call holds it.
//!
//! **Trap:** v1 and v2 name the same token differently: `CLIENT_ID` and `botToken` (protocol 4.6, 4.8).

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Registry;
use crate::rest::{Api, Call, CallError};

/// Adds the bot token to calls of bot methods on portals reached by incoming webhook; others pass as they are.
#[derive(Debug, Clone)]
pub struct BotTokens<A> {
    inner: A,
    registry: Registry,
}

impl<A: Api> BotTokens<A> {
    /// In front of `inner`, for the portals of `registry`.
    pub fn new(inner: A, registry: Registry) -> Self {
        Self { inner, registry }
    }
}

#[async_trait]
impl<A: Api> Api for BotTokens<A> {
    async fn call(&self, mut call: Call) -> Result<Value, CallError> {
        if let Some(name) = token_parameter(&call.method)
            && let Some(webhook) = self.registry.webhook(&call.portal)
            && let Value::Object(params) = &mut call.params
        {
            params.entry(name).or_insert_with(|| webhook.bot_token().expose_secret().into());
        }
        self.inner.call(call).await
    }
}

fn token_parameter(method: &str) -> Option<&'static str> {
    let method = method.to_ascii_lowercase();
    if method.starts_with("imbot.v2.") {
        Some("botToken")
    } else if method.starts_with("imbot.") || method.starts_with("imopenlines.bot.session.") {
        Some("CLIENT_ID")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bot_methods_of_each_generation_have_their_own_name_for_the_token() {
        assert_eq!(token_parameter("imbot.v2.Chat.Message.send"), Some("botToken"));
        assert_eq!(token_parameter("imbot.message.add"), Some("CLIENT_ID"));
        assert_eq!(token_parameter("imopenlines.bot.session.finish"), Some("CLIENT_ID"));
        assert_eq!(token_parameter("imopenlines.crm.message.add"), None);
    }
}
