//! How many sessions there may be, in all and from one address, and how much content they may hold together; and which
//! addresses are known to wait for the greeting.

use moka::sync::Cache;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long an address is known after mail of it was accepted or it signed in, and how many are.
const KNOWN: Duration = Duration::from_secs(3_600);
const MOST_KNOWN: u64 = 100_000;

/// The counts, shared by all listeners.
#[derive(Debug)]
pub(crate) struct Admission {
    sessions: usize,
    sessions_per_address: usize,
    content: u64,
    counts: Mutex<Counts>,
    known: Cache<IpAddr, ()>,
}

#[derive(Debug, Default)]
struct Counts {
    sessions: usize,
    /// By [`place_of`].
    by_address: HashMap<IpAddr, usize>,
    content: u64,
}

/// A place among the sessions, given back when dropped, with the content this session holds.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    place: IpAddr,
    content: u64,
}

impl Admission {
    pub(crate) fn new(sessions: usize, sessions_per_address: usize, content: u64) -> Arc<Self> {
        let known = Cache::builder().max_capacity(MOST_KNOWN).time_to_live(KNOWN).build();
        Arc::new(Self { sessions, sessions_per_address, content, counts: Mutex::default(), known })
    }

    /// A place for a client; none when there are too many.
    pub(crate) fn admit(self: &Arc<Self>, client: IpAddr) -> Option<Admitted> {
        let mut counts = self.lock();
        let place = place_of(client);
        let from_here = counts.by_address.get(&place).copied().unwrap_or_default();
        if counts.sessions >= self.sessions || from_here >= self.sessions_per_address {
            return None;
        }
        counts.sessions += 1;
        counts.by_address.insert(place, from_here + 1);
        Some(Admitted { admission: self.clone(), place, content: 0 })
    }

    /// Mail of this client was accepted, or it signed in: it waits for greetings, and need not be tried again for a while.
    pub(crate) fn know(&self, client: IpAddr) {
        self.known.insert(client, ());
    }

    /// Whether mail of this very address was accepted within the last hour, or it signed in.
    pub(crate) fn knows(&self, client: IpAddr) -> bool {
        self.known.contains_key(&client)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: one IPv6 customer has a /64 at least (RFC 6177 §2).
fn place_of(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

impl Admitted {
    /// This session holds so many octets of content from now on; false when all together would hold too much.
    #[must_use]
    pub(crate) fn hold(&mut self, octets: u64) -> bool {
        let mut counts = self.admission.lock();
        let others = counts.content - self.content;
        let fits = others.saturating_add(octets) <= self.admission.content;
        if fits {
            counts.content = others + octets;
            self.content = octets;
        }
        fits
    }

    /// Gives back the room of all content.
    pub(crate) fn release(&mut self) {
        let mut counts = self.admission.lock();
        counts.content -= std::mem::take(&mut self.content);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.release();
        let mut counts = self.admission.lock();
        counts.sessions -= 1;
        if let Some(from_here) = counts.by_address.get_mut(&self.place) {
            *from_here -= 1;
            if *from_here == 0 {
                counts.by_address.remove(&self.place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    const C: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 3));

    #[test]
    fn a_place_is_given_back() {
        let admission = Admission::new(3, 2, 0);
        let first = admission.admit(A);
        let _second = admission.admit(A);
        assert!(admission.admit(A).is_none(), "two from one address");
        let _third = admission.admit(B);
        assert!(admission.admit(C).is_none(), "three in all");
        drop(first);
        assert!(admission.admit(A).is_some());
        drop((_second, _third));
        assert!(admission.lock().by_address.is_empty());
    }

    #[test]
    fn an_ipv6_customer_counts_as_one_address() {
        let admission = Admission::new(9, 2, 0);
        let from = |text: &str| admission.admit(text.parse().expect("an address"));
        let first = from("2001:db8:1:2::1");
        let second = from("2001:db8:1:2:ffff::2");
        assert!(first.is_some() && second.is_some() && from("2001:db8:1:2::3").is_none());
        assert!(from("2001:db8:1:3::1").is_some() && from("::ffff:192.0.2.1").is_some());
    }

    #[test]
    fn content_of_all_sessions_is_bounded() {
        let admission = Admission::new(9, 9, 10);
        let mut one = admission.admit(A).expect("a place");
        let mut other = admission.admit(B).expect("a place");
        assert!(one.hold(6) && !other.hold(5) && other.hold(4));
        drop(one);
        assert!(other.hold(10) && !other.hold(11) && other.hold(1));
        other.release();
        assert_eq!(admission.lock().content, 0);
    }
}
