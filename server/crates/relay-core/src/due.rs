//! Rows that are due: what the clock finds is worked on together, a bounded number at a time.

use crate::Result;
use futures_util::{StreamExt, stream};

/// Does something with each row, so many at the same time; gives how many were this node's. Who fails has told the log,
/// and does not stop the others.
pub(crate) async fn each<R, F>(rows: Vec<R>, together: usize, work: impl Fn(R) -> F) -> u64
where
    F: Future<Output = Result<bool>>,
{
    let done = stream::iter(rows.into_iter().map(work)).buffer_unordered(together);
    done.fold(0, |sum, one| async move { sum + u64::from(one.unwrap_or_default()) }).await
}
