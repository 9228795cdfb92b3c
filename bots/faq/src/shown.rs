//! What a client was shown last, so that `2` means what they see and not what the file says by now.

use openlines::prelude::*;
use serde::{Deserialize, Serialize};

use super::Path;

/// The menu that a dialog is in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Below which topic it is; empty at the top.
    pub at: Path,
    /// The menu; `None` before the first one.
    pub menu: Option<Menu<Path>>,
}

impl DialogState for Shown {
    const NAME: &'static str = "shown";
    const VERSION: u32 = 1;

    fn fallback() -> Self {
        Self::default()
    }
}
