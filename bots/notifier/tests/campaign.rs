//! Campaigns on an emulated portal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use notifier::{Campaign, Notifier, OptOuts, Outcome, Person, results};
use openlines::{
    app::Running,
    clock::{Clock, SystemClock},
    dispatch::PortalDesk,
    prelude::*,
    rest::Limits,
};
use openlines_emulator::{Emulator, Portal, RestFault};
use rstest::rstest;

const SOON: Duration = Duration::from_secs(20);
const WEEK: Duration = Duration::from_secs(7 * 86_400 + 60);
const ADD: &str = "imopenlines.network.message.add";

/// The system's clock, so many seconds ahead.
#[derive(Debug, Clone, Default)]
struct Ahead(Arc<AtomicU64>);

impl Ahead {
    fn by(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(self.by())
    }

    async fn sleep_until(&self, moment: Timestamp) {
        SystemClock.sleep_until(moment.minus(self.by())).await;
    }
}

struct Stand {
    dir: tempfile::TempDir,
    portal: Portal,
    running: Running,
    clock: Ahead,
    opt_outs: OptOuts,
    member: String,
    _emulator: Emulator,
}

async fn stand(webhook: bool) -> Stand {
    let emulator = Emulator::builder().no_rate_limit().start().await.unwrap();
    let portal = emulator.portal();
    let dir = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new()
        .without_admin()
        .listen(address)
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let config = if webhook { config.public_url(format!("http://{address}")) } else { config };
    let opt_outs = OptOuts::open(&dir.path().join("opt-outs.csv")).unwrap();
    let bot = Notifier::new(Default::default(), opt_outs.clone());
    let clock = Ahead::default();
    let app = App::new(config)
        .limits(Limits::new(100_000, 10_000))
        .clock(Arc::new(clock.clone()))
        .bot(BotProfile::openline("notifier"), bot);
    let running = app.start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    let member = running.registry().portals().remove(0).key.member.to_string();
    Stand { dir, portal, running, clock, opt_outs, member, _emulator: emulator }
}

impl Stand {
    fn users(&self, count: usize) -> Vec<i64> {
        (0..count).map(|at| self.portal.employee(&format!("E{at}")).user_id()).collect()
    }

    fn campaign(&self, name: &str, users: &[i64]) -> Campaign {
        let person = |user: &i64| Person { user: UserId::new(*user), text: format!("{name} for {user}") };
        Campaign {
            name: name.into(),
            line: self.portal.network_code(),
            people: users.iter().map(person).collect(),
            results: results(&self.file(name)).unwrap(),
            opt_outs: self.opt_outs.clone(),
        }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(format!("{name}.result.csv"))
    }

    async fn run(&self, campaign: &mut Campaign) {
        campaign.run(&self.desk(), &|_, _| {}).await.unwrap();
    }

    fn desk(&self) -> PortalDesk {
        self.running.desks().choose(Some(&self.member)).unwrap()
    }

    fn advance(&self, span: Duration) {
        self.clock.0.fetch_add(span.as_secs(), Ordering::SeqCst);
        self.portal.clock().advance(span);
    }

    /// To whom something arrived, and what.
    fn arrived(&self) -> Vec<(i64, String)> {
        let sent = self.portal.network_messages().into_iter();
        let mut arrived: Vec<_> = sent.map(|message| (message.user_id, message.text)).collect();
        arrived.sort();
        arrived
    }
}

fn outcomes(campaign: &Campaign) -> Vec<Option<Outcome>> {
    campaign.people.iter().map(|one| campaign.results.of(&one.user).map(|row| row.outcome)).collect()
}

#[rstest]
#[case::webhook(true)]
#[case::fetch(false)]
#[tokio::test]
async fn everybody_gets_it_once_and_has_one_row_in_the_results(#[case] webhook: bool) {
    let stand = stand(webhook).await;
    let users = stand.users(120);
    let mut campaign = stand.campaign("sunday", &users);
    let steps = Mutex::new(Vec::new());
    let tell = |done: usize, all: usize| steps.lock().unwrap().push((done, all));
    campaign.run(&stand.desk(), &tell).await.unwrap();
    let all: Vec<_> = users.iter().map(|user| (*user, format!("sunday for {user}"))).collect();
    assert_eq!(stand.arrived(), all);
    let steps = steps.into_inner().unwrap();
    assert_eq!((steps.first(), steps.last()), (Some(&(0, 120)), Some(&(120, 120))));
    assert!(steps.is_sorted(), "{steps:?}");
    let file = std::fs::read_to_string(stand.file("sunday")).unwrap();
    let rows: Vec<&str> = file.lines().collect();
    assert_eq!((rows[0], rows.len()), ("user,outcome,when,why", 121));
    assert!(rows[1].starts_with(&format!("{},sent,20", users[0])), "{}", rows[1]);
    // Again, and again from the file.
    stand.run(&mut campaign).await;
    stand.run(&mut stand.campaign("sunday", &users)).await;
    assert_eq!(stand.arrived().len(), 120);
    assert_eq!(std::fs::read_to_string(stand.file("sunday")).unwrap(), file);
    stand.running.stop().await;
}

#[tokio::test]
async fn who_got_one_within_the_week_is_skipped_and_gets_it_a_week_later() {
    let stand = stand(true).await;
    let users = stand.users(3);
    stand.run(&mut stand.campaign("first", &users[..1])).await;
    let mut second = stand.campaign("second", &users);
    stand.run(&mut second).await;
    assert_eq!(outcomes(&second), [Some(Outcome::TooEarly), Some(Outcome::Sent), Some(Outcome::Sent)]);
    let why = &second.results.of(&UserId::new(users[0])).unwrap().why;
    assert!(why.starts_with("the next is allowed at 20"), "{why}");
    assert_eq!(stand.arrived().len(), 3);
    stand.advance(WEEK);
    stand.run(&mut second).await;
    assert_eq!(outcomes(&second), [Some(Outcome::Sent); 3]);
    assert_eq!(stand.arrived().len(), 4, "the other two got no second one");
    stand.running.stop().await;
}

#[tokio::test]
async fn an_nfr_portal_has_no_limit() {
    let stand = stand(true).await;
    stand.portal.set_nfr(true);
    let users = stand.users(2);
    for name in ["first", "second"] {
        let mut campaign = stand.campaign(name, &users);
        stand.run(&mut campaign).await;
        assert_eq!(outcomes(&campaign), [Some(Outcome::Sent); 2], "{name}");
    }
    assert_eq!(stand.arrived().len(), 4);
    stand.running.stop().await;
}

#[tokio::test]
async fn who_said_stop_is_skipped_until_start() {
    let stand = stand(true).await;
    let ann = stand.portal.employee("Ann");
    let chat = stand.portal.bot_id("notifier").unwrap();
    ann.says_to(chat, "STOP").await;
    ann.hears(openlines_emulator::containing("no more messages")).await;
    let mut campaign = stand.campaign("sunday", &[ann.user_id()]);
    stand.run(&mut campaign).await;
    assert_eq!((outcomes(&campaign), stand.arrived().len()), (vec![Some(Outcome::OptedOut)], 0));
    ann.says_to(chat, "START").await;
    ann.hears(openlines_emulator::containing("messages again")).await;
    stand.run(&mut campaign).await;
    assert_eq!((outcomes(&campaign), stand.arrived().len()), (vec![Some(Outcome::Sent)], 1));
    stand.running.stop().await;
}

#[tokio::test]
async fn what_is_refused_or_perhaps_sent_is_told_and_not_tried_again() {
    let stand = stand(true).await;
    stand.portal.set_nfr(true);
    let users = stand.users(1);
    let mut refused = stand.campaign("refused", &users);
    refused.line = stand.portal.unjoined_network_code();
    stand.run(&mut refused).await;
    assert_eq!(outcomes(&refused), [Some(Outcome::Refused)]);
    let why = &refused.results.of(&UserId::new(users[0])).unwrap().why;
    assert!(why.contains("NOT_FOUND"), "{why}");

    stand.portal.faults().rest(ADD, RestFault::CloseAfterExecution, 1);
    let mut perhaps = stand.campaign("perhaps", &users);
    stand.run(&mut perhaps).await;
    assert_eq!(outcomes(&perhaps), [Some(Outcome::Uncertain)]);
    let calls = || stand.portal.calls().iter().filter(|call| call.method == ADD).count();
    let before = calls();
    stand.run(&mut perhaps).await;
    stand.run(&mut refused).await;
    assert_eq!(calls(), before);
    stand.running.stop().await;
}

/// The file of results as a campaign leaves it that is killed while its message is under way.
fn killed(stand: &Stand, user: i64, when: &str) -> Campaign {
    let text = format!("user,outcome,when,why\n{user},asked,{when},\n{user},se");
    std::fs::write(stand.file("sunday"), text).unwrap();
    let mut campaign = stand.campaign("sunday", &[user]);
    campaign.line = stand.portal.unjoined_network_code();
    campaign
}

#[tokio::test]
async fn what_a_killed_campaign_has_sent_is_found_also_behind_a_later_message() {
    let stand = stand(true).await;
    stand.portal.set_nfr(true);
    let user = stand.users(1)[0];
    stand.run(&mut stand.campaign("sunday", &[user])).await;
    let sent = std::fs::read_to_string(stand.file("sunday")).unwrap();
    stand.run(&mut stand.campaign("monday", &[user])).await;
    let mut campaign = killed(&stand, user, "2126-01-01T00:00:00Z");
    campaign.line = stand.portal.network_code();
    stand.run(&mut campaign).await;
    assert_eq!((outcomes(&campaign), stand.arrived().len()), (vec![Some(Outcome::Sent)], 2));
    assert_eq!(std::fs::read_to_string(stand.file("sunday")).unwrap(), sent, "it is told as it was");
    stand.running.stop().await;
}

#[tokio::test]
async fn what_was_dropped_from_the_inbox_is_told_and_not_sent() {
    let stand = stand(true).await;
    let user = stand.users(1)[0];
    let mut campaign = killed(&stand, user, "2126-01-01T00:00:00Z");
    std::fs::remove_file(stand.file("sunday")).unwrap();
    campaign.results = results(&stand.file("sunday")).unwrap();
    stand.run(&mut campaign).await;
    assert_eq!(outcomes(&campaign), [Some(Outcome::Refused)]);
    let when = campaign.results.of(&UserId::new(user)).unwrap().when.clone();
    let store = stand.running.store();
    let entry = store.inbox(None, 9).await.unwrap().remove(0);
    store.request(openlines::store::InboxRequest::Drop(entry.item), stand.clock.now()).await.unwrap();
    let dropped = async {
        while !store.inbox(None, 9).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, dropped).await.expect("it is dropped");
    let mut campaign = killed(&stand, user, &when);
    stand.run(&mut campaign).await;
    assert_eq!(outcomes(&campaign), [Some(Outcome::Dropped)]);
    stand.running.stop().await;
}

#[tokio::test]
async fn who_said_stop_before_a_killed_campaign_went_on_is_skipped() {
    let stand = stand(true).await;
    let user = stand.users(1)[0];
    stand.opt_outs.set(&stand.member, UserId::new(user), true, stand.clock.now()).unwrap();
    let mut campaign = killed(&stand, user, "2126-01-01T00:00:00Z");
    stand.run(&mut campaign).await;
    assert_eq!(outcomes(&campaign), [Some(Outcome::OptedOut)]);
    assert!(!stand.portal.calls().iter().any(|call| call.method == ADD));
    stand.running.stop().await;
}

#[tokio::test]
async fn what_the_database_has_forgotten_is_not_asked_for_again() {
    let stand = stand(true).await;
    let user = stand.users(1)[0];
    let mut campaign = killed(&stand, user, "2026-01-01T00:00:00Z");
    stand.run(&mut campaign).await;
    assert_eq!(outcomes(&campaign), [Some(Outcome::Uncertain)]);
    assert!(!stand.portal.calls().iter().any(|call| call.method == ADD));
    stand.running.stop().await;
}
