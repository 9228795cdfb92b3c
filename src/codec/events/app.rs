//! Application events (protocol 2.5). Nothing in them is essential: an empty `data` does not even travel.

use crate::codec::{Callback, fields::Fields};
use crate::wire::{
    AppInstall, AppPayment, AppTest, AppUninstall, AppUpdate, MethodConfirmation, Node, SubscriptionRenewed,
};

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

pub(super) fn paid(callback: &Callback) -> AppPayment {
    let mut data = payload(callback);
    AppPayment {
        app_code: data.text("CODE").to_owned(),
        version: data.text("VERSION").to_owned(),
        status: data.text("STATUS").to_owned(),
        expired: data.flag("PAYMENT_EXPIRED").unwrap_or(false),
        days: data.int("DAYS").unwrap_or(0),
        language: data.text("LANGUAGE_ID").to_owned(),
    }
}

pub(super) fn renewed(callback: &Callback) -> SubscriptionRenewed {
    SubscriptionRenewed { language: payload(callback).text("LANGUAGE_ID").to_owned() }
}

pub(super) fn confirmed(callback: &Callback) -> MethodConfirmation {
    let mut data = payload(callback);
    MethodConfirmation {
        token: data.text("TOKEN").into(),
        method: data.text("METHOD").to_owned(),
        confirmed: data.flag("CONFIRMED").unwrap_or(false),
        language: data.text("LANGUAGE_ID").to_owned(),
    }
}

pub(super) fn tested(callback: &Callback) -> AppTest {
    let mut data = payload(callback);
    let query = data.get("QUERY").map(Node::to_json).unwrap_or_default();
    AppTest { query, language: data.text("LANGUAGE_ID").to_owned() }
}
