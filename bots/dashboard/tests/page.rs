//! The page in a frame of the portal, in a real browser. Skipped with a loud line where there is no Chromium.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

mod stage;
#[path = "../../../emulator/tests/browser/window.rs"]
#[allow(dead_code, unreachable_pub)]
mod window;

use std::time::Duration;

use csat::Mark;
use dashboard::Settings;
use openlines::prelude::*;
use serde_json::json;
use stage::Stage;
use window::{Window, play};

/// Opens the page as this user, and looks into its frame.
async fn opens(window: &Window, stage: &Stage, user: i64) {
    window.visit(&format!("{}?user={user}", stage.portal.frame_url())).await;
    window.enters_frame("#app").await;
}

async fn opens_live(window: &Window, stage: &Stage) {
    opens(window, stage, stage.portal.admin_id()).await;
    window.sees("#way", "Live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_sees_what_happens_takes_over_and_returns() {
    play("dashboard-live", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        window.size(1_280, 800).await;
        opens_live(&window, &stage).await;
        window.sees("#none", "Nobody").await;

        let (ann, bob) = (
            stage.portal.client("Ann"),
            stage.portal.client_on("Bob", "telegrambot", stage.portal.line_id()),
        );
        ann.says("hello").await;
        window.sees("#dialogs .client", "Ann").await;
        window.sees("#dialogs .words", "You said: hello").await;
        window.sees("#news li.bot", "Clerk → Ann You said: hello").await;
        bob.says("person").await;
        window.sees("#dialogs tr[data-holder=waiting] .client", "BobTelegram").await;
        window.sees("#news li.handed", "Bob is handed over").await;
        window.sees("#queue", "1").await;
        let row = |client: &openlines_emulator::Client| format!("#chat{}", client.chat_id());
        // Who waits longest is first, and the time goes on without a word from anybody.
        window.sees("#dialogs tr:first-child .client", "Bob").await;
        window.sees(&format!("{} .waits", row(&bob)), "0:02").await;
        window.sees("#longest", "0:03").await;
        window.shot("dashboard-live").await;

        window.clicks(&format!("{} button[aria-label='Take over Ann']", row(&ann))).await;
        window.sees(&format!("{} .pill", row(&ann)), "You").await;
        window.sees("#news li.handed", "Ann was taken over by you").await;
        ann.says("are you a person?").await;
        window.sees(&format!("{} .words", row(&ann)), "are you a person?").await;
        stage.quiet().await;
        assert_eq!(
            stage.portal.bot_messages().iter().filter(|said| said.chat_id == ann.chat_id()).count(),
            1
        );
        window.counts(&format!("{} button[aria-label='Take over Ann']", row(&ann)), 0).await;
        window.clicks(&format!("{} button[aria-label='Return Ann to the bot']", row(&ann))).await;
        window.sees(&format!("{} .pill", row(&ann)), "Clerk").await;

        let desk = stage.running.desks().portals().remove(0);
        let mark = |dialog: i64, mark, comment: &str, low| Mark {
            dialog: format!("chat{dialog}"),
            session: 1,
            mark,
            comment: comment.into(),
            low,
        };
        let admin = RtRecipients::user(UserId::new(stage.portal.admin_id()));
        desk.rt_to(admin.clone(), &mark(bob.chat_id(), 1, "nobody <b>came</b>", true)).await.unwrap();
        desk.rt_to(admin, &mark(ann.chat_id(), 5, "", false)).await.unwrap();
        window.sees(&format!("{} .mark[data-low=yes]", row(&bob)), "Low mark 1").await;
        window.sees(&format!("{} .mark[data-low=no]", row(&ann)), "Mark 5").await;
        window.sees("#news li.low", "“nobody <b>came</b>”").await;
        window.sees("#low", "1").await;

        let ivan = stage.portal.operator("Ivan");
        ivan.says(&bob, "Good day").await;
        window.sees(&format!("{} .pill", row(&bob)), "Ivan").await;
        ivan.finishes(&bob).await;
        window.counts(&row(&bob), 0).await;
        window.sees("#news li.over", "Bob has no open dialog any more").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_sees_nothing_and_is_told_why() {
    play("dashboard-stranger", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        stage.portal.client("Ann").says("a secret of Ann's").await;
        stage.quiet().await;
        let ivan = stage.portal.operator("Ivan").user_id();
        opens(&window, &stage, ivan).await;
        window.sees("#why", &format!("you (user {ivan}) are none here")).await;
        window.hides("#board").await;
        stage.portal.client("Bob").says("a secret of Bob's").await;
        stage.quiet().await;
        let shown = window.script("return document.documentElement.textContent").await;
        assert!(!shown.as_str().unwrap().contains("secret of"), "{shown}");
        // Outside of a portal nobody is anybody.
        window.visit(&format!("{}/dashboard", stage.running.url())).await;
        window.sees("#why", "Open this page from the portal").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_texts_are_text() {
    play("dashboard-hostile", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        opens_live(&window, &stage).await;
        let name = "</script><img src=x onerror=\"window.hacked=1\">";
        let text = "<script>window.hacked=2</script><svg onload='window.hacked=3'>[url=javascript:window.hacked=4]x[/url]";
        let eve = stage.portal.client(name);
        eve.says(text).await;
        window.sees("#dialogs .client", "</script><img src=x").await;
        window.sees("#dialogs .words .client", "<script>window.hacked=2</script>").await;
        window.sees("#news li.bot", "window.hacked=2").await;
        let ivan = stage.portal.operator("<b id=hacked>Ivan</b>");
        ivan.says(&eve, "<iframe src='javascript:parent.hacked=5'></iframe>").await;
        window.sees("#dialogs .pill", "<b id=hacked>Ivan</b>").await;
        window.visit(&format!("{}?user={}", stage.portal.frame_url(), stage.portal.admin_id())).await;
        window.enters_frame("#app").await;
        window.sees("#dialogs .words", "<iframe").await;
        let script = "return [window.hacked ?? null, document.querySelectorAll('#board :is(img, svg, script, iframe, a, #hacked)').length]";
        assert_eq!(window.script(script).await, json!([null, 0]));
        let policy = reqwest::get(format!("{}/dashboard", stage.running.url())).await.unwrap();
        let policy = policy.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        // What is in the page by no file of ours does not run.
        let script = "const s = document.createElement('script'); s.textContent = 'window.inline = 1'; document.body.append(s); return window.inline ?? null";
        assert_eq!(window.script(script).await, json!(null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_polls_while_the_socket_is_cut_and_says_so() {
    play("dashboard-polls", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        opens_live(&window, &stage).await;
        let ann = stage.portal.client("Ann");
        ann.says("hello").await;
        window.sees("#dialogs .words", "You said: hello").await;

        stage.portal.push().refuse_pages(true);
        stage.portal.push().disconnect();
        window.sees("#way", "Polling every 3 s").await;
        ann.says("do you still hear me?").await;
        window.sees("#dialogs .words", "You said: do you still hear me?").await;
        assert_eq!(stage.portal.push().listeners(), 0);
        window.clicks("#dialogs button[aria-label='Take over Ann']").await;
        window.sees("#dialogs .pill", "You").await;

        stage.portal.push().refuse_pages(false);
        window.script("window.dispatchEvent(new Event('online'))").await;
        window.sees("#way", "Live").await;
        ann.says("and now?").await;
        window.sees("#dialogs .words", "and now?").await;
        let shown = window.script("return [...document.querySelectorAll('#news li.client')].map(one => one.textContent.replace(/^\\S+ /, ''))").await;
        assert_eq!(shown, json!(["Ann and now?", "Ann do you still hear me?", "Ann hello"]), "each once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_when_the_users_token_is_over() {
    play("dashboard-token", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        opens_live(&window, &stage).await;
        // What the bot knows of the user is over as well.
        stage.clock.advance(Duration::from_secs(600));
        stage.portal.expire_access_tokens();
        stage.portal.push().expire_channels();
        stage.portal.client("Ann").says("hello").await;
        window.sees("#dialogs .words", "You said: hello").await;
        window.sees("#way", "Live").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_the_bot_is_gone_and_shows_what_there_is_when_it_is_back() {
    play("dashboard-restart", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        opens_live(&window, &stage).await;
        let ann = stage.portal.client("Ann");
        ann.says("hello").await;
        window.sees("#news li.bot", "Clerk → Ann You said: hello").await;
        stage.quiet().await;
        let stage = stage
            .restarted(async |_| {
                window.sees("#way", "cannot be reached").await;
                ann.says("while you were away").await;
            })
            .await;
        window.sees("#way", "Live").await;
        window.sees("#news li.bot", "Clerk → Ann You said: while you were away").await;
        ann.says("good").await;
        window.sees("#news li.bot", "You said: good").await;
        let shown = window.script("return [...document.querySelectorAll('#news li')].map(one => one.textContent.replace(/^\\S+ /, '')).reverse()").await;
        let said = |text: &str| [format!("Ann {text}"), format!("Clerk → Ann You said: {text}")];
        assert_eq!(shown, json!([said("hello"), said("while you were away"), said("good")].concat()), "each once");
        drop(stage);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_it() {
    play("dashboard-everybody", async |window| {
        let stage = Stage::new(false, |_| Settings::default()).await;
        let ann = stage.portal.client("Ann-Katherine Featherstonehaugh-Cholmondeley-Marjoribanks");
        ann.says("person").await;
        ann.says(&"long".repeat(60)).await;
        for (width, dark) in [(1_280, false), (760, true), (360, false), (360, true)] {
            window.size(width, 800).await;
            window.dark(dark).await;
            opens_live(&window, &stage).await;
            window.sees("#dialogs .client", "Ann-Katherine").await;
            window.fits().await;
            assert_eq!(window.nameless("#board").await, json!([]));
            let wide = "return [...document.querySelectorAll('#board, #figures div, #panes > section, tr, .words')].filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.id || one.className || one.tagName)";
            assert_eq!(window.script(wide).await, json!([]), "at {width}");
            // 4.5 to 1 is what people of weak sight need.
            assert_eq!(window.script(include_str!("contrast.js")).await, json!([]), "dark: {dark}");
            window.shot(&format!("dashboard-{width}-{}", if dark { "dark" } else { "light" })).await;
        }
        // By the keyboard alone, and the focus stays with the dialog.
        window.size(1_280, 800).await;
        window.presses_key_on("#dialogs button[aria-label^='Take over']", "\u{e007}").await;
        window.sees("#dialogs .pill", "You").await;
        let focus = "return document.activeElement.getAttribute('aria-label')";
        window.sees("#news li.handed", "was taken over by you").await;
        assert!(window.script(focus).await.as_str().unwrap().starts_with("Return Ann"));
    })
    .await;
}
