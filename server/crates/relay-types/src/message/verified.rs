//! What our own verifier says of a message that was sent: the same checks as a receiver's, of the real bytes.

use crate::{prediction::DmarcPrediction, spf::SpfResult};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The domain of header From.
    pub from: String,
    /// Each signature, in the order of the header.
    pub signatures: Vec<VerifiedSignature>,
    /// SPF for each address the relay sends from; empty when none is listed.
    pub spf: Vec<VerifiedSpf>,
    /// Whether DMARC passes, whichever of the addresses it goes out from.
    pub dmarc: DmarcPrediction,
    /// Why, in one sentence.
    pub dmarc_because: String,
}

/// A signature (RFC 6376 §6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedSignature {
    /// The `d=` tag.
    pub domain: String,
    /// The `s=` tag.
    pub selector: String,
    /// What came out.
    pub result: SignatureResult,
    /// Why it did not verify, in words; empty when it did.
    pub because: String,
    /// Whether its domain is aligned with that of header From (RFC 9989 §4.4).
    pub aligned: bool,
}

/// What came out for a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureResult {
    /// It verifies with the key in DNS.
    Pass,
    /// It does not.
    Fail,
    /// DNS did not answer.
    Unknown,
}

/// SPF of the reverse-path for one address of the relay (RFC 7208).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedSpf {
    /// The address.
    pub egress: IpAddr,
    /// What came out.
    pub result: SpfResult,
    /// Why, in one sentence.
    pub because: String,
    /// Whether the reverse-path's domain is aligned with that of header From.
    pub aligned: bool,
}
