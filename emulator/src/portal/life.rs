//! The later life of the application: it is paid for or not, and asks the admin for single methods.

use serde_json::json;

use super::Portal;
use crate::rest::confirm::Confirmation;

impl Portal {
    /// The application is paid for so many days: ONAPPPAYMENT goes out.
    pub fn pay_app(&self, days: i64) {
        self.set_payment(false, days.max(0));
    }

    /// The paid period of the application is over: no event leaves the portal for it, and its tokens are not renewed.
    pub fn expire_payment(&self) {
        self.set_payment(true, 0);
    }

    fn set_payment(&self, expired: bool, days: i64) {
        let (client_id, admin) = (self.shared.names.client_id.clone(), self.shared.names.admin);
        self.shared.hit(|world| {
            let Some(app) = world.apps.get_mut(&client_id) else { return };
            app.payment_expired = expired;
            app.status = "P";
            app.days = Some(days);
            let data = json!({
                "CODE": client_id,
                "VERSION": app.version,
                "STATUS": app.status,
                "PAYMENT_EXPIRED": if expired { "Y" } else { "N" },
                "DAYS": days,
            });
            world.raise_own_app_event(&client_id, "ONAPPPAYMENT", data, admin);
        });
    }

    /// From now on the application's calls of this method wait for the admin: `METHOD_CONFIRM_WAITING`.
    pub fn require_confirmation(&self, method: &str) {
        let method = crate::rest::plain_name(method);
        self.shared.hit(|world| world.confirmations.insert(method, Confirmation::default()));
    }

    /// The admin allows or forbids the method: ONAPPMETHODCONFIRM goes out for every token that has asked, and later
    /// calls with it succeed or get `METHOD_CONFIRM_DENIED`.
    pub fn confirm_method(&self, method: &str, allowed: bool) {
        let (client_id, admin) = (self.shared.names.client_id.clone(), self.shared.names.admin);
        let method = crate::rest::plain_name(method);
        self.shared.hit(|world| {
            let Some(confirmation) = world.confirmations.get_mut(&method) else { return };
            for token in confirmation.decide(allowed) {
                let data = json!({
                    "TOKEN": token,
                    "METHOD": method,
                    "CONFIRMED": i64::from(allowed),
                    "LANGUAGE_ID": world.identity.language,
                });
                world.raise_own_app_event(&client_id, "ONAPPMETHODCONFIRM", data, admin);
            }
        });
    }
}
