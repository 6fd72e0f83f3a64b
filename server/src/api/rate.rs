//! How often a caller may ask: so many times a minute, evenly, or at once after a rest. Counted by each node for itself.

use moka::sync::Cache;
use relay_core::Actor;
use relay_types::Timestamp;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Callers that are remembered; the longest silent is forgotten first.
const MOST: u64 = 100_000;
/// After a minute without a question a caller has a full bucket anyway.
const REMEMBERED: Duration = Duration::from_secs(120);
const MINUTE: f64 = 60.0;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A person or a token, wherever it asks from.
    Known(String),
    /// Somebody else, by address; one IPv6 customer has a /64 at least.
    Address(Option<IpAddr>),
}

impl Caller {
    /// Somebody who is not known.
    pub fn of(client: Option<IpAddr>) -> Self {
        Self::Address(client.map(|client| match client.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }))
    }

    /// Somebody who is.
    pub fn of_actor(actor: &Actor, client: Option<IpAddr>) -> Self {
        match actor {
            Actor::User { id, .. } => Self::Known(id.to_string()),
            Actor::ApiToken { id, .. } => Self::Known(id.to_string()),
            _ => Self::of(client),
        }
    }
}

/// The buckets of all callers.
pub struct Rates {
    per_minute: u32,
    callers: Cache<Caller, Arc<Mutex<Bucket>>>,
}

struct Bucket {
    questions: f64,
    at: Timestamp,
}

impl Rates {
    /// So many a minute for each caller.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, callers: Cache::builder().max_capacity(MOST).time_to_idle(REMEMBERED).build() }
    }

    /// Counts a question, or says after how many seconds it may be asked.
    pub fn take(&self, caller: Caller, now: Timestamp) -> Result<(), u64> {
        let full = f64::from(self.per_minute);
        let bucket = self.callers.get_with(caller, || Arc::new(Mutex::new(Bucket { questions: full, at: now })));
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.questions = (bucket.questions + now.since(bucket.at).as_secs_f64() * full / MINUTE).min(full);
        bucket.at = bucket.at.max(now);
        if bucket.questions >= 1.0 {
            bucket.questions -= 1.0;
            return Ok(());
        }
        Err(((1.0 - bucket.questions) * MINUTE / full).ceil().max(1.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_asks_so_often_a_minute_and_waits_then() {
        let rates = Rates::new(6);
        let caller = Caller::of("192.0.2.1".parse().ok());
        let start = Timestamp(1_000_000);
        let at = |seconds: u64| start.plus(Duration::from_secs(seconds));
        for _ in 0..6 {
            assert_eq!(rates.take(caller.clone(), start), Ok(()));
        }
        assert_eq!(rates.take(caller.clone(), start), Err(10));
        assert_eq!(rates.take(caller.clone(), at(4)), Err(6));
        assert_eq!(rates.take(Caller::of("192.0.2.2".parse().ok()), at(4)), Ok(()));
        assert_eq!(rates.take(caller.clone(), at(10)), Ok(()));
        assert_eq!(rates.take(caller.clone(), at(10)), Err(10));
        // A clock that was set back gives nothing away.
        assert_eq!(rates.take(caller.clone(), start), Err(10));
        for _ in 0..6 {
            assert_eq!(rates.take(caller.clone(), at(600)), Ok(()));
        }
        assert!(rates.take(caller.clone(), at(600)).is_err());
    }

    #[test]
    fn a_customer_with_a_64_is_one_caller() {
        let of = |text: &str| Caller::of(text.parse().ok());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
