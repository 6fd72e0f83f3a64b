//! What an answer from DNS does to a domain, and when it is asked for again. Pure: no clock, no database, no DNS.

use relay_types::{Timestamp, sender::Verification};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// After this much certain absence a verified domain may not be used any more.
pub(crate) const GRACE: Duration = DAY;
/// Who waits for a record that was shown this short a time ago is told what authoritative servers say.
pub(crate) const SOON: Duration = DAY;
/// After this a proof that does not come, or a finding that is not mended, is looked for once a day.
const PATIENCE: Duration = Duration::from_secs(14 * 86_400);

/// How the proof of a domain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) state: Verification,
    /// Since when it is certainly absent, of a domain that had it.
    pub(crate) missing_since: Option<Timestamp>,
}

/// What was found at the challenge's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The challenge is there (or none is asked for).
    Seen,
    /// It is certainly not there.
    Absent,
    /// Nothing is known.
    Unknown,
}

/// The proof after an answer. A temporary failure changes nothing, however long it lasts.
pub(crate) fn next(proof: Proof, answer: Answer, now: Timestamp) -> Proof {
    match (proof.state, answer) {
        (_, Answer::Unknown) | (Verification::Pending | Verification::Lost, Answer::Absent) => proof,
        (_, Answer::Seen) => Proof { state: Verification::Verified, missing_since: None },
        (Verification::Verified, Answer::Absent) => {
            let since = proof.missing_since.unwrap_or(now);
            let state = if now.since(since) >= GRACE { Verification::Lost } else { Verification::Verified };
            Proof { state, missing_since: Some(since) }
        }
    }
}

/// What decides when DNS is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Health {
    /// After the last answer.
    pub(crate) proof: Proof,
    /// The last answer.
    pub(crate) answer: Answer,
    /// Since when a person may be waiting for a record (of the challenge or a key) to be seen for the first time.
    pub(crate) waiting_since: Option<Timestamp>,
    /// Since when a finding is to be mended, or not known.
    pub(crate) failing_since: Option<Timestamp>,
}

/// How long until DNS is asked again.
pub(crate) fn wait(health: Health, now: Timestamp) -> Duration {
    let Health { proof, answer, waiting_since, failing_since } = health;
    let patient = |since: Timestamp, first: Duration| match now.since(since) {
        waited if waited < HOUR => first,
        waited if waited < PATIENCE => HOUR,
        _ => DAY,
    };
    let of_proof = match (proof.missing_since, answer) {
        (Some(since), _) => patient(since, HOUR),
        (None, Answer::Unknown) => HOUR,
        (None, _) => DAY,
    };
    let of_findings = failing_since.map_or(DAY, |since| patient(since, HOUR));
    let waiting = waiting_since.map_or(DAY, |since| patient(since, 5 * MINUTE));
    of_proof.min(of_findings).min(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Answer::{Absent, Seen, Unknown};
    use Verification::{Lost, Pending, Verified};

    const T0: Timestamp = Timestamp(1_795_268_800_000);

    fn at(hours: u64) -> Timestamp {
        T0.plus(Duration::from_secs(hours * 3_600))
    }

    #[test]
    fn only_a_day_of_certain_absence_loses_a_domain() {
        let proof = |state, missing| Proof { state, missing_since: missing };
        let missing = Some(T0);
        for (before, answer, hours, after) in [
            (proof(Pending, None), Absent, 0, proof(Pending, None)),
            (proof(Pending, None), Unknown, 0, proof(Pending, None)),
            (proof(Pending, None), Seen, 0, proof(Verified, None)),
            (proof(Verified, None), Seen, 0, proof(Verified, None)),
            (proof(Verified, None), Unknown, 0, proof(Verified, None)),
            (proof(Verified, None), Absent, 0, proof(Verified, missing)),
            (proof(Verified, missing), Absent, 23, proof(Verified, missing)),
            (proof(Verified, missing), Absent, 24, proof(Lost, missing)),
            (proof(Verified, missing), Unknown, 100, proof(Verified, missing)),
            (proof(Verified, missing), Seen, 23, proof(Verified, None)),
            (proof(Lost, missing), Absent, 100, proof(Lost, missing)),
            (proof(Lost, missing), Unknown, 100, proof(Lost, missing)),
            (proof(Lost, missing), Seen, 100, proof(Verified, None)),
        ] {
            assert_eq!(next(before, answer, at(hours)), after, "{before:?} {answer:?} after {hours} h");
        }
    }

    #[test]
    fn those_who_wait_are_asked_for_often() {
        let healthy = Proof { state: Verified, missing_since: None };
        let pending = Proof { state: Pending, missing_since: None };
        let missing = Proof { state: Verified, missing_since: Some(T0) };
        let failing = |since| Health { proof: healthy, answer: Seen, waiting_since: None, failing_since: Some(since) };
        for (hours, wait_for) in [(0, HOUR), (24 * 14 - 1, HOUR), (24 * 14, DAY)] {
            assert_eq!(wait(failing(T0), at(hours)), wait_for, "failing for {hours} h");
        }
        for (proof, answer, waiting, hours, wait_for) in [
            (healthy, Seen, None, 0, DAY),
            (healthy, Unknown, None, 0, HOUR),
            (healthy, Seen, Some(T0), 0, 5 * MINUTE),
            (healthy, Seen, Some(T0), 2, HOUR),
            (healthy, Seen, Some(T0), 24 * 15, DAY),
            (pending, Absent, Some(T0), 0, 5 * MINUTE),
            (pending, Unknown, Some(T0), 0, 5 * MINUTE),
            (pending, Absent, Some(T0), 1, HOUR),
            (pending, Absent, Some(T0), 24 * 14, DAY),
            (missing, Absent, None, 0, HOUR),
            (missing, Absent, None, 30, HOUR),
            (missing, Absent, None, 24 * 14, DAY),
        ] {
            let health = Health { proof, answer, waiting_since: waiting, failing_since: None };
            assert_eq!(wait(health, at(hours)), wait_for, "{health:?} after {hours} h");
        }
    }
}
