//! How SPF was evaluated (RFC 7208): the result, and the way to it term by term.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The results of RFC 7208 §2.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpfResult {
    /// The address may send for the domain.
    Pass,
    /// It may not.
    Fail,
    /// It probably may not (`~all`).
    SoftFail,
    /// The domain does not say (`?all`, or no term matched).
    Neutral,
    /// There is no SPF record.
    None,
    /// DNS did not answer.
    TempError,
    /// The record cannot be used.
    PermError,
}

impl SpfResult {
    /// All results.
    pub const ALL: [Self; 7] =
        [Self::Pass, Self::Fail, Self::SoftFail, Self::Neutral, Self::None, Self::TempError, Self::PermError];

    /// The word of RFC 7208.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == text)
    }
}

/// One evaluation: `check_host()` of RFC 7208 §4 for an address, a domain and a sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpfEvaluation {
    /// The address that would send.
    pub ip: IpAddr,
    /// The domain whose record was evaluated.
    pub domain: String,
    /// The reverse-path; `postmaster@` the HELO name for a null one.
    pub sender: String,
    /// The name in EHLO or HELO.
    pub helo: String,
    /// What came out.
    pub result: SpfResult,
    /// Why, in one sentence: `ip4:192.0.2.10 matched in the record of spf.relay.example`.
    pub because: String,
    /// What the domain says to refused senders (`exp=`), made of its macros.
    #[serde(default)]
    pub explanation: Option<String>,
    /// DNS look-ups that count (RFC 7208 §4.6.4); 10 are allowed.
    pub lookups: u32,
    /// Look-ups without an answer; 2 are allowed.
    pub voids: u32,
    /// The way, in the order of evaluation; a tree by [`SpfStep::depth`].
    pub steps: Vec<SpfStep>,
}

/// One term of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpfStep {
    /// 0 for the domain's own record, one more in each `include` or `redirect`.
    pub depth: u32,
    /// Whose record the term is in.
    pub domain: String,
    /// The term as written; the whole record for the step that begins it.
    pub term: String,
    /// What came of it, in words: `matches`, `does not match`, `no such name`, `not evaluated`.
    pub said: String,
    /// Whether it decided the record it stands in.
    pub decided: bool,
    /// Look-ups that count so far, this one included.
    pub lookups: u32,
}
