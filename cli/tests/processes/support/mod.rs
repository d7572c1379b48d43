//! What the tests share.

pub(crate) mod collector;
pub(crate) mod drayage;
pub(crate) mod files;
pub(crate) mod fleet;
pub(crate) mod ledger;
pub(crate) mod local;
pub(crate) mod pids;
pub(crate) mod store;
pub(crate) mod tools;

use std::time::Duration;

/// What no test should ever need. It only ends a test that would hang.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = probe().await {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    within(what, asking).await
}

/// The answer, or a panic that says what was waited for.
pub(crate) async fn within<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, waiting)
        .await
        .unwrap_or_else(|_| panic!("not within {DEADLINE:?}: {what}"))
}
