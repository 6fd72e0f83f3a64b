//! Who is asking. Authorization is decided from this and nothing else.

use crate::{Error, Result};
use relay_types::{
    EmailAddress, Timestamp,
    api_token::{ApiScope, ApiTokenId},
    network::NetworkId,
    project::ProjectId,
    service_account::{SecretId, ServiceAccountId},
    user::UserId,
};
use std::net::IpAddr;
use uuid::Uuid;

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
        /// Belongs to the service desk; operators do whether this is set or not.
        desk: bool,
        /// From where.
        client: Option<IpAddr>,
        /// When they last typed their password in this session; none when nobody remembers.
        password_at: Option<Timestamp>,
    },
    /// A program that signed in by SMTP AUTH. It can submit and nothing else.
    ServiceAccount {
        /// Which.
        id: ServiceAccountId,
        /// Its project.
        project_id: ProjectId,
        /// Its label, for messages and refusals.
        label: String,
        /// From where it signed in; policy judges that at every command, for the allowed networks may change.
        client: IpAddr,
        /// With which of its secrets; one that is revoked ends the open sessions too.
        secret: SecretId,
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
    /// A program that uses the HTTP API with a token. It can do what the token's scopes say and nothing else.
    ApiToken {
        /// Which.
        id: ApiTokenId,
        /// Its project.
        project_id: ProjectId,
        /// What it may do.
        scopes: Vec<ApiScope>,
        /// Its label, for the audit trail.
        label: String,
        /// From where.
        client: Option<IpAddr>,
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

impl Actor {
    /// The person, or why there is none: `SignedOut` for nobody, `Forbidden` for what is not a person.
    pub fn user_id(&self) -> Result<UserId> {
        match self {
            Self::User { id, .. } => Ok(*id),
            Self::Anonymous { .. } => Err(Error::SignedOut),
            _ => Err(Error::Forbidden),
        }
    }

    /// The network address of a person's browser or of a program that uses the API; the relay keeps a program's beside
    /// its messages.
    pub fn client(&self) -> Option<IpAddr> {
        match self {
            Self::Anonymous { client } | Self::User { client, .. } | Self::ApiToken { client, .. } => *client,
            _ => None,
        }
    }

    /// Who it is, for the audit trail.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Anonymous { .. } => "nobody".to_owned(),
            Self::User { email, .. } => email.to_string(),
            Self::ServiceAccount { label, .. } | Self::TrustedNetwork { label, .. } => label.clone(),
            // Members choose labels, and one may read like somebody's address.
            Self::ApiToken { label, .. } => format!("token {label}"),
            Self::System => "system".to_owned(),
        }
    }

    /// Its identifier, for the audit trail.
    pub(crate) fn id(&self) -> Option<Uuid> {
        match self {
            Self::User { id, .. } => Some(id.uuid()),
            Self::ServiceAccount { id, .. } => Some(id.uuid()),
            Self::TrustedNetwork { id, .. } => Some(id.uuid()),
            Self::ApiToken { id, .. } => Some(id.uuid()),
            Self::Anonymous { .. } | Self::System => None,
        }
    }
}
