//! Open sessions.

use openlines::{
    store::{LaneChange, LaneKey, LaneState, OpenSession, Retention, SessionChange},
    wire::{BotId, ChatId},
};
use rstest::rstest;

use crate::bed::{
    Bed,
    Kind::{self, Memory, Sqlite},
    at, commit_of, done, portal, retention,
};

fn session(chat: i64, bot: i64, message: i64, seen: i64) -> OpenSession {
    OpenSession {
        chat: ChatId::new(chat),
        bot: BotId::new(bot),
        address: format!("livechat|1|{chat}|{chat}"),
        lane: LaneKey::new(format!("line|livechat|1|{chat}")),
        last_message: message,
        seen: at(seen),
    }
}

async fn note(bed: &Bed, name: &str, sessions: &[OpenSession]) {
    let changes = sessions.iter().cloned().map(SessionChange::Open).collect();
    bed.store().note_sessions(&portal(name), changes).await.unwrap();
}

async fn open(bed: &Bed, name: &str, since: i64) -> Vec<OpenSession> {
    bed.store().open_sessions(&portal(name), at(since)).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn open_sessions_outlive_a_restart_the_latest_first(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    assert_eq!(open(&bed, "p", 0).await, [], "a portal nobody knows");
    note(&bed, "p", &[session(1, 39, 7, 10), session(2, 39, 8, 20), session(2, 40, 8, 20)]).await;
    note(&bed, "q", &[session(1, 39, 9, 30)]).await;
    bed.reopen();
    assert_eq!(
        open(&bed, "p", 0).await,
        [session(2, 39, 8, 20), session(2, 40, 8, 20), session(1, 39, 7, 10)]
    );
    assert_eq!(open(&bed, "p", 10).await.len(), 2, "what was last heard of at that moment is too old");
    assert_eq!(open(&bed, "q", 0).await, [session(1, 39, 9, 30)]);
}

#[rstest]
#[tokio::test]
async fn a_session_met_again_keeps_the_message_it_was_met_by(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    note(&bed, "p", &[session(1, 39, 7, 10)]).await;
    note(&bed, "p", &[session(1, 39, 90, 30)]).await;
    note(&bed, "p", &[session(1, 39, 95, 20)]).await;
    assert_eq!(open(&bed, "p", 0).await, [session(1, 39, 7, 30)]);
    let over = vec![SessionChange::Over(ChatId::new(1)), SessionChange::Open(session(1, 39, 99, 40))];
    bed.store().note_sessions(&portal("p"), over).await.unwrap();
    assert_eq!(open(&bed, "p", 0).await, [session(1, 39, 99, 40)], "over, and met anew");
}

#[rstest]
#[tokio::test]
async fn a_session_that_is_over_goes_with_all_its_bots(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    note(&bed, "p", &[session(1, 39, 7, 10), session(1, 40, 7, 10), session(2, 39, 8, 10)]).await;
    note(&bed, "q", &[session(1, 39, 7, 10)]).await;
    let over = vec![SessionChange::Over(ChatId::new(1)), SessionChange::Over(ChatId::new(5))];
    bed.store().note_sessions(&portal("p"), over).await.unwrap();
    assert_eq!(open(&bed, "p", 0).await, [session(2, 39, 8, 10)]);
    assert_eq!(open(&bed, "q", 0).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_a_turn_of_the_lane_has_handled_is_told(#[values(Memory, Sqlite)] kind: Kind) {
    let mut bed = Bed::new(kind);
    let p = portal("p");
    let lease = bed.lease(&p).await;
    note(&bed, "p", &[session(1, 39, 7, 10), session(2, 39, 8, 10)]).await;
    let lane = session(1, 39, 7, 10).lane;
    for (message, highest) in [(41, 41), (40, 41)] {
        let seq = bed.message(&p, lane.as_str(), message, 11).await;
        let turn = bed.start(&lease, &[seq]).await;
        let expected = bed.store().lane(&lease, &lane).await.unwrap().revision;
        let state = LaneState { last_message: highest, ..LaneState::default() };
        let mut commit = commit_of(&turn, lane.as_str());
        commit.change = Some(LaneChange { expected, state });
        done(bed.store().commit(&lease, commit, at(12)).await);
    }
    for _ in 0..2 {
        let told: Vec<(i64, i64)> =
            open(&bed, "p", 0).await.iter().map(|open| (open.chat.get(), open.last_message)).collect();
        assert_eq!(told, [(1, 41), (2, 8)]);
        bed.reopen();
    }
}

#[rstest]
#[tokio::test]
async fn sessions_are_swept_by_their_own_age_and_go_with_their_portal(#[values(Memory, Sqlite)] kind: Kind) {
    let bed = Bed::new(kind);
    for chat in 1..=5 {
        note(&bed, "p", &[session(chat, 39, 1, chat * 10)]).await;
        note(&bed, "q", &[session(chat, 39, 1, 90)]).await;
    }
    let mut span: Retention = retention(0);
    span.sessions = std::time::Duration::from_secs(50);
    let mut swept = Vec::new();
    for _ in 0..2 {
        swept.push(bed.store().sweep(&span, 2, at(80)).await.unwrap().sessions);
    }
    assert_eq!(swept, [2, 1]);
    assert_eq!(open(&bed, "p", 0).await.len(), 2);
    bed.store().forget_portal(&portal("p")).await.unwrap();
    bed.lease(&portal("p")).await;
    assert_eq!(open(&bed, "p", 0).await, [], "a portal met again knows nothing of before");
    assert_eq!(open(&bed, "q", 0).await.len(), 5);
}
