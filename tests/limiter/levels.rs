//! Levels across restarts.

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use openlines::{
    clock::{Clock as _, ManualClock},
    rest::{Level, LevelKeeper, Limited, Limits, MemoryLevels},
    wire::{MemberId, Timestamp},
};

use super::portal::{Portal, call, clock, key, run, settle, spawn};

const STEP: Duration = Duration::from_millis(50);

fn keeping(portal: &Arc<Portal>, keeper: Arc<dyn LevelKeeper>) -> Arc<Limited<Arc<Portal>>> {
    let clock = Arc::new(portal.clock.clone());
    Arc::new(Limited::new(Arc::clone(portal), Limits::standard(), clock).keeper(keeper))
}

#[tokio::test]
async fn a_restart_does_not_empty_the_portals_bucket() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let keeper = Arc::new(MemoryLevels::new());
    for round in 1..=5 {
        let api = keeping(&portal, keeper.clone());
        let made: Vec<_> = (0..60).map(|id| spawn(&api, call(id))).collect();
        run(&clock, STEP, || made.iter().all(|made| made.is_finished())).await;
        api.slots().save().await;
        clock.advance(Duration::from_secs(3));
        assert_eq!((portal.served(), portal.inside().refused), (60 * round, 0));
    }
}

/// Fails now and then, and notes when it was asked.
struct Moody {
    clock: ManualClock,
    saves: Mutex<Vec<Timestamp>>,
    last: Mutex<Option<Level>>,
    fails: bool,
}

#[async_trait]
impl LevelKeeper for Moody {
    async fn load(&self, _: &MemberId) -> Result<Option<Level>, Box<dyn Error + Send + Sync>> {
        self.clock.sleep_until(self.clock.now().plus(Duration::from_millis(200))).await;
        if self.fails { Err("the disk is gone".into()) } else { Ok(*self.last.lock().unwrap()) }
    }

    async fn save(&self, levels: Vec<(MemberId, Level)>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.saves.lock().unwrap().push(self.clock.now());
        *self.last.lock().unwrap() = levels.last().map(|(_, level)| *level);
        if self.fails { Err("the disk is gone".into()) } else { Ok(()) }
    }
}

fn moody(clock: &ManualClock, fails: bool) -> Arc<Moody> {
    Arc::new(Moody { clock: clock.clone(), saves: Mutex::default(), last: Mutex::default(), fails })
}

#[tokio::test]
async fn levels_are_saved_at_most_once_a_second_and_the_last_one_too() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let keeper = moody(&clock, false);
    let api = keeping(&portal, keeper.clone());
    let made: Vec<_> = (0..100).map(|id| spawn(&api, call(id))).collect();
    run(&clock, STEP, || made.iter().all(|made| made.is_finished())).await;
    let ended = clock.now();
    run(&clock, STEP, || clock.now().since(ended) >= Duration::from_secs(10)).await;
    let saves = keeper.saves.lock().unwrap().clone();
    assert!(saves.windows(2).all(|two| two[1].since(two[0]) >= Duration::from_secs(1)), "{saves:?}");
    assert!(saves.len() >= 20, "26 s of calls: {} saves", saves.len());
    assert!(ended.since(*saves.last().unwrap()) <= Duration::from_secs(1));
    let last = keeper.last.lock().unwrap().unwrap();
    assert!(last.at().since(saves[0]) >= Duration::from_secs(20) && last.millicalls() > 46_000, "{last:?}");
}

#[tokio::test]
async fn calls_wait_for_the_level_and_keep_their_order() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let keeper = moody(&clock, false);
    *keeper.last.lock().unwrap() = Some(Level::new(47_000, clock.now()));
    let api = keeping(&portal, keeper);
    let made: Vec<_> = (0..4).map(|id| spawn(&api, call(id))).collect();
    settle().await;
    assert_eq!((portal.served(), api.slots().waiting(&key().member)), (0, 4));
    // The one that asked for the level gives up; another one asks.
    clock.advance(Duration::from_millis(100));
    made[0].abort();
    run(&clock, STEP, || made.iter().all(|made| made.is_finished())).await;
    let served = portal.inside().served.clone();
    assert_eq!(served.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [1, 2, 3]);
    let span = served[2].0.since(served[0].0);
    assert!(span >= Duration::from_millis(450), "only one had room in what was left: {span:?}");
}

#[tokio::test]
async fn a_keeper_that_fails_stops_no_call() {
    let clock = clock();
    let portal = Portal::new(&clock, 50, 2.0, (0, 0));
    let api = keeping(&portal, moody(&clock, true));
    let made: Vec<_> = (0..60).map(|id| spawn(&api, call(id))).collect();
    run(&clock, STEP, || made.iter().all(|made| made.is_finished())).await;
    assert_eq!(portal.served(), 60);
}
