//! Slows guessing down: counts failures a key (an address, a user name) and says how long to wait.
//!
//! Bounded in memory; each node counts for itself. It never looks at a clock: the moment is passed in.

use moka::{ops::compute::Op, sync::Cache};
use relay_types::Timestamp;
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// Most keys remembered; beyond it the least used are forgotten.
const KEYS: u64 = 100_000;

/// Failures a key. Some are free, then each doubles the wait, up to a longest one; failures older than the memory are
/// forgotten.
pub(crate) struct Throttle {
    keys: Cache<String, Failures>,
    free: u32,
    first_wait: Duration,
    longest_wait: Duration,
    memory: Duration,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Throttle {
    /// `free` failures cost nothing; waits double from `first_wait` to `longest_wait`; a key that did not fail for
    /// `memory` is clean.
    pub(crate) fn new(free: u32, first_wait: Duration, longest_wait: Duration, memory: Duration) -> Self {
        Self { keys: Cache::new(KEYS), free, first_wait, longest_wait, memory }
    }

    /// Seconds to wait before the key may try, when it must.
    pub(crate) fn check(&self, key: &str, now: Timestamp) -> Option<u64> {
        self.wait(self.keys.get(key)?, now)
    }

    /// Counts a failure.
    pub(crate) fn fail(&self, key: &str, now: Timestamp) {
        self.keys.entry_by_ref(key).and_upsert_with(|known| self.counted(known.map(moka::Entry::into_value), now));
    }

    /// [`Self::check`] and, when it may try, [`Self::fail`] in one step, so that attempts at the same time are counted
    /// before any of them is judged. Who succeeds calls [`Self::succeed`] or [`Self::forgive`].
    pub(crate) fn attempt(&self, key: &str, now: Timestamp) -> Option<u64> {
        let mut wait = None;
        self.keys.entry_by_ref(key).and_compute_with(|known| {
            let known = known.map(moka::Entry::into_value);
            wait = known.and_then(|failures| self.wait(failures, now));
            if wait.is_some() { Op::Nop } else { Op::Put(self.counted(known, now)) }
        });
        wait
    }

    /// Forgets all failures of the key: it proved who it is.
    pub(crate) fn succeed(&self, key: &str) {
        self.keys.invalidate(key);
    }

    /// Takes one failure back: the attempt was good, but others from the same key may not be.
    pub(crate) fn forgive(&self, key: &str) {
        self.keys.entry_by_ref(key).and_compute_with(|known| match known.map(moka::Entry::into_value) {
            None => Op::Nop,
            Some(Failures { count: 0..=1, .. }) => Op::Remove,
            Some(Failures { count, last }) => Op::Put(Failures { count: count - 1, last }),
        });
    }

    fn counted(&self, known: Option<Failures>, now: Timestamp) -> Failures {
        let before =
            known.filter(|failures| now.since(failures.last) < self.memory).map_or(0, |failures| failures.count);
        Failures { count: before.saturating_add(1), last: now }
    }

    fn wait(&self, failures: Failures, now: Timestamp) -> Option<u64> {
        let beyond = failures.count.checked_sub(self.free)?;
        let wait = self.first_wait.saturating_mul(2u32.saturating_pow(beyond)).min(self.longest_wait);
        let left = wait.saturating_sub(now.since(failures.last));
        if left.is_zero() || now.since(failures.last) >= self.memory {
            None
        } else {
            Some(left.as_millis().div_ceil(1000) as u64)
        }
    }
}

/// The key of a client's address. One IPv6 customer has a /64 at least, so that is what counts.
pub(crate) fn key_of(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// The throttles of a [`crate::Core`].
pub(crate) struct Throttles {
    /// Sign-in to the portal and the setup code, by client.
    pub(crate) sign_in_client: Throttle,
    /// Sign-in to the portal, by user.
    pub(crate) sign_in_user: Throttle,
    /// SASL, by client.
    pub(crate) sasl_client: Throttle,
    /// SASL, by service account.
    pub(crate) sasl_account: Throttle,
    /// Mails that anyone can make us send, by recipient and by client.
    pub(crate) mail: Throttle,
}

impl Default for Throttles {
    fn default() -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const MINUTE: Duration = Duration::from_secs(60);
        const HOUR: Duration = Duration::from_secs(3600);
        Self {
            sign_in_client: Throttle::new(20, SECOND, 15 * MINUTE, HOUR),
            // A short longest wait: strangers must not be able to lock a person out.
            sign_in_user: Throttle::new(5, SECOND, MINUTE, HOUR),
            sasl_client: Throttle::new(20, SECOND, 15 * MINUTE, HOUR),
            sasl_account: Throttle::new(10, SECOND, MINUTE, HOUR),
            mail: Throttle::new(3, 5 * MINUTE, 4 * HOUR, 24 * HOUR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp(1_795_000_000_000);
    fn after(seconds: u64) -> Timestamp {
        T0.plus(Duration::from_secs(seconds))
    }
    fn throttle() -> Throttle {
        Throttle::new(3, Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(600))
    }

    #[test]
    fn waits_double_after_the_free_failures_up_to_the_longest() {
        let throttle = throttle();
        let mut waits = Vec::new();
        for _ in 0..11 {
            waits.push(throttle.check("a", T0).unwrap_or(0));
            throttle.fail("a", T0);
        }
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(throttle.check("b", T0), None);
    }

    #[test]
    fn a_wait_ends_and_old_failures_are_forgotten() {
        let throttle = throttle();
        for _ in 0..5 {
            throttle.fail("a", T0);
        }
        assert_eq!(throttle.check("a", after(3)), Some(1));
        assert_eq!(throttle.check("a", after(4)), None);
        throttle.fail("a", after(4));
        assert_eq!(throttle.check("a", after(4)), Some(8));
        assert_eq!(throttle.check("a", after(4 + 600)), None);
        throttle.fail("a", after(4 + 600));
        assert_eq!(throttle.check("a", after(4 + 600)), None);
    }

    #[test]
    fn an_attempt_that_must_wait_is_not_counted() {
        let throttle = throttle();
        assert_eq!([0; 5].map(|_| throttle.attempt("a", T0)), [None, None, None, Some(1), Some(1)]);
    }

    #[test]
    fn success_forgets_all_and_forgiveness_one() {
        let throttle = throttle();
        for _ in 0..4 {
            throttle.fail("a", T0);
        }
        throttle.forgive("a");
        assert_eq!(throttle.check("a", T0), Some(1));
        throttle.succeed("a");
        assert_eq!(throttle.check("a", T0), None);
        throttle.forgive("a");
        assert_eq!(throttle.check("a", T0), None);
    }

    #[test]
    fn one_customer_is_one_key() {
        let key = |text: &str| key_of(text.parse().expect("an address"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
