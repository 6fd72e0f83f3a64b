//! Mail for hosts that have just failed, left in the queue for a moment. Pure.
//!
//! Each message that is put off costs a claim and a record, so a destination that is dead and has much mail would cost as
//! much as one that lives each time its mail is due. Here it costs some [`PUT_OFF`] messages a second, however much waits; and
//! one that lives again is noticed soon, because each time some of its mail is tried.

use relay_core::queue::LeftOut;
use relay_types::project::ProjectId;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// Messages a second that are put off for one project at one destination, while it does not live.
const PUT_OFF: u32 = 50;
/// No rest is longer.
const LONGEST: Duration = Duration::from_secs(10);

/// Until when the mail of a project to a destination rests.
#[derive(Debug, Default)]
pub struct Resting(HashMap<(Option<ProjectId>, String), Instant>);

impl Resting {
    /// A destination has failed, and so many messages were put off with it.
    pub fn failed(&mut self, project: Option<ProjectId>, destination: &str, put_off: usize, now: Instant) {
        let put_off = u32::try_from(put_off).unwrap_or(u32::MAX);
        let rest = (Duration::from_secs(1) / PUT_OFF).saturating_mul(put_off).min(LONGEST);
        if !rest.is_zero() {
            let until = self.0.entry((project, destination.to_owned())).or_insert(now);
            *until = (*until).max(now + rest);
        }
    }

    /// What a claim leaves where it is; what has rested is forgotten.
    pub fn left_out(&mut self, now: Instant) -> impl Iterator<Item = LeftOut> + '_ {
        self.0.retain(|_, until| *until > now);
        self.0.keys().map(|(project, destination)| LeftOut::OfProject(*project, destination.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_rests_as_long_as_much_was_put_off_and_no_other_mail_does() {
        let now = Instant::now();
        let mut resting = Resting::default();
        let at = |resting: &mut Resting, milliseconds| {
            resting.left_out(now + Duration::from_millis(milliseconds)).collect::<Vec<_>>()
        };
        resting.failed(None, "dead.example", 0, now);
        assert_eq!(at(&mut resting, 0), []);
        resting.failed(None, "dead.example", 25, now);
        // Another that failed with it found nobody left who waited.
        resting.failed(None, "dead.example", 1, now);
        assert_eq!(at(&mut resting, 499), [LeftOut::OfProject(None, "dead.example".to_owned())]);
        assert_eq!(at(&mut resting, 500), []);
        resting.failed(None, "dead.example", 1_000_000, now);
        assert_eq!(at(&mut resting, 9_999).len(), 1);
        assert_eq!(at(&mut resting, 10_000), []);
    }
}
