//! Managing chats, of both generations.

use openlines::{
    dispatch::ChatColor,
    prelude::*,
    store::InboxState::{Parked, Rejected},
    wire::{ChatId, DialogId},
};
use openlines_emulator::RestFault;
use rstest::rstest;
use serde_json::json;

use crate::{
    bench::{Bench, By, bench},
    stage::SOON,
};

/// A bot and a group chat of its own.
async fn stand(v2: bool) -> (Bench, openlines_emulator::Client, DialogId) {
    let profile = BotProfile::openline("host");
    let bench = bench(if v2 { profile } else { profile.v1() }, By::OAuth).await;
    let ann = bench.portal().client("Ann");
    let bot = bench.portal().bot_id("host").unwrap();
    bench.does(move |cx| {
        if v2 {
            cx.call_later("imbot.v2.Chat.add", json!({"botId": bot, "fields": {"title": "Before"}}));
        } else {
            cx.call_later("imbot.chat.add", json!({"BOT_ID": bot, "TITLE": "Before"}));
        }
    });
    bench.client_asks(&ann).await;
    let call =
        bench.portal().wait_for_call(if v2 { "imbot.v2.chat.add" } else { "imbot.chat.add" }, SOON).await;
    let result = &call.answer["result"];
    let id = result.as_i64().or_else(|| result["chat"]["id"].as_i64()).unwrap_or_else(|| panic!("{call:?}"));
    (bench, ann, DialogId::of_chat(ChatId::new(id)))
}

async fn shown(bench: &Bench, ann: &openlines_emulator::Client, dialog: &DialogId, v2: bool) -> String {
    let (bot, of) = (bench.portal().bot_id("host").unwrap(), dialog.clone());
    let method = if v2 { "imbot.v2.Chat.get" } else { "imbot.chat.get" };
    bench.does(move |cx| {
        let params = json!({"botId": bot, "dialogId": of, "BOT_ID": bot, "DIALOG_ID": of});
        cx.call_later(method, params);
    });
    bench.client_asks(ann).await;
    bench.calls(method).last().unwrap().answer["result"].to_string()
}

#[rstest]
#[tokio::test]
async fn title_colour_members_and_owner_are_changed(#[values(false, true)] v2: bool) {
    let (bench, ann, dialog) = stand(v2).await;
    let users = [bench.portal().employee("Eve").user_id(), bench.portal().employee("Max").user_id()];
    let [eve, max] = users.map(UserId::new);
    let of = dialog.clone();
    bench.does(move |cx| {
        cx.chat_acts_in(&of)
            .title("After")
            .color(ChatColor::Purple)
            .add_users([eve, max])
            .manager(max, true)
            .manager(max, false)
            .remove_user(max)
            .text_field(false)
            .owner(eve)
            .leave();
    });
    bench.client_asks(&ann).await;
    bench.nobody_is_needed().await;
    // The bot has left, so it cannot look any more; the portal's answers tell.
    let calls = bench.portal().calls();
    let changes = calls.iter().filter(|call| {
        let chat = dialog.chat().unwrap().get();
        (call.params["DIALOG_ID"] == dialog.as_str()
            || call.params["dialogId"] == dialog.as_str()
            || call.params["CHAT_ID"] == chat)
            && call.method.contains("chat")
    });
    let statuses: Vec<(String, u16)> = changes.map(|call| (call.method.clone(), call.status)).collect();
    assert!(statuses.len() >= 9 && statuses.iter().all(|(_, status)| *status == 200), "{statuses:?}");
}

#[rstest]
#[tokio::test]
async fn a_title_is_set_although_its_answer_was_lost(#[values(false, true)] v2: bool) {
    let (bench, ann, dialog) = stand(v2).await;
    let method = if v2 { "imbot.v2.Chat.update" } else { "imbot.chat.updateTitle" };
    bench.portal().faults().rest(method, RestFault::CloseAfterExecution, 1);
    let of = dialog.clone();
    bench.does(move |cx| {
        let _ = cx.chat_acts_in(&of).title("After");
    });
    bench.client_asks(&ann).await;
    bench.nobody_is_needed().await;
    let chat = shown(&bench, &ann, &dialog, v2).await;
    assert!(chat.contains("After") && !chat.contains("Before"), "{chat}");
}

#[rstest]
#[tokio::test]
async fn members_are_added_and_the_bot_leaves_although_the_answers_were_lost(
    #[values(false, true)] v2: bool,
) {
    let (bench, ann, dialog) = stand(v2).await;
    let eve = UserId::new(bench.portal().employee("Eve").user_id());
    for method in ["User.add", "leave"] {
        let method = if v2 {
            format!("imbot.v2.Chat.{method}")
        } else {
            format!("imbot.chat.{}", method.to_lowercase())
        };
        bench.portal().faults().rest(&method, RestFault::CloseAfterExecution, 1);
    }
    bench.does(move |cx| cx.chat_acts_in(&dialog).add_users([eve]).leave());
    bench.client_asks(&ann).await;
    bench.nobody_is_needed().await;
}

#[rstest]
#[tokio::test]
async fn a_chat_that_is_not_the_bots_is_refused_by_name(#[values(false, true)] v2: bool) {
    let (bench, ann, _) = stand(v2).await;
    let eve = bench.portal().employee("Eve").user_id();
    let chat = bench.portal().group_chat("Private", &[eve]);
    bench.does(move |cx| {
        let _ = cx.chat_acts_in(&DialogId::of_chat(ChatId::new(chat))).title("Mine");
    });
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Rejected).await;
    assert!(error.contains("ACCESS"), "{error}");
}

#[tokio::test]
async fn a_private_dialog_has_nothing_to_manage() {
    let (bench, ann, _) = stand(true).await;
    bench.does(move |cx| cx.chat_acts_in(&DialogId::from("7")).leave());
    bench.client_asks(&ann).await;
    let error = bench.needs_a_person(Parked).await;
    assert!(error.contains("private"), "{error}");
}
