//! Tickets: what a project asks of the service desk, and the states a ticket may move through.

use crate::{
    EmailAddress, Id, Timestamp, address::AddressId, limit::Limits, name_change::NameChange, page::PageSize,
    prediction::Prediction, project::Slug, reverse::ForwardFound, user::UserId,
};
use serde::{Deserialize, Serialize};
use std::fmt;

mod state;

pub use state::TicketState;

/// Marker of [`TicketId`].
pub enum TicketMarker {}
/// Identifies a ticket.
pub type TicketId = Id<TicketMarker>;

/// A ticket's number as people say it: `T-1042`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketNumber(pub u64);

impl fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T-{}", self.0)
    }
}

impl TicketNumber {
    /// Reads `T-1042`, `t-1042` or `1042`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix("T-").or_else(|| text.strip_prefix("t-")).unwrap_or(text);
        digits.parse().ok().filter(|number| *number > 0).map(Self)
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TicketKind {
    /// A PTR record for an address of the project.
    SetPtr,
    /// Its removal: the address gets the default name of its range again.
    RemovePtr,
    /// A PTR record that another provider has to set; watched until it is there.
    PtrElsewhere,
    /// Out of the sandbox.
    GoLive,
    /// Other limits.
    Quota,
}

impl TicketKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::SetPtr, Self::RemovePtr, Self::PtrElsewhere, Self::GoLive, Self::Quota];

    /// The word in URLs and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetPtr => "set-ptr",
            Self::RemovePtr => "remove-ptr",
            Self::PtrElsewhere => "ptr-elsewhere",
            Self::GoLive => "go-live",
            Self::Quota => "quota",
        }
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::SetPtr => "Set PTR",
            Self::RemovePtr => "Remove PTR",
            Self::PtrElsewhere => "PTR at another provider",
            Self::GoLive => "Go live",
            Self::Quota => "Quota",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it ends in a change of our reverse zones.
    pub fn writes_dns(self) -> bool {
        matches!(self, Self::SetPtr | Self::RemovePtr)
    }
}

/// What somebody asks for; only the fields of its kind are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketRequest {
    /// The address (PTR kinds).
    pub address: String,
    /// The wanted DNS name (set PTR, PTR at another provider).
    pub name: String,
    /// What it is for.
    pub use_case: String,
    /// Who sets the PTR (PTR at another provider).
    pub provider: String,
    /// Number of the case there; may be empty.
    pub case_number: String,
    /// Expected messages a day (go-live).
    pub volume: String,
    /// What is done with bounces and complaints (go-live).
    pub bounces: String,
    /// Recipients in an hour (quota); empty for no change.
    pub per_hour: String,
    /// Recipients in a day (quota); empty for no change.
    pub per_day: String,
    /// New recipients in a day (quota); empty for no change.
    pub new_per_day: String,
}

/// A ticket as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRow {
    /// Its number.
    pub number: TicketNumber,
    /// What is asked for.
    pub kind: TicketKind,
    /// How it stands.
    pub state: TicketState,
    /// What it is about: `www.gene-portal.example for 86.50.168.120`.
    pub title: String,
    /// Its project's place in URLs.
    pub project: Slug,
    /// Its project's name.
    pub project_name: String,
    /// Who asked.
    pub asked_by: String,
    /// Who of the desk takes care of it.
    pub assignee: Option<EmailAddress>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last moved.
    pub moved_at: Timestamp,
    /// Until when the desk should have answered; none while it waits for the project or is closed.
    pub due_at: Option<Timestamp>,
}

/// Everything about one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// What lists show.
    pub row: TicketRow,
    /// What was asked for.
    pub request: TicketRequest,
    /// The address in the inventory.
    pub address: Option<AddressId>,
    /// The relay itself sends from the address, so that an operator has to decide.
    pub egress: bool,
    /// The PTR names the servers gave last; none while they were not asked.
    pub current: Option<Vec<String>>,
    /// The reverse zone.
    pub zone: Option<String>,
    /// What the servers of the wanted name said last.
    pub forward: Option<ForwardFound>,
    /// The forward record to publish, to be copied; none when it is there or none is needed.
    pub forward_record: Option<String>,
    /// When it is looked at again by itself.
    pub next_look_at: Option<Timestamp>,
    /// How often it was looked at since it was sent.
    pub looks: u32,
    /// When it is given up.
    pub gives_up_at: Option<Timestamp>,
    /// Why it was refused, or what failed.
    pub reason: Option<String>,
    /// The write to DNS it led to.
    pub change: Option<NameChange>,
    /// The limits of the project now (quota).
    pub limits: Option<Limits>,
    /// What would become of mail of the project's verified domains, by their last reports (go-live).
    pub predictions: Vec<Prediction>,
    /// What happened, oldest first. Internal comments are only here for the desk.
    pub entries: Vec<TicketEntry>,
    /// What who asks may do now.
    pub can: TicketAbilities,
}

/// A line of a ticket's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketEntry {
    /// What it is.
    pub kind: TicketEntryKind,
    /// When.
    pub at: Timestamp,
    /// Who, by name at that time.
    pub actor: String,
    /// The state it moved to.
    pub to: Option<TicketState>,
    /// In words; a comment may have several lines.
    pub text: String,
}

/// What a line of a ticket's history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketEntryKind {
    /// It moved.
    Move,
    /// A look at DNS.
    Look,
    /// A comment that the project reads too.
    Comment,
    /// A comment for the desk alone.
    Internal,
    /// Who takes care of it.
    Assign,
}

impl TicketEntryKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Move, Self::Look, Self::Comment, Self::Internal, Self::Assign];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Move => "move",
            Self::Look => "look",
            Self::Comment => "comment",
            Self::Internal => "internal",
            Self::Assign => "assign",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a person may do with a ticket now. The use cases decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TicketAbilities {
    /// Change and send a draft.
    pub submit: bool,
    /// Take it back.
    pub withdraw: bool,
    /// Take it up again.
    pub reopen: bool,
    /// Write to the other side.
    pub comment: bool,
    /// Have DNS looked at now.
    pub look: bool,
    /// Approve, with the password typed a moment ago.
    pub approve: bool,
    /// Refuse with a reason.
    pub refuse: bool,
    /// Belongs to the desk: assign, internal comments, dry run.
    pub desk: bool,
    /// Say that the zone snippet was applied.
    pub confirm: bool,
    /// Put the names before back.
    pub roll_back: bool,
}

/// What a list of tickets is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TicketFilter {
    /// Which tab.
    pub tab: TicketTab,
    /// Only this kind.
    pub kind: Option<TicketKind>,
    /// Part of a name or address, a number, or a project's slug.
    pub search: Option<String>,
    /// Only those of the person who asks.
    pub mine: bool,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}

/// Tabs of a list of tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketTab {
    /// Everything that is not closed.
    #[default]
    Open,
    /// Waits for the desk: to be approved, applied by hand, or looked at because it failed.
    Desk,
    /// Waits for a forward record.
    Waiting,
    /// Done, refused, withdrawn, failed.
    Closed,
    /// All of them.
    All,
}

impl TicketTab {
    /// All tabs.
    pub const ALL: [Self; 5] = [Self::Open, Self::Desk, Self::Waiting, Self::Closed, Self::All];

    /// The word in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Desk => "desk",
            Self::Waiting => "waiting",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.as_str() == text)
    }

    /// The states it shows.
    pub fn states(self) -> Vec<TicketState> {
        use TicketState::*;
        match self {
            Self::Open => TicketState::ALL.into_iter().filter(|state| state.is_open()).collect(),
            Self::Desk => vec![Submitted, Reopened, Ready, Approved, Applying],
            Self::Waiting => vec![Waiting],
            Self::Closed => TicketState::ALL.into_iter().filter(|state| !state.is_open()).collect(),
            Self::All => TicketState::ALL.to_vec(),
        }
    }
}

/// A list of tickets with the counts of its tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketList {
    /// The rows, newest first; in the desk's tab those due first before the others.
    pub page: crate::page::Page<TicketRow>,
    /// How many each tab has, in the order of [`TicketTab::ALL`].
    pub counts: Vec<u64>,
}

/// Somebody a ticket can be assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskPerson {
    /// Identifier.
    pub id: UserId,
    /// What they sign in with.
    pub email: EmailAddress,
}

/// What a ticket would say, asked before it is written (`relaykeep ptr check`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PtrVerdict {
    /// Whose the address is.
    pub project: Option<Slug>,
    /// What is wrong with the address or the name; none when a ticket would be taken.
    pub problem: Option<String>,
    /// The PTR names now.
    pub current: Option<Vec<String>>,
    /// What the servers of the name say.
    pub forward: Option<ForwardFound>,
    /// The record that is missing.
    pub forward_record: Option<String>,
    /// The state the ticket would have.
    pub state: Option<TicketState>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for text in ["T-1042", " t-1042 ", "1042"] {
            assert_eq!(TicketNumber::parse(text), Some(TicketNumber(1042)), "{text}");
        }
        for text in ["", "T-", "T-0", "T-x", "-1", "T--1"] {
            assert_eq!(TicketNumber::parse(text), None, "{text}");
        }
    }
}
