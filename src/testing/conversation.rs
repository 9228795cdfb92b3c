//! [`Conversation`]: what people do, and what the bot does about it.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::Value;

use super::{
    ConversationBuilder,
    life::{Life, Rest, World},
    points::Points,
    portal::{File, Given, Person, Scene, Written},
    sent::{Press, Sent},
};
use crate::{
    dispatch::{Handle, IntoHandle},
    rest::CallError,
    wire::{CommandContext, DialogId, Timestamp, UserId},
};

/// Makes the handler of a life.
pub(super) type MakeHandler = Arc<dyn Fn() -> Arc<dyn Handle> + Send + Sync>;

/// One dialog with a bot: what people do in it, and what is expected of the bot.
///
/// Everything is handled when a call returns; what waits for time to pass waits for [`after`](Self::after). See the
/// [module](super) for how it is used.
///
/// # Panics
///
/// Every method that acts or expects panics where the test stands, with the conversation so far, when what it says is
/// not so, or when a handler does not return in time ([`ConversationBuilder::patience`]).
pub struct Conversation {
    pub(super) world: World,
    life: Life,
    make: MakeHandler,
    pub(super) code: String,
}

#[allow(clippy::panic, reason = "a test that cannot go on")]
impl Conversation {
    /// A client of an open line of live chat talks to the bot. `handler` is what [`App::bot`](crate::app::App::bot)
    /// takes: a [`BotHandler`](crate::dispatch::BotHandler), a [`Router`](crate::dispatch::Router) or an async closure.
    #[track_caller]
    pub fn with<Door>(handler: impl IntoHandle<Door>) -> Self {
        Self::builder().with(handler)
    }

    /// Another bot, channel, language or policy.
    pub fn builder() -> ConversationBuilder {
        ConversationBuilder::new()
    }

    pub(super) fn begin(world: World, make: MakeHandler, points: Points) -> Result<Self, String> {
        let life = world.begin(make(), points)?;
        let code = world.portal.ledger().scene.code.clone();
        Ok(Self { world, life, make, code })
    }

    /// The client writes. A text that begins with a command of the bot arrives as that command, as on a portal.
    #[track_caller]
    pub fn client_says(&mut self, text: impl AsRef<str>) -> &mut Self {
        let client = self.scene().client;
        self.says(&client, text.as_ref(), &[])
    }

    /// The client sends a file, with a text or an empty one. The bot's `cx.download` gets its content.
    #[track_caller]
    pub fn client_sends_file(
        &mut self,
        name: impl Into<String>,
        content: impl Into<Bytes>,
        text: impl AsRef<str>,
    ) -> &mut Self {
        let (name, content) = (name.into(), content.into());
        let file = {
            let mut ledger = self.world.portal.ledger();
            let file = File { id: ledger.next_id(), name: name.clone(), size: content.len() };
            let files = ledger.files.clone();
            files.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(file.id, (name, content));
            file
        };
        let client = self.scene().client;
        self.says(&client, text.as_ref(), &[file])
    }

    /// The client presses a button of the last message that has one of this label: a command is given, a text is sent.
    #[track_caller]
    pub fn client_presses(&mut self, label: &str) -> &mut Self {
        let found =
            self.world.portal.ledger().button(label).map(|(said, press)| (said.clone(), press.clone()));
        let Some((said, press)) = found else {
            self.fail(&format!("the client cannot press `{label}`: no message of the bot has such a button"))
        };
        self.log(format!("client presses [{label}]"));
        let client = self.scene().client;
        match press {
            Press::Send(text) => self.says(&client, &text, &[]),
            Press::Command { name, params } => {
                let Some(id) = self.world.portal.ledger().command_id(&name) else {
                    self.fail(&format!(
                        "the button `{label}` gives the command `{name}`, which the bot has not registered; name it in the \
                         profile or give it a route"
                    ))
                };
                let given = Given { id, name, params, context: CommandContext::Button };
                let text = said.text.as_str();
                let written = Written { id: said.id, author: &client, text, files: &[] };
                let (code, data) = self.scene().command(&written, &given);
                self.deliver(code, &data)
            }
            Press::Link(_) | Press::Other(_) => self.fail(&format!(
                "the button `{label}` does {press:?}, of which the bot does not hear; look at it with `effects`"
            )),
        }
    }

    /// An operator takes the session, if need be, and writes to the client. The bot is still in the chat and hears it
    /// if its profile says that it hears operators.
    #[track_caller]
    pub fn operator_says(&mut self, text: impl AsRef<str>) -> &mut Self {
        let operator = {
            let mut ledger = self.world.portal.ledger();
            let operator = ledger.scene.operator.clone();
            ledger.scene.owner = operator.id;
            operator
        };
        self.says(&operator, text.as_ref(), &[])
    }

    /// The bot joins the chat. That is the first thing it hears of a session, but only happens here when it is said.
    #[track_caller]
    pub fn joins(&mut self) -> &mut Self {
        self.log("the bot joins".to_owned());
        let (code, data) = self.scene().joined();
        self.deliver(code, &data)
    }

    /// The portal tells that the session began (`ONSESSIONSTART`).
    #[track_caller]
    pub fn session_starts(&mut self) -> &mut Self {
        self.log("the session starts".to_owned());
        let data = self.scene().session();
        self.deliver("ONSESSIONSTART", &data)
    }

    /// The session is finished (`ONSESSIONFINISH`); what the client writes then begins the next one, which is the bot's.
    #[track_caller]
    pub fn session_finishes(&mut self) -> &mut Self {
        self.log("the session is finished".to_owned());
        let data = self.scene().session();
        self.deliver("ONSESSIONFINISH", &data);
        let mut ledger = self.world.portal.ledger();
        ledger.scene.session += 1;
        ledger.scene.owner = UserId::new(ledger.scene.bot);
        drop(ledger);
        self
    }

    /// Any other event of the portal, by its code and its `data` (protocol 2). To events of v2 bots the bot, the chat,
    /// the client and the language are added where `data` does not have them.
    #[track_caller]
    pub fn event(&mut self, code: &str, data: Value) -> &mut Self {
        self.log(format!("event {code} {data}"));
        let mut data = data;
        if code.to_ascii_uppercase().starts_with("ONIMBOTV2")
            && let Value::Object(data) = &mut data
        {
            let scene = self.scene();
            let around = scene.around_v2(Some(&scene.client));
            for (name, value) in around.as_object().into_iter().flatten() {
                data.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        self.deliver(code, &data)
    }

    /// Time passes, from one moment that something waits for to the next: timers fire, failed turns and calls are tried
    /// again.
    #[track_caller]
    pub fn after(&mut self, span: Duration) -> &mut Self {
        self.log(format!("{span:?} pass"));
        let end = self.world.clock.after(span);
        loop {
            let next = self.world.clock.next_moment().filter(|moment| *moment < end);
            self.world.clock.move_to(next.unwrap_or(end));
            self.come_to_rest();
            if next.is_none() {
                return self;
            }
        }
    }

    /// The process ends where it stands and begins again, with the same handler.
    #[track_caller]
    pub fn restart(&mut self) -> &mut Self {
        self.log("the bot is started again".to_owned());
        self.begin_again();
        self
    }

    /// The process ends, and a newer program with another handler begins.
    #[track_caller]
    pub fn restart_with<Door>(&mut self, handler: impl IntoHandle<Door>) -> &mut Self {
        let handler = handler.into_handle();
        self.make = Arc::new(move || handler.clone());
        self.restart()
    }

    /// What the portal answers from now on to calls of a method: its `result`.
    ///
    /// Messages, edits, hand-over and whatever else the framework itself calls are answered anyhow; so is who has the
    /// session (`imopenlines.dialog.get`). Anything else that a handler calls and the test does not answer is refused.
    pub fn answers(&mut self, method: &str, result: Value) -> &mut Self {
        self.world.portal.ledger().answer(method, result);
        self
    }

    /// The next call of the error's method fails with it; said twice, the next two do. A call whose outcome is unknown is
    /// carried out, and its answer lost.
    pub fn fails(&mut self, error: CallError) -> &mut Self {
        self.world.portal.ledger().fail(error);
        self
    }

    /// Everything the bot did so far.
    pub fn effects(&self) -> Vec<Sent> {
        self.world.portal.ledger().sent.iter().map(|(sent, _)| sent.clone()).collect()
    }

    /// What the bot did and no expectation has seen yet; now it has.
    pub fn take_effects(&mut self) -> Vec<Sent> {
        let mut ledger = self.world.portal.ledger();
        let unseen = ledger.sent.iter_mut().filter(|(_, seen)| !*seen);
        unseen
            .map(|(sent, seen)| {
                *seen = true;
                sent.clone()
            })
            .collect()
    }

    /// What happened so far, a line each.
    pub fn transcript(&self) -> String {
        self.world.portal.ledger().log.join("\n")
    }

    /// The moment it is now.
    pub fn now(&self) -> Timestamp {
        self.world.clock.after(Duration::ZERO)
    }

    /// Where it takes place.
    pub fn dialog(&self) -> DialogId {
        self.scene().dialog()
    }

    pub(super) fn scene(&self) -> Scene {
        self.world.portal.ledger().scene.clone()
    }

    fn log(&self, line: String) {
        self.world.portal.ledger().log.push(line);
    }

    #[track_caller]
    fn says(&mut self, author: &Person, text: &str, files: &[File]) -> &mut Self {
        let names: String = files.iter().map(|file| format!(" [{}]", file.name)).collect();
        let who = match (author.client, self.scene().private) {
            (true, _) => "client",
            (false, true) => "employee",
            (false, false) => "operator",
        };
        self.log(format!("{who}: {text}{names}"));
        let id = self.world.portal.ledger().write(author, text);
        let scene = self.scene();
        let written = Written { id, author, text, files };
        let (code, data) = match self.typed(text) {
            Some(given) => scene.command(&written, &given),
            None => scene.message(&written),
        };
        self.deliver(code, &data)
    }

    /// The command of the bot that a text is.
    fn typed(&self, text: &str) -> Option<Given> {
        let (name, params) =
            text.strip_prefix('/')?.split_once(char::is_whitespace).unwrap_or((&text[1..], ""));
        let id = self.world.portal.ledger().command_id(name)?;
        let params = params.trim().to_owned();
        Some(Given { id, name: name.to_ascii_lowercase(), params, context: CommandContext::Typed })
    }

    /// Brings a callback, again until it got its 200: what a stopped process has not accepted is fetched by the next.
    #[track_caller]
    fn deliver(&mut self, code: &str, data: &Value) -> &mut Self {
        let body = self.world.callback(code, data);
        loop {
            let (accepted, rest) = self.world.deliver(&self.life, body.clone());
            match accepted {
                Err(why) => self.fail(&format!("{code} was refused at the door: {why}")),
                Ok(accepted) => {
                    self.go_on(rest);
                    if accepted {
                        return self;
                    }
                }
            }
        }
    }

    #[track_caller]
    fn come_to_rest(&mut self) {
        let rest = self.world.rest(&self.life);
        self.go_on(rest);
    }

    /// After a stop the next life begins, which has no points.
    #[track_caller]
    fn go_on(&mut self, rest: Rest) {
        match rest {
            Rest::Quiet => {}
            Rest::Stopped(point) => {
                self.log(format!("! the process ends {point}, and begins again"));
                self.begin_again();
            }
            Rest::Hangs => self.fail(
                "a handler does not return: it waits for something outside of the conversation; give it an answer, or \
                 leave that out of this test",
            ),
        }
    }

    #[track_caller]
    fn begin_again(&mut self) {
        self.world.end(&self.life);
        match self.world.begin((self.make)(), Points::never()) {
            Ok(life) => self.life = life,
            Err(why) => self.fail(&format!("the bot does not start: {why}")),
        }
        self.come_to_rest();
    }

    /// Ends the test: what was expected, and the conversation so far.
    #[track_caller]
    pub(super) fn fail(&self, what: &str) -> ! {
        let told: String =
            self.world.portal.ledger().log.iter().map(|line| format!("\n    {line}")).collect();
        let troubles: String = self.troubles().iter().map(|line| format!("\n    ! {line}")).collect();
        panic!("{what}\n\nthe conversation so far:{told}{troubles}\n");
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("bot", &self.code).finish_non_exhaustive()
    }
}
