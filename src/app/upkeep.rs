//! Removes what is kept no longer, a little at a time.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    store::{Retention, Store, Swept},
};

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(600);
/// Rows of a kind removed at once, so that no commit waits long behind it.
const AT_ONCE: u32 = 500;

/// Sweeps until `stop` is done.
pub(super) async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    retention: Retention,
    stop: impl Future<Output = ()> + Send,
) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let pause = match store.sweep(&retention, AT_ONCE, clock.now()).await {
            Ok(swept) if swept == Swept::default() => EVERY,
            // There may be more; the dialogs go first in between.
            Ok(_) => Duration::from_millis(100),
            Err(error) => {
                tracing::warn!(%error, "old rows could not be removed");
                EVERY
            }
        };
        tokio::select! {
            () = &mut stop => return,
            () = clock.sleep_until(clock.now().plus(pause)) => {}
        }
    }
}
