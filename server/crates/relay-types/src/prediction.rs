//! What would become of mail that is sent now, and why.

use crate::spf::SpfResult;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Mail with a header From in `from`, sent through `egress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The domain of the header From.
    pub from: String,
    /// The domain of the reverse-path.
    pub envelope: String,
    /// The address of the relay it goes out from; none when none is known.
    pub egress: Option<IpAddr>,
    /// SPF of the reverse-path's domain.
    pub spf: SpfResult,
    /// Why, in one sentence.
    pub spf_because: String,
    /// Whether SPF passes for a domain that is aligned with the header From.
    pub spf_aligned: bool,
    /// Whether a signature will verify.
    pub dkim: DkimPrediction,
    /// Why, in one sentence; names the selectors.
    pub dkim_because: String,
    /// Whether the signature's domain is aligned with the header From.
    pub dkim_aligned: bool,
    /// Whether DMARC passes.
    pub dmarc: DmarcPrediction,
    /// Why, in one sentence; names the policy and what aligns.
    pub dmarc_because: String,
    /// What large receivers will do.
    pub receivers: Vec<ReceiverPrediction>,
    /// What becomes of it when the recipient has it forwarded; none in a report from before this was judged.
    #[serde(default)]
    pub forwarded: Option<ForwardedPrediction>,
}

/// Whether a signature of ours will verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DkimPrediction {
    /// At least one will.
    Pass,
    /// Mail is signed and none will.
    Fail,
    /// Mail is not signed.
    None,
    /// DNS did not answer.
    Unknown,
}

/// Whether DMARC passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DmarcPrediction {
    /// SPF or DKIM passes for an aligned domain.
    Pass,
    /// There is a policy, and neither does.
    Fail,
    /// There is no policy.
    None,
    /// DNS did not answer.
    Unknown,
}

/// What a receiver will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiverPrediction {
    /// `Gmail`, `Yahoo`, `Outlook`, `Others`.
    pub receiver: String,
    /// What.
    pub fate: Fate,
    /// Why, in one sentence.
    pub because: String,
}

/// What a receiver will do with mail that somebody forwards to it unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedPrediction {
    /// What.
    pub fate: Fate,
    /// Why, in a sentence or two: what is left of SPF, of the signature, and of DMARC by it.
    pub because: String,
}

/// What becomes of a message at a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Taken, as far as authentication goes.
    Accepted,
    /// Taken, and perhaps put with the spam.
    Doubtful,
    /// Refused or hidden.
    Refused,
    /// Not known.
    Unknown,
}
