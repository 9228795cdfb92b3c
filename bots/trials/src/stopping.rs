//! A bot that is told to stop while there is much to do.

use std::{collections::BTreeMap, ffi::OsStr, time::Duration};

use openlines_emulator::{Client, Emulator, RestFault};

use super::home::{Home, until};

const CLIENTS: usize = 10;
/// Messages of each: more than a portal takes answers to at once.
const EACH: usize = 20;
/// How long the portal takes to answer.
const SLOW: Duration = Duration::from_millis(200);

/// Clients write `question`, which the bot `code` answers by one message with `answer` in it. In the midst of it
/// `program serve` gets SIGTERM: it has to end within ten seconds with status 0. After a second start every message that
/// got its 200 must have been answered; and where events are fetched every message there was, exactly once.
pub async fn stopped_under_load(
    program: impl AsRef<OsStr>,
    settings: &str,
    code: &str,
    question: &str,
    answer: &str,
) {
    for fetches in [false, true] {
        stopped(program.as_ref(), settings, fetches, (code, question, answer)).await;
    }
}

async fn stopped(program: &OsStr, settings: &str, fetches: bool, words: (&str, &str, &str)) {
    let (code, question, answer) = words;
    let emulator = Emulator::builder().no_rate_limit().start().await.expect("the portal starts");
    let portal = emulator.portal();
    let home = Home::new(&portal, settings);
    let home = if fetches { home.fetching() } else { home };
    let bot = home.serve(program, &portal, code).await;
    let clients: Vec<Client> = (0..CLIENTS).map(|at| portal.client(&format!("Client {at}"))).collect();
    let answers = || {
        let mut answers: BTreeMap<i64, usize> = BTreeMap::new();
        for said in portal.bot_messages().iter().filter(|said| said.text.contains(answer)) {
            *answers.entry(said.chat_id).or_default() += 1;
        }
        answers
    };
    let acknowledged = || {
        if fetches {
            return clients.iter().map(|client| (client.chat_id(), EACH)).collect();
        }
        let mut due: BTreeMap<i64, usize> = BTreeMap::new();
        let taken = portal.deliveries();
        for delivery in taken.iter().filter(|one| one.event == "ONIMBOTV2MESSAGEADD" && one.status == Ok(200))
        {
            let form = delivery.form();
            let message = &form["data"]["message"];
            let chat = message["chatId"].to_string().trim_matches('"').parse().ok();
            if message["text"] == question {
                *due.entry(chat.expect("it tells its chat")).or_default() += 1;
            }
        }
        due
    };
    // So that there is something left to do.
    portal.faults().rest("imbot.v2.Chat.Message.send", RestFault::SlowAnswer(SLOW), u32::MAX);
    portal.faults().rest("batch", RestFault::SlowAnswer(SLOW), u32::MAX);
    let crowd = async {
        for _ in 0..EACH {
            for client in &clients {
                client.says(question).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    let stop = async {
        until("some answers", || home.log(), || !answers().is_empty()).await;
        bot.terminate().await
    };
    let ((), took) = tokio::join!(crowd, stop);
    portal.faults().clear();
    portal.settled(Duration::from_secs(30)).await;
    let (first, due) = (answers().values().sum::<usize>(), acknowledged());
    let taken = due.values().sum::<usize>();

    let bot = home.serve(program, &portal, code).await;
    let all = || due.iter().all(|(chat, due)| answers().get(chat).is_some_and(|answers| answers >= due));
    until("all that was acknowledged", || format!("{due:?}\n{:?}\n{}", answers(), home.log()), all).await;
    let again = bot.terminate().await;
    for (chat, answers) in answers() {
        // More than were acknowledged if it found the others in the history, but never more than were said.
        assert!(answers <= EACH, "chat {chat}: {answers} answers to {EACH} messages");
    }
    assert!(first < taken, "it was stopped in the midst of it");
    println!(
        "SIGTERM, {}: ended in {took:?} and {again:?}; of {} messages {taken} were accepted, {first} answered before the end, all after it",
        if fetches { "fetch" } else { "webhook" },
        CLIENTS * EACH
    );
}
