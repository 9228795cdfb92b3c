//! A database whose write lock another program holds, such as a shell that somebody left open.

use std::time::Duration;

use openlines_emulator::Emulator;
use rusqlite::Connection;

use crate::{
    bot::Home,
    crowd::{self, CROWD},
    disk::statuses,
};

const SOON: Duration = Duration::from_secs(60);

pub(crate) async fn for_a_while() {
    let directory = tempfile::tempdir().unwrap();
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let home = Home::new(CROWD, &portal, directory.path());
    let _bot = home.start().await;
    portal.install(&home.install_url()).await;
    portal.wait_for_call("event.bind", SOON).await;
    let ann = portal.client("Ann");
    ann.says("0/0").await;
    home.until("the first answer", || crowd::answers(&portal).len() == 1).await;

    let shell = Connection::open(home.database()).unwrap();
    shell.busy_timeout(SOON).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    ann.says("0/1").await;
    portal.settled(SOON).await;
    assert_eq!(statuses(&portal), [Ok(200), Ok(503)], "{}", home.log());
    let advice = "another process holds its write lock; end that one, then try again";
    assert!(home.log().contains(advice), "{}", home.log());
    shell.execute_batch("ROLLBACK").unwrap();
    ann.says("0/2").await;
    portal.settled(SOON).await;
    assert_eq!(statuses(&portal), [Ok(200), Ok(503), Ok(200)], "{}", home.log());
    home.until("the last answer", || {
        crowd::answers(&portal).last().is_some_and(|answer| answer.place == (0, 2))
    })
    .await;
}
