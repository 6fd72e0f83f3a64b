//! How the time of one attempt is shared: by the hosts it may try, and the turn of a host by its addresses.

use std::time::Duration;
use tokio::time::Instant;

/// An address has so long for its session to open while there is time: many a host greets late on purpose.
const SHORTEST: Duration = Duration::from_secs(5);

/// The turn of a host.
pub(super) struct Turn {
    over: Instant,
    /// When the attempt is.
    limit: Instant,
}

impl Turn {
    /// Of the next of so many `hosts`, which share what is left until `limit`.
    pub(super) fn new(now: Instant, limit: Instant, hosts: usize) -> Self {
        Self { over: now + part(limit.saturating_duration_since(now), hosts), limit }
    }

    /// Until when the session with the next of so many `addresses` must be open; none when others have their turn.
    pub(super) fn open_by(&self, now: Instant, addresses: usize) -> Option<Instant> {
        let left = self.limit.saturating_duration_since(now);
        let turn = self.over.saturating_duration_since(now);
        if turn.is_zero() {
            return None;
        }
        Some(now + part(turn, addresses).max(SHORTEST.min(left / 2)))
    }
}

fn part(time: Duration, of: usize) -> Duration {
    time / u32::try_from(of.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds that each address has when none of them says a word.
    fn silent(limit: u64, hosts: &[usize]) -> Vec<Vec<f64>> {
        let began = Instant::now();
        let limit = began + Duration::from_secs(limit);
        let mut now = began;
        let mut all = Vec::new();
        for (place, &addresses) in hosts.iter().enumerate() {
            let turn = Turn::new(now, limit, hosts.len() - place);
            let mut each = Vec::new();
            for number in 0..addresses {
                let Some(open_by) = turn.open_by(now, addresses - number) else { break };
                each.push(open_by.duration_since(now).as_secs_f64());
                now = open_by;
            }
            all.push(each);
        }
        assert!(now <= limit);
        all
    }

    #[test]
    fn hosts_share_the_time_whatever_the_number_of_their_addresses() {
        assert_eq!(silent(900, &[1, 1, 1]), [[300.0], [300.0], [300.0]]);
        assert_eq!(silent(900, &[16, 1]), [vec![28.125; 16], vec![450.0]]);
        assert_eq!(silent(900, &[1]), [[900.0]]);
    }

    #[test]
    fn an_address_has_time_to_greet_while_there_is_some() {
        let of_many = silent(900, &[16; 16]);
        assert!(of_many.iter().all(|each| each.len() >= 8 && each[0] >= 5.0), "{of_many:?}");
        assert_eq!(silent(20, &[16])[0][..4], [5.0, 5.0, 5.0, 2.5]);
        assert_eq!(silent(6, &[1, 1]), [[3.0], [3.0]]);
        assert_eq!(silent(0, &[1, 1]), [[]; 2] as [[f64; 0]; 2]);
    }
}
