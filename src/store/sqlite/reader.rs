//! The thread that reads: each question sees the newest commit and waits for no write.

use std::{path::PathBuf, sync::mpsc};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::fault;
use crate::store::StoreError;

/// A question waiting for its turn.
pub(super) type Question = Box<dyn FnOnce(&Reader) + Send>;

pub(super) struct Reader {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
}

impl Reader {
    pub(super) fn run(self, questions: &mpsc::Receiver<Question>) {
        while let Ok(question) = questions.recv() {
            question(&self);
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let answer = || {
            // One snapshot for all statements of a question.
            self.conn.prepare_cached("BEGIN")?.execute([])?;
            let answer = ask(&self.conn);
            // Nothing was written; a statement that is left over would keep the snapshot.
            self.conn.prepare_cached("COMMIT")?.execute([])?;
            answer
        };
        answer().map_err(|error| fault::error(&self.path, "reading", &error))
    }
}

/// Wraps `ask` as a question with the way its answer comes back.
pub(super) fn question<T: Send + 'static>(
    ask: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> (Question, oneshot::Receiver<Result<T, StoreError>>) {
    let (reply, answer) = oneshot::channel();
    let question: Question = Box::new(move |reader: &Reader| {
        let _ = reply.send(reader.ask(ask));
    });
    (question, answer)
}
