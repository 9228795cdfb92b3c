//! What there is to say of a call that its answer does not say: the portal refuses and drops without a word.
//!
//! They go to the log, into the call's record and to the page. The trap: they are of the call that runs now; whoever
//! runs another one inside of it, as a batch does, takes them out first.

use std::cell::RefCell;

/// Remarks of one call.
const MOST: usize = 12;

/// The remarks of the call that is running. A cell, so that whoever only reads the world can make one.
#[derive(Default)]
pub(crate) struct Remarks(RefCell<Vec<String>>);

impl Remarks {
    pub(crate) fn add(&self, text: String) {
        let mut all = self.0.borrow_mut();
        match all.len() {
            ..MOST => all.push(text),
            MOST => all.push("and more".to_owned()),
            _ => {}
        }
    }

    pub(crate) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// All of them as one text; then there are none.
    pub(crate) fn take(&self) -> Option<String> {
        let all = std::mem::take(&mut *self.0.borrow_mut());
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Puts back what was taken out, and adds to it.
    pub(crate) fn restore(&self, before: Option<String>, more: Option<String>) {
        for text in before.into_iter().chain(more) {
            self.add(text);
        }
    }
}
