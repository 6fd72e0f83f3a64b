//! Egress addresses: those the relay sends from, and whether the world takes mail from them.

use crate::{
    DomainName, Id, Timestamp,
    finding::{Finding, History, Report, Severity},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Marker of [`EgressId`].
pub enum EgressKind {}
/// Identifies an egress address.
pub type EgressId = Id<EgressKind>;

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// Identifier.
    pub id: EgressId,
    /// The address mail leaves from, as the world sees it.
    pub address: IpAddr,
    /// The name the relay says in EHLO from there.
    pub ehlo: DomainName,
    /// The worst of the last check; none before the first.
    pub worst: Option<Severity>,
    /// How many findings are to be mended.
    pub to_mend: u32,
    /// Why an operator called it ready in spite of findings; none when nobody did.
    pub override_reason: Option<String>,
    /// When it was last checked.
    pub checked_at: Option<Timestamp>,
    /// Whether a check was asked for and has not ended.
    pub checking: bool,
}

impl Egress {
    /// Whether mail may be expected to arrive from it: nothing certain speaks against it, or an operator said so.
    pub fn is_ready(&self) -> bool {
        self.override_reason.is_some() || self.worst.is_some_and(|worst| worst != Severity::Error)
    }
}

/// The page of all egress addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EgressList {
    /// In the order of their addresses.
    pub addresses: Vec<Egress>,
    /// The certificates of this node's listeners, judged now.
    pub certificates: Vec<Finding>,
}

/// An egress address's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EgressDetail {
    /// The address.
    pub egress: Egress,
    /// The last report; none before the first check.
    pub report: Option<Report>,
    /// Of the last 30 days, by check.
    pub history: Vec<History>,
}
