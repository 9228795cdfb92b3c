//! The bot token that calls through an incoming webhook need, added when they are made so that no stored call holds it.
//!
//! **Trap:** v1 and v2 name the same token differently: `CLIENT_ID` and `botToken` (protocol 4.6, 4.8).

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::Registry;
use crate::rest::{Api, Call, CallError};

/// Adds the bot token to calls of bot methods on portals reached by incoming webhook, also to those in a batch; others
/// pass as they are.
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
        let is_batch = call.method.eq_ignore_ascii_case("batch");
        let name = token_parameter(&call.method);
        if (is_batch || name.is_some())
            && let Some(webhook) = self.registry.webhook(&call.portal)
            && let Value::Object(params) = &mut call.params
        {
            let token = webhook.bot_token().expose_secret();
            match (name, params.get_mut("cmd")) {
                (Some(name), _) => {
                    params.entry(name).or_insert_with(|| token.into());
                }
                (None, Some(Value::Object(commands))) => {
                    commands.values_mut().for_each(|command| add_to(command, token));
                }
                (None, Some(Value::Array(commands))) => {
                    commands.iter_mut().for_each(|command| add_to(command, token));
                }
                (None, _) => {}
            }
        }
        self.inner.call(call).await
    }
}

/// Adds the token to a command of a batch, `method?query`.
fn add_to(command: &mut Value, token: &str) {
    let Value::String(command) = command else { return };
    let (method, query) = command.split_once('?').unwrap_or((command.as_str(), ""));
    let Some(name) = token_parameter(method) else { return };
    if form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == name) {
        return;
    }
    let sign = match (query.is_empty(), command.ends_with('?')) {
        (false, _) => "&",
        (true, true) => "",
        (true, false) => "?",
    };
    command.push_str(sign);
    let start = command.len();
    let with_token = form_urlencoded::Serializer::for_suffix(std::mem::take(command), start)
        .append_pair(name, token)
        .finish();
    *command = with_token;
}

fn token_parameter(method: &str) -> Option<&'static str> {
    let begins = |with: &str| method.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    if begins("imbot.v2.") {
        Some("botToken")
    } else if begins("imbot.") || begins("imopenlines.bot.session.") {
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

    #[rstest::rstest]
    #[case(
        "imbot.v2.Chat.Message.send?botId=39&dialogId=chat5",
        "imbot.v2.Chat.Message.send?botId=39&dialogId=chat5&botToken=a%2Bb%26c"
    )]
    #[case("imbot.chat.leave?CHAT_ID=5", "imbot.chat.leave?CHAT_ID=5&CLIENT_ID=a%2Bb%26c")]
    #[case("imbot.bot.list", "imbot.bot.list?CLIENT_ID=a%2Bb%26c")]
    #[case("imbot.bot.list?", "imbot.bot.list?CLIENT_ID=a%2Bb%26c")]
    #[case::its_own("imbot.v2.Bot.get?botToken=own", "imbot.v2.Bot.get?botToken=own")]
    #[case::needs_none("imopenlines.dialog.get?CHAT_ID=5", "imopenlines.dialog.get?CHAT_ID=5")]
    fn a_command_of_a_batch_gets_the_token_that_its_method_needs(#[case] bare: &str, #[case] with: &str) {
        let mut command = Value::from(bare);
        add_to(&mut command, "a+b&c");
        assert_eq!(command, with);
    }
}
