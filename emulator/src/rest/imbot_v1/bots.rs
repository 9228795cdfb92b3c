//! Registering, changing and removing bots, v1.

use serde_json::{Map, Value, json};

use super::super::call::scalar_text;
use super::super::{Answer, Call, Method, Reply, RestError};
use crate::events::BotFact;
use crate::events::names::V1_BOT_EVENTS;
use crate::events::subscriptions::{check_url, with_client_id};
use crate::world::apps::Owner;
use crate::world::bots::{Bot, BotKind};
use crate::world::people::UserKind;
use crate::world::{colors, picture};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imbot.register", "imbot", register),
    Method::upper("imbot.update", "imbot", update),
    Method::upper("imbot.unregister", "imbot", unregister),
    Method::upper("imbot.bot.list", "imbot", list),
];

/// The handlers given in `fields`, checked; `required` ones may not be missing.
fn handlers(
    fields: &Map<String, Value>,
    owner: &Owner,
    required: &[&str],
) -> Result<Vec<(&'static str, String)>, RestError> {
    let text = |name: &str| fields.get(name).and_then(scalar_text).filter(|url| !url.is_empty());
    let all = text("EVENT_HANDLER");
    let mut found = Vec::new();
    for (field, event) in V1_BOT_EVENTS {
        let Some(url) = all.clone().or_else(|| text(field)) else {
            if required.contains(&field) {
                return Err(RestError::bad(&format!("{field}_ERROR"), "Wrong handler URL"));
            }
            continue;
        };
        check_url(&url).map_err(|(_, why)| RestError::bad(&format!("{field}_ERROR"), why))?;
        let url = match owner {
            Owner::App(_) => url,
            Owner::Custom(token) => with_client_id(&url, token),
        };
        found.push((event, url));
    }
    Ok(found)
}

fn register(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let required = ["EVENT_MESSAGE_ADD", "EVENT_WELCOME_MESSAGE", "EVENT_BOT_DELETE"];
    let handlers = handlers(&call.params, &owner, &required)?;
    let code = call.filled("CODE").ok_or_else(|| RestError::bad("CODE_ERROR", "Bot code isn't specified"))?;
    let properties = call.value("PROPERTIES").cloned().unwrap_or(Value::Null);
    let property = |name: &str| properties.get(name).and_then(scalar_text).unwrap_or_default();
    let (name, last_name) = (property("NAME"), property("LAST_NAME"));
    if name.trim().is_empty() && last_name.trim().is_empty() {
        return Err(RestError::bad("NAME_ERROR", "Bot name isn't specified"));
    }
    for (event, url) in &handlers {
        call.world.bind_v1(&owner, event, url);
    }
    // A known code is answered with its bot, whoever owns it.
    let known = call.world.bots.values().find(|bot| bot.code == code && bot.kind != BotKind::Network);
    if let Some(bot) = known {
        return Ok(Answer::new(json!(bot.id)));
    }
    let kind = match call.text("TYPE").as_deref() {
        Some("O") => BotKind::OpenLine,
        Some("S") => BotKind::Supervisor,
        _ => BotKind::Bot,
    };
    let openline = kind == BotKind::OpenLine || call.yes("OPENLINE");
    let id = call.world.add_user(UserKind::Bot, &name, &last_name);
    if let Some(user) = call.world.users.get_mut(&id) {
        user.work_position = property("WORK_POSITION");
        if property("PERSONAL_GENDER") == "F" {
            user.gender = "F";
        }
        if let Some(color) = colors::named(&property("COLOR")) {
            user.color = colors::shade(color).to_owned();
        }
    }
    // A picture that is none is passed over in silence.
    if let Ok((content, ending)) = picture::picture(&property("PERSONAL_PHOTO")) {
        let avatar = call.world.keep_picture(id, content, ending);
        if let Some(user) = call.world.users.get_mut(&id) {
            user.avatar = avatar;
        }
    }
    call.world.add_bot(Bot {
        id,
        code,
        owner,
        kind,
        openline,
        hidden: false,
        reactions: false,
        fetch: false,
        background_id: None,
        count_message: 0,
    });
    Ok(Answer::new(json!(id)))
}

/// The bot named by `BOT_ID`, which must be the caller's; without one the caller's first.
pub(in crate::rest) fn own_bot(call: &Call<'_>, owner: &Owner, required: bool) -> Result<i64, RestError> {
    let unknown = || RestError::bad("BOT_ID_ERROR", "Bot not found");
    let id = call.int("BOT_ID");
    if id <= 0 {
        return if required { Err(unknown()) } else { call.world.first_bot(owner).ok_or_else(unknown) };
    }
    let bot = call.world.bots.get(&id).ok_or_else(unknown)?;
    if bot.owner == *owner {
        Ok(id)
    } else {
        call.remark_on_owner(owner, id);
        Err(RestError::bad("APP_ID_ERROR", "Bot was installed by another application"))
    }
}

fn update(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let id = own_bot(call, &owner, true)?;
    let fields = match call.value("FIELDS") {
        Some(Value::Object(fields)) if !fields.is_empty() => fields.clone(),
        _ => return Err(RestError::bad("WRONG_REQUEST", "Update fields can't be empty")),
    };
    let handlers = handlers(&fields, &owner, &[])?;
    let property = |name: &str| fields.get("PROPERTIES").and_then(|all| all.get(name)).and_then(scalar_text);
    let (name, last_name) = (property("NAME"), property("LAST_NAME"));
    if name.as_deref() == Some("") && last_name.as_deref() == Some("") {
        return Err(RestError::bad("NAME_ERROR", "Bot name isn't specified"));
    }
    for (event, url) in &handlers {
        call.world.bind_v1(&owner, event, url);
    }
    let text = |name: &str| fields.get(name).and_then(scalar_text);
    // TYPE inside FIELDS counts only if TYPE is also given beside it.
    let type_beside = matches!(call.text("TYPE").as_deref(), Some("O" | "B" | "H"));
    if let Some(bot) = call.world.bots.get_mut(&id) {
        if let Some(code) = text("CODE").filter(|code| !code.is_empty()) {
            bot.code = code;
        }
        if let Some(kind) = text("TYPE").filter(|_| type_beside) {
            bot.kind = if kind == "O" { BotKind::OpenLine } else { BotKind::Bot };
        }
        if let Some(openline) = text("OPENLINE") {
            bot.openline = openline == "Y" || bot.kind == BotKind::OpenLine;
        }
    }
    call.world.offer_to_lines(id);
    if let Some(user) = call.world.users.get_mut(&id) {
        if let Some(name) = name {
            user.first_name = name;
        }
        if let Some(last_name) = last_name {
            user.last_name = last_name;
        }
        if let Some(position) = property("WORK_POSITION") {
            user.work_position = position;
        }
    }
    super::super::yes()
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let owner = call.owner_v1()?;
    let id = own_bot(call, &owner, true)?;
    let user_id = call.auth.user_id;
    call.world.unregister_bot(id, user_id);
    super::super::yes()
}

fn list(call: &mut Call<'_>) -> Reply {
    call.owner_v1()?;
    let rows: Map<String, Value> = call
        .world
        .bots
        .values()
        .filter(|bot| bot.kind != BotKind::Network)
        .map(|bot| (bot.id.to_string(), call.world.bot_v1_row(bot)))
        .collect();
    Ok(Answer::new(if rows.is_empty() { json!([]) } else { Value::Object(rows) }))
}

impl crate::world::World {
    /// Adds a bot; the first one for open lines becomes the welcome bot of lines that have none.
    pub(in crate::rest) fn add_bot(&mut self, bot: Bot) {
        let id = bot.id;
        self.bots.insert(id, bot);
        self.offer_to_lines(id);
    }

    /// Tells the bot's application, then removes the bot; the last v2 bot takes the v2 rows with it.
    pub(crate) fn unregister_bot(&mut self, id: i64, acting_user: i64) {
        self.raise_bots(&BotFact::Removed, &[id], acting_user);
        let owner = self.bots.get(&id).map(|bot| bot.owner.clone());
        self.remove_bot(id);
        if let Some(owner) = owner.filter(|owner| self.first_bot(owner).is_none()) {
            let owner = crate::events::subscriptions::RowOwner::from(&owner);
            self.handlers.retain(|row| row.bound || row.owner != owner || !row.event.starts_with("ONIMBOT"));
        }
    }
}
