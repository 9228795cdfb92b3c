//! What the bot can say: a tree of topics, and the texts around it.
//!
//! ```
//! use faq::Answers;
//!
//! let wrong = Answers::read("answers.toml".as_ref(), "[[topics]]\nlabel = \"Delivery\"\n").unwrap_err();
//! assert!(wrong.to_string().starts_with("answers.toml: topic `Delivery`: it has neither"), "{wrong}");
//! ```
//!
//! **Trap:** a label names its topic: what a client was shown is found again under it. Who rewords one takes it from
//! under those who have it before their eyes; they are shown the menu anew.

use openlines::{
    message::{BuildError, card},
    prelude::*,
};
use serde::Deserialize;

/// The labels that lead to a topic, from the top.
pub type Path = Vec<String>;

/// Everything in the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// Said once, when the bot joins; nothing if blank.
    pub greeting: String,
    /// Above the first menu.
    pub prompt: String,
    /// Below a menu in channels without buttons.
    pub hint: String,
    /// Above the topics among which a question does not decide.
    pub which: String,
    /// What is said to a question without an answer, above the menu.
    pub unknown: String,
    /// What is said for a topic that was shown and is no longer there, above the menu.
    pub gone: String,
    /// What is said to who asks for a person.
    pub person: String,
    /// Words that are no questions.
    pub words: Words,
    /// The first menu.
    pub topics: Vec<Topic>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            greeting: String::new(),
            prompt: "What is it about?".into(),
            hint: "Answer with a number or in your own words; 0 calls a person.".into(),
            which: "Which of these do you mean?".into(),
            unknown: "I have no answer to that. Perhaps one of these? Write `person` to talk to one.".into(),
            gone: "This has changed in the meantime. Please choose again:".into(),
            person: "One moment please, a person will answer.".into(),
            words: Words::default(),
            topics: Vec::new(),
        }
    }
}

/// Words that are no questions, compared without case and signs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// Show the first menu.
    pub menu: Vec<String>,
    /// Show the menu above.
    pub back: Vec<String>,
    /// Call a person, as `0` does in an open line by itself.
    pub person: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        let words = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        Self {
            menu: words(&["menu", "start", "hello", "hi", "меню", "старт", "привет", "здравствуйте"]),
            back: words(&["back", "назад"]),
            person: words(&["person", "operator", "human", "человек", "оператор"]),
        }
    }
}

/// One topic: an answer, or topics below it, whose menu then has the answer as its prompt.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Topic {
    /// What menus show.
    pub label: String,
    /// Other words for it, alone or within a question.
    pub synonyms: Vec<String>,
    /// What is said, BB code.
    pub answer: String,
    /// Links below the answer.
    pub links: Vec<Link>,
    /// A card below it: names and values.
    pub card: Vec<(String, String)>,
    /// Address of a picture below it.
    pub picture: Option<String>,
    /// Topics below it.
    pub topics: Vec<Topic>,
}

/// A link below an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Where it leads, http(s).
    pub url: String,
}

impl Answers {
    /// Reads `text`, the content of `file`. What is wrong is named by file, key or topic, and what is allowed.
    pub fn read(file: &std::path::Path, text: &str) -> Result<Self, AppError> {
        let answers: Self = openlines::app::settings_of(file, text)?;
        let wrong = |(place, why): (String, String)| {
            AppError::wrong_setting(format!("{}: {place}: {why}", file.display()))
        };
        let Self { which, unknown, gone, person, .. } = &answers;
        for (key, text) in [("which", which), ("unknown", unknown), ("gone", gone), ("person", person)] {
            if text.trim().is_empty() {
                return Err(wrong((format!("`{key}`"), "is blank; any text is allowed".into())));
            }
        }
        answers
            .menu(&[], &answers.prompt)
            .check()
            .map_err(|error| wrong(("`topics`".into(), error.to_string())))?;
        answers.check(&[], &answers.topics).map_err(wrong)?;
        Ok(answers)
    }

    /// The topic at `path`.
    pub fn topic(&self, path: &[String]) -> Option<&Topic> {
        let (label, above) = path.split_last()?;
        self.topics_at(above)?.iter().find(|topic| topic.label == *label)
    }

    /// The topics below `path`, which is empty for the first menu.
    pub fn topics_at(&self, path: &[String]) -> Option<&[Topic]> {
        if path.is_empty() { Some(&self.topics) } else { Some(&self.topic(path)?.topics) }
    }

    /// The menu of what is below `path`.
    pub fn menu(&self, path: &[String], prompt: &str) -> Menu<Path> {
        let menu = Menu::new(prompt).hint(&self.hint);
        self.topics_at(path).unwrap_or_default().iter().fold(menu, |menu, topic| {
            let menu = menu.item(below(path, topic), &topic.label);
            topic.synonyms.iter().fold(menu, Menu::synonym)
        })
    }

    /// The menu of topics among which a question did not decide, with all their labels, for one may be there twice.
    pub fn which(&self, paths: Vec<Path>) -> Menu<Path> {
        let menu = Menu::new(&self.which).hint(&self.hint);
        paths.into_iter().fold(menu, |menu, path| {
            let label = path.join(" / ");
            menu.item(path, label)
        })
    }

    fn check(&self, path: &[String], topics: &[Topic]) -> Result<(), (String, String)> {
        for topic in topics {
            let path = below(path, topic);
            let wrong = |why: String| (format!("topic `{}`", path.join(" / ")), why);
            if let Some(link) = topic.links.iter().find(|link| !is_web(&link.url)) {
                return Err(wrong(format!("`{}` is no link; http:// and https:// are allowed", link.url)));
            }
            let says = topic.reply().map_err(|error| wrong(error.to_string()))?;
            if topic.topics.is_empty() {
                if says.text.is_empty() && says.attach.is_none() {
                    return Err(wrong("it has neither an answer nor topics; one of them is needed".into()));
                }
                continue;
            }
            if says.attach.is_some() {
                return Err(wrong("it has topics, and a menu takes neither `card` nor `picture`".into()));
            }
            self.menu(&path, &topic.prompt()).check().map_err(|error| wrong(error.to_string()))?;
            self.check(&path, &topic.topics)?;
        }
        Ok(())
    }
}

impl Topic {
    /// The answer with what goes below it.
    pub fn reply(&self) -> Result<Reply, BuildError> {
        let text = self.links.iter().fold(Text::new().markup(self.answer.trim()), |text, link| {
            let text = if text.is_empty() { text } else { text.plain("\n") };
            text.url(&link.url, link.text.as_str())
        });
        let mut attach = Attach::builder();
        if !self.card.is_empty() {
            attach = attach.block(card(self.card.iter().map(|(name, value)| (name, value))));
        }
        if let Some(picture) = &self.picture {
            attach = attach.image(picture);
        }
        let reply = Reply::text(text.as_str());
        let bare = self.card.is_empty() && self.picture.is_none();
        Ok(if bare { reply } else { reply.attach(attach.build()?) })
    }

    /// What stands above its topics.
    pub fn prompt(&self) -> String {
        let says = self.reply().map(|reply| reply.text).unwrap_or_default();
        if says.is_empty() { literal(&self.label).to_string() } else { says }
    }
}

fn below(path: &[String], topic: &Topic) -> Path {
    path.iter().chain([&topic.label]).cloned().collect()
}

fn is_web(url: &str) -> bool {
    url.strip_prefix("https://").or(url.strip_prefix("http://")).is_some_and(|rest| !rest.is_empty())
}
