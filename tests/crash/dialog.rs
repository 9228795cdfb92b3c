//! Killed in the middle of a dialog.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use openlines::prelude::*;
use openlines_emulator::{Delivery, Emulator};

use crate::bot::{Dice, Home};

/// The name of this test's bot.
pub(crate) const ECHO: &str = "echo";
const MESSAGES: usize = 40;

/// The bot that is killed; it reads its settings as any bot does.
pub(crate) async fn bot() -> ExitCode {
    let echo =
        async |cx: Context, message: Message| cx.reply(format!("You said: {}", literal(&message.text)));
    let app = App::from_args(["bot", "serve"]).unwrap();
    match app.bot(BotProfile::openline("echo").name("Echo"), echo).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) async fn killed(kills: usize) {
    let mut dice = Dice::new();
    let mut killed = 0;
    while killed < kills {
        killed += one_dialog(&mut dice, (kills - killed).min(20)).await;
    }
    println!("{killed} kills, all dialogs whole");
}

/// One dialog of 40 messages with `kills` kills in it.
async fn one_dialog(dice: &mut Dice, kills: usize) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    let home = Home::new(ECHO, &portal, directory.path());
    let mut bot = home.start().await;
    portal.install(&home.install_url()).await;
    portal.wait_for_call("event.bind", Duration::from_secs(20)).await;
    let client = portal.client("Ann");

    // Which messages a kill follows, and how soon.
    let mut places: Vec<usize> = (0..MESSAGES).collect();
    dice.shuffle(&mut places);
    let places = &places[..kills];
    for index in 0..MESSAGES {
        client.says(&format!("message {index}")).await;
        if places.contains(&index) {
            // The moment of the kill is what is random here: before the 200, in the turn, in the sending, after it.
            tokio::time::sleep(Duration::from_micros(dice.below(60_000))).await;
            bot.kill();
            bot = home.start().await;
        } else if dice.below(4) > 0 {
            // The rest follow each other as fast as they can be written.
            portal.settled(Duration::from_secs(60)).await;
        }
    }
    portal.settled(Duration::from_secs(60)).await;

    let acknowledged: Vec<usize> = portal.deliveries().iter().filter_map(acknowledged).collect();
    let answers =
        || -> Vec<usize> { portal.bot_messages().iter().filter_map(|said| number(&said.text)).collect() };
    let deadline = Instant::now() + Duration::from_secs(100);
    while !acknowledged.iter().all(|index| answers().contains(index)) {
        assert!(
            Instant::now() < deadline,
            "not all acknowledged messages were answered: {acknowledged:?}\n{}\n{}",
            client.transcript(),
            home.log()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let answers = answers();
    let mut once = answers.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(answers, once, "answered once and in order\n{}", client.transcript());
    println!(
        "{} of {MESSAGES} messages got their 200, {} were answered, {kills} kills",
        acknowledged.len(),
        answers.len()
    );
    assert!(
        acknowledged.len() >= MESSAGES / 8,
        "most kills should leave the delivery whole\n{:#?}\n{}",
        portal.deliveries(),
        home.log()
    );
    bot.kill();
    kills
}

fn acknowledged(delivery: &Delivery) -> Option<usize> {
    if delivery.event != "ONIMBOTV2MESSAGEADD" || delivery.status != Ok(200) {
        return None;
    }
    number(delivery.form()["data"]["message"]["text"].as_str()?)
}

fn number(text: &str) -> Option<usize> {
    text.rsplit_once("message ")?.1.parse().ok()
}
