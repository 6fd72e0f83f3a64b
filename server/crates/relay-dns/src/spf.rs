//! Sender Policy Framework (RFC 7208): may this address send for that domain, and which way leads to the answer.
//!
//! Pure: judges [`Facts`] and never waits. What was not asked yet looks like DNS that does not answer, so the result is
//! temperror until [`crate::gather`] has found everything. Trusts nothing of what records say: every way is bounded by
//! the limits of the standard.

mod count;
mod evaluate;
mod macros;
mod names;
mod record;

pub use count::{Cost, TermCost, count};
pub(crate) use record::{Kind, Mechanism};
pub use record::{Qualifier, Record, SyntaxError, Term, is_record};

use crate::Facts;
use relay_types::spf::SpfEvaluation;
use std::net::IpAddr;

/// So many look-ups may a check need (RFC 7208 §4.6.4).
pub const LOOKUPS: u32 = 10;
/// So many of them may be without an answer.
pub const VOIDS: u32 = 2;

/// What `check_host()` of RFC 7208 §4.1 is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The address that sends.
    pub ip: IpAddr,
    /// The domain whose record decides; empty for the one of the sender.
    pub domain: String,
    /// The reverse-path; empty for the null one, for which `postmaster@` and the HELO name stand (RFC 7208 §2.4).
    pub sender: String,
    /// The name in EHLO or HELO.
    pub helo: String,
}

impl Question {
    /// The question of the HELO identity (RFC 7208 §2.3).
    pub fn helo(ip: IpAddr, helo: &str) -> Self {
        Self { ip, domain: helo.to_owned(), sender: String::new(), helo: helo.to_owned() }
    }

    /// With everything that is missing filled in (RFC 7208 §2.4, §4.3).
    fn complete(&self) -> Self {
        // What macros make of them is bounded, too (RFC 5321 §4.5.3.1).
        let helo = last(&self.helo, 255);
        let sender = match last(self.sender.trim(), 320) {
            "" => format!("postmaster@{helo}"),
            sender => match sender.rsplit_once('@') {
                None => format!("postmaster@{sender}"),
                Some(("", domain)) => format!("postmaster@{domain}"),
                Some(_) => sender.to_owned(),
            },
        };
        let domain = match self.domain.trim() {
            "" => sender.rsplit_once('@').map_or("", |(_, domain)| domain),
            domain => domain,
        };
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        // An IPv4 address inside an IPv6 one is judged as IPv4 (RFC 7208 §5).
        Self { ip: self.ip.to_canonical(), domain, sender, helo: helo.to_owned() }
    }
}

/// So many octets from the end, or some fewer.
fn last(text: &str, most: usize) -> &str {
    let mut begin = text.len().saturating_sub(most);
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    &text[begin..]
}

/// Evaluates the record of the question's domain (RFC 7208 §4).
pub fn evaluate(facts: &Facts, question: &Question) -> SpfEvaluation {
    evaluate::evaluate(facts, question.complete())
}

#[cfg(test)]
mod tests;
