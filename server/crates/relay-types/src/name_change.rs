//! Changes of PTR records: what is to be written, how far it got, and the history of an address.

use crate::{Id, Timestamp, reverse::ServerAnswer};
use serde::{Deserialize, Serialize};

/// Marker of [`NameChangeId`].
pub enum NameChangeKind {}
/// Identifies a change of an address's name.
pub type NameChangeId = Id<NameChangeKind>;

/// A change of the PTR record of one address: one write to DNS, from its order to its last proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameChange {
    /// Identifier.
    pub id: NameChangeId,
    /// The address.
    pub address: String,
    /// How it stands.
    pub state: NameChangeState,
    /// Why it is made.
    pub cause: ChangeCause,
    /// The names before, as the authoritative servers said them when it was ordered; none while they were not asked.
    pub before: Option<Vec<String>>,
    /// The name after; none when the record is removed.
    pub after: Option<String>,
    /// Who ordered it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// When the zone held it.
    pub written_at: Option<Timestamp>,
    /// When every resolver agreed, or when it failed.
    pub ended_at: Option<Timestamp>,
    /// When it is tried or looked at again.
    pub next_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u32,
    /// What the servers said the last time, or why it does not go on.
    pub said: Vec<ServerAnswer>,
    /// What is in the way, in words.
    pub error: Option<String>,
    /// The exact change, for who applies it by hand.
    pub by_hand: Option<String>,
    /// The ticket's number.
    pub ticket: Option<u64>,
    /// Whether the names before can be put back with one action.
    pub can_roll_back: bool,
}

/// How a change of a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameChangeState {
    /// To be written, or tried again.
    Waiting,
    /// Somebody has to apply the snippet and confirm it.
    ByHand,
    /// Written; read back from the servers of the zone, then from resolvers.
    Verifying,
    /// Seen everywhere.
    Done,
    /// Will not be tried again.
    Failed,
}

impl NameChangeState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::ByHand, Self::Verifying, Self::Done, Self::Failed];

    /// The word in lists and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::ByHand => "byhand",
            Self::Verifying => "verifying",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a name is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeCause {
    /// A ticket was approved.
    Ticket,
    /// The forward record did not match for the whole grace.
    Sweep,
    /// The project was closed.
    Closed,
    /// Somebody put the names before back.
    RollBack,
}

impl ChangeCause {
    /// All causes.
    pub const ALL: [Self; 4] = [Self::Ticket, Self::Sweep, Self::Closed, Self::RollBack];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Sweep => "sweep",
            Self::Closed => "closed",
            Self::RollBack => "rollback",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text)
    }
}
