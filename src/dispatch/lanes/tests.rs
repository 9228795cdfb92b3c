//! What lanes promise, one by one; `model` has any order of things.

use std::time::Duration;

use super::*;
use crate::{
    dispatch::burst::{Gather, MOST},
    store::JournalRow,
    wire::{BotId, MessageId, UserId},
};

fn row(seq: i64, lane: &str, message: Option<i64>) -> Arrival {
    let row = JournalRow {
        seq: Seq(seq),
        lane: LaneKey::new(lane),
        code: "ONIMBOTV2MESSAGEADD".into(),
        message: message.map(MessageId::new),
        body: bytes::Bytes::new(),
        accepted: Timestamp::default(),
        attempts: 0,
        retry_at: None,
        frozen: Vec::new(),
        read: None,
    };
    Arrival { row, heard: None, gather: None, echo: false }
}

/// A message of a burst, accepted at this second.
fn quick(seq: i64, message: i64, author: i64, second: i64) -> Arrival {
    let mut one = row(seq, "a", Some(message));
    one.row.accepted = Timestamp::from_seconds(second);
    let quiet = Duration::from_secs(2);
    one.gather = Some(Gather { quiet, bot: BotId::new(5), author: UserId::new(author) });
    one
}

fn at(lanes: &mut Lanes, second: i64) -> Option<Vec<i64>> {
    lanes.start(Timestamp::from_seconds(second)).map(|(_, members)| seqs(&members))
}

fn seqs(members: &[Arrival]) -> Vec<i64> {
    members.iter().map(|one| one.row.seq.0).collect()
}

fn drain(lanes: &mut Lanes) -> Vec<i64> {
    let mut order = Vec::new();
    while let Some((key, rows)) = lanes.start(Timestamp::default()) {
        order.extend(rows.iter().map(|one| one.row.seq.0));
        lanes.finished(&key);
    }
    order
}

#[test]
fn a_lane_that_is_held_starts_nothing_until_it_is_released_and_others_go_on() {
    let mut lanes = Lanes::default();
    lanes.hold([LaneKey::new("a")].into());
    lanes.push(row(1, "a", Some(12)));
    lanes.push(row(2, "b", Some(2)));
    assert_eq!(drain(&mut lanes), [2]);
    // What was missed comes late and goes first.
    lanes.push(row(3, "a", Some(11)));
    assert!(drain(&mut lanes).is_empty());
    lanes.hold(HashSet::new());
    assert_eq!(drain(&mut lanes), [3, 1]);
}

#[test]
fn the_lowest_waiting_message_goes_first_and_other_events_keep_their_place() {
    let mut lanes = Lanes::default();
    for (seq, message) in [(1, None), (2, Some(12)), (3, Some(11)), (4, None), (5, Some(13))] {
        lanes.push(row(seq, "a", message));
    }
    assert_eq!(drain(&mut lanes), [1, 3, 2, 4, 5]);
    assert_eq!(lanes.len(), 0);
}

#[test]
fn a_lane_runs_one_turn_at_a_time_while_others_go_on() {
    let mut lanes = Lanes::default();
    lanes.push(row(1, "a", Some(1)));
    lanes.push(row(2, "a", Some(2)));
    lanes.push(row(3, "b", Some(3)));
    let (a, _) = lanes.start(Timestamp::default()).unwrap();
    let (b, rows) = lanes.start(Timestamp::default()).unwrap();
    assert_eq!((a.as_str(), b.as_str(), rows[0].row.seq), ("a", "b", Seq(3)));
    assert!(lanes.start(Timestamp::default()).is_none());
    lanes.finished(&a);
    assert_eq!(lanes.start(Timestamp::default()).unwrap().1[0].row.seq, Seq(2));
}

#[test]
fn a_failed_turn_stays_at_the_head_although_a_lower_message_arrives() {
    let mut lanes = Lanes::default();
    lanes.push(row(1, "a", Some(20)));
    let (key, _) = lanes.start(Timestamp::default()).unwrap();
    lanes.push(row(2, "a", Some(10)));
    lanes.rest(&key, Timestamp::from_seconds(5));
    assert!(lanes.start(Timestamp::from_seconds(4)).is_none());
    assert_eq!(lanes.next_wake(), Some(Timestamp::from_seconds(5)));
    assert_eq!(lanes.start(Timestamp::from_seconds(5)).unwrap().1[0].row.seq, Seq(1));
}

#[test]
fn a_turn_frozen_before_a_restart_runs_with_the_same_members() {
    let mut lanes = Lanes::default();
    let mut first = row(1, "a", Some(1));
    first.row.frozen = vec![Seq(1), Seq(2)];
    let mut second = row(2, "a", Some(2));
    second.row.frozen = vec![Seq(1), Seq(2)];
    lanes.push(first);
    lanes.push(second);
    lanes.push(row(3, "a", Some(3)));
    let (_, rows) = lanes.start(Timestamp::default()).unwrap();
    assert_eq!(seqs(&rows), [1, 2]);
}

#[test]
fn a_row_that_is_loaded_twice_runs_once() {
    let mut lanes = Lanes::default();
    lanes.push(row(1, "a", Some(1)));
    lanes.push(row(1, "a", Some(1)));
    assert_eq!(drain(&mut lanes), [1]);
}

#[test]
fn quick_messages_are_one_turn_once_it_is_quiet() {
    let mut lanes = Lanes::default();
    lanes.push(quick(1, 11, 7, 100));
    assert_eq!(at(&mut lanes, 101), None);
    assert_eq!(lanes.next_wake(), Some(Timestamp::from_seconds(102)));
    lanes.push(quick(2, 12, 7, 101));
    assert_eq!(at(&mut lanes, 102), None);
    assert_eq!(lanes.next_wake(), Some(Timestamp::from_seconds(103)));
    assert_eq!(at(&mut lanes, 103), Some(vec![1, 2]));
    lanes.push(quick(3, 13, 7, 103));
    assert_eq!(at(&mut lanes, 200), None, "what comes while it runs is the next turn");
    lanes.finished(&LaneKey::new("a"));
    assert_eq!(at(&mut lanes, 200), Some(vec![3]));
}

#[test]
fn a_message_that_was_overtaken_takes_its_place_in_a_burst_that_gathers() {
    let mut lanes = Lanes::default();
    lanes.push(quick(1, 12, 7, 100));
    lanes.push(quick(2, 11, 7, 100));
    assert_eq!(at(&mut lanes, 102), Some(vec![2, 1]));
}

#[test]
fn another_kind_of_event_or_author_ends_the_burst_at_once_and_comes_after_it() {
    let mut other_author = quick(3, 13, 8, 100);
    other_author.row.seq = Seq(3);
    let mut other_quiet = quick(3, 13, 7, 100);
    other_quiet.gather.as_mut().unwrap().quiet = Duration::from_secs(9);
    for other in [row(3, "a", None), row(3, "a", Some(13)), other_author, other_quiet] {
        let mut lanes = Lanes::default();
        lanes.push(quick(1, 11, 7, 100));
        lanes.push(quick(2, 12, 7, 100));
        assert_eq!(at(&mut lanes, 100), None);
        lanes.push(other);
        lanes.push(quick(4, 14, 7, 100));
        assert_eq!(at(&mut lanes, 100), Some(vec![1, 2]));
        lanes.finished(&LaneKey::new("a"));
        assert_eq!(at(&mut lanes, 100), Some(vec![3]));
        lanes.finished(&LaneKey::new("a"));
        assert_eq!(at(&mut lanes, 100), None, "the next burst gathers");
        assert_eq!(at(&mut lanes, 102), Some(vec![4]));
    }
}

#[test]
fn what_the_channel_tells_of_the_same_messages_ends_no_burst_and_comes_after_it() {
    let mut lanes = Lanes::default();
    let echo = |seq| Arrival { echo: true, ..row(seq, "a", None) };
    // Whichever of both comes first.
    for one in [echo(1), quick(2, 11, 7, 1), echo(3), quick(4, 12, 7, 2), quick(5, 13, 7, 3), echo(6)] {
        lanes.push(one);
    }
    assert_eq!(at(&mut lanes, 3), Some(vec![1]), "with nothing before it, it waits for nothing");
    lanes.finished(&LaneKey::new("a"));
    assert_eq!(at(&mut lanes, 4), None, "the burst gathers");
    assert_eq!(at(&mut lanes, 5), Some(vec![2, 4, 5]));
    lanes.finished(&LaneKey::new("a"));
    assert_eq!(drain(&mut lanes), [3, 6]);
}

#[test]
fn an_endless_writer_is_answered_after_ten_times_the_quiet_or_a_full_burst() {
    let mut lanes = Lanes::default();
    for second in 0..20 {
        assert_eq!(at(&mut lanes, 100 + second), None, "at {second}");
        lanes.push(quick(second, second, 7, 100 + second));
    }
    assert_eq!(at(&mut lanes, 120).map(|members| members.len()), Some(20));
    let mut lanes = Lanes::default();
    for seq in 0..40 {
        lanes.push(quick(seq, seq, 7, 100));
    }
    assert_eq!(at(&mut lanes, 100).map(|members| members.len()), Some(MOST));
}

#[test]
fn a_failed_burst_runs_again_with_the_same_members() {
    let mut lanes = Lanes::default();
    lanes.push(quick(1, 11, 7, 100));
    lanes.push(quick(2, 12, 7, 100));
    assert_eq!(at(&mut lanes, 102), Some(vec![1, 2]));
    lanes.push(quick(3, 10, 7, 102));
    lanes.rest(&LaneKey::new("a"), Timestamp::from_seconds(110));
    assert_eq!(at(&mut lanes, 109), None);
    assert_eq!(at(&mut lanes, 110), Some(vec![1, 2]));
}

#[test]
fn a_turn_that_failed_before_a_restart_is_the_head_although_lower_messages_wait() {
    let mut lanes = Lanes::default();
    lanes.push(row(1, "a", Some(10)));
    let mut failed = row(2, "a", Some(20));
    (failed.row.frozen, failed.row.attempts) = (vec![Seq(2)], 1);
    failed.row.retry_at = Some(Timestamp::from_seconds(5));
    lanes.push(failed);
    assert_eq!(at(&mut lanes, 4), None);
    assert_eq!(at(&mut lanes, 5), Some(vec![2]));
}
