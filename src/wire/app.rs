//! The application's own life on a portal (protocol 2.5).
//!
//! ```
//! use openlines::wire::AppPayment;
//!
//! let mut payment = AppPayment::default();
//! payment.expired = true;
//! assert_eq!((payment.expired, payment.days), (true, 0));
//! ```
//!
//! **Trap:** once the payment has ended no events come, so this one may be the last that is heard.

use secrecy::SecretString;
use serde_json::Value;

/// The application was installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppInstall {
    /// Version of the application row.
    pub version: String,
    /// Active.
    pub active: bool,
    /// Installation finished.
    pub installed: bool,
    /// Site language.
    pub language: String,
}

/// The application was updated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppUpdate {
    /// New version.
    pub version: String,
    /// Version before.
    pub previous_version: String,
    /// Site language.
    pub language: String,
}

/// The application was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppUninstall {
    /// The person who removed it asked for its records to be removed as well.
    pub clean: bool,
    /// Site language.
    pub language: String,
}

/// The application was paid for, or its payment ended: `ONAPPPAYMENT`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppPayment {
    /// Code of the application, `vendor.bot`.
    pub app_code: String,
    /// Its version.
    pub version: String,
    /// `L F D T P S`: local, free, demo, trial, paid, subscription.
    pub status: String,
    /// What was paid for has ended; from now on no events come.
    pub expired: bool,
    /// Days that are paid for.
    pub days: i64,
    /// Site language; portals of today do not say.
    pub language: String,
}

/// The subscription that the application belongs to was renewed: `ONSUBSCRIPTIONRENEW`. What it carries is not
/// documented; it is found in [`Incoming::raw`](super::Incoming::raw).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionRenewed {
    /// Site language, where it is told.
    pub language: String,
}

/// An administrator decided on a call that was answered with `METHOD_CONFIRM_WAITING`: `ONAPPMETHODCONFIRM`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MethodConfirmation {
    /// The token of the call that waited.
    pub token: SecretString,
    /// Its method.
    pub method: String,
    /// Whether it may be made now.
    pub confirmed: bool,
    /// Site language.
    pub language: String,
}

/// The answer to `event.test`: `ONAPPTEST`.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct AppTest {
    /// The parameters of the call, every scalar a string.
    pub query: Value,
    /// Site language.
    pub language: String,
}

/// Events wait to be fetched by `event.offline.get`: `ONOFFLINEEVENT`. It carries nothing besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfflineEvents;
