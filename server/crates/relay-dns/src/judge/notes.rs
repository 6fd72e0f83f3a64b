//! What else is published that touches mail; worth knowing, and never held against the domain.

use super::Subject;
use crate::Facts;
use relay_types::finding::Finding;

/// MTA-STS, TLS-RPT, CAA, DNSSEC and BIMI, as notes.
pub fn judge(_facts: &Facts, _subject: &Subject) -> Vec<Finding> {
    Vec::new()
}
