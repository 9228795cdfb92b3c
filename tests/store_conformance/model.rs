//! Random sequences of operations get the same answers of every implementation.

mod op;
mod world;

use std::sync::Arc;

use openlines::store::{MemoryStore, OpenMode, SqliteStore, Store};
use proptest::prelude::*;

use op::{Op, op};
use world::World;

async fn answers_agree(steps: Vec<(Op, u8)>) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.db");
    let open = || Arc::new(SqliteStore::open(&path, OpenMode::Server).unwrap());
    let mut sqlite: Arc<dyn Store> = open();
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::with_identity(sqlite.identity()));

    let mut world = World::default();
    for (no, (op, seconds)) in steps.iter().enumerate() {
        world.pass(*seconds);
        if matches!(op, Op::Reopen) {
            drop(sqlite);
            sqlite = open();
            continue;
        }
        let call = world.call(op);
        let (expected, answer) = (call.of(&*memory).await, call.of(&*sqlite).await);
        prop_assert_eq!(&expected.text, &answer.text, "step {}: {:?}", no, op);
        world.learn(expected);
    }
    for call in world.everything() {
        let (expected, answer) = (call.of(&*memory).await, call.of(&*sqlite).await);
        prop_assert_eq!(expected.text, answer.text, "in the end");
    }
    Ok(())
}

/// Each write waits for the disk; `PROPTEST_CASES` asks for more than the everyday run can afford.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(32), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn memory_and_sqlite_answer_alike(steps in prop::collection::vec((op(), 0..30u8), 1..90)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(answers_agree(steps))?;
    }
}
