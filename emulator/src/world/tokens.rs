//! Access and refresh tokens, and authorisation codes.

use std::collections::HashMap;

use super::World;
use super::identity::random_hex;

/// How long an access token lives, in seconds.
pub(crate) const ACCESS_SECONDS: i64 = 3_600;
const REFRESH_SECONDS: i64 = 180 * 86_400;
const CODE_SECONDS: i64 = 30;
/// Above this many tokens the expired ones are thrown out.
const SWEEP_ABOVE: usize = 20_000;
/// Above this many, those go too that nobody is likely to use.
const MOST_TOKENS: usize = 100_000;

/// What an access token stands for.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) client_id: String,
    pub(crate) user_id: i64,
    pub(crate) expires: i64,
    /// `EVENT_SESSION`: how many more rounds of events calls with this token may cause; `None` if no event issued it.
    pub(crate) event_rounds: Option<u8>,
}

/// What a refresh token or an authorisation code stands for.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user_id: i64,
    pub(crate) expires: i64,
}

/// All tokens that the authorisation server has issued and that still live.
#[derive(Default)]
pub(crate) struct Tokens {
    pub(crate) access: HashMap<String, Access>,
    pub(crate) refresh: HashMap<String, Grant>,
    pub(crate) codes: HashMap<String, Grant>,
    sweep_above: usize,
}

impl World {
    pub(crate) fn issue_access(
        &mut self,
        client_id: &str,
        user_id: i64,
        event_rounds: Option<u8>,
    ) -> (String, i64) {
        let now = self.now();
        let expires = now + ACCESS_SECONDS;
        let token = random_hex(70);
        self.tokens.access.insert(
            token.clone(),
            Access { client_id: client_id.to_owned(), user_id, expires, event_rounds },
        );
        if self.tokens.access.len() > self.tokens.sweep_above.max(SWEEP_ABOVE) {
            // Expired for a day: until then an old token is told apart from one that never was.
            self.tokens.access.retain(|_, access| access.expires > now - 86_400);
            if self.tokens.access.len() > MOST_TOKENS {
                self.tokens.access.retain(|_, access| access.expires > now);
            }
            self.tokens.refresh.retain(|_, grant| grant.expires > now);
            if self.tokens.refresh.len() > MOST_TOKENS {
                // As if they were a day older: those of events long past are used by nobody.
                self.tokens.refresh.retain(|_, grant| grant.expires > now + REFRESH_SECONDS - 86_400);
            }
            self.tokens.codes.retain(|_, grant| grant.expires > now);
            self.tokens.sweep_above = self.tokens.access.len() * 2;
        }
        (token, expires)
    }

    pub(crate) fn issue_refresh(&mut self, client_id: &str, user_id: i64) -> String {
        let token = random_hex(70);
        let expires = self.now() + REFRESH_SECONDS;
        self.tokens
            .refresh
            .insert(token.clone(), Grant { client_id: client_id.to_owned(), user_id, expires });
        token
    }

    pub(crate) fn issue_code(&mut self, client_id: &str, user_id: i64) -> String {
        let code = random_hex(32);
        let expires = self.now() + CODE_SECONDS;
        self.tokens.codes.insert(code.clone(), Grant { client_id: client_id.to_owned(), user_id, expires });
        code
    }

    /// Forgets every token of the application.
    pub(crate) fn revoke_app(&mut self, client_id: &str) {
        self.tokens.access.retain(|_, access| access.client_id != client_id);
        self.tokens.refresh.retain(|_, grant| grant.client_id != client_id);
        self.tokens.codes.retain(|_, grant| grant.client_id != client_id);
    }
}
