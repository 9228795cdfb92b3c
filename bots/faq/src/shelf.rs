//! The file of answers, and its last content that could be read.
//!
//! **Trap:** what an editor is still writing may be half a file that reads well. A change therefore counts once it is
//! found the same at two looks in a row.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use openlines::prelude::*;

use super::Answers;

/// The answers of an imagined shop, for the first look.
const SAMPLE: &str = include_str!("../answers.toml");
/// Where answers are kept unless a setting says otherwise.
const USUAL: &str = "answers.toml";

/// What a look at the file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nothing new, or something that may still be being written.
    Nothing,
    /// Other answers, which count from now on.
    Taken,
    /// What cannot be used, and why; the answers stay what they were.
    Broken(String),
}

/// The answers as they are now.
#[derive(Debug)]
pub struct Shelf {
    file: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    answers: Arc<Answers>,
    /// The last content looked at, used or not; an error counts as one.
    seen: Result<String, String>,
    settled: bool,
}

impl Shelf {
    /// Opens the file that the settings name. It has to be there and right.
    pub fn open(file: Option<&Path>) -> Result<Self, AppError> {
        let usual = || Some(Path::new(USUAL)).filter(|path| path.exists());
        let Some(file) = file.or_else(usual) else {
            tracing::warn!(
                "no `answers` are set in faq.toml and there is no {USUAL}: the bot answers from the sample"
            );
            return Ok(Self::of(Answers::read(Path::new(USUAL), SAMPLE)?));
        };
        let text = std::fs::read_to_string(file).map_err(|error| {
            let file = file.display();
            AppError::wrong_setting(format!(
                "{file}: the answers cannot be read ({error}); `answers` of the settings has to name a TOML file"
            ))
        })?;
        let kept = Kept { answers: Arc::new(Answers::read(file, &text)?), seen: Ok(text), settled: true };
        Ok(Self { file: Some(file.to_owned()), kept: Mutex::new(kept) })
    }

    /// Answers of no file, which stay what they are.
    pub fn of(answers: Answers) -> Self {
        let kept = Kept { answers: Arc::new(answers), seen: Ok(String::new()), settled: true };
        Self { file: None, kept: Mutex::new(kept) }
    }

    /// The answers.
    pub fn answers(&self) -> Arc<Answers> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// Looks whether the file has changed.
    pub fn look(&self) -> Look {
        let Some(file) = &self.file else { return Look::Nothing };
        let found = std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read ({error})", file.display()));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if found != kept.seen {
            kept.seen = found;
            kept.settled = false;
            return Look::Nothing;
        }
        if std::mem::replace(&mut kept.settled, true) {
            return Look::Nothing;
        }
        let read = found.and_then(|text| Answers::read(file, &text).map_err(|error| error.to_string()));
        match read {
            Ok(answers) => {
                kept.answers = Arc::new(answers);
                Look::Taken
            }
            Err(why) => Look::Broken(why),
        }
    }

    /// Looks every so often, and tells the log what came of it.
    pub async fn follow(self: Arc<Self>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            match self.look() {
                Look::Nothing => {}
                Look::Taken => {
                    tracing::info!(topics = self.answers().topics.len(), "the answers have changed")
                }
                Look::Broken(why) => tracing::error!("the answers stay what they were: {why}"),
            }
        }
    }
}
