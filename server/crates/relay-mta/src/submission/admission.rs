//! How many sessions there may be, in all and from one address, and how much content they may hold together.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The counts, shared by all listeners.
#[derive(Debug)]
pub(crate) struct Admission {
    sessions: usize,
    sessions_per_address: usize,
    content: u64,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    sessions: usize,
    by_address: HashMap<IpAddr, usize>,
    content: u64,
}

/// A place among the sessions, given back when dropped, with the content this session holds.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    client: IpAddr,
    content: u64,
}

impl Admission {
    pub(crate) fn new(sessions: usize, sessions_per_address: usize, content: u64) -> Arc<Self> {
        Arc::new(Self { sessions, sessions_per_address, content, counts: Mutex::default() })
    }

    /// A place for a client; none when there are too many.
    pub(crate) fn admit(self: &Arc<Self>, client: IpAddr) -> Option<Admitted> {
        let mut counts = self.lock();
        let from_here = counts.by_address.get(&client).copied().unwrap_or_default();
        if counts.sessions >= self.sessions || from_here >= self.sessions_per_address {
            return None;
        }
        counts.sessions += 1;
        counts.by_address.insert(client, from_here + 1);
        Some(Admitted { admission: self.clone(), client, content: 0 })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted {
    /// Takes room for `octets` of content; false when all sessions together hold too much.
    #[must_use]
    pub(crate) fn hold(&mut self, octets: u64) -> bool {
        let mut counts = self.admission.lock();
        let fits = counts.content.saturating_add(octets) <= self.admission.content;
        if fits {
            counts.content += octets;
            self.content += octets;
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
        if let Some(from_here) = counts.by_address.get_mut(&self.client) {
            *from_here -= 1;
            if *from_here == 0 {
                counts.by_address.remove(&self.client);
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
    fn content_of_all_sessions_is_bounded() {
        let admission = Admission::new(9, 9, 10);
        let mut one = admission.admit(A).expect("a place");
        let mut other = admission.admit(B).expect("a place");
        assert!(one.hold(6) && !other.hold(5) && other.hold(4));
        drop(one);
        assert!(other.hold(6));
        other.release();
        assert_eq!(admission.lock().content, 0);
    }
}
