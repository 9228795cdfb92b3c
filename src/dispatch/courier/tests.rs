//! What goes alone, what goes together, and what becomes of it, in virtual time.

mod yard;

use std::time::Duration;

use rstest::rstest;

use crate::{clock::Clock as _, store::InboxState};
use yard::{KEYED, Mishap, PLAIN, Yard, call, texts};

const MS: Duration = Duration::from_millis(1);

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

#[tokio::test]
async fn a_call_on_an_idle_portal_goes_out_at_once_and_alone() {
    let mut yard = Yard::new(MS * 80).await;
    for second in 0..3 {
        yard.say(KEYED, &[format!("{second}")]).await;
        yard.until_idle(MS).await;
        yard.clock.advance(MS * 1000 * 30);
    }
    let requests = yard.portal.inside().requests.clone();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| !request.together));
    assert!(requests.iter().all(|request| request.at.as_millis() % 1000 < 250), "{requests:?}");
}

#[tokio::test]
async fn ten_replies_at_once_on_an_idle_portal_go_out_at_once_each_alone() {
    let mut yard = Yard::new(MS * 80).await;
    yard.say(KEYED, &texts(10)).await;
    let took = yard.until_idle(MS).await;
    let requests = yard.portal.inside().requests.clone();
    assert_eq!(requests.len(), 10);
    assert!(requests.iter().all(|request| !request.together && request.at.is_zero()), "{requests:?}");
    assert!(took <= MS * 100, "{took:?}");
}

#[tokio::test]
async fn commits_mark_replies_while_they_leave_at_once() {
    let mut yard = Yard::new(MS * 80).await;
    let marks = |yard: &Yard, dialogs: &str| {
        let dialog = |text: &String| call(&format!("{dialogs}{text}"), text, KEYED);
        let mut rows: Vec<_> = texts(20).iter().map(dialog).collect();
        yard.post.fence.room().allot(&mut rows);
        rows.iter().filter(|row| row.marked).count()
    };
    yard.say(KEYED, &texts(1)).await;
    yard.until_idle(MS).await;
    assert_eq!(
        (marks(&yard, "a"), marks(&yard, "b")),
        (16, 0),
        "as many as go by themselves at once, told once"
    );
    let (clock, second) = (yard.clock.clone(), yard.clock.now().plus(MS * 1000));
    yard.portal.inside().over = vec![PLAIN];
    yard.say(PLAIN, &["held".into()]).await;
    yard.pass_while(MS * 5, || clock.now() < second).await;
    assert_eq!(marks(&yard, "c"), 0, "something rests: the portal may be down for long");
}

#[tokio::test]
async fn a_reply_marked_by_its_commit_counts_one_try_and_is_said_once() {
    let mut yard = Yard::new(MS * 80).await;
    yard.say(KEYED, &texts(1)).await;
    yard.until_idle(MS).await;
    yard.portal.inside().mishaps = vec![Mishap::Refused, Mishap::AnswerLost];
    let row = call("dialog", "marked", KEYED);
    yard.commit(vec![row]).await;
    yard.until_idle(MS * 5).await;
    let inbox = yard.inbox().await;
    let [entry] = &inbox[..] else { panic!("{inbox:?}") };
    assert_eq!((entry.state, entry.attempts), (InboxState::Uncertain, 2), "{}", entry.error);
    assert_eq!(yard.portal.inside().said, ["000", "marked"]);
}

#[rstest]
#[case::all_in_one_commit(600, 0)]
#[case::trickling_in(6, 3)]
#[tokio::test]
async fn six_hundred_replies_of_six_hundred_dialogs_are_said_within_two_seconds_without_a_refusal(
    #[case] at_a_time: usize,
    #[case] pause: u32,
) {
    let mut yard = Yard::new(MS * 80).await;
    let begun = yard.clock.now();
    for part in texts(600).chunks(at_a_time) {
        yard.say(KEYED, part).await;
        let until = yard.clock.now().plus(MS * pause);
        let clock = yard.clock.clone();
        yard.pass_while(MS, || clock.now() < until).await;
    }
    yard.until_idle(MS * 5).await;
    let took = yard.clock.now().since(begun);
    let inside = yard.portal.inside();
    let together = inside.requests.iter().filter(|request| request.together).count();
    println!("{took:?}, {} requests, {together} of them batches", inside.requests.len());
    assert_eq!(sorted(inside.said.clone()), texts(600));
    assert_eq!(inside.refused, 0);
    assert!(took <= MS * 2000, "{took:?}");
    assert!(inside.requests.len() <= 50, "{}", inside.requests.len());
}

#[tokio::test]
async fn a_stream_beyond_the_rate_goes_in_batches_and_does_not_pile_up() {
    let mut yard = Yard::new(MS * 80).await;
    let all = texts(900);
    // 60 a second for 15 seconds; the portal takes 2 requests a second.
    for part in all.chunks(6) {
        yard.say(KEYED, part).await;
        let until = yard.clock.now().plus(MS * 100);
        let clock = yard.clock.clone();
        yard.pass_while(MS * 5, || clock.now() < until).await;
    }
    let late = yard.until_idle(MS * 5).await;
    let inside = yard.portal.inside();
    println!("{} requests, the last {late:?} after the stream ended", inside.requests.len());
    assert_eq!(sorted(inside.said.clone()), all);
    assert_eq!((inside.refused, inside.most_under_way <= 17), (0, true));
    assert!(late <= MS * 1200, "{late:?}");
}

#[tokio::test]
async fn a_dialog_keeps_its_order_whether_its_rows_go_alone_or_together() {
    let mut yard = Yard::new(MS * 80).await;
    let mut rows = Vec::new();
    for round in 0..4 {
        for dialog in 0..60 {
            rows.push(call(&format!("{dialog:02}"), &format!("{dialog:02}:{round}"), KEYED));
        }
    }
    yard.commit(rows).await;
    yard.until_idle(MS * 5).await;
    let inside = yard.portal.inside();
    for dialog in 0..60 {
        let of_dialog: Vec<&String> =
            inside.said.iter().filter(|text| text.starts_with(&format!("{dialog:02}:"))).collect();
        assert_eq!(of_dialog.len(), 4);
        assert!(of_dialog.is_sorted(), "{of_dialog:?}");
    }
    for request in &inside.requests {
        let mut dialogs: Vec<&str> = request.texts.iter().map(|text| &text[..2]).collect();
        dialogs.sort_unstable();
        dialogs.dedup();
        assert_eq!(dialogs.len(), request.texts.len(), "two rows of a dialog in one batch");
    }
}

#[tokio::test]
async fn what_must_not_be_repeated_and_what_a_batch_would_change_goes_alone() {
    let mut yard = Yard::new(MS * 10).await;
    // Fewer than a whole batch of each, more than the bucket holds.
    yard.say(PLAIN, &texts(30)).await;
    let keyed: Vec<String> = (0..60).map(|n| format!("k{n:02}")).collect();
    yard.say(KEYED, &keyed).await;
    yard.say(KEYED, &["$result[c00][id]".into()]).await;
    yard.until_idle(MS * 5).await;
    let inside = yard.portal.inside();
    let together: Vec<&String> = inside
        .requests
        .iter()
        .filter(|request| request.together)
        .flat_map(|request| &request.texts)
        .collect();
    assert!(together.len() >= 30, "{together:?}");
    assert!(together.iter().all(|text| text.starts_with('k')), "{together:?}");
    assert_eq!((inside.said.len(), inside.refused), (91, 0));
}

#[tokio::test]
async fn a_batch_whose_answer_is_lost_is_sent_again_under_its_keys() {
    let mut yard = Yard::new(MS * 80).await;
    yard.portal.inside().mishaps = vec![Mishap::AnswerLost; 2];
    yard.say(KEYED, &texts(120)).await;
    yard.until_idle(MS * 5).await;
    let inbox = yard.inbox().await;
    let inside = yard.portal.inside();
    assert_eq!(sorted(inside.said.clone()), texts(120), "each once");
    let tries: usize = inside.requests.iter().map(|request| request.texts.len()).sum();
    assert!(tries > 120, "{tries}: something was sent again");
    assert!(inbox.is_empty());
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_taken_apart() {
    let mut yard = Yard::new(MS * 80).await;
    yard.portal.inside().mishaps = vec![Mishap::Refused];
    yard.say(KEYED, &texts(55)).await;
    yard.until_idle(MS * 5).await;
    let inbox = yard.inbox().await;
    let inside = yard.portal.inside();
    assert_eq!(sorted(inside.said.clone()), texts(55));
    assert!(inside.requests.iter().filter(|request| !request.together).count() >= 50);
    assert!(inbox.is_empty(), "nothing was given up for it");
}

#[tokio::test]
async fn rows_that_must_not_go_are_left_out_of_a_batch_and_the_others_go_at_once() {
    let mut yard = Yard::new(MS * 80).await;
    let before = yard.say(KEYED, &texts(50)).await;
    {
        let mut withhold = yard.post.withhold.lock().unwrap();
        withhold.extend(before[10..13].iter().map(|id| (*id, "a person has the session".to_owned())));
    }
    let took = yard.until_idle(MS).await;
    let inbox = yard.inbox().await;
    let inside = yard.portal.inside();
    let rest: Vec<String> = texts(50).into_iter().filter(|text| !("010".."013").contains(&&**text)).collect();
    assert_eq!(sorted(inside.said.clone()), rest);
    assert!(inside.requests.len() == 1 && inside.requests[0].together, "{:?}", inside.requests);
    assert_eq!((inside.requests[0].at, took <= MS * 100), (Duration::ZERO, true));
    assert!(inbox.is_empty(), "withheld on purpose needs nobody");
}

#[tokio::test]
async fn a_batch_in_which_nothing_may_go_costs_no_slot() {
    let mut yard = Yard::new(MS * 80).await;
    let rows = yard.say(KEYED, &texts(60)).await;
    let withheld = rows.iter().map(|id| (*id, "a person has the session".to_owned()));
    yard.post.withhold.lock().unwrap().extend(withheld);
    yard.until_idle(MS).await;
    assert!(yard.portal.inside().requests.is_empty());
    let slots = yard.post.services.slots.clone().unwrap();
    assert_eq!(slots.free(&yard.post.lease.portal.member), 48);
}

#[tokio::test]
async fn a_method_over_its_operating_limit_holds_back_its_own_dialogs_only() {
    let mut yard = Yard::new(MS * 80).await;
    yard.portal.inside().over = vec![PLAIN];
    // As many as go by themselves at once.
    let held: Vec<String> = (0..16).map(|n| format!("held{n:02}")).collect();
    yard.say(PLAIN, &held).await;
    let clock = yard.clock.clone();
    let second = clock.now().plus(MS * 1000);
    yard.pass_while(MS * 5, || clock.now() < second).await;
    yard.say(KEYED, &texts(10)).await;
    let until = clock.now().plus(MS * 1500);
    yard.pass_while(MS * 5, || clock.now() < until).await;
    assert_eq!(sorted(yard.portal.inside().said.clone()), texts(10), "they wait for nobody");
    yard.portal.inside().over.clear();
    yard.until_idle(MS * 250).await;
    assert_eq!(yard.portal.inside().said.len(), 26);
    let tries = yard.portal.inside().requests.len();
    assert!(tries <= 26 + 20, "{tries}: the method is not hammered");
    assert!(yard.inbox().await.iter().all(|entry| entry.state != InboxState::Rejected));
}
