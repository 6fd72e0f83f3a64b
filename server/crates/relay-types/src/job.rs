//! Long work that goes on by itself, with a bar: imports and sweeps.

use crate::{Id, Timestamp};
use serde::{Deserialize, Serialize};

/// Marker of [`JobId`].
pub enum JobMarker {}
/// Identifies a job.
pub type JobId = Id<JobMarker>;

/// A job as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Identifier.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Of what: the range of an import, empty for a sweep.
    pub subject: String,
    /// How it stands.
    pub state: JobState,
    /// Lines or addresses in all.
    pub total: u64,
    /// Of these, those that are done.
    pub done: u64,
    /// Of these, those that changed something.
    pub changed: u64,
    /// What was refused, in order; at most 1,000 are kept.
    pub refused: Vec<RefusedLine>,
    /// How many were refused in all.
    pub refused_count: u64,
    /// Who began it.
    pub started_by: String,
    /// When.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it stopped before the end.
    pub error: Option<String>,
}

/// Kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Addresses from CSV.
    Import,
    /// A sweep of all addresses with names.
    Sweep,
    /// A project's suppressed addresses from CSV.
    Suppressions,
}

impl JobKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Sweep => "sweep",
            Self::Suppressions => "suppressions",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Import, Self::Sweep, Self::Suppressions].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Goes on, on this node or another.
    Running,
    /// Came to its end.
    Done,
    /// Stopped before its end.
    Stopped,
}

impl JobState {
    /// The word in lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Stopped].into_iter().find(|state| state.as_str() == text)
    }
}

/// A line of an import, or an address of a sweep, that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: u64,
    /// What stood there, cut to 200 characters.
    pub text: String,
    /// Why, in words.
    pub reason: String,
}
