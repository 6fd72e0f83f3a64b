//! How much may be sent. A limit is never a permanent refusal: over it the relay answers 451 with the wait.

use serde::{Deserialize, Serialize};

/// Limits on accepted recipients; `None` is no limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Recipients in any 60 minutes (counted in whole clock minutes).
    pub per_hour: Option<u32>,
    /// Recipients in any 24 hours (counted in whole clock hours).
    pub per_day: Option<u32>,
}

/// A limit and how much of it is used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// The limits in force.
    pub limits: Limits,
    /// Recipients accepted in the last 60 minutes.
    pub last_hour: u64,
    /// Recipients accepted in the last 24 hours.
    pub last_day: u64,
}
