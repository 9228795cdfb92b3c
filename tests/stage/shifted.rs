//! A clock that goes, and that a test puts forward.

use std::{sync::Arc, time::Duration};

use openlines::{
    clock::{Clock, SystemClock},
    prelude::*,
    wire::Timestamp,
};
use tokio::sync::watch;

/// The system's clock, put forward by the test. Who sleeps on it is woken by that.
#[derive(Debug, Clone)]
pub(crate) struct Shifted(Arc<watch::Sender<Duration>>);

impl Shifted {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Duration::ZERO)))
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.0.send_modify(|ahead| *ahead += span);
    }
}

#[async_trait]
impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(*self.0.borrow())
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut changes = self.0.subscribe();
        loop {
            let ahead = *changes.borrow_and_update();
            tokio::select! {
                () = SystemClock.sleep_until(moment.minus(ahead)) => return,
                Ok(()) = changes.changed() => {}
            }
        }
    }
}
