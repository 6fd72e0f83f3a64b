//! What would become of mail that is sent now.

use super::{Ours, Subject};
use crate::Facts;
use relay_types::{prediction::Prediction, spf::SpfEvaluation};

/// One prediction for each evaluation of SPF, that is for each egress address.
pub fn predict(_facts: &Facts, _subject: &Subject, _ours: &Ours, _evaluations: &[SpfEvaluation]) -> Vec<Prediction> {
    Vec::new()
}
