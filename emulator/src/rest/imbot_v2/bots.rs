//! `imbot.v2.Bot.*`: registering, reading, changing and removing bots.

use serde_json::{Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use super::{field, field_text, flag, own_bot, owner, top};
use crate::events::names::V2_BOT_EVENTS;
use crate::events::subscriptions::check_url;
use crate::world::bots::{Bot, BotKind};
use crate::world::colors;
use crate::world::people::UserKind;
use crate::world::picture::{self, PictureFault};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imbot.v2.Bot.register", "imbot", register),
    Method::literal("imbot.v2.Bot.get", "imbot", get),
    Method::literal("imbot.v2.Bot.list", "imbot", list),
    Method::literal("imbot.v2.Bot.update", "imbot", update),
    Method::literal("imbot.v2.Bot.unregister", "imbot", unregister),
    Method::literal("imbot.v2.Revision.get", "imbot", revision),
];

/// Bots of one application.
const MOST_BOTS: usize = 100;

/// Fetch mode, or the webhook URL that webhook mode needs.
fn event_mode(call: &Call<'_>, default: Option<bool>) -> Result<(bool, Option<String>), RestError> {
    let fetch = match field_text(call, "eventMode").as_deref() {
        None => default.unwrap_or(true),
        Some("fetch") => true,
        Some("webhook") => false,
        Some(_) => {
            return Err(RestError::bad("BOT_INVALID_EVENT_MODE", "Event mode must be fetch or webhook"));
        }
    };
    let url = field_text(call, "webhookUrl").filter(|url| !url.is_empty());
    Ok((fetch, url))
}

fn register(call: &mut Call<'_>) -> Reply {
    let owner = owner(call)?;
    let code = field_text(call, "code")
        .filter(|code| !code.is_empty())
        .ok_or_else(|| RestError::bad("BOT_CODE_REQUIRED", "Bot code is required"))?;
    let property = |call: &Call<'_>, name: &str| {
        let properties = field(call, "properties")?;
        properties.get(name).or_else(|| properties.get(super::upper_snake(name))).and_then(scalar_text)
    };
    let name = property(call, "name").filter(|name| !name.trim().is_empty()).ok_or_else(|| {
        RestError::bad("BOT_PROPERTIES_REQUIRED", "Bot properties with a name are required")
    })?;
    let (fetch, url) = event_mode(call, None)?;
    if !fetch && url.is_none() {
        return Err(RestError::bad("BOT_WEBHOOK_URL_REQUIRED", "webhookUrl is required for webhook mode"));
    }
    if let Some(bot) = call.world.bots.values().find(|bot| bot.code == code && bot.kind != BotKind::Network) {
        if bot.owner != owner {
            return Err(RestError::bad(
                "BOT_CODE_ALREADY_TAKEN",
                "The bot code belongs to another application",
            ));
        }
        let id = bot.id;
        return Ok(shown(call, id, true));
    }
    if call.world.bots.values().filter(|bot| bot.owner == owner).count() >= MOST_BOTS {
        return Err(RestError::bad("BOT_LIMIT_EXCEEDED", "Too many bots"));
    }
    let kind = match field_text(call, "type").as_deref() {
        None | Some("bot") => BotKind::Bot,
        Some("openline") => BotKind::OpenLine,
        Some("supervisor") => BotKind::Supervisor,
        Some("personal") => BotKind::Personal,
        Some("network") => BotKind::Network,
        Some(_) => return Err(RestError::bad("BOT_INVALID_TYPE", "Unknown bot type")),
    };
    if let Some(url) = url.as_ref().filter(|_| !fetch) {
        check_url(url).map_err(|(_, why)| RestError::bad("BOT_INVALID_CALLBACK", why))?;
    }
    let avatar = avatar(property(call, "avatar"))?;
    if let Some(url) = url.as_ref().filter(|_| !fetch) {
        for event in V2_BOT_EVENTS {
            call.world.bind_v2(&owner, event, url);
        }
    }
    let last_name = property(call, "lastName").unwrap_or_default();
    let id = call.world.add_user(UserKind::Bot, &name, &last_name);
    set_looks(call, id, property);
    set_avatar(call, id, avatar);
    let bot = Bot {
        id,
        code,
        owner,
        kind,
        openline: kind == BotKind::OpenLine || flag(field(call, "isSupportOpenline"), false),
        hidden: flag(field(call, "isHidden"), false),
        reactions: flag(field(call, "isReactionsEnabled"), true),
        fetch,
        background_id: field_text(call, "backgroundId").filter(|id| !id.is_empty()),
        count_message: 0,
    };
    call.world.add_bot(bot);
    Ok(shown(call, id, true))
}

/// A picture and the ending of its name.
type Picture = (Vec<u8>, &'static str);

fn avatar(text: Option<String>) -> Result<Option<Picture>, RestError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    picture::picture(&text).map(Some).map_err(|fault| match fault {
        PictureFault::Kind => RestError::bad("BOT_AVATAR_INCORRECT_TYPE", "The avatar is no picture"),
        PictureFault::Size => {
            RestError::bad("BOT_AVATAR_INCORRECT_SIZE", "The avatar is larger than 5000 x 5000")
        }
    })
}

fn set_avatar(call: &mut Call<'_>, id: i64, picture: Option<Picture>) {
    let Some((content, ending)) = picture else { return };
    let address = call.world.keep_picture(id, content, ending);
    if let Some(user) = call.world.users.get_mut(&id) {
        user.avatar = address;
    }
}

fn set_looks(call: &mut Call<'_>, id: i64, property: impl Fn(&Call<'_>, &str) -> Option<String>) {
    let (position, gender) = (property(call, "workPosition"), property(call, "gender"));
    let color = property(call, "color").and_then(|name| colors::named(&name.to_ascii_uppercase()));
    if let Some(user) = call.world.users.get_mut(&id) {
        user.work_position = position.unwrap_or_default();
        user.gender = if gender.as_deref() == Some("F") { "F" } else { "M" };
        if let Some(color) = color {
            user.color = colors::shade(color).to_owned();
        }
    }
}

/// A bot with its user.
fn shown(call: &Call<'_>, id: i64, own: bool) -> Answer {
    let bot = call.world.bots.get(&id).map(|bot| call.world.bot_v2(bot, own));
    let users: Vec<Value> = call.world.users.get(&id).map(|user| user.v2()).into_iter().collect();
    Answer::new(json!({"bot": bot, "users": users}))
}

fn get(call: &mut Call<'_>) -> Reply {
    let owner = owner(call)?;
    let id = top(call, "botId").map(loose_int).filter(|id| *id > 0);
    let code = top(call, "code").or_else(|| field(call, "code")).and_then(scalar_text);
    let found = match (id, code) {
        (None, None) => return Err(RestError::bad("PARAMS_REQUIRED", "botId or code is required")),
        (Some(id), _) => call.world.bots.get(&id),
        (None, Some(code)) => call.world.bots.values().find(|bot| bot.code == code),
    };
    let bot = found.ok_or_else(|| RestError::bad("BOT_NOT_FOUND", "Bot not found"))?;
    let (id, own) = (bot.id, bot.owner == owner);
    Ok(shown(call, id, own))
}

fn list(call: &mut Call<'_>) -> Reply {
    let owner = owner(call)?;
    let number = |name: &str, default: i64| {
        let value = top(call, name).map_or(default, loose_int).max(0);
        usize::try_from(value).unwrap_or(0)
    };
    let (limit, offset) = (number("limit", 50).clamp(1, 200), number("offset", 0));
    let kind = top(call, "filter").and_then(|filter| filter.get("type")).and_then(scalar_text);
    let all: Vec<&Bot> = call
        .world
        .bots
        .values()
        .filter(|bot| bot.owner == owner && kind.as_deref().is_none_or(|kind| kind == bot.kind.v2_name()))
        .collect();
    let page: Vec<&&Bot> = all.iter().skip(offset).take(limit).collect();
    let bots: Vec<Value> = page.iter().map(|bot| call.world.bot_v2(bot, true)).collect();
    let users: Vec<Value> =
        page.iter().filter_map(|bot| call.world.users.get(&bot.id)).map(|user| user.v2()).collect();
    let more = offset + page.len() < all.len();
    Ok(Answer::new(json!({"bots": bots, "users": users, "hasNextPage": more})))
}

fn update(call: &mut Call<'_>) -> Reply {
    let id = own_bot(call)?;
    let was_fetch = call.world.bots.get(&id).is_some_and(|bot| bot.fetch);
    let (fetch, url) = event_mode(call, Some(was_fetch))?;
    if !fetch && was_fetch && url.is_none() {
        return Err(RestError::bad("BOT_WEBHOOK_URL_REQUIRED", "webhookUrl is required for webhook mode"));
    }
    let picture = field(call, "properties").and_then(|all| all.get("avatar")).and_then(scalar_text);
    let picture = avatar(picture)?;
    if let Some(url) = url.as_ref().filter(|_| !fetch) {
        check_url(url).map_err(|(_, why)| RestError::bad("BOT_INVALID_CALLBACK", why))?;
        let owner = owner(call)?;
        for event in V2_BOT_EVENTS {
            call.world.bind_v2(&owner, event, url);
        }
    }
    if was_fetch && !fetch {
        call.world.fetch_log.remove(&id);
    }
    let given = |name: &str| field(call, name).map(|value| flag(Some(value), false));
    let (hidden, reactions, openline) =
        (given("isHidden"), given("isReactionsEnabled"), given("isSupportOpenline"));
    let background = field_text(call, "backgroundId");
    if let Some(bot) = call.world.bots.get_mut(&id) {
        bot.fetch = fetch;
        bot.hidden = hidden.unwrap_or(bot.hidden);
        bot.reactions = reactions.unwrap_or(bot.reactions);
        bot.openline = openline.unwrap_or(bot.openline) || bot.kind == BotKind::OpenLine;
        if background.is_some() {
            bot.background_id = background.filter(|id| !id.is_empty());
        }
    }
    call.world.offer_to_lines(id);
    set_avatar(call, id, picture);
    if let Some(properties) = field(call, "properties").cloned() {
        // What is not given is overwritten with nothing; only the name is protected.
        let text = |name: &str| properties.get(name).and_then(scalar_text);
        if let Some(user) = call.world.users.get_mut(&id) {
            if let Some(name) = text("name").filter(|name| !name.trim().is_empty()) {
                user.first_name = name;
            }
            user.last_name = text("lastName").unwrap_or_default();
            user.work_position = text("workPosition").unwrap_or_default();
        }
    }
    Ok(shown(call, id, true))
}

fn unregister(call: &mut Call<'_>) -> Reply {
    let id = own_bot(call)?;
    let user_id = call.auth.user_id;
    call.world.unregister_bot(id, user_id);
    Ok(Answer::new(json!({"result": true})))
}

fn revision(call: &mut Call<'_>) -> Reply {
    let _ = call;
    Ok(Answer::new(json!({"rest": 33, "web": 130, "mobile": 21})))
}
