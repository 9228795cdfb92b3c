//! `imopenlines.config.*`: lines and their settings, every value a string as the portal stores it.
//!
//! The trap: the methods read their names literally, an unknown line answers `false` and no error, and dates come out
//! as `{}`.

use serde_json::{Map, Value, json};

use super::super::call::{loose_int, scalar_text};
use super::super::{Answer, Call, Method, Reply, RestError};
use crate::world::lines::{BotJoins, BotLeaves, CrmBinding, Line};

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::literal("imopenlines.config.get", "imopenlines", get),
    Method::literal("imopenlines.config.list.get", "imopenlines", list),
    Method::literal("imopenlines.config.add", "imopenlines", add),
    Method::literal("imopenlines.config.update", "imopenlines", update),
    Method::literal("imopenlines.config.delete", "imopenlines", delete),
    Method::literal("imopenlines.config.path.get", "imopenlines", path),
];

/// Lines on one page of `config.list.get`, unless `OPTIONS` or `PARAMS` say less.
const PAGE: usize = 50;

fn config_id(call: &Call<'_>) -> Result<i64, RestError> {
    match call.int("CONFIG_ID") {
        id if id > 0 => Ok(id),
        _ => Err(RestError::bad("CONFIG_ID_EMPTY", "Config ID can't be empty")),
    }
}

fn yes_no(flag: bool) -> Value {
    json!(if flag { "Y" } else { "N" })
}

/// The flat settings of a line.
pub(crate) fn settings(line: &Line) -> Map<String, Value> {
    let text = |number: i64| json!(number.to_string());
    let bot = line.welcome_bot;
    let crm = match line.crm {
        CrmBinding::Deal => "deal",
        CrmBinding::Lead => "lead",
        CrmBinding::Nothing => "none",
    };
    let mut all = Map::new();
    for (name, value) in [
        ("ID", text(line.id)),
        ("ACTIVE", yes_no(line.active)),
        ("LINE_NAME", json!(line.name)),
        ("CRM", yes_no(line.crm != CrmBinding::Nothing)),
        ("CRM_CREATE", json!(crm)),
        ("QUEUE_TIME", text(line.queue_seconds)),
        ("NO_ANSWER_TIME", json!("60")),
        ("QUEUE_TYPE", json!("evenly")),
        ("CHECK_AVAILABLE", json!("N")),
        ("WATCH_TYPING", json!("Y")),
        ("WELCOME_BOT_ENABLE", yes_no(bot.is_some())),
        ("WELCOME_MESSAGE", json!("N")),
        ("WELCOME_MESSAGE_TEXT", json!(super::bot::WELCOME)),
        ("VOTE_MESSAGE", json!("N")),
        (
            "WELCOME_BOT_JOIN",
            json!(if line.bot_joins == BotJoins::FirstSession { "first" } else { "always" }),
        ),
        ("WELCOME_BOT_ID", text(bot.unwrap_or(0))),
        ("WELCOME_BOT_TIME", text(line.bot_seconds)),
        ("WELCOME_BOT_LEFT", json!(if line.bot_leaves == BotLeaves::WhenClosed { "close" } else { "queue" })),
        ("WORKTIME_ENABLE", json!("N")),
        ("FULL_CLOSE_TIME", text(line.full_close_seconds / 60)),
        ("AUTO_CLOSE_RULE", json!("none")),
        ("AUTO_CLOSE_TIME", text(line.auto_close_seconds)),
        ("DATE_CREATE", json!({})),
        ("DATE_MODIFY", json!({})),
        ("MODIFY_USER_ID", json!("1")),
        ("TEMPORARY", json!("N")),
        ("XML_ID", Value::Null),
        ("LANGUAGE_ID", json!("en")),
        ("OPERATOR_DATA", json!("profile")),
        ("DEFAULT_OPERATOR_DATA", json!([])),
    ] {
        all.insert(name.to_owned(), value);
    }
    for (name, value) in &line.settings {
        all.insert(name.clone(), value.clone());
    }
    all
}

fn get(call: &mut Call<'_>) -> Reply {
    let id = config_id(call)?;
    let readable = !call.world.kept_out.contains(&call.auth.user_id);
    let Some(line) = call.world.lines.get(&id).filter(|_| readable) else {
        return Ok(Answer::new(json!(false)));
    };
    let mut all = settings(line);
    if call.text("WITH_QUEUE").as_deref() != Some("N") {
        // Everybody is on line here, unless on a break.
        let offline_too = call.text("SHOW_OFFLINE").as_deref() != Some("N");
        let queue: Vec<i64> = line
            .queue
            .iter()
            .copied()
            .filter(|user| offline_too || !call.world.paused.contains(user))
            .collect();
        let empty = json!({"USER_NAME": null, "USER_WORK_POSITION": null, "USER_AVATAR": null, "USER_AVATAR_ID": "0"});
        let mut full = Map::new();
        let mut fields = Map::new();
        for (place, user) in queue.iter().enumerate() {
            let mut row = json!({"ID": (place + 1).to_string(), "SORT": place.to_string(),
                "USER_ID": user.to_string(), "DEPARTMENT_ID": "0"});
            if let (Some(row), Some(empty)) = (row.as_object_mut(), empty.as_object()) {
                row.extend(empty.clone());
            }
            full.insert(user.to_string(), row);
            fields.insert(user.to_string(), empty.clone());
        }
        let ids: Vec<String> = queue.iter().map(i64::to_string).collect();
        all.insert("QUEUE".to_owned(), json!(ids));
        all.insert("QUEUE_FULL".to_owned(), or_list(full));
        all.insert("QUEUE_USERS_FIELDS".to_owned(), or_list(fields));
        all.insert("QUEUE_ONLINE".to_owned(), yes_no(!ids.is_empty()));
    }
    Ok(Answer::new(Value::Object(all)))
}

/// An empty map leaves PHP as a list.
fn or_list(map: Map<String, Value>) -> Value {
    if map.is_empty() { json!([]) } else { Value::Object(map) }
}

/// A part of `PARAMS` that must be a map or a list if it is there.
fn part<'c>(params: &'c Value, name: &str) -> Result<Option<&'c Value>, RestError> {
    let found = params
        .as_object()
        .and_then(|map| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value));
    match found {
        None | Some(Value::Null) => Ok(None),
        Some(value @ (Value::Object(_) | Value::Array(_))) => Ok(Some(value)),
        Some(_) => Err(RestError::bad("INVALID_FORMAT", "Wrong format of the parameters")),
    }
}

fn list(call: &mut Call<'_>) -> Reply {
    let params = call.value("PARAMS").cloned().unwrap_or_else(|| json!({}));
    if !params.is_object() && !params.as_array().is_some_and(Vec::is_empty) {
        return Err(RestError::bad("INVALID_FORMAT", "Wrong format of the parameters"));
    }
    let (select, order, filter) =
        (part(&params, "select")?, part(&params, "order")?, part(&params, "filter")?);
    let mut rows: Vec<Map<String, Value>> = call.world.lines.values().map(settings).collect();
    if let Some(Value::Object(filter)) = filter {
        rows.retain(|row| {
            filter.iter().all(|(name, wanted)| {
                let have = row.get(name.trim_start_matches('=')).and_then(scalar_text).unwrap_or_default();
                match wanted {
                    Value::Array(any) => any.iter().filter_map(scalar_text).any(|wanted| wanted == have),
                    wanted => scalar_text(wanted).is_some_and(|wanted| wanted == have),
                }
            })
        });
    }
    for (name, way) in order.and_then(Value::as_object).into_iter().flatten() {
        let key = |row: &Map<String, Value>| {
            let text = row.get(name).and_then(scalar_text).unwrap_or_default();
            (text.parse::<i64>().unwrap_or(i64::MAX), text)
        };
        rows.sort_by_key(key);
        if way.as_str().is_some_and(|way| way.eq_ignore_ascii_case("desc")) {
            rows.reverse();
        }
    }
    if let Some(Value::Array(select)) = select {
        let wanted: Vec<String> = select.iter().filter_map(scalar_text).collect();
        if !wanted.is_empty() && !wanted.iter().any(|name| name == "*") {
            for row in &mut rows {
                row.retain(|name, _| wanted.contains(name));
            }
        }
    }
    rows.truncate(PAGE);
    Ok(Answer::new(json!(rows)))
}

/// Writes `PARAMS` into the line.
pub(crate) fn apply(line: &mut Line, params: &Map<String, Value>) {
    for (name, value) in params {
        let text = scalar_text(value).unwrap_or_default();
        let seconds = || loose_int(value).max(0);
        match name.as_str() {
            "LINE_NAME" => line.name = text,
            "ACTIVE" => line.active = text == "Y",
            "QUEUE" => line.queue = queue_of(value),
            "QUEUE_TIME" => line.queue_seconds = seconds(),
            "WELCOME_BOT_ENABLE" if text != "Y" => {
                line.welcome_bot = None;
                line.adopts_bots = false;
            }
            "WELCOME_BOT_ID" => {
                line.welcome_bot = Some(loose_int(value)).filter(|id| *id > 0);
                line.adopts_bots = false;
            }
            "WELCOME_BOT_JOIN" => {
                line.bot_joins =
                    if text == "first" { BotJoins::FirstSession } else { BotJoins::EverySession };
            }
            "WELCOME_BOT_TIME" => line.bot_seconds = seconds(),
            "WELCOME_BOT_LEFT" => {
                line.bot_leaves =
                    if text == "close" { BotLeaves::WhenClosed } else { BotLeaves::AfterHandOver };
            }
            "AUTO_CLOSE_TIME" => line.auto_close_seconds = seconds(),
            "FULL_CLOSE_TIME" => line.full_close_seconds = seconds().saturating_mul(60),
            "CRM" if text == "N" => line.crm = CrmBinding::Nothing,
            "CRM_CREATE" if params.get("CRM").and_then(Value::as_str) != Some("N") => {
                line.crm = match text.as_str() {
                    "lead" => CrmBinding::Lead,
                    "deal" => CrmBinding::Deal,
                    _ => CrmBinding::Nothing,
                };
            }
            "ID" | "CRM" | "WELCOME_BOT_ENABLE" | "DATE_CREATE" | "DATE_MODIFY" => {}
            _ => {
                line.settings.insert(name.clone(), value.clone());
            }
        }
    }
    if params.get("WELCOME_BOT_ENABLE").and_then(Value::as_str).is_some_and(|text| text != "Y") {
        line.welcome_bot = None;
    }
}

/// Users of `QUEUE`: plain ids, or rows of `ENTITY_TYPE` and `ENTITY_ID`.
fn queue_of(value: &Value) -> Vec<i64> {
    let rows: Vec<&Value> = match value {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(rows) => rows.values().collect(),
        _ => Vec::new(),
    };
    rows.into_iter()
        .map(|row| row.get("ENTITY_ID").map_or_else(|| loose_int(row), loose_int))
        .filter(|id| *id > 0)
        .collect()
}

fn may_change(call: &Call<'_>) -> bool {
    call.auth.is_admin(call.world)
}

fn add(call: &mut Call<'_>) -> Reply {
    if !may_change(call) {
        return Ok(Answer::new(json!(false)));
    }
    let params = call.value("PARAMS").and_then(Value::as_object).cloned().unwrap_or_default();
    let id = call.world.add_line("Open Channel", "livechat");
    let caller = call.auth.user_id;
    if let Some(line) = call.world.lines.get_mut(&id) {
        line.name = format!("Open Channel {id}");
        line.queue = vec![caller];
        // A line of an application has the bot it names and no other.
        line.adopts_bots = false;
        apply(line, &params);
    }
    Ok(Answer::new(json!(id)))
}

fn changeable(call: &Call<'_>) -> Result<i64, RestError> {
    let id = config_id(call)?;
    if !may_change(call) {
        return Err(RestError::forbidden("CONFIG_WRONG_USER_PERMISSION", "Permission denied"));
    }
    Ok(id)
}

fn update(call: &mut Call<'_>) -> Reply {
    let id = changeable(call)?;
    let params = call.value("PARAMS").and_then(Value::as_object).cloned().unwrap_or_default();
    let line = call.world.lines.get_mut(&id);
    Ok(Answer::new(json!(line.map(|line| apply(line, &params)).is_some())))
}

fn delete(call: &mut Call<'_>) -> Reply {
    let id = changeable(call)?;
    let caller = call.auth.user_id;
    Ok(Answer::new(json!(call.world.remove_line(id, caller))))
}

fn path(call: &mut Call<'_>) -> Reply {
    let origin = call.world.identity.origin.clone();
    Ok(Answer::new(json!({"SERVER_ADDRESS": origin, "PUBLIC_PATH": "/contact_center/openlines/"})))
}
