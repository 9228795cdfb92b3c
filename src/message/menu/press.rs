//! What the button of a menu carries.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Menu;
use crate::message::{BuildError, ButtonPayload};

/// What the button of a [`Menu`] carries: the menu and the value, so that reordered or reworded answers keep theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuPress {
    menu: String,
    value: Value,
}

impl ButtonPayload for MenuPress {
    const COMMAND: &'static str = "menu";
}

impl MenuPress {
    pub(super) fn of<T: Serialize>(menu: &Menu<T>, value: &T) -> Result<Self, BuildError> {
        let value = serde_json::to_value(value)
            .map_err(|error| BuildError::bad("VALUE", "5.2", format!("cannot be JSON: {error}")))?;
        Ok(Self { menu: menu.key(), value })
    }

    /// The name of the menu, or what stands for it.
    pub fn menu(&self) -> &str {
        &self.menu
    }

    pub(super) fn is(&self, value: &impl Serialize) -> bool {
        serde_json::to_value(value).is_ok_and(|value| value == self.value)
    }
}

impl<T> Menu<T> {
    /// Its name, else 64 bits of its prompt (FNV-1a, which is the same in every build).
    pub(super) fn key(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            let hash = self.prompt.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
            format!("{hash:016x}")
        })
    }
}
