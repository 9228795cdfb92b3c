//! One call as a method sees it, and what a method may answer.

use serde_json::{Map, Value, json};

use super::auth::{Auth, AuthKind};
use crate::faults::RestFault;
use crate::world::World;
use crate::world::apps::Owner;
use crate::world::content::ContentFault;
use crate::world::sending::SendFault;

/// How a method reads the names of its parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Any case: names are upper-cased first.
    Upper,
    /// As written.
    Literal,
}

/// One row of the dispatch table.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) scope: &'static str,
    pub(crate) case: Case,
    pub(crate) run: fn(&mut Call<'_>) -> Reply,
}

impl Method {
    pub(crate) const fn upper(
        name: &'static str,
        scope: &'static str,
        run: fn(&mut Call<'_>) -> Reply,
    ) -> Self {
        Self { name, scope, case: Case::Upper, run }
    }

    pub(crate) const fn literal(
        name: &'static str,
        scope: &'static str,
        run: fn(&mut Call<'_>) -> Reply,
    ) -> Self {
        Self { name, scope, case: Case::Literal, run }
    }
}

/// What a method answers.
pub(crate) type Reply = Result<Answer, RestError>;

/// A success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) result: Value,
    pub(crate) next: Option<i64>,
    pub(crate) total: Option<i64>,
}

impl Answer {
    pub(crate) fn new(result: Value) -> Self {
        Self { result, next: None, total: None }
    }

    /// The body without its `time`. A result that holds an error in the legacy form goes out as it is, with status
    /// 200.
    pub(crate) fn into_body(self) -> Value {
        if self.result.get("error").is_some() && self.result.get("error_description").is_some() {
            return self.result;
        }
        let mut body = json!({"result": self.result});
        if let Some(next) = self.next {
            body["next"] = json!(next);
        }
        if let Some(total) = self.total {
            body["total"] = json!(total);
        }
        body
    }
}

/// A refusal.
#[derive(Debug)]
pub(crate) struct RestError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) text: String,
    /// `argument` of `ERROR_ARGUMENT`.
    pub(crate) argument: Option<String>,
    /// Whether it came before the method ran.
    pub(crate) before_method: bool,
}

impl RestError {
    pub(crate) fn new(status: u16, code: &str, text: &str) -> Self {
        Self { status, code: code.to_owned(), text: text.to_owned(), argument: None, before_method: false }
    }

    /// A refusal with status 400.
    pub(crate) fn bad(code: &str, text: &str) -> Self {
        Self::new(400, code, text)
    }

    pub(crate) fn forbidden(code: &str, text: &str) -> Self {
        Self::new(403, code, text)
    }

    pub(crate) fn missing(argument: &str) -> Self {
        let text = format!("Argument '{argument}' is null or empty");
        Self { argument: Some(argument.to_owned()), ..Self::bad("ERROR_ARGUMENT", &text) }
    }

    pub(crate) fn wrong_type(argument: &str) -> Self {
        let text = format!("The value of an argument '{argument}' has an invalid type");
        Self { argument: Some(argument.to_owned()), ..Self::bad("ERROR_ARGUMENT", &text) }
    }

    /// "Message isn't added", with the code of the pending exception (protocol 4).
    pub(crate) fn not_added(fault: SendFault) -> Self {
        Self::bad(fault.code(), fault.text())
    }

    /// The refusal that a fault wants, if it wants one.
    pub(crate) fn forced(fault: RestFault) -> Option<Self> {
        match fault {
            RestFault::Error { status, code } => Some(Self::new(status, &code, super::FORCED).early()),
            _ => None,
        }
    }

    pub(crate) fn early(mut self) -> Self {
        self.before_method = true;
        self
    }

    pub(crate) fn into_body(self) -> Value {
        let mut body = json!({"error": self.code, "error_description": self.text});
        if let Some(argument) = self.argument {
            body["argument"] = json!(argument);
        }
        body
    }
}

/// One call with its parameters.
pub(crate) struct Call<'w> {
    pub(crate) world: &'w mut World,
    pub(crate) auth: Auth,
    pub(crate) params: Map<String, Value>,
    /// Where a list begins; -1 turns counting off. It is taken out of the parameters.
    pub(crate) start: i64,
}

impl Call<'_> {
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.params.get(name).filter(|value| !value.is_null())
    }

    /// A scalar parameter as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(scalar_text)
    }

    /// A scalar parameter as text that is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A parameter as PHP's `(int)` reads it.
    pub(crate) fn int(&self, name: &str) -> i64 {
        self.value(name).map_or(0, loose_int)
    }

    pub(crate) fn yes(&self, name: &str) -> bool {
        self.text(name).as_deref() == Some("Y")
    }

    /// Whose bots the caller may act as, by the v1 rule: the token's application, or the `CLIENT_ID` parameter.
    pub(crate) fn owner_v1(&self) -> Result<Owner, RestError> {
        match &self.auth.kind {
            AuthKind::OAuth { client_id } => Ok(Owner::App(client_id.clone())),
            AuthKind::Webhook => self.filled("CLIENT_ID").map(Owner::Custom).ok_or_else(|| {
                RestError::forbidden("ACCESS_DENIED", "Access denied! Client ID not specified")
            }),
        }
    }

    /// Says why the caller may not act as the bot.
    pub(crate) fn remark_on_owner(&self, caller: &Owner, bot_id: i64) {
        let owner = self.world.bots.get(&bot_id).map(|bot| &bot.owner);
        self.world.remark(match (caller, owner) {
            (Owner::Custom(_), Some(Owner::Custom(_))) => {
                format!("the token differs from the one that bot {bot_id} was registered with")
            }
            (Owner::Custom(_), _) => {
                format!("bot {bot_id} belongs to an application, and this call came by webhook")
            }
            (Owner::App(_), Some(Owner::Custom(_))) => {
                format!("bot {bot_id} was registered by webhook, and this call came from an application")
            }
            (Owner::App(_), _) => format!("bot {bot_id} belongs to another application"),
        });
    }

    /// The portal's own code broke on a value.
    pub(crate) fn broken() -> RestError {
        RestError::new(500, "INTERNAL_SERVER_ERROR", "Internal server error")
    }

    /// Keyboard, menu and attachment faults of v1 methods.
    pub(crate) fn content_error(what: &str, fault: ContentFault) -> RestError {
        match (what, fault) {
            (_, ContentFault::Fatal) => Self::broken(),
            ("ATTACH", ContentFault::Invalid) => RestError::bad("ATTACH_ERROR", "Incorrect attach params"),
            ("ATTACH", ContentFault::Oversize) => {
                RestError::bad("ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")
            }
            (what, ContentFault::Invalid) => RestError::bad(
                &format!("{what}_ERROR"),
                &format!("Incorrect {} params", what.to_ascii_lowercase()),
            ),
            (what, ContentFault::Oversize) => RestError::bad(
                &format!("PARAM_{what}_ERROR"),
                &format!("You have exceeded the maximum allowable size of {}", what.to_ascii_lowercase()),
            ),
        }
    }
}

pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(if *flag { "1" } else { "" }.to_owned()),
        _ => None,
    }
}

/// PHP's `(int)`: leading digits of a text, 0 for anything without them.
pub(crate) fn loose_int(value: &Value) -> i64 {
    match value {
        Value::Number(number) => {
            number.as_i64().unwrap_or_else(|| number.as_f64().map_or(0, |float| float as i64))
        }
        Value::Bool(flag) => i64::from(*flag),
        Value::String(text) => {
            let text = text.trim_start();
            let digits = text
                .char_indices()
                .take_while(|(at, letter)| {
                    letter.is_ascii_digit() || (*at == 0 && matches!(letter, '-' | '+'))
                })
                .count();
            text[..digits].parse().unwrap_or(0)
        }
        _ => 0,
    }
}

/// PHP's `is_numeric` for a whole number above 0.
pub(crate) fn positive(value: Option<&Value>) -> Option<i64> {
    let number = match value? {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Answer, loose_int};
    use serde_json::json;

    #[test]
    fn an_error_in_the_legacy_form_goes_out_as_it_is() {
        let legacy = json!({"result": false, "error": "NOT_ACTIVE_LINE", "error_description": "off"});
        assert_eq!(Answer::new(legacy.clone()).into_body(), legacy);
        assert_eq!(Answer::new(json!({"error": "x"})).into_body(), json!({"result": {"error": "x"}}));
    }

    #[test]
    fn leading_digits_make_a_number() {
        assert_eq!(loose_int(&json!("15 apples")), 15);
        assert_eq!(loose_int(&json!("-3")), -3);
        assert_eq!(loose_int(&json!("apples")), 0);
    }
}
