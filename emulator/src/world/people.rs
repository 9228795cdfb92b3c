//! Users of the portal: employees, clients of open lines, and the users behind bots.

use serde_json::{Value, json};

use super::{World, take};

/// What kind of user it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserKind {
    Employee,
    /// A client of an open line (`IS_CONNECTOR=Y`).
    Client,
    Bot,
}

/// One user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) kind: UserKind,
    pub(crate) admin: bool,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) work_position: String,
    pub(crate) gender: &'static str,
    pub(crate) color: String,
    /// The picture's address, or nothing.
    pub(crate) avatar: String,
}

impl User {
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// The `USER` block of v1 events; `flags` adds the four `IS_…` fields.
    pub(crate) fn v1(&self, flags: bool) -> Value {
        let mut user = json!({
            "ID": self.id,
            "NAME": self.full_name(),
            "FIRST_NAME": self.first_name,
            "LAST_NAME": self.last_name,
            "WORK_POSITION": self.work_position,
            "GENDER": self.gender,
        });
        if flags {
            user["IS_BOT"] = yes_no(self.kind == UserKind::Bot);
            user["IS_CONNECTOR"] = yes_no(self.kind == UserKind::Client);
            user["IS_NETWORK"] = yes_no(false);
            user["IS_EXTRANET"] = yes_no(self.kind == UserKind::Client);
        }
        user
    }

    /// The `user` object of v2 events and answers.
    pub(crate) fn v2(&self) -> Value {
        let (auth, kind) = match self.kind {
            UserKind::Employee => ("default", "employee"),
            UserKind::Client => ("imconnector", "extranet"),
            UserKind::Bot => ("bot", "bot"),
        };
        json!({
            "id": self.id,
            "active": true,
            "name": self.full_name(),
            "firstName": self.first_name,
            "lastName": self.last_name,
            "workPosition": self.work_position,
            "color": self.color,
            "avatar": self.avatar,
            "gender": self.gender,
            "birthday": "",
            "extranet": self.kind == UserKind::Client,
            "bot": self.kind == UserKind::Bot,
            "connector": self.kind == UserKind::Client,
            "externalAuthId": auth,
            "status": "online",
            "idle": false,
            "lastActivityDate": false,
            "mobileLastDate": false,
            "desktopLastDate": false,
            "absent": false,
            "departments": if self.kind == UserKind::Employee { json!([1]) } else { json!([]) },
            "phones": false,
            "type": kind,
            "website": "",
            "email": "",
        })
    }
}

pub(crate) fn yes_no(flag: bool) -> Value {
    Value::from(if flag { "Y" } else { "N" })
}

impl World {
    pub(crate) fn add_user(&mut self, kind: UserKind, first_name: &str, last_name: &str) -> i64 {
        let id = take(&mut self.next.user);
        self.add_user_as(id, kind, first_name, last_name);
        id
    }

    pub(crate) fn add_user_as(&mut self, id: i64, kind: UserKind, first_name: &str, last_name: &str) {
        self.users.insert(
            id,
            User {
                id,
                kind,
                admin: false,
                first_name: first_name.to_owned(),
                last_name: last_name.to_owned(),
                work_position: String::new(),
                gender: "M",
                color: "#df532d".to_owned(),
                avatar: String::new(),
            },
        );
    }

    pub(crate) fn user_kind(&self, id: i64) -> Option<UserKind> {
        self.users.get(&id).map(|user| user.kind)
    }

    pub(crate) fn find_user(&self, kind: UserKind, name: &str) -> Option<i64> {
        self.users.values().find(|user| user.kind == kind && user.full_name() == name).map(|user| user.id)
    }

    pub(crate) fn name_of(&self, id: i64) -> String {
        self.users.get(&id).map_or_else(|| format!("user {id}"), User::full_name)
    }
}
