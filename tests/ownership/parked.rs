//! An event that is parked still says who has the session, and goes on saying it after a restart.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use openlines::{
    clock::Clock,
    prelude::*,
    store::{
        Committed, DedupeKey, DedupeKind, InboxEntry, InboxItem, InboxRequest, Journal, LaneChange,
        LaneState, Lease, MemoryStore, NewEvent, NodeId, Seq, Store, TurnCommit, Work,
    },
    wire::BotId,
};
use openlines_emulator::{Client, RestFault};

use crate::{
    bench::{Bench, By, Echo, MINUTE, Notes, profile},
    stage::SOON,
    witness::TAKES,
};

/// The echo, which cannot cope with what operators write until it is mended.
struct Fragile {
    echo: Echo,
    mended: Arc<AtomicBool>,
}

#[async_trait]
impl BotHandler for Fragile {
    async fn on_message(&self, cx: &Context, message: &Message) -> Handled {
        if message.author == Author::Client {
            return self.echo.on_message(cx, message).await;
        }
        if !self.mended.load(Ordering::SeqCst) {
            return Err(HandlerError::msg("no word for operators").permanent());
        }
        self.echo.0.hears(message.text.clone());
        Ok(Done)
    }

    async fn on_timer(&self, cx: &Context, fired: &TimerFired) -> Handled {
        self.echo.on_timer(cx, fired).await
    }

    async fn on_withheld(&self, cx: &Context, withheld: &Withheld) -> Handled {
        self.echo.on_withheld(cx, withheld).await
    }
}

impl Bench {
    async fn parked(&self) -> Vec<InboxEntry> {
        self.stage.running.store().inbox(None, 9).await.unwrap()
    }

    async fn put_back(&self, item: InboxItem) {
        let store = self.stage.running.store();
        store.request(InboxRequest::Retry(item), self.clock.now()).await.unwrap();
    }

    /// Time passes until it is so.
    async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let passes = async {
            while !holds(self).await {
                self.clock.advance(Duration::from_millis(500));
                tokio::task::yield_now().await;
            }
        };
        let passed = tokio::time::timeout(SOON, passes).await;
        assert!(passed.is_ok(), "in vain: {what}; heard {:?}", self.notes.heard());
    }
}

/// Ann, whom the bot is to speak to in a minute, and Ivan, whose word to her was parked; then the process has ended.
async fn parked_and_restarted(mended: &Arc<AtomicBool>) -> (Bench, Client) {
    let fragile = |app: App, notes| {
        app.bot(profile().hears_operators(), Fragile { echo: Echo(notes), mended: mended.clone() })
    };
    let bench = Bench::of(By::Callback, fragile).await;
    // Only what is stored can tell.
    bench.portal().faults().rest("imopenlines.dialog.get", RestFault::error(401, "insufficient_scope"), 99);
    let ann = bench.client("Ann").await;
    ann.says("later").await;
    bench.quiet().await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.quiet().await;
    let [word] = &bench.parked().await[..] else { panic!("one is parked") };
    assert_eq!(word.error, "no word for operators");
    (bench.restarted(fragile).await, ann)
}

#[tokio::test]
async fn a_person_whose_word_was_parked_has_the_session_after_a_restart_too() {
    let (bench, ann) = parked_and_restarted(&Arc::default()).await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    assert_eq!(bench.notes.heard().last().unwrap(), "timer while Human");
    assert_eq!(bench.notes.withheld_texts(), ["Are you there?"]);
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: later"]);
}

#[tokio::test]
async fn a_parked_word_that_is_put_back_is_heard_and_the_session_stays_with_its_person() {
    let mended = Arc::new(AtomicBool::new(false));
    let (bench, ann) = parked_and_restarted(&mended).await;
    mended.store(true, Ordering::SeqCst);
    bench.put_back(bench.parked().await[0].item).await;
    bench.until("it is heard", async |bench| bench.notes.heard().last().unwrap() == TAKES).await;
    bench.clock.advance(MINUTE);
    bench.quiet().await;
    assert_eq!(bench.notes.heard().last().unwrap(), "timer while Human");
    assert_eq!(bench.said_to(&ann), ["You said: hello", "You said: later"]);
}

#[tokio::test]
async fn a_parked_burst_that_is_put_back_was_not_overtaken_by_itself() {
    let mended = Arc::new(AtomicBool::new(false));
    let of_burst = mended.clone();
    let build = move |app: App, notes: Notes| {
        let talk = move |cx: Context, _message: Message| {
            let (notes, mended) = (notes.clone(), of_burst.load(Ordering::SeqCst));
            async move {
                if !mended {
                    return Err(HandlerError::msg("not today").permanent());
                }
                notes.hears(format!("{} of a burst, late: {}", cx.burst().len(), cx.late()));
                Ok(())
            }
        };
        let router = Router::new().burst(Duration::from_secs(1)).fallback(talk);
        app.bot(profile().hears_while_human(), router)
    };
    let bench = Bench::of(By::Callback, build).await;
    let ann = bench.portal().client("Ann");
    ann.says("hello").await;
    bench.until("the first is parked", async |bench| bench.parked().await.len() == 1).await;
    // What is parked with this burst changes the lane.
    bench.portal().operator("Ivan").takes(&ann).await;
    for text in ["one", "two"] {
        ann.says(text).await;
    }
    bench.portal().settled(SOON).await;
    bench.until("the burst is parked", async |bench| bench.parked().await.len() == 3).await;
    mended.store(true, Ordering::SeqCst);
    bench.put_back(bench.parked().await[2].item).await;
    bench.until("it is heard", async |bench| !bench.notes.heard().is_empty()).await;
    bench.quiet().await;
    assert_eq!(bench.notes.heard(), ["2 of a burst, late: false"]);
}

/// Changes the lane that `cx` runs in, as nobody may who does not hold its turn.
async fn meddle(store: &MemoryStore, cx: &Context) {
    let lease = Lease { portal: cx.portal().clone(), epoch: 1 };
    let lane = store.load(&lease, Seq(0), 9).await.unwrap().remove(0).lane;
    let event = NewEvent {
        portal: lease.portal.clone(),
        lane: lane.clone(),
        dedupe: DedupeKey { bot: BotId::new(0), kind: DedupeKind::Other, ordinal: 1, digest: [7; 16] },
        code: "X".into(),
        message: None,
        body: "x".into(),
        park: None,
        read: None,
    };
    store.append(vec![event], cx.now()).await.unwrap();
    let seq = store.load(&lease, Seq(0), 9).await.unwrap().pop().unwrap().seq;
    let turn = store.start_turn(&lease, &[seq], cx.now()).await.unwrap();
    let before = store.lane(&lease, &lane).await.unwrap();
    let state = LaneState { last_message: before.last_message + 1_000, ..before.clone() };
    let change = Some(LaneChange { expected: before.revision, state });
    let (consumed, outbox, timers) = (turn.seqs, vec![], vec![]);
    let commit = TurnCommit { turn: turn.id, lane, consumed, change, outbox, timers };
    assert_eq!(store.commit(&lease, commit, cx.now()).await.unwrap(), Committed::Done(vec![]));
}

#[tokio::test]
async fn a_dialog_changed_by_somebody_else_is_read_again_and_the_event_parked_with_it() {
    let tried = Arc::new(AtomicBool::new(false));
    let own = MemoryStore::new();
    let (store, again) = (own.clone(), tried.clone());
    let build = move |app: App, _notes: Notes| {
        let talk = move |cx: Context, message: Message| {
            let (store, first) =
                (store.clone(), message.author != Author::Client && !again.swap(true, Ordering::SeqCst));
            async move {
                if first {
                    meddle(&store, &cx).await;
                }
                match message.author {
                    Author::Client => Ok(()),
                    _ => Err(HandlerError::msg("not today").permanent()),
                }
            }
        };
        app.store(Arc::new(own)).bot(profile().hears_operators(), talk)
    };
    let bench = Bench::of(By::Callback, build).await;
    let ann = bench.client("Ann").await;
    bench.portal().operator("Ivan").says(&ann, TAKES).await;
    bench.portal().settled(SOON).await;
    bench.until("it is parked", async |bench| bench.parked().await.len() == 1).await;
    assert!(tried.load(Ordering::SeqCst));
    bench.quiet().await;
    let [word] = &bench.parked().await[..] else { panic!("one is parked") };
    assert_eq!((word.error.as_str(), word.attempts), ("not today", 1));
    let store: &Arc<dyn Store> = bench.stage.running.store();
    let lease = store
        .acquire(std::slice::from_ref(&word.portal), &NodeId::new("looks"), bench.clock.now())
        .await
        .unwrap()
        .remove(0);
    let lane = store.lane(&lease, &openlines::store::LaneKey::new(word.lane.as_str())).await.unwrap();
    assert!(lane.last_message > 1_000, "what the other wrote stays: {lane:?}");
    let ownership = String::from_utf8(lane.ownership.unwrap().to_vec()).unwrap();
    assert!(ownership.contains("\"human\""), "{ownership}");
}
