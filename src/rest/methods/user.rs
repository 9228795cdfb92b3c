//! People of the portal, scope `user` (protocol 12).
//!
//! ```
//! use openlines::rest::{Method, methods::user::Get};
//! use serde_json::json;
//!
//! let by_mail = Get::new().filter(json!({"EMAIL": "ann@example.com"}));
//! assert_eq!(serde_json::to_value(&by_mail)?, json!({"FILTER": {"EMAIL": "ann@example.com"}}));
//! let people = Get::read_answer(json!([{"ID": "27", "ACTIVE": true, "NAME": "Ann", "UF_DEPARTMENT": [1]}]))?;
//! assert_eq!((people.users[0].id.get(), people.users[0].departments.as_slice()), (27, &[1][..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Trap:** bots and clients of open lines are not in these lists; and which fields come depends on the scope
//! (`user`, `user_basic`, `user_brief`).

use serde_json::Value;

use super::answer::bare_list;
use crate::{rest::loose, wire::UserId};

methods! {
    scope "user";

    /// Employees and guests that match a filter, 50 a page.
    Get = "user.get", "12", Idempotent, Read -> Users;
    needs {}
    takes { filter "FILTER": Value, sort "SORT": String, order "ORDER": String, start "start": i64 }

    /// The user whose token it is.
    Current = "user.current", "12", Idempotent, Read -> UserInfo;
    needs {}
    takes {}
}

bare_list! {
    /// What [`Get`] answers: a page.
    Users(
        /// At most 50.
        users: UserInfo
    )
}

answers! {
    /// A person as the portal describes them.
    UserInfo {
        /// Their id.
        id "ID" "loose::int": UserId,
        /// Not dismissed.
        active "ACTIVE" "loose::flag": bool,
        /// First name.
        name "NAME" "loose::text": String,
        /// Last name.
        last_name "LAST_NAME" "loose::text": String,
        /// Middle name.
        second_name "SECOND_NAME" "loose::text": String,
        /// E-mail address.
        email "EMAIL" "loose::text": String,
        /// Position.
        work_position "WORK_POSITION" "loose::text": String,
        /// Telephone at work.
        work_phone "WORK_PHONE" "loose::text": String,
        /// Mobile telephone.
        personal_mobile "PERSONAL_MOBILE" "loose::text": String,
        /// `M`, `F` or empty.
        personal_gender "PERSONAL_GENDER" "loose::text": String,
        /// Address of the picture; empty when there is none.
        personal_photo "PERSONAL_PHOTO" "loose::text": String,
        /// Time zone, may be empty.
        time_zone "TIME_ZONE" "loose::text": String,
        /// There at this moment.
        online "IS_ONLINE" "loose::flag": bool,
        /// Departments.
        departments "UF_DEPARTMENT" "loose::ints": Vec<i64>,
        /// `employee`, `extranet`, `email`.
        kind "USER_TYPE" "loose::text": String,
    }
}
