//! The overview page: numbers over time and the steps to the first message.

use crate::{
    DomainName, Timestamp, address::AddressId, domain::DomainId, finding::Severity, limit::NearLimit, refusal::Refusal,
};
use serde::{Deserialize, Serialize};

/// Period of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Period {
    /// 24 bars of an hour.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// 7 bars of a day.
    #[serde(rename = "7d")]
    Week,
    /// 30 bars of a day.
    #[serde(rename = "30d")]
    Month,
}

impl Period {
    /// All periods.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The word in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == text)
    }

    /// Number of bars and the hours of each.
    pub fn bars(self) -> (u32, u32) {
        match self {
            Self::Day => (24, 1),
            Self::Week => (7, 24),
            Self::Month => (30, 24),
        }
    }
}

/// Counts of recipients (refusals: of commands refused).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Accepted.
    pub accepted: u64,
    /// Delivered (or captured).
    pub delivered: u64,
    /// Attempts that ended in a TempFail.
    pub deferred: u64,
    /// Bounced.
    pub bounced: u64,
    /// Refused at the door.
    pub refused: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.accepted += more.accepted;
        self.delivered += more.delivered;
        self.deferred += more.deferred;
        self.bounced += more.bounced;
        self.refused += more.refused;
    }
}

/// One bar of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// When the bar begins.
    pub from: Timestamp,
    /// Its counts.
    pub counts: Counts,
}

/// A project's overview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The period shown.
    pub period: Period,
    /// Oldest first.
    pub bars: Vec<Bar>,
    /// Sum of the bars.
    pub totals: Counts,
    /// What stands between the project and its first message.
    pub readiness: Readiness,
    /// The last five refusals.
    pub refusals: Vec<Refusal>,
    /// Names that will be taken, for their forward records are missing; the first five.
    pub names_in_question: Vec<NameInQuestion>,
    /// Domains whose DNS is to be mended, the worst first; the first five.
    pub domains_to_mend: Vec<DomainToMend>,
    /// Limits of the project and its service accounts of which four fifths are used, or all.
    pub near_limits: Vec<NearLimit>,
}

/// A domain whose DNS is to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainToMend {
    /// The domain.
    pub id: DomainId,
    /// Its name.
    pub name: DomainName,
    /// Its worst finding's severity.
    pub worst: Severity,
    /// The title of that finding.
    pub title: String,
}

/// A name of an address that will be taken unless its forward record comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameInQuestion {
    /// The address.
    pub id: AddressId,
    /// The address.
    pub address: String,
    /// The name it has.
    pub name: String,
    /// When it loses it.
    pub until: Timestamp,
}

/// Steps to the first message; each is done or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Readiness {
    /// A service account or a trusted network exists.
    pub way_in: bool,
    /// A sender address or domain is verified.
    pub verified_sender: bool,
    /// Mail of a verified domain is signed.
    pub signed_domain: bool,
    /// A message was accepted.
    pub first_message: bool,
    /// Out of the sandbox.
    pub live: bool,
}
