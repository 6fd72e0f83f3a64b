//! The sweep: which names no longer match their address, and what becomes of them.

use crate::{Timestamp, address::AddressId, job::Job, project::Slug};
use serde::{Deserialize, Serialize};

/// What the next sweep would do, and how the last one went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// Names that are in question, those whose grace ends first before the others; at most 500.
    pub items: Vec<SweepItem>,
    /// How many are in question in all.
    pub count: u64,
    /// The sweep that runs, or the last one that ran.
    pub last: Option<Job>,
    /// When the next one begins by itself.
    pub next_at: Timestamp,
    /// Days a name may miss its forward record.
    pub grace_days: u32,
    /// Days the names of a closed project stay.
    pub closed_grace_days: u32,
}

/// A name that is in question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepItem {
    /// The address.
    pub id: AddressId,
    /// The address.
    pub address: String,
    /// Its project.
    pub project: Slug,
    /// The name it has.
    pub name: String,
    /// The name it gets; none when the record is removed.
    pub default: Option<String>,
    /// Why.
    pub why: SweepReason,
    /// Since when.
    pub since: Timestamp,
    /// When the name is taken.
    pub until: Timestamp,
    /// Whether the next sweep takes it.
    pub due: bool,
    /// An operator keeps the name although its forward record is missing.
    pub kept: bool,
}

/// Why a name is in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SweepReason {
    /// The forward record does not contain the address.
    Forward,
    /// The project is closed.
    Closed,
}
