//! Whether receivers find the keys that our signatures are checked with (RFC 6376 §3.6).

use super::Subject;
use crate::Facts;
use relay_types::finding::Finding;

/// A finding for each key: `dkim.SELECTOR`.
pub fn judge(_facts: &Facts, _subject: &Subject) -> Vec<Finding> {
    Vec::new()
}
