//! Who is asking. Authorization is decided from this and nothing else.

use crate::{Core, Error, Result};
use relay_types::{
    EmailAddress,
    network::NetworkId,
    project::{Abilities, ProjectId, Slug},
    service_account::ServiceAccountId,
    user::UserId,
};
use std::net::IpAddr;

/// Who asks for something to be done.
#[derive(Debug, Clone)]
pub enum Actor {
    /// Nobody is signed in.
    Anonymous {
        /// From where.
        client: Option<IpAddr>,
    },
    /// A person in the portal.
    User {
        /// Who.
        id: UserId,
        /// Their address, for the audit trail.
        email: EmailAddress,
        /// May do everything on every project.
        operator: bool,
        /// From where.
        client: Option<IpAddr>,
    },
    /// A program that signed in by SMTP AUTH. It can submit and nothing else.
    ServiceAccount {
        /// Which.
        id: ServiceAccountId,
        /// Its project.
        project_id: ProjectId,
        /// Its label, for messages and refusals.
        label: String,
    },
    /// A client in a trusted network. It can submit and nothing else.
    TrustedNetwork {
        /// Which.
        id: NetworkId,
        /// Its project.
        project_id: ProjectId,
        /// Its label, for messages and refusals.
        label: String,
    },
    /// Relaykeep itself: the command line of the machine's administrator, schedules, notifications.
    System,
}

/// What a use case needs of the one who asks, within a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Any member.
    View,
    /// Member, owner.
    Manage,
    /// Owner.
    Administer,
    /// Operator of the platform.
    Operate,
}
