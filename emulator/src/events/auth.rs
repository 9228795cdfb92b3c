//! The authorisation blocks of callbacks (protocol 1.4 to 1.7).

use serde_json::{Map, Value, json};

use super::subscriptions::{HandlerRow, RowOwner};
use crate::world::World;
use crate::world::apps::Owner;
use crate::world::tokens::ACCESS_SECONDS;

/// Which tokens an event carries at its top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthNeed {
    NoTokens,
    Access,
    AccessAndRefresh,
}

impl World {
    /// The top-level `auth`.
    pub(super) fn top_auth(&mut self, row: &HandlerRow, need: AuthNeed, acting_user: i64) -> Value {
        let application_token = match &row.owner {
            RowOwner::App(client_id) => self.application_token(client_id),
            RowOwner::Custom(token) if row.event.starts_with("ONIMBOTV2") => format!("custom{token}"),
            RowOwner::Custom(token) => token.clone(),
        };
        let RowOwner::App(client_id) = &row.owner else {
            return self.bare_auth(&application_token);
        };
        if need == AuthNeed::NoTokens {
            return self.bare_auth(&application_token);
        }
        let user_id = if row.user_id > 0 { row.user_id } else { acting_user };
        let mut auth = self.token_block(client_id, user_id, need == AuthNeed::AccessAndRefresh);
        auth.insert("application_token".to_owned(), Value::from(application_token));
        Value::Object(auth)
    }

    /// The auth set inside a bot's entry; empty for a bot without an application.
    pub(super) fn bot_auth(&mut self, bot_id: i64) -> Map<String, Value> {
        let Some(Owner::App(client_id)) = self.bots.get(&bot_id).map(|bot| bot.owner.clone()) else {
            return Map::new();
        };
        let mut auth = self.token_block(&client_id, bot_id, true);
        auth.insert("client_id".to_owned(), Value::from(client_id.clone()));
        auth.insert("application_token".to_owned(), Value::from(self.application_token(&client_id)));
        auth
    }

    /// The `auth` of a settings form's requests.
    pub(crate) fn form_auth(&mut self, client_id: &str, user_id: i64) -> Value {
        let mut auth = self.token_block(client_id, user_id, true);
        auth.insert("client_id".to_owned(), Value::from(client_id.to_owned()));
        auth.insert("application_token".to_owned(), Value::from(self.application_token(client_id)));
        Value::Object(auth)
    }

    fn bare_auth(&self, application_token: &str) -> Value {
        json!({
            "domain": self.identity.domain,
            "server_endpoint": self.identity.server_endpoint(),
            "client_endpoint": self.identity.client_endpoint(),
            "member_id": self.identity.member_id,
            "application_token": application_token,
        })
    }

    /// Tokens for a user; without a user the block has none of the token fields.
    fn token_block(&mut self, client_id: &str, user_id: i64, refresh: bool) -> Map<String, Value> {
        let mut auth = Map::new();
        let mut put = |key: &str, value: Value| {
            auth.insert(key.to_owned(), value);
        };
        if user_id > 0 {
            let (token, expires) = self.issue_access(client_id, user_id, Some(self.event_rounds_left));
            put("access_token", Value::from(token));
            put("expires", Value::from(expires));
            put("expires_in", Value::from(ACCESS_SECONDS));
        }
        let scope = self.apps.get(client_id).map(|app| app.scope.join(",")).unwrap_or_default();
        put("scope", Value::from(scope));
        put("domain", Value::from(self.identity.domain.clone()));
        put("server_endpoint", Value::from(self.identity.server_endpoint()));
        put("status", Value::from(self.apps.get(client_id).map_or("L", |app| app.status)));
        put("client_endpoint", Value::from(self.identity.client_endpoint()));
        put("member_id", Value::from(self.identity.member_id.clone()));
        if user_id > 0 {
            if refresh {
                put("refresh_token", Value::from(self.issue_refresh(client_id, user_id)));
            }
            put("user_id", Value::from(user_id));
        }
        auth
    }
}
