//! Who belongs to a project, and as what.

use crate::{EmailAddress, Id, Timestamp, user::UserId};
use serde::{Deserialize, Serialize};

/// What a person may do in one project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees everything of the project but secrets, changes nothing.
    Viewer,
    /// Manages accounts, senders, networks and messages.
    Member,
    /// Also manages members and settings.
    Owner,
}

impl Role {
    /// All roles, most powerful first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Member, Self::Viewer];

    /// The stored and shown word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Owner => "owner",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A member of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// What they sign in with.
    pub email: EmailAddress,
    /// How they are called; may be empty.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// When they joined.
    pub since: Timestamp,
    /// Whether this is the person who asks.
    pub is_me: bool,
}

/// Marker of [`InvitationId`].
pub enum InvitationKind {}
/// Identifies an invitation.
pub type InvitationId = Id<InvitationKind>;

/// An invitation by mail that is not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Identifier.
    pub id: InvitationId,
    /// Where the link went.
    pub email: EmailAddress,
    /// The role it gives.
    pub role: Role,
    /// When it was sent.
    pub created_at: Timestamp,
    /// After this the link is dead.
    pub expires_at: Timestamp,
}

/// What the page behind an invitation link shows before it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationOffer {
    /// Whom it is for.
    pub email: EmailAddress,
    /// The project's name.
    pub project: String,
    /// The role it gives.
    pub role: Role,
    /// Whether a user with this address exists already (then no password is asked for).
    pub known_user: bool,
}
