use std::collections::BTreeSet;

use proptest::{prelude::*, sample::Index};

use super::*;
use crate::store::{OutboxState, Priority};

const KEYED: &str = r#"{"route":"keyed_message","method":"imbot.v2.Chat.Message.send"}"#;
const PLAIN: &str = r#"{"route":"plain_message","method":"imbot.message.add"}"#;

fn row(id: i64, dialog: &str, priority: Priority) -> OutboxRow {
    OutboxRow {
        id: OutboxId(id),
        dialog: dialog.into(),
        priority,
        call: KEYED.into(),
        uuid: uuid::Uuid::nil(),
        state: OutboxState::Queued,
        attempts: 0,
        first_sent: None,
        retry_at: None,
        created: Timestamp::default(),
        note: None,
    }
}

fn next(dialogs: &mut Dialogs, now: i64) -> Option<Letter> {
    dialogs.wake(Timestamp::from_seconds(now));
    dialogs.next(Among::All, |_| true)
}

#[test]
fn a_live_reply_goes_before_what_can_wait_and_a_dialog_keeps_its_order() {
    let mut dialogs = Dialogs::new();
    dialogs.push(row(1, "a", Priority::Bulk));
    dialogs.push(row(2, "a", Priority::Reply));
    dialogs.push(row(3, "b", Priority::Reply));
    let order: Vec<i64> = std::iter::from_fn(|| {
        let letter = next(&mut dialogs, 0)?;
        dialogs.settled(&letter.row.dialog);
        Some(letter.row.id.0)
    })
    .collect();
    assert_eq!(order, [3, 1, 2]);
    assert!(dialogs.is_empty());
}

#[test]
fn a_row_that_rests_holds_back_its_dialog_only() {
    let mut dialogs = Dialogs::new();
    dialogs.push(row(1, "a", Priority::Reply));
    dialogs.push(row(2, "a", Priority::Reply));
    dialogs.push(row(3, "b", Priority::Reply));
    let mut first = next(&mut dialogs, 0).unwrap().row;
    first.retry_at = Some(Timestamp::from_seconds(9));
    dialogs.again(first);
    let second = next(&mut dialogs, 0).unwrap().row;
    dialogs.settled(&second.dialog);
    assert_eq!(second.id.0, 3);
    assert!(next(&mut dialogs, 8).is_none());
    assert_eq!(next(&mut dialogs, 9).unwrap().row.id.0, 1);
}

#[test]
fn bulk_gets_its_part_while_replies_keep_coming() {
    let mut dialogs = Dialogs::new();
    for id in 0..100 {
        let priority = if id < 10 { Priority::Bulk } else { Priority::Reply };
        dialogs.push(row(id, &format!("{id}"), priority));
    }
    let bulk = (0..50).filter(|_| next(&mut dialogs, 0).unwrap().row.priority == Priority::Bulk).count();
    assert_eq!(bulk, 3, "one of 16");
}

#[test]
fn what_must_go_by_itself_is_never_among_those_for_a_batch() {
    let mut dialogs = Dialogs::new();
    dialogs.push(OutboxRow { call: PLAIN.into(), ..row(1, "a", Priority::Reply) });
    dialogs.push(OutboxRow { call: "no JSON".into(), ..row(2, "b", Priority::Reply) });
    dialogs.push(row(3, "c", Priority::Bulk));
    assert_eq!((dialogs.joining(), dialogs.ready()), (1, 3));
    assert_eq!(dialogs.next(Among::Joining, |_| true).unwrap().row.id.0, 3);
    assert!(dialogs.next(Among::Joining, |_| true).is_none());
    let mut letter = dialogs.next(Among::Single, |_| true).unwrap();
    letter.alone = false;
    dialogs.back(letter);
    assert!(dialogs.next(Among::Joining, |_| true).is_none(), "its route decides");
}

/// What happens to a portal's rows.
#[derive(Debug, Clone)]
enum Happens {
    Comes { dialog: u8, priority: u8, plain: bool },
    ComesAgain(Index),
    Starts { among: u8, only_replies: bool },
    Settled(Index),
    Withheld(Index),
    Rests(Index, u8),
    Back(Index, bool),
    TimePasses(u8),
}

fn happens() -> impl Strategy<Value = Happens> {
    let which = any::<Index>;
    prop_oneof![
        4 => (0..6_u8, 0..5_u8, any::<bool>())
            .prop_map(|(dialog, priority, plain)| Happens::Comes { dialog, priority, plain }),
        1 => which().prop_map(Happens::ComesAgain),
        4 => (0..3_u8, proptest::bool::weighted(0.2))
            .prop_map(|(among, only_replies)| Happens::Starts { among, only_replies }),
        2 => which().prop_map(Happens::Settled),
        1 => which().prop_map(Happens::Withheld),
        1 => (which(), 0..9_u8).prop_map(|(which, seconds)| Happens::Rests(which, seconds)),
        1 => (which(), any::<bool>()).prop_map(|(which, alone)| Happens::Back(which, alone)),
        1 => (0..5_u8).prop_map(Happens::TimePasses),
    ]
}

fn priority(of: u8) -> Priority {
    [Priority::Reply, Priority::HandOver, Priority::Edit, Priority::Rt, Priority::Bulk][usize::from(of)]
}

/// Dialogs beside a plain account of them.
struct Account {
    dialogs: Dialogs,
    now: i64,
    made: Vec<OutboxRow>,
    under_way: Vec<Letter>,
    /// The ids ended with, in the order of their ends, for each dialog.
    over: HashMap<String, Vec<i64>>,
}

impl Account {
    fn happens(&mut self, what: Happens) {
        let at = |index: Index, of: usize| (of > 0).then(|| index.index(of));
        match what {
            Happens::Comes { dialog, priority: of, plain } => {
                let mut new = row(self.made.len() as i64 + 1, &format!("d{dialog}"), priority(of));
                if plain {
                    new.call = PLAIN.into();
                }
                self.made.push(new.clone());
                self.dialogs.push(new);
            }
            // As after a read that overlaps another; what is over is not read again.
            Happens::ComesAgain(which) => {
                if let Some(at) = at(which, self.made.len()) {
                    let row = self.made[at].clone();
                    if !self.over.get(&row.dialog).is_some_and(|over| over.contains(&row.id.0)) {
                        self.dialogs.push(row);
                    }
                }
            }
            Happens::Starts { among, only_replies } => {
                self.dialogs.wake(Timestamp::from_seconds(self.now));
                let among = [Among::All, Among::Joining, Among::Single][usize::from(among)];
                let wanted = |priority| !only_replies || priority == CallPriority::Reply;
                if let Some(letter) = self.dialogs.next(among, wanted) {
                    self.start(letter);
                }
            }
            Happens::Settled(which) | Happens::Withheld(which) => {
                if let Some(at) = at(which, self.under_way.len()) {
                    let row = self.under_way.swap_remove(at).row;
                    self.over.entry(row.dialog.clone()).or_default().push(row.id.0);
                    self.dialogs.settled(&row.dialog);
                }
            }
            Happens::Rests(which, seconds) => {
                if let Some(at) = at(which, self.under_way.len()) {
                    let mut row = self.under_way.swap_remove(at).row;
                    row.retry_at = Some(Timestamp::from_seconds(self.now + i64::from(seconds)));
                    self.dialogs.again(row);
                }
            }
            Happens::Back(which, alone) => {
                if let Some(at) = at(which, self.under_way.len()) {
                    let mut letter = self.under_way.swap_remove(at);
                    letter.alone |= alone;
                    self.dialogs.back(letter);
                }
            }
            Happens::TimePasses(seconds) => self.now += i64::from(seconds),
        }
    }

    fn start(&mut self, letter: Letter) {
        let dialog = &letter.row.dialog;
        assert!(
            self.under_way.iter().all(|other| other.row.dialog != *dialog),
            "two rows of {dialog} under way"
        );
        self.under_way.push(letter);
    }
}

proptest! {
    #[test]
    fn whatever_happens_a_dialog_keeps_its_order_with_one_row_under_way_and_nothing_is_lost(
        history in prop::collection::vec(happens(), 0..120),
    ) {
        let mut account = Account {
            dialogs: Dialogs::new(),
            now: 0,
            made: Vec::new(),
            under_way: Vec::new(),
            over: HashMap::new(),
        };
        history.into_iter().for_each(|what| account.happens(what));
        // Then everything ends well.
        account.now += 100;
        loop {
            while let Some(letter) = next(&mut account.dialogs, account.now) {
                account.start(letter);
            }
            let Some(letter) = account.under_way.pop() else { break };
            account.over.entry(letter.row.dialog.clone()).or_default().push(letter.row.id.0);
            account.dialogs.settled(&letter.row.dialog);
        }
        prop_assert!(account.dialogs.is_empty());
        let over: BTreeSet<i64> = account.over.values().flatten().copied().collect();
        prop_assert_eq!(over.len(), account.made.len(), "each is over once");
        for (dialog, ids) in &account.over {
            prop_assert!(ids.is_sorted(), "{} ended as {:?}", dialog, ids);
        }
    }
}
