//! `imopenlines.operator.*`: what an operator's clicks do, as the user of the token.

use serde_json::json;

use super::super::{Answer, Call, Method, Reply, RestError, yes};
use super::target::{Target, chat_id, may_lead, operators_chat, target, wrong_operator};
use crate::world::sessions::status;

pub(in crate::rest) const METHODS: &[Method] = &[
    Method::upper("imopenlines.operator.answer", "imopenlines", answer),
    Method::upper("imopenlines.operator.skip", "imopenlines", skip),
    Method::upper("imopenlines.operator.spam", "imopenlines", spam),
    Method::upper("imopenlines.operator.finish", "imopenlines", finish),
    Method::literal("imopenlines.operator.another.finish", "imopenlines", another_finish),
    Method::literal("imopenlines.operator.transfer", "imopenlines", transfer),
    Method::literal("imopenlines.operator.pause.start", "imopenlines", pause_start),
    Method::literal("imopenlines.operator.pause.stop", "imopenlines", pause_stop),
    Method::literal("imopenlines.operator.pause.get", "imopenlines", pause_get),
];

fn answer(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let user_id = call.auth.user_id;
    if call.world.take_over(chat_id, user_id) {
        yes()
    } else {
        // The portal forgets to name this failure.
        Err(RestError::bad("", "The dialog cannot be answered"))
    }
}

fn skip(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let user_id = call.auth.user_id;
    call.world.refuse(chat_id, user_id);
    yes()
}

fn spam(call: &mut Call<'_>) -> Reply {
    let chat_id = operators_chat(call)?;
    let user_id = call.auth.user_id;
    call.world.close_session(chat_id, status::SPAM, user_id);
    yes()
}

fn finish(call: &mut Call<'_>) -> Reply {
    finish_as(call, true)
}

fn another_finish(call: &mut Call<'_>) -> Reply {
    finish_as(call, false)
}

fn finish_as(call: &mut Call<'_>, own: bool) -> Reply {
    let chat_id = operators_chat(call)?;
    let user_id = call.auth.user_id;
    let Some(session) = call.world.last_session(chat_id) else {
        return Err(RestError::bad(
            "NOT_LOAD_SESSION_OR_CHAT",
            "The session or the chat could not be loaded",
        ));
    };
    if own && session.operator_id != user_id {
        return Err(RestError::bad("ERROR_USER_NOT_OPERATOR", "You are not the operator of this dialog"));
    }
    if !session.is_open() {
        return Err(RestError::bad("IMOL_CHAT_ERROR_NOT_LOAD_DATA", "The dialog's data could not be loaded"));
    }
    call.world.finish_session(chat_id, user_id);
    yes()
}

fn transfer(call: &mut Call<'_>) -> Reply {
    let chat_id = chat_id(call)?;
    let target = target(call)?;
    let user_id = call.auth.user_id;
    operators_chat(call).map_err(|_| wrong_operator())?;
    let done = match target {
        Target::User(to) => may_lead(call.world, to) && call.world.operator_transfers(chat_id, user_id, to),
        Target::Queue(line_id) => call.world.transfer_to_line(chat_id, line_id, user_id),
    };
    if done { yes() } else { Err(wrong_operator()) }
}

fn pause_start(call: &mut Call<'_>) -> Reply {
    let user_id = call.auth.user_id;
    call.world.paused.insert(user_id);
    yes()
}

fn pause_stop(call: &mut Call<'_>) -> Reply {
    let user_id = call.auth.user_id;
    call.world.paused.remove(&user_id);
    yes()
}

fn pause_get(call: &mut Call<'_>) -> Reply {
    Ok(Answer::new(json!(call.world.paused.contains(&call.auth.user_id))))
}
