//! What the portal refuses whole: its own state, the application's, the licence (protocol 8.3).
//!
//! The trap: clients see these codes so seldom that they often treat them as a bug of their own call. The token check
//! gives every one of its refusals status 401.

use super::RestError;
use super::auth::{Auth, AuthKind};

/// A refusal that does not depend on the call, set by
/// [`Portal::refuse_calls`](crate::Portal::refuse_calls).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemRefusal {
    /// 403 `PORTAL_DELETED`: the site was stopped. It comes before anything else is looked at.
    PortalDeleted,
    /// 500 `INTERNAL_SERVER_ERROR`, before the method runs.
    InternalError,
    /// 500 `INTERNAL_WRONG_TRANSPORT`, before the method runs.
    WrongTransport,
    /// 401 `INVALID_REQUEST`: webhooks want https. Calls with a token pass.
    WebhookOverHttp,
    /// 401 `ACCESS_DENIED`: the plan has no REST.
    CommercialPlanOnly,
    /// 401 `OVERLOAD_LIMIT`: the vendor put the application or the webhook on hold.
    OnHold,
    /// 401 `APPLICATION_NOT_FOUND`: the application is gone or inactive. Webhooks pass.
    ApplicationNotFound,
    /// 401 `user_access_error`: the user may not use the application.
    UserAccess,
    /// 401 `authorization_error`.
    Authorization,
    /// 401 `CONNECTION_ERROR`: the portal cannot reach the authorisation server.
    AuthServerDown,
    /// 401 `PAYMENT_REQUIRED`: the application is not paid for.
    PaymentRequired,
    /// 401 `METHOD_CONFIRM_WAITING`: an administrator has not yet said yes.
    ConfirmWaiting,
    /// 403 `METHOD_CONFIRM_DENIED`: an administrator said no.
    ConfirmDenied,
    /// 403 `WRONG_LICENSE`: the plan lacks the feature.
    WrongLicense,
    /// 500 `ERROR_CORE`: the data base failed under the method.
    DatabaseError,
    /// 500 `ERROR_UNEXPECTED_ANSWER`. The method did run.
    UnexpectedAnswer,
    /// 200 `WRONG_ENCODING`: the result is no valid JSON. The method did run.
    WrongEncoding,
}

/// When a refusal is due.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the name of the method is looked at.
    Front,
    /// While the caller's proof is checked.
    Auth,
    /// Instead of the method, after the scope was checked.
    Method,
    /// After the method ran.
    After,
}

impl SystemRefusal {
    /// Every refusal there is.
    pub const ALL: [Self; 17] = [
        Self::PortalDeleted,
        Self::InternalError,
        Self::WrongTransport,
        Self::WebhookOverHttp,
        Self::CommercialPlanOnly,
        Self::OnHold,
        Self::ApplicationNotFound,
        Self::UserAccess,
        Self::Authorization,
        Self::AuthServerDown,
        Self::PaymentRequired,
        Self::ConfirmWaiting,
        Self::ConfirmDenied,
        Self::WrongLicense,
        Self::DatabaseError,
        Self::UnexpectedAnswer,
        Self::WrongEncoding,
    ];

    /// Its error code, such as `OVERLOAD_LIMIT`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().1
    }

    fn stage(self) -> Stage {
        match self {
            Self::PortalDeleted | Self::InternalError | Self::WrongTransport => Stage::Front,
            Self::ConfirmWaiting | Self::ConfirmDenied | Self::WrongLicense | Self::DatabaseError => {
                Stage::Method
            }
            Self::UnexpectedAnswer | Self::WrongEncoding => Stage::After,
            _ => Stage::Auth,
        }
    }

    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::PortalDeleted => (403, "PORTAL_DELETED", "Portal was deleted"),
            Self::InternalError => (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
            Self::WrongTransport => (500, "INTERNAL_WRONG_TRANSPORT", "Wrong transport"),
            Self::WebhookOverHttp => (401, "INVALID_REQUEST", "Https required."),
            Self::CommercialPlanOnly => {
                (401, "ACCESS_DENIED", "REST API is available only on commercial plans.")
            }
            Self::OnHold => (401, "OVERLOAD_LIMIT", "REST API is blocked due to overload."),
            Self::ApplicationNotFound => (401, "APPLICATION_NOT_FOUND", "Application not found"),
            Self::UserAccess => {
                (401, "user_access_error", "The user does not have access to the application.")
            }
            Self::Authorization => (401, "authorization_error", "Unable to authorize user"),
            Self::AuthServerDown => (401, "CONNECTION_ERROR", "Error connecting to authorization server"),
            Self::PaymentRequired => (401, "PAYMENT_REQUIRED", "Payment required"),
            Self::ConfirmWaiting => (401, "METHOD_CONFIRM_WAITING", "Waiting for confirmation"),
            Self::ConfirmDenied => (403, "METHOD_CONFIRM_DENIED", "Method call denied"),
            Self::WrongLicense => (403, "WRONG_LICENSE", "Feature is not available on the current plan"),
            Self::DatabaseError => (500, "ERROR_CORE", "Internal error while executing the query"),
            Self::UnexpectedAnswer => {
                (500, "ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response")
            }
            Self::WrongEncoding => (200, "WRONG_ENCODING", "Wrong response encoding"),
        }
    }

    /// The refusal if it is due at this stage for this caller.
    pub(super) fn due(self, stage: Stage, auth: Option<&Auth>) -> Result<(), RestError> {
        let webhook = auth.is_some_and(|auth| auth.kind == AuthKind::Webhook);
        let spared = match self {
            Self::WebhookOverHttp => !webhook,
            Self::ApplicationNotFound | Self::PaymentRequired => webhook,
            _ => false,
        };
        if self.stage() != stage || spared {
            return Ok(());
        }
        let (status, code, text) = self.row();
        let error = RestError::new(status, code, text);
        Err(if stage == Stage::After { error } else { error.early() })
    }
}
