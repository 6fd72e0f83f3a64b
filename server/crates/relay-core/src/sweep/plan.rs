//! What a look at a name means for it. Pure: no clock, no database, no DNS.

use relay_types::{Timestamp, reverse::ForwardState};
use std::time::Duration;

/// How a name of its own stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Standing {
    /// Since when its forward record is certainly missing.
    pub(super) missing_since: Option<Timestamp>,
    /// When the owner was told.
    pub(super) warned_at: Option<Timestamp>,
    /// An operator keeps it.
    pub(super) kept: bool,
    /// Since when its project is closed.
    pub(super) closed_at: Option<Timestamp>,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// All is well, or nothing is known, or it is not time yet.
    Nothing,
    /// The owner is told; the grace begins.
    Warn,
    /// The forward record is back.
    Clear,
    /// The name is taken: the grace is over.
    Take,
    /// The name is taken: its project was closed long enough ago.
    TakeClosed,
}

/// What is done about a name. A failure that may pass is never a mismatch: it neither begins a grace nor ends one.
pub(super) fn judge(
    before: Standing,
    forward: ForwardState,
    now: Timestamp,
    grace: Duration,
    closed_grace: Duration,
) -> Act {
    if before.closed_at.is_some_and(|at| now.since(at) >= closed_grace) {
        return Act::TakeClosed;
    }
    match (forward, before.missing_since) {
        (ForwardState::Unknown, _) | (ForwardState::Matches, None) => Act::Nothing,
        (ForwardState::Matches, Some(_)) => Act::Clear,
        (ForwardState::Missing, None) => Act::Warn,
        // Nobody loses a name of which they were not told.
        (ForwardState::Missing, Some(_)) if before.warned_at.is_none() => Act::Warn,
        (ForwardState::Missing, Some(_)) if before.kept => Act::Nothing,
        (ForwardState::Missing, Some(since)) if now.since(since) >= grace => Act::Take,
        (ForwardState::Missing, Some(_)) => Act::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ForwardState::{Matches, Missing, Unknown};

    const DAY: Duration = Duration::from_secs(86_400);
    const T0: Timestamp = Timestamp(1_795_268_800_000);

    #[test]
    fn a_name_is_taken_only_after_a_warning_and_the_whole_grace() {
        let at = |days: u32| T0.plus(DAY * days);
        let well = Standing::default();
        let missing = Standing { missing_since: Some(T0), warned_at: Some(T0), ..well };
        let untold = Standing { warned_at: None, ..missing };
        let kept = Standing { kept: true, ..missing };
        let closed = Standing { closed_at: Some(T0), ..well };
        for (before, forward, day, act) in [
            (well, Matches, 0, Act::Nothing),
            (well, Unknown, 0, Act::Nothing),
            (well, Missing, 0, Act::Warn),
            (missing, Missing, 13, Act::Nothing),
            (missing, Missing, 14, Act::Take),
            (missing, Unknown, 14, Act::Nothing),
            (missing, Unknown, 400, Act::Nothing),
            (missing, Matches, 13, Act::Clear),
            (missing, Matches, 400, Act::Clear),
            (untold, Missing, 14, Act::Warn),
            (kept, Missing, 400, Act::Nothing),
            (kept, Matches, 400, Act::Clear),
            (closed, Matches, 29, Act::Nothing),
            (closed, Matches, 30, Act::TakeClosed),
            (closed, Unknown, 30, Act::TakeClosed),
            (Standing { kept: true, ..closed }, Matches, 30, Act::TakeClosed),
        ] {
            assert_eq!(judge(before, forward, at(day), 14 * DAY, 30 * DAY), act, "{before:?} {forward:?} day {day}");
        }
    }
}
