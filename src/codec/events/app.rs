//! Application events (protocol 2.5). Nothing in them is essential: an empty `data` does not even travel.

use crate::codec::{Callback, fields::Fields};
use crate::wire::{AppInstall, AppUninstall, AppUpdate};

fn payload(callback: &Callback) -> Fields<'_> {
    let root = callback.raw.root();
    Fields::new(root.get("data").unwrap_or(root), "data")
}

pub(super) fn installed(callback: &Callback) -> AppInstall {
    let mut data = payload(callback);
    AppInstall {
        version: data.text("VERSION").to_owned(),
        active: data.flag("ACTIVE").unwrap_or(false),
        installed: data.flag("INSTALLED").unwrap_or(false),
        language: data.text("LANGUAGE_ID").to_owned(),
    }
}

pub(super) fn updated(callback: &Callback) -> AppUpdate {
    let mut data = payload(callback);
    AppUpdate {
        version: data.text("VERSION").to_owned(),
        previous_version: data.text("PREVIOUS_VERSION").to_owned(),
        language: data.text("LANGUAGE_ID").to_owned(),
    }
}

pub(super) fn uninstalled(callback: &Callback) -> AppUninstall {
    let mut data = payload(callback);
    AppUninstall { clean: data.flag("CLEAN").unwrap_or(false), language: data.text("LANGUAGE_ID").to_owned() }
}
