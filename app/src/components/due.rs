//! Mail that is due: since when the oldest of it waits, in words.

use crate::components::time::relative;
use relay_types::{Timestamp, queue::QueueTotals};

/// Since when the recipient that is due longest waits to be tried; empty when none is due.
pub fn oldest_due(totals: &QueueTotals, now: Timestamp) -> String {
    totals.due_since.map_or_else(String::new, |at| format!("oldest due {}", relative(at, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_due_is_not_the_oldest() {
        let now = Timestamp(100 * 86_400_000);
        let accepted = Some(Timestamp(now.0 - 7_200_000));
        let put_off = QueueTotals { due: 1, oldest_at: accepted, ..QueueTotals::default() };
        assert_eq!(oldest_due(&put_off, now), "");
        let stalled = QueueTotals { due_since: Some(Timestamp(now.0 - 240_000)), ..put_off };
        assert_eq!(oldest_due(&stalled, now), "oldest due 4 min ago");
    }
}
