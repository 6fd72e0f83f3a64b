//! When a change of a name is tried or looked at again. Pure: no clock, no database, no DNS.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// A change that cannot be written is given up after this.
pub(super) const PATIENCE: Duration = Duration::from_secs(14 * 86_400);
/// A record that was written but is not seen by everyone is given up after this.
pub(super) const PROOF: Duration = Duration::from_secs(7 * 86_400);

/// The wait after a number of attempts that did not reach the back end.
pub(super) fn again(attempts: i32) -> Duration {
    match attempts {
        ..=1 => MINUTE,
        2 => 5 * MINUTE,
        3 => 15 * MINUTE,
        _ => HOUR,
    }
}

/// The wait until the servers of the zone are asked again, so long after it was written.
pub(super) fn read_back(since_written: Duration) -> Duration {
    match since_written {
        since if since < 10 * SECOND => 2 * SECOND,
        since if since < MINUTE => 10 * SECOND,
        since if since < HOUR => MINUTE,
        _ => 15 * MINUTE,
    }
}

/// The wait until resolvers are asked again that may keep what they have for `ttl` seconds: to the moment the record
/// expires there, and never so long that a shorter life is missed by much.
pub(super) fn resolvers(ttl: Option<u32>) -> Duration {
    ttl.map_or(MINUTE, |ttl| Duration::from_secs(u64::from(ttl)) + SECOND).clamp(SECOND, HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_have_an_end() {
        assert_eq!([1, 2, 3, 4, 400].map(again), [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, HOUR]);
        let waits = [0, 9, 10, 59, 60, 3_599, 3_600].map(|seconds| read_back(Duration::from_secs(seconds)).as_secs());
        assert_eq!(waits, [2, 2, 10, 10, 60, 60, 900]);
        assert_eq!([None, Some(0), Some(300), Some(86_400)].map(|ttl| resolvers(ttl).as_secs()), [60, 1, 301, 3_600]);
    }
}
