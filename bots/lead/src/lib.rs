//! Asks clients of open lines for what a lead needs, and puts it into the CRM, once.
//!
//! The first message of a session begins the form. Once it is confirmed, the contact is found by phone or e-mail address,
//! a lead or a deal is made (or the one that the line has bound to the chat is filled in), a note with all answers goes
//! into its time line, and the client is written to through it.
//!
//! ```
//! use lead::{Settings, routes};
//! use openlines::testing::Conversation;
//!
//! let mut talk = Conversation::with(routes(Settings::default()));
//! talk.client_says("hello").expect_containing("Good day!").expect("What is your name?");
//! talk.client_says("Ann").expect("Where can we call you?");
//! talk.client_says("soon").expect_containing("This does not look like a phone number");
//! ```
//!
//! **Trap:** without the client's consent nothing goes into the CRM. What they wrote stands in the chat all the same.

mod crm;
mod request;
mod settings;
mod texts;

use std::{pin::Pin, sync::Arc};

use openlines::{
    dispatch::{FormLeft, WhyLeft},
    prelude::*,
};
use serde::{Deserialize, Serialize};

pub use request::Request;
use request::form;
pub use settings::{Kind, Settings};
use texts::{TEXTS, Texts, filled, spoken};

/// The app with the bot in it, as its settings say.
pub fn app(app: App) -> Result<App, AppError> {
    let settings: Settings = app.settings("lead.toml")?;
    if settings.begin.is_empty() {
        return Err(AppError::wrong_setting(
            "lead.toml: `begin`: at least one word is needed, such as \"request\"",
        ));
    }
    let profile = BotProfile::openline("lead").name(&settings.name).return_command("/bot");
    // Tells of operators also where the bot has left the chat to them.
    Ok(app.event("ONOPENLINEMESSAGEADD").bot(profile, routes(settings)))
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A session whose form is over: filled in, or left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    session: i64,
    /// What it has become; 0 if it was left.
    item: i64,
}

impl DialogState for Over {
    const VERSION: u32 = 1;

    fn fallback() -> Self {
        Self { session: -1, item: 0 }
    }
}

/// What the bot hears.
pub fn routes(settings: Settings) -> Router {
    let settings = Arc::new(settings);
    let (begins, first) = (settings.clone(), settings.clone());
    let calls = Router::new().text(folded(&settings.person), async |cx: Context, message: Message| {
        cx.leave_form();
        cx.goto(Over { session: session(&cx), ..cx.state() });
        cx.reply(texts(&message.language).handed_over.as_str());
        cx.hand_over();
    });
    let forms = TEXTS.keys().fold(Router::new(), |router, language| {
        router.form(with_ways_out(language, &settings), confirmed(language, &settings))
    });
    forms
        .text(folded(&settings.begin), move |cx: Context, message: Message| {
            let settings = begins.clone();
            async move { cx.begin(&with_ways_out(spoken(&message.language), &settings)) }
        })
        .when(Filter::open_line(), calls)
        .fallback(move |cx: Context, message: Message| {
            let settings = first.clone();
            async move { first_message(&cx, &message, &settings) }
        })
        .rest(Failing)
}

fn first_message(cx: &Context, message: &Message, settings: &Arc<Settings>) {
    let texts = texts(&message.language);
    let over: Over = cx.state();
    if over.session != session(cx) {
        cx.reply(texts.greeting.as_str());
        cx.begin(&with_ways_out(spoken(&message.language), settings));
    } else if over.item > 0 {
        cx.reply(filled(&texts.again, &settings.begin[0]));
    }
}

/// The form in a language, which a person's name or a new beginning interrupts.
fn with_ways_out(language: &'static str, settings: &Arc<Settings>) -> Form<Request> {
    let calls = folded(&settings.person);
    let by_name = move |incoming: &Incoming| match &incoming.event {
        Event::Message(message) => calls.iter().any(|call| *call == message.text.trim().to_lowercase()),
        _ => false,
    };
    let settings_of = settings.clone();
    form(language, settings).unless(Filter::open_line().and(Filter::new(by_name))).left(
        move |cx: Context, left: FormLeft| {
            let again = settings_of.begin[0].clone();
            async move {
                cx.goto(Over { session: session(&cx), item: 0 });
                let texts = &TEXTS[language];
                filled(if left.why == WhyLeft::TimedOut { &texts.timed_out } else { &texts.cancelled }, again)
            }
        },
    )
}

/// What is done with the answers.
fn confirmed(
    language: &'static str,
    settings: &Arc<Settings>,
) -> impl Fn(Context, Request) -> BoxFuture<Handled> + Send + Sync + 'static {
    let settings = settings.clone();
    move |cx, request| {
        let settings = settings.clone();
        Box::pin(async move { enter(&cx, &request, &TEXTS[language], &settings).await })
    }
}

async fn enter(cx: &Context, request: &Request, texts: &Texts, settings: &Settings) -> Handled {
    let before: Over = cx.state();
    let (session, used) = (session(cx), before.item);
    if !request.consent {
        cx.reply(filled(&texts.no_consent, &settings.begin[0]));
        cx.goto(Over { session, item: used });
        return Ok(Done);
    }
    let entered = crm::enter(cx, request, settings, used).await?;
    cx.reply(filled(&texts.thanks, entered.id));
    if is_line(cx) {
        cx.crm_reply(entered.of_chat, filled(&texts.goes_on, entered.id));
        if settings.hand_over {
            cx.hand_over();
        }
    }
    cx.goto(Over { session, item: entered.id });
    Ok(Done)
}

/// Sees to those whose request could not be entered: a person goes on with what the chat has.
struct Failing;

#[async_trait]
impl BotHandler for Failing {
    async fn on_error(&self, cx: &Context, error: &HandlerError, last: bool) -> Recovery {
        let language = match &cx.incoming().event {
            Event::Message(message) => &message.language,
            Event::Command(press) => &press.language,
            _ => return Recovery::Retry,
        };
        if !last || !is_line(cx) {
            return Recovery::Retry;
        }
        tracing::error!(portal = %cx.portal(), error = error.chain(), "a request could not be entered");
        let note = Text::new()
            .plain(format!("The request was not entered: {}. The answers stand above.", error.chain()));
        cx.reply(Reply::from(note).internal_note());
        cx.reply(texts(language).failed.as_str());
        cx.leave_form();
        cx.goto(Over { session: session(cx), item: 0 });
        cx.hand_over();
        Recovery::Settle
    }
}

fn is_line(cx: &Context) -> bool {
    cx.chat().is_some_and(Chat::is_line)
}

fn texts(language: &str) -> &'static Texts {
    &TEXTS[spoken(language)]
}

/// The session that the event names; 0 in private chats.
fn session(cx: &Context) -> i64 {
    cx.chat().and_then(|chat| chat.session.as_ref()).map_or(0, |session| session.id.get())
}

fn folded(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.trim().to_lowercase()).collect()
}
