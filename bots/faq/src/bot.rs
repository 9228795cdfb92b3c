//! The dialog: what is asked becomes a topic, a menu, a person, or something to be written into the file.

use std::sync::Arc;

use openlines::{message::MenuReading, prelude::*};

use super::{Answers, Found, Path, Shelf, Shown, Unanswered, search, search::same};

/// The bot.
#[derive(Debug, Clone)]
pub struct Faq {
    shelf: Arc<Shelf>,
    unanswered: Unanswered,
}

#[async_trait]
impl BotHandler for Faq {
    async fn on_joined(&self, cx: &Context, _joined: &Joined) -> Handled {
        // And no menu: the client's first message comes along, and may be a question that has its answer.
        let answers = self.shelf.answers();
        if !answers.greeting.trim().is_empty() {
            cx.reply(&*answers.greeting);
        }
        Ok(Done)
    }

    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        let answers = self.shelf.answers();
        let shown: Shown = cx.state();
        let text = message.text.trim();
        let means = |words: &[String]| words.iter().any(|word| same(word, text));
        if text == "0" && message.chat.is_line() {
            // The portal has called a person already.
            cx.goto(Shown::default());
        } else if text == "0" || means(&answers.words.person) {
            call_person(cx, &answers, message);
        } else if means(&answers.words.menu) {
            show_menu(cx, &answers, &[], &answers.prompt);
        } else if means(&answers.words.back) {
            let above = shown.at.split_last().map_or(&[][..], |(_, above)| above);
            let prompt = answers.topic(above).map_or_else(|| answers.prompt.clone(), |topic| topic.prompt());
            show_menu(cx, &answers, above, &prompt);
        } else {
            match meant(&answers, &shown, message) {
                Found::One(path) => say(cx, &answers, &path)?,
                Found::Several(paths) => offer(cx, &shown.at, answers.which(paths)),
                Found::None => {
                    let question = if text.is_empty() { "(a file)" } else { text };
                    cx.step("noted", self.unanswered.note(question, cx.now())).await?;
                    show_menu(cx, &answers, &[], &answers.unknown);
                }
            }
        }
        Ok(Done)
    }
}

impl Faq {
    /// Answers from this shelf.
    pub fn new(shelf: Arc<Shelf>, unanswered: Unanswered) -> Self {
        Self { shelf, unanswered }
    }
}

/// What was shown comes first, as it was shown: `2` is its second line, whatever the file says by now.
fn meant(answers: &Answers, shown: &Shown, message: &Message) -> Found {
    let read = shown.menu.as_ref().map(|menu| menu.read(message));
    match read {
        Some(MenuReading::Chosen(path)) => Found::One(path.clone()),
        Some(MenuReading::Ambiguous(paths)) => Found::Several(paths.into_iter().cloned().collect()),
        _ => search(answers, &message.text),
    }
}

fn say(cx: &Context, answers: &Answers, path: &Path) -> Result<(), HandlerError> {
    let Some(topic) = answers.topic(path) else {
        show_menu(cx, answers, &[], &answers.gone);
        return Ok(());
    };
    metrics::counter!("faq_answered_total").increment(1);
    if topic.topics.is_empty() {
        cx.reply(topic.reply()?);
    } else {
        show_menu(cx, answers, path, &topic.prompt());
    }
    Ok(())
}

fn show_menu(cx: &Context, answers: &Answers, at: &[String], prompt: &str) {
    offer(cx, at, answers.menu(at, prompt));
}

fn offer(cx: &Context, at: &[String], menu: Menu<Path>) {
    cx.reply_menu(&menu);
    cx.goto(Shown { at: at.to_vec(), menu: Some(menu) });
}

fn call_person(cx: &Context, answers: &Answers, message: &Message) {
    cx.goto(Shown::default());
    if message.chat.is_line() {
        cx.reply(&*answers.person);
        cx.hand_over();
    } else {
        cx.reply("Only a client of an open line can be handed over to a person.");
    }
}
