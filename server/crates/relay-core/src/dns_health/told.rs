//! What the contacts are to be told of a report, by what they were told before. Pure.
//!
//! A change for the worse is told once, and its mending once. A check that changes to and fro is told of every six hours
//! at most in each direction; what was left out is told then, when it still holds.

use relay_types::{
    Timestamp,
    finding::{Finding, Report, Severity},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Of one check and direction, mails are this far apart.
const APART: Duration = Duration::from_secs(6 * 3_600);

/// What the contacts believe of each check; one that does not stand here is believed to be good.
pub(crate) type Told = BTreeMap<String, Belief>;

/// What was told of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Belief {
    /// How they believe that it is.
    pub(crate) severity: Severity,
    /// Whether they were told so, rather than that it was so when it was first seen.
    told: bool,
    /// When they were last told that it became worse.
    worse_at: Option<Timestamp>,
    /// When they were last told that it was mended.
    mended_at: Option<Timestamp>,
}

/// Whether a finding that became worse is to be mailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mailed {
    /// By the news.
    Here,
    /// By a mail of its own; its mending is news.
    Elsewhere,
    /// Not at all, and neither is its mending: the page shows it.
    Never,
}

/// What is to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// What became worse.
    pub(crate) worse: Vec<Finding>,
    /// What was bad and is mended.
    pub(crate) mended: Vec<Finding>,
}

impl News {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.worse.is_empty() && self.mended.is_empty()
    }
}

/// The news of a report and what will be believed after they were told. Before the first report (`told` is none) nothing
/// is told.
pub(crate) fn news(
    told: Option<&Told>,
    report: &Report,
    mailed: impl Fn(&Finding) -> Mailed,
    now: Timestamp,
) -> (Told, News) {
    let mut news = News::default();
    let mut after = Told::new();
    let long_ago = |at: Option<Timestamp>| at.is_none_or(|at| now.since(at) >= APART);
    for finding in &report.findings {
        let known = told.and_then(|told| told.get(&finding.check)).copied();
        let begin = if told.is_none() { Severity::Unknown } else { Severity::Good };
        let first = Belief { severity: begin, told: false, worse_at: None, mended_at: None };
        let mut belief = known.unwrap_or(first);
        let severity = finding.severity;
        if severity == Severity::Unknown {
            // Nothing is known, so nothing changes.
        } else if belief.severity == Severity::Unknown {
            belief.severity = severity;
        } else if severity.is_bad() && severity > belief.severity {
            match mailed(finding) {
                Mailed::Never => belief.severity = severity,
                Mailed::Elsewhere => belief = Belief { severity, told: true, ..belief },
                Mailed::Here if long_ago(belief.worse_at) => {
                    belief = Belief { severity, told: true, worse_at: Some(now), ..belief };
                    news.worse.push(finding.clone());
                }
                Mailed::Here => {}
            }
        } else if !severity.is_bad() && belief.severity.is_bad() {
            if !belief.told {
                belief.severity = severity;
            } else if long_ago(belief.mended_at) {
                belief = Belief { severity, told: false, mended_at: Some(now), ..belief };
                news.mended.push(finding.clone());
            }
        } else {
            belief.severity = severity;
        }
        if belief.severity >= Severity::Unknown || !long_ago(belief.worse_at) || !long_ago(belief.mended_at) {
            after.insert(finding.check.clone(), belief);
        }
    }
    // A check that is not made while DNS does not answer is not forgotten; else it is gone, as a key that was removed.
    if report.findings.iter().any(|finding| finding.severity == Severity::Unknown) {
        for (check, belief) in told.into_iter().flatten() {
            after.entry(check.clone()).or_insert(*belief);
        }
    }
    (after, news)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Error, Good, Note, Unknown, Warning};
    use relay_types::finding::Subject;

    const T0: Timestamp = Timestamp(1_795_268_800_000);

    fn report(severity: Severity) -> Report {
        let finding = Finding {
            check: "spf.record".to_owned(),
            outcome: "any".to_owned(),
            subject: Subject::Spf,
            severity,
            title: severity.as_str().to_owned(),
            effect: String::new(),
            details: Vec::new(),
            changes: Vec::new(),
            link: None,
            asked: Vec::new(),
        };
        Report {
            about: "lab.example".to_owned(),
            findings: vec![finding],
            evaluations: Vec::new(),
            predictions: Vec::new(),
            answers: Vec::new(),
            checked_at: T0,
        }
    }

    /// What is told of one check that comes out so in each hour: `worse`, `mended`, or nothing.
    fn told_of(severities: &[(u64, Severity)]) -> Vec<(u64, &'static str)> {
        let (mut told, mut heard) = (None, Vec::new());
        for &(hours, severity) in severities {
            let now = T0.plus(Duration::from_secs(hours * 3_600));
            let (after, news) = news(told.as_ref(), &report(severity), |_| Mailed::Here, now);
            heard.extend(news.worse.iter().map(|_| (hours, "worse")));
            heard.extend(news.mended.iter().map(|_| (hours, "mended")));
            told = Some(after);
        }
        heard
    }

    #[test]
    fn a_change_for_the_worse_is_told_once_and_its_mending_once() {
        for (severities, heard) in [
            (&[(0, Error), (1, Error), (2, Good)][..], vec![]),
            (
                &[(0, Good), (1, Error), (2, Error), (30, Error), (31, Good), (32, Good)],
                vec![(1, "worse"), (31, "mended")],
            ),
            (&[(0, Note), (1, Warning), (2, Error)], vec![(1, "worse")]),
            (&[(0, Note), (1, Warning), (7, Error)], vec![(1, "worse"), (7, "worse")]),
            (&[(0, Good), (1, Unknown), (2, Good)], vec![]),
            (&[(0, Good), (1, Error), (2, Unknown), (3, Error), (4, Note)], vec![(1, "worse"), (4, "mended")]),
            (&[(0, Unknown), (1, Error), (2, Good), (3, Error)], vec![(3, "worse")]),
            (&[(0, Error), (1, Good), (2, Error)], vec![(2, "worse")]),
        ] {
            assert_eq!(told_of(severities), heard, "{severities:?}");
        }
    }

    #[test]
    fn a_check_that_changes_to_and_fro_is_told_of_every_six_hours() {
        let flapping: Vec<_> = (0..24).map(|hour| (hour, if hour % 2 == 0 { Good } else { Error })).collect();
        let heard = told_of(&flapping);
        let of =
            |word: &str| heard.iter().filter(|(_, heard)| *heard == word).map(|(hour, _)| *hour).collect::<Vec<_>>();
        assert_eq!((of("worse"), of("mended")), (vec![1, 7, 13, 19], vec![2, 8, 14, 20]));
        // What was left out is told when it still holds.
        assert_eq!(told_of(&[(0, Good), (1, Error), (2, Good), (3, Error), (8, Error)]).last(), Some(&(8, "worse")));
    }

    #[test]
    fn what_is_mailed_elsewhere_or_never_is_no_news() {
        for (mailed, mended) in [(Mailed::Never, 0), (Mailed::Elsewhere, 1)] {
            let (told, first) = news(Some(&Told::new()), &report(Error), |_| mailed, T0);
            assert!(first.is_empty(), "{mailed:?}");
            let (_, second) = news(Some(&told), &report(Good), |_| mailed, T0);
            assert_eq!((second.worse.len(), second.mended.len()), (0, mended), "{mailed:?}");
        }
    }
}
