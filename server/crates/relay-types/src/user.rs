//! People who sign in to the portal.

use crate::{
    EmailAddress, Id, Timestamp,
    member::Role,
    project::{ProjectState, Slug},
};
use serde::{Deserialize, Serialize};

/// Marker of [`UserId`].
pub enum UserKind {}
/// Identifies a person.
pub type UserId = Id<UserKind>;

/// A person as the operator's list shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// What they sign in with.
    pub email: EmailAddress,
    /// How they are called; may be empty.
    pub name: String,
    /// May do everything on every project.
    pub operator: bool,
    /// Belongs to the service desk: sees and decides tickets of every project.
    pub desk: bool,
    /// May not sign in.
    pub disabled: bool,
    /// When the user was made.
    pub created_at: Timestamp,
    /// Last successful sign-in.
    pub last_sign_in_at: Option<Timestamp>,
    /// In how many projects.
    pub projects: u64,
}

/// The person who is signed in, with what the navigation needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Identifier.
    pub id: UserId,
    /// What they sign in with.
    pub email: EmailAddress,
    /// How they are called; may be empty.
    pub name: String,
    /// Sees the operator console and every project.
    pub operator: bool,
    /// Belongs to the service desk; operators do.
    pub desk: bool,
    /// Projects to switch between, by name.
    pub projects: Vec<ProjectLink>,
}

/// A project in the switcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectLink {
    /// Its place in URLs.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// The person's role in it; none for an operator who is not a member.
    pub role: Option<Role>,
    /// Whether its mail is taken, and for whom.
    pub state: ProjectState,
}
