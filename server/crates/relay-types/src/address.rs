//! Addresses of the inventory: whose they are and which names they have. (An e-mail address is an
//! [`EmailAddress`](crate::EmailAddress).)

use crate::{
    Id, Timestamp,
    name_change::NameChange,
    page::PageSize,
    project::Slug,
    range::RangeId,
    reverse::{Fcrdns, ForwardFound, PtrFound},
};
use serde::{Deserialize, Serialize};

/// Marker of [`AddressId`].
pub enum AddressKind {}
/// Identifies an address or prefix of the inventory.
pub type AddressId = Id<AddressKind>;

/// An address, or a prefix of several, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Identifier.
    pub id: AddressId,
    /// `192.0.2.7`, or `2001:db8:1::/64` for a prefix.
    pub address: String,
    /// Whether it is a prefix: names are asked for addresses in it.
    pub prefix: bool,
    /// Its project, with its name; none when it belongs to none.
    pub project: Option<AddressProject>,
    /// Its range.
    pub range: RangeName,
    /// The relay sends from it.
    pub egress: bool,
    /// The name a ticket gave it; none when it has the default of its range.
    pub wanted: Option<String>,
    /// The default name of its range.
    pub default: Option<String>,
    /// The PTR names the authoritative servers gave; none while they were never asked.
    pub found: Option<Vec<String>>,
    /// Whether name and address agree.
    pub fcrdns: Option<Fcrdns>,
    /// When DNS was last asked.
    pub checked_at: Option<Timestamp>,
    /// When its name will be taken, for its forward record is missing; none when all is well.
    pub loses_name_at: Option<Timestamp>,
    /// The ticket that is open for it.
    pub ticket: Option<u64>,
}

/// The project of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressProject {
    /// Place in URLs.
    pub slug: Slug,
    /// Name.
    pub name: String,
}

/// The range of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeName {
    /// Identifier.
    pub id: RangeId,
    /// Label.
    pub label: String,
    /// Site; may be empty.
    pub site: String,
    /// The reverse zone.
    pub zone: String,
}

/// Everything about one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressDetail {
    /// The address.
    pub address: Address,
    /// What it is for; may be empty.
    pub note: String,
    /// The PTR answer, server by server.
    pub ptr: Option<PtrFound>,
    /// What the servers of its name say.
    pub forward: Option<ForwardFound>,
    /// The forward record that is missing, to be copied; none when it is there.
    pub forward_record: Option<String>,
    /// Changes of its name, newest first.
    pub changes: Vec<NameChange>,
    /// Entries of the audit trail about it, newest first.
    pub history: Vec<crate::audit::AuditEntry>,
}

/// What a person types to give an address or a prefix to a project; `relay-core` judges each field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AssignInput {
    /// Place of the project in URLs; empty for an address of no project, such as one the relay itself sends from.
    pub project: String,
    /// An address, or a prefix of several.
    pub block: String,
    /// What it is for; may be empty.
    pub note: String,
    /// The relay sends from it.
    pub egress: bool,
}

/// What a list of addresses is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AddressFilter {
    /// Part of the address or of a name, or a whole project slug in the operator's lists.
    pub search: Option<String>,
    /// How it stands.
    pub state: Option<AddressState>,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}

/// Tabs of a list of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressState {
    /// With a name of its own.
    Named,
    /// With the default of its range, or none.
    Default,
    /// Name and address do not agree, or a name is about to be taken.
    Wrong,
}

impl AddressState {
    /// All tabs.
    pub const ALL: [Self; 3] = [Self::Named, Self::Default, Self::Wrong];

    /// The word in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Default => "default",
            Self::Wrong => "wrong",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
