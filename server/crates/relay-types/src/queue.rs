//! The queue as the operator sees it.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// What waits for one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDestination {
    /// Recipient domain, or the smarthost's name.
    pub destination: String,
    /// Due now or later.
    pub due: u64,
    /// Being delivered.
    pub in_flight: u64,
    /// Held.
    pub held: u64,
    /// When the oldest was accepted.
    pub oldest_at: Timestamp,
    /// When the next attempt is due.
    pub next_due_at: Option<Timestamp>,
    /// The last failure.
    pub last_reply: Option<String>,
}

/// Totals of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueueTotals {
    /// Due now or later.
    pub due: u64,
    /// Being delivered.
    pub in_flight: u64,
    /// Held.
    pub held: u64,
    /// When the oldest that is not held was accepted.
    pub oldest_at: Option<Timestamp>,
    /// Since when the recipient that is due longest waits to be tried; none when none is due now.
    pub due_since: Option<Timestamp>,
}
