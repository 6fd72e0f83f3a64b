//! RFC 7208 §4 to §8 as tables: a zone, a question, the result and why.

mod evaluation;
mod limits;
mod macros;
mod syntax;

use super::*;
use crate::test_zone::judged;
use relay_types::spf::SpfResult;

/// The question most tests ask: 192.0.2.10 sends as anna@d.example and says mail.d.example.
pub fn question(ip: &str) -> Question {
    Question {
        ip: ip.parse().unwrap(),
        domain: "d.example".to_owned(),
        sender: "anna@d.example".to_owned(),
        helo: "mail.d.example".to_owned(),
    }
}

pub fn evaluated(zone: &str, question: &Question) -> SpfEvaluation {
    judged(zone, |facts| evaluate(facts, question))
}

/// The result for an address, and words that stand in the reason.
pub fn check(zone: &str, ip: &str, result: SpfResult, because: &str) -> SpfEvaluation {
    let found = evaluated(zone, &question(ip));
    assert_eq!(found.result, result, "{zone}\n{found:#?}");
    assert!(found.because.contains(because), "{zone}\n{because:?} in {:?}", found.because);
    found
}
