//! What could not be answered: counted, in the log, and in a file for who keeps the answers.
//!
//! A line of the file is the moment (`2026-03-16T17:41:58Z`), a tab, and the question in one line.
//!
//! **Trap:** questions are what people wrote, with whatever they say of themselves. Who keeps the file has to look after
//! it.

use std::{fs::File, io::Write, path::PathBuf};

use openlines::prelude::*;

/// Where questions without an answer are noted.
#[derive(Debug, Clone, Default)]
pub struct Unanswered {
    file: Option<PathBuf>,
}

impl Unanswered {
    /// Into this file, which is made if need be; into the log alone without one.
    pub fn into_file(file: Option<PathBuf>) -> Result<Self, AppError> {
        let unanswered = Self { file };
        unanswered.open().map_err(|error| {
            let file = unanswered.file.clone().unwrap_or_default();
            AppError::wrong_setting(format!(
                "{}: it cannot be written ({error}); `unanswered` of the settings has to name a file that can be",
                file.display()
            ))
        })?;
        Ok(unanswered)
    }

    /// Notes one. A file that cannot be written does not keep the client from being answered.
    pub async fn note(&self, question: &str, now: Timestamp) -> Result<(), HandlerError> {
        let question = question.split_whitespace().collect::<Vec<_>>().join(" ");
        metrics::counter!("faq_unanswered_total").increment(1);
        tracing::info!(question, "no answer");
        let at = jiff::Timestamp::from_second(now.seconds()).unwrap_or_default();
        let written = self.open().and_then(|file| match file {
            Some(mut file) => file.write_all(format!("{at}\t{question}\n").as_bytes()),
            None => Ok(()),
        });
        if let Err(error) = written {
            tracing::error!(%error, "the question without an answer could not be noted");
        }
        Ok(())
    }

    fn open(&self) -> std::io::Result<Option<File>> {
        let Some(path) = &self.file else { return Ok(None) };
        std::fs::OpenOptions::new().create(true).append(true).open(path).map(Some)
    }
}
