//! A page of the application, in a frame of the portal, in a real browser: it shows what its user is told, also after
//! its connection was cut. Skipped with a loud line where there is no Chromium.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;
#[path = "../emulator/tests/browser/window.rs"]
#[allow(dead_code)]
mod window;

use openlines::{app::Running, prelude::*};
use openlines_emulator::{Emulator, Portal};
use serde::Serialize;
use stage::{SOON, settings};
use window::play;

const PAGE: &str = r##"<!doctype html>
<meta charset="utf-8">
<title>Orders</title>
<p id="status"></p>
<ol id="news"></ol>
<script type="module">
  import { connect } from '/openlines/rt.js';
  const live = connect();
  live.onStatus((status) => { document.querySelector('#status').textContent = status; });
  for (const command of ['said', 'counted']) {
    live.on(command, (params) => {
      const item = document.createElement('li');
      item.textContent = `${command} ${params.text ?? params.message}`;
      document.querySelector('#news').append(item);
    });
  }
</script>
"##;

/// What Ivan may read.
#[derive(Serialize)]
struct Said<'a> {
    text: &'a str,
}

impl RtEvent for Said<'_> {
    const COMMAND: &'static str = "said";
}

/// What everybody may know.
#[derive(Serialize)]
struct Counted {
    message: i64,
}

impl RtEvent for Counted {
    const COMMAND: &'static str = "counted";
}

/// Two portals with one application, which tells `to` what clients say, and everybody that they said something.
async fn two_portals() -> (Running, [Emulator; 2]) {
    let (id, secret) = ("local.65f0a1b2c3d4e5.12345678", "a secret that protects nothing but tests");
    let start = || async { Emulator::builder().app(id, secret).start().await.unwrap() };
    let emulators = [start().await, start().await];
    let portals = emulators.each_ref().map(Emulator::portal);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = portals.each_ref().map(|portal| portal.app().oauth_host).join(",");
    let ivan = portals[0].operator("Ivan").user_id();
    let bot = move |cx: Context, message: Message| async move {
        cx.rt_to(RtRecipients::user(ivan), &Said { text: &message.text });
        if message.text == "everybody" {
            cx.rt_to(RtRecipients::Shared, &Counted { message: message.id.get() });
        }
    };
    let config = settings(&portals[0]).listen(port).public_url(format!("http://{port}")).oauth_hosts(hosts);
    let app = App::new(config).bot(BotProfile::openline("orders"), bot).page("/orders", PAGE);
    let running = app.start().await.unwrap();
    for (nth, portal) in portals.iter().enumerate() {
        portal.install(&format!("{}/install", running.url())).await;
        portal.set_page_url(Some(&format!("{}/orders", running.url())));
        tokio::time::timeout(SOON, running.set_up(nth + 1)).await.expect("the portal is set up");
    }
    (running, emulators)
}

async fn opens(window: &window::Window, portal: &Portal, user: i64) {
    window.visit(&format!("{}?user={user}", portal.frame_url())).await;
    window.enters_frame("#app").await;
    window.sees("#status", "open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_what_its_user_is_told_also_after_its_socket_was_cut() {
    play("rt-resumed", async |window| {
        let (_running, emulators) = two_portals().await;
        let portal = emulators[0].portal();
        let ann = portal.client("Ann");
        opens(&window, &portal, portal.operator("Ivan").user_id()).await;

        ann.says("hello").await;
        window.sees("#news li", "said hello").await;

        // What comes while the page is away is there when it is back.
        portal.push().refuse_pages(true);
        portal.push().disconnect();
        window.sees("#status", "waiting").await;
        ann.says("while you were away").await;
        portal.wait_for_calls("pull.application.event.add", 2, SOON).await;
        assert_eq!(portal.push().listeners(), 0);
        portal.push().refuse_pages(false);
        window.script("window.dispatchEvent(new Event('online'))").await;
        window.sees("#news li:nth-child(2)", "said while you were away").await;
        window.sees("#status", "open").await;
        ann.says("everybody").await;
        window.counts("#news li", 4).await;
        window.shot("rt-page").await;

        // Channels that are over are asked for again.
        portal.push().expire_channels();
        window.until("the page has left", || portal.push().listeners() == 0).await;
        window.until("the page is back", || portal.push().listeners() == 1).await;
        ann.says("again").await;
        window.sees("#news li:nth-child(5)", "said again").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_user_or_of_another_portal_shows_nothing_of_it() {
    play("rt-others", async |window| {
        let (_running, emulators) = two_portals().await;
        let [first, second] = emulators.each_ref().map(Emulator::portal);
        let olga = first.operator("Olga").user_id();
        for (portal, user) in [(&first, olga), (&second, second.operator("Ivan").user_id())] {
            opens(&window, portal, user).await;
            first.client("Ann").says("for Ivan only").await;
            // The one that everybody on this portal is told comes after what is not for them.
            portal.client("Bob").says("everybody").await;
            let own = if portal.frame_url() == first.frame_url() { 1 } else { 2 };
            window.counts("#news li", own).await;
            let shown = window.script("return document.querySelector('#news').textContent").await;
            assert!(!shown.as_str().unwrap().contains("for Ivan only"), "{shown}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_module_reads_every_framing_of_the_server() {
    play("rt-frames", async |window| {
        let (running, _emulators) = two_portals().await;
        window.visit(&format!("{}/orders", running.url())).await;
        let script = r##"
            return import('/openlines/rt.js').then(({ frames }) => JSON.stringify([
                '#!NGINXNMS!#{"mid":"1","text":{"command":"a"}}#!NGINXNME!##!NGINXNMS!#{"mid":"2","text":{"command":"b"}}#!NGINXNME!#',
                '[{"mid":"3","text":{"command":"c"}}]',
                '{"jsonrpc":"2.0","method":"incoming.message","params":{"mid":"4","body":{"command":"d","params":{"x":1}},"user_params":{"y":2}}}',
                'ping', '#!NGINXNMS!#{', '[1, null]',
            ].map((text) => frames(text).map(({ mid, body, ack }) => [mid, body.command, Boolean(ack), body.params ?? null]))));
        "##;
        let read = window.script(script).await;
        let read: serde_json::Value = serde_json::from_str(read.as_str().unwrap()).unwrap();
        let expected = serde_json::json!([
            [["1", "a", false, null], ["2", "b", false, null]],
            [["3", "c", false, null]],
            [["4", "d", true, {"x": 1, "y": 2}]],
            [], [], [],
        ]);
        assert_eq!(read, expected);
    })
    .await;
}
