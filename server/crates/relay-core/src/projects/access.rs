//! Who may do what in a project: the one place that decides. It trusts the [`Actor`] it is given and asks the
//! database for the membership of now.

use crate::{
    Access, Actor, Core, Error, Result,
    tables::{member, project},
};
use relay_types::{
    api_token::ApiScope,
    member::Role,
    project::{Abilities, ProjectId, Slug},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

impl From<Role> for Access {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::View,
            Role::Member => Self::Manage,
            Role::Owner => Self::Administer,
        }
    }
}

/// Decides whether the actor may do what needs `access` in the project. `NotFound` for those who may not know of it,
/// `Forbidden` for members with too small a role, `SignedOut` for nobody.
pub(crate) async fn authorize(core: &Core, actor: &Actor, slug: &Slug, access: Access) -> Result<ProjectId> {
    Ok(ProjectId::from_uuid(open(core, actor, slug, access).await?.0.id))
}

/// Operator or system, else `Forbidden` (`SignedOut` for nobody).
pub(crate) fn authorize_operator(actor: &Actor) -> Result<()> {
    match actor {
        Actor::System | Actor::User { operator: true, .. } => Ok(()),
        Actor::Anonymous { .. } => Err(Error::SignedOut),
        Actor::User { .. } | Actor::ServiceAccount { .. } | Actor::TrustedNetwork { .. } | Actor::ApiToken { .. } => {
            Err(Error::Forbidden)
        }
    }
}

/// Whoever may ask how DNS stands, which is no project's secret: a person, the system, a token with that scope. Else
/// `Forbidden` (`SignedOut` for nobody).
pub fn authorize_dns(actor: &Actor) -> Result<()> {
    match actor {
        Actor::System | Actor::User { .. } => Ok(()),
        Actor::ApiToken { scopes, .. } if scopes.contains(&ApiScope::DnsRead) => Ok(()),
        Actor::Anonymous { .. } => Err(Error::SignedOut),
        Actor::ApiToken { .. } | Actor::ServiceAccount { .. } | Actor::TrustedNetwork { .. } => Err(Error::Forbidden),
    }
}

/// As [`authorize`], for what programs with a token of the project may do, too, when it has `scope`.
pub(crate) async fn authorize_for(
    core: &Core,
    actor: &Actor,
    slug: &Slug,
    access: Access,
    scope: ApiScope,
) -> Result<ProjectId> {
    let Actor::ApiToken { project_id, scopes, .. } = actor else { return authorize(core, actor, slug, access).await };
    let found = project::Entity::find().filter(project::Column::Slug.eq(slug.as_str())).one(core.db.read()).await?;
    match found.filter(|project| project.id == project_id.uuid()) {
        None => Err(Error::NotFound),
        Some(_) if scopes.iter().any(|held| held.allows(scope)) => Ok(*project_id),
        Some(_) => Err(Error::Forbidden),
    }
}

/// The service desk, an operator or the system, else `Forbidden` (`SignedOut` for nobody).
pub(crate) fn authorize_desk(actor: &Actor) -> Result<()> {
    match actor {
        Actor::User { desk: true, .. } => Ok(()),
        other => authorize_operator(other),
    }
}

/// The machine's administrator at the command line, else as [`authorize_operator`] refuses.
pub(crate) fn authorize_system(actor: &Actor) -> Result<()> {
    match actor {
        Actor::System => Ok(()),
        Actor::Anonymous { .. } => Err(Error::SignedOut),
        _ => Err(Error::Forbidden),
    }
}

/// As [`authorize`], with the project's row and the access the actor really has.
pub(super) async fn open(core: &Core, actor: &Actor, slug: &Slug, access: Access) -> Result<(project::Model, Access)> {
    if let Actor::Anonymous { .. } = actor {
        return Err(Error::SignedOut);
    }
    let found = project::Entity::find().filter(project::Column::Slug.eq(slug.as_str())).one(core.db.read()).await?;
    let project = found.ok_or(Error::NotFound)?;
    let held = match held(core, actor, project.id).await? {
        Held::Nothing => return Err(Error::NotFound),
        Held::Program => return Err(Error::Forbidden),
        Held::Access(held) => held,
    };
    if held < access { Err(Error::Forbidden) } else { Ok((project, held)) }
}

/// What a page of the project may offer to someone with `held`.
pub(super) fn abilities(held: Access) -> Abilities {
    Abilities {
        administer: held >= Access::Administer,
        manage: held >= Access::Manage,
        operate: held >= Access::Operate,
    }
}

/// What an actor has in a project.
enum Held {
    /// May not know of it.
    Nothing,
    /// Belongs to it, but is no person: it submits mail, or does what the scopes of its token say.
    Program,
    /// A person's access.
    Access(Access),
}

async fn held(core: &Core, actor: &Actor, project: Uuid) -> Result<Held> {
    Ok(match actor {
        Actor::System | Actor::User { operator: true, .. } => Held::Access(Access::Operate),
        Actor::User { id, .. } => {
            let row = member::Entity::find_by_id((project, id.uuid())).one(core.db.read()).await?;
            match row {
                None => Held::Nothing,
                Some(row) => Held::Access(super::role(&row.role)?.into()),
            }
        }
        Actor::ServiceAccount { project_id, .. }
        | Actor::TrustedNetwork { project_id, .. }
        | Actor::ApiToken { project_id, .. }
            if project_id.uuid() == project =>
        {
            Held::Program
        }
        Actor::ServiceAccount { .. }
        | Actor::TrustedNetwork { .. }
        | Actor::ApiToken { .. }
        | Actor::Anonymous { .. } => Held::Nothing,
    })
}
