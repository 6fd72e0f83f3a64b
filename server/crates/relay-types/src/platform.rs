//! The platform as a whole: all projects, all nodes.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// While it holds, no program's mail is taken (`421 4.3.2`). What was accepted before is delivered all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why, as programs read it in the reply: printable ASCII.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}
