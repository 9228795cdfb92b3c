//! What a client wrote, said again through `literal()`, is shown as the client wrote it: on a channel that draws BB code
//! and on one that does not.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::sync::{Arc, Mutex};

use openlines::prelude::*;
use openlines_emulator::{Client, SeenMessage};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config as Cases, TestRunner},
};
use stage::{Stage, stage};

/// Every code of protocol 7.
const CODES: &[&str] = &[
    "[b]x[/b] [i]x[/i] [u]x[/u] [s]x[/s]",
    "[B]x[/B][I]x[/i] [[b]x[/b]] [b][b]x[/b][/b]",
    "[size=20]x[/size] [color=#f00]x[/color] [color=#ff0000]x[/color]",
    "[url]https://e.example/[/url] [url=https://e.example/?a=[1]]x[/url] [url=javascript:alert(1)]x[/url]",
    "[user=1]x[/user] [USER=1][/USER] [user=1 REPLACE]x[/user] [user=all]",
    "[chat=5]x[/chat] [chat=imol|5]x[/chat]",
    "[context=chat5/7]x[/context] [dialog=chat5 message=7]x[/dialog] [dialog=5:6]x[/dialog]",
    "[call=+100]x[/call] [call]112[/call] [pch=3] [pch=3]x[/pch]",
    "[send=/pay]x[/send] [send]x[/send] [put=a=b]x[/put] [put]x[/put]",
    "a[br]b[BR]c#BR#d#br#e ##BR## #BR#BR#",
    ">>quoted\n>> again\n >>>>no",
    "-----------------------------------------------------\n------------------------------------------------------\nx\n------------------------------------------------------",
    "------------------------------------------------------------------------------------------------------------------------",
    "[code][b]x[/b][/code] [/code] [CODE]y",
    "[img size=small]https://e.example/i.png [/img] [img]x[/img]",
    "[icon=https://e.example/i.png size=20 title=T] [icon=x]",
    "[timestamp=1773682918 format=SHORT_TIME_FORMAT]",
    "[disk=5] [rating=5] [attach=12] [list][*]a[/list] [quote]x[/quote] [table]",
    "[b] [/b] [ b] [b ] [/ b] [] [ ][[[]]] [/] [=x] [url= [b]",
    "a    b        c\td",
];

/// Every tag of HTML, and what else a browser would act on.
const HTML: &[&str] = &[
    "<b>x</b> <i>x</i> <u>x</u> <s>x</s> <em>x</em> <strong>x</strong> <br> <br/> <hr>",
    "<a href=\"https://e.example/\" onclick='x()'>x</a> <a href=javascript:alert(1)>y</a>",
    "<script>alert(1)</script> <style>*{}</style> <iframe src=x></iframe> <object></object> <embed>",
    "<img src=x onerror=alert(1)> <svg onload=x> <video> <audio> <canvas> <math> <template> <noscript>",
    "<div style=\"color:red\">x</div> <span>x</span> <font color=red size=3>x</font> <p>x</p> <pre>x</pre>",
    "<html><head><title>x</title><base href=x><meta><link></head><body>x</body></html>",
    "<form><input><button><select><option><textarea>x</textarea></form> <table><tr><td>x</td></tr></table>",
    "<ul><li>x</li></ul> <h1>x</h1> <blockquote>x</blockquote> <!-- x --> <![CDATA[x]]> <?php ?>",
    "&nbsp; &amp; &lt;b&gt; &#91;b&#93; &copy &quot; ' \" \\ \\n \\[b] %5Bb%5D {{x}} ${x}",
];

type Said = Arc<Mutex<String>>;

/// A bot that answers with what it is told to, through `literal`.
async fn parrot() -> (Stage, Said) {
    let said = Said::default();
    let say = said.clone();
    let stage = stage(|app| {
        app.bot(BotProfile::openline("parrot").name("Parrot"), move |cx: Context, _message: Message| {
            let text = say.lock().unwrap().clone();
            async move { cx.reply(literal(text)) }
        })
    })
    .await;
    (stage, said)
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|sign: char| sign.is_whitespace() || sign.is_control())
}

/// What the client sees of the bot's latest message, or nothing.
fn shown(stage: &Stage, client: &Client) -> Option<SeenMessage> {
    stage.portal.seen_in(client.chat_id()).into_iter().rev().find(|message| !message.own)
}

/// Says each text to a client of Live Chat, which draws BB code, and to one of Telegram, which does not.
async fn are_shown(texts: impl IntoIterator<Item = String>) {
    let (stage, said) = parrot().await;
    let clients =
        [stage.portal.client("Ann"), stage.portal.client_on("Tim", "telegrambot", stage.portal.line_id())];
    stage.portal.line().channel("telegrambot", true);
    for text in texts.into_iter().filter(|text| !trimmed(text).is_empty()) {
        said.lock().unwrap().clone_from(&text);
        for (client, draws) in clients.iter().zip([true, false]) {
            client.says("go").await;
            stage.quiet().await;
            let seen = shown(&stage, client).unwrap_or_else(|| panic!("nothing is shown of {text:?}"));
            // Channels without markup put the bot's name above.
            let seen = if draws { &seen.text } else { seen.text.strip_prefix("Parrot:\n").unwrap() };
            assert_eq!(trimmed(&seen.replace('\u{2060}', "")), trimmed(&text), "drawn: {draws}, {text:?}");
            assert!(!draws || !is_drawn(seen), "something of it is drawn: {seen:?}");
        }
    }
}

/// Whether anything in the text would be drawn as other than text: read by the rules of protocol 7.
fn is_drawn(text: &str) -> bool {
    let tag = |rest: &str| rest.starts_with(|next: char| next == '/' || next.is_ascii_alphabetic());
    text.split('[').skip(1).any(tag)
        || text.to_lowercase().contains("#br#")
        || text.contains(&"-".repeat(54))
        || text.contains("    ")
        || text.lines().any(|line| line.starts_with(">>"))
}

#[tokio::test]
async fn every_code_is_shown_as_text() {
    are_shown(CODES.iter().map(|text| (*text).to_owned())).await;
}

#[tokio::test]
async fn every_tag_of_html_is_shown_as_text() {
    are_shown(HTML.iter().map(|text| (*text).to_owned())).await;
}

#[tokio::test]
async fn every_control_character_is_shown_as_it_is() {
    let controls = (0..=0x1f).chain(0x7f..=0x9f).filter_map(char::from_u32);
    let widths = "\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{ad}\u{fffd}".chars();
    let each = controls.chain(widths).map(|sign| format!("a{sign}[{sign}b{sign}]#{sign}BR#{sign}>>z"));
    are_shown([each.collect::<Vec<_>>().join("|")]).await;
}

#[tokio::test]
async fn nasty_texts_are_shown_as_they_are() {
    let piece = "(\\[/?(b|url=x|user=1|send=y|code|br|img|size=9|icon=z)\\]|\\[|\\]|#BR#|#br#|#|>>|>|-{54}|-{20}| {1,5}|\n|<b>|&nbsp;|\\PC|[\u{0}-\u{1f}]|0)";
    // Together fewer messages than the portal takes at once.
    let mut runner = TestRunner::new(Cases::default());
    let mut nasty = Vec::new();
    for (length, count) in [("{1,3}", 8), ("{1,40}", 8), ("{500,900}", 6)] {
        let texts = proptest::string::string_regex(&format!("x?{piece}{length}")).unwrap();
        nasty.extend((0..count).map(|_| texts.new_tree(&mut runner).unwrap().current()));
    }
    are_shown(nasty).await;
}
