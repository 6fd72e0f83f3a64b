//! What the domain asks receivers to do with mail that is not authenticated, and whether ours is (RFC 9989).

use super::Subject;
use crate::Facts;
use relay_types::{finding::Finding, spf::SpfEvaluation};

/// `dmarc.record`, `dmarc.policy`, `dmarc.alignment`, `dmarc.reports`, `dmarc.old_tags`.
pub fn judge(_facts: &Facts, _subject: &Subject, _evaluations: &[SpfEvaluation]) -> Vec<Finding> {
    Vec::new()
}
