//! Members and invitations of a project. Owners change, every member sees.
//!
//! Owns the tables `member` and `invitation`. A project that has an owner keeps one.

mod invitations;

pub use self::invitations::{accept_invitation, invitation_offer, invite, resend, withdraw_invitation};

use crate::{
    Access, Actor, Core, Error, Result, audit,
    audit::field,
    projects,
    tables::{
        invitation,
        member::{ActiveModel, Column, Entity, Model},
        project, user,
    },
    users,
};
use relay_types::{
    EmailAddress, Timestamp,
    member::{Invitation, InvitationId, Member, Role},
    project::{ProjectId, ProjectState, Slug},
    user::{ProjectLink, UserId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Members by name (by address where there is none), invitations by time.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<(Vec<Member>, Vec<Invitation>)> {
    let id = projects::authorize(core, actor, project, Access::View).await?;
    let rows = Entity::find().filter(Column::ProjectId.eq(id.uuid())).all(core.db.read()).await?;
    let people = people(core, rows.iter().map(|row| row.user_id)).await?;
    let mut members = rows
        .into_iter()
        .filter_map(|row| people.get(&row.user_id).map(|person| (row, person)))
        .map(|(row, person)| {
            Ok(Member {
                user_id: UserId::from_uuid(row.user_id),
                email: users::email_of(person)?,
                name: person.name.clone(),
                role: projects::role(&row.role)?,
                since: Timestamp(row.created_at),
                is_me: actor.id() == Some(row.user_id),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    members.sort_by_cached_key(|member| {
        let shown = if member.name.is_empty() { member.email.to_string() } else { member.name.clone() };
        (shown.to_lowercase(), member.email.key())
    });
    let open = invitation::Entity::find()
        .filter(invitation::Column::ProjectId.eq(id.uuid()))
        .order_by_asc(invitation::Column::CreatedAt)
        .all(core.db.read())
        .await?;
    let invitations = open
        .into_iter()
        .map(|row| {
            Ok(Invitation {
                id: InvitationId::from_uuid(row.id),
                email: EmailAddress::parse(&row.email).map_err(Error::internal)?,
                role: projects::role(&row.role)?,
                created_at: Timestamp(row.created_at),
                expires_at: Timestamp(row.expires_at),
            })
        })
        .collect::<Result<_>>()?;
    Ok((members, invitations))
}

/// Changes a role; the last owner keeps theirs. Owner.
pub async fn set_role(core: &Core, actor: &Actor, project: &Slug, user: UserId, role: Role) -> Result<()> {
    let id = projects::authorize(core, actor, project, Access::Administer).await?;
    let transaction = core.db.begin().await?;
    if role != Role::Owner {
        refuse_without_owner(&transaction, id, user).await?;
    }
    let (before, email) = locked(&transaction, id, user).await?;
    let was = projects::role(&before.role)?;
    if was == role {
        return Ok(());
    }
    let mut row = before.into_active_model();
    row.role = Set(role.as_str().to_owned());
    row.update(&transaction).await?;
    let changes = vec![field("role", Some(was.as_str()), Some(role.as_str()))];
    audit::record(core, &transaction, actor, Some(id), "member.set_role", &email, changes).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    Ok(())
}

/// Removes a member (owner), or oneself; never the last owner.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, user: UserId) -> Result<()> {
    let oneself = actor.id() == Some(user.uuid());
    let access = if oneself { Access::View } else { Access::Administer };
    let id = projects::authorize(core, actor, project, access).await?;
    let transaction = core.db.begin().await?;
    refuse_without_owner(&transaction, id, user).await?;
    let (before, email) = locked(&transaction, id, user).await?;
    Entity::delete_by_id((id.uuid(), user.uuid())).exec(&transaction).await?;
    let changes = vec![field("role", Some(before.role), None::<String>)];
    audit::record(core, &transaction, actor, Some(id), "member.remove", &email, changes).await?;
    transaction.commit().await?;
    core.changes.access_changed();
    Ok(())
}

/// Stores a member and its audit entry; the caller has decided that they may join.
pub(crate) async fn insert(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    project: ProjectId,
    user: UserId,
    email: &EmailAddress,
    role: Role,
) -> Result<()> {
    let row = ActiveModel {
        project_id: Set(project.uuid()),
        user_id: Set(user.uuid()),
        role: Set(role.as_str().to_owned()),
        created_at: Set(core.now().0),
    };
    Entity::insert(row).exec_without_returning(transaction).await?;
    let changes = vec![field("role", None::<String>, Some(role.as_str()))];
    audit::record(core, transaction, actor, Some(project), "member.join", &email.to_string(), changes).await
}

/// Number of members of a project.
pub(crate) async fn count(core: &Core, project: ProjectId) -> Result<u64> {
    Ok(Entity::find().filter(Column::ProjectId.eq(project.uuid())).count(core.db.read()).await?)
}

/// Number of members of each project that has any.
pub(crate) async fn counts(core: &Core) -> Result<HashMap<Uuid, u64>> {
    grouped(core, Column::ProjectId).await
}

/// Number of projects of each person who is in any.
pub(crate) async fn project_counts(core: &Core) -> Result<HashMap<Uuid, u64>> {
    grouped(core, Column::UserId).await
}

/// The projects a person can switch between, by name: their own, or all for an operator.
pub(crate) async fn projects_of(core: &Core, user: UserId, operator: bool) -> Result<Vec<ProjectLink>> {
    let mine = Entity::find().filter(Column::UserId.eq(user.uuid())).all(core.db.read()).await?;
    let roles: HashMap<Uuid, String> = mine.into_iter().map(|row| (row.project_id, row.role)).collect();
    let mut query = project::Entity::find().order_by_asc(project::Column::Name);
    if !operator {
        query = query.filter(project::Column::Id.is_in(roles.keys().copied()));
    }
    let rows = query.all(core.db.read()).await?;
    rows.into_iter()
        .map(|row| {
            Ok(ProjectLink {
                slug: Slug::parse(&row.slug).map_err(Error::internal)?,
                role: roles.get(&row.id).map(|role| projects::role(role)).transpose()?,
                state: ProjectState::of(row.suspended_reason.is_some(), row.sandbox),
                name: row.name,
            })
        })
        .collect()
}

/// The projects a person may see, with their places in URLs.
pub(crate) async fn visible(core: &Core, user: UserId, operator: bool) -> Result<HashMap<Uuid, Slug>> {
    let mut query = project::Entity::find();
    if !operator {
        let mine = Entity::find().select_only().column(Column::ProjectId).filter(Column::UserId.eq(user.uuid()));
        query = query.filter(project::Column::Id.in_subquery(mine.into_query()));
    }
    let rows = query.all(core.db.read()).await?;
    rows.into_iter().map(|row| Ok((row.id, Slug::parse(&row.slug).map_err(Error::internal)?))).collect()
}

/// The addresses of a project's owners who can sign in, by address.
pub(crate) async fn owners(core: &Core, project: ProjectId) -> Result<Vec<EmailAddress>> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Role.eq(Role::Owner.as_str()))
        .all(core.db.read())
        .await?;
    let people = people(core, rows.iter().map(|row| row.user_id)).await?;
    let able = people.values().filter(|person| person.disabled_at.is_none());
    let mut owners = able.map(users::email_of).collect::<Result<Vec<_>>>()?;
    owners.sort();
    Ok(owners)
}

/// Whether the address is that of a member.
pub(crate) async fn is_member_address(core: &Core, project: ProjectId, address: &EmailAddress) -> Result<bool> {
    let Some(person) = users::by_email(core.db.read(), address).await? else { return Ok(false) };
    Ok(Entity::find_by_id((project.uuid(), person.id)).one(core.db.read()).await?.is_some())
}

async fn people(core: &Core, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, user::Model>> {
    let rows = user::Entity::find().filter(user::Column::Id.is_in(ids)).all(core.db.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

async fn grouped(core: &Core, by: Column) -> Result<HashMap<Uuid, u64>> {
    let rows: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(by)
        .column_as(Column::Role.count(), "number")
        .group_by(by)
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(rows.into_iter().map(|(id, number)| (id, u64::try_from(number).unwrap_or_default())).collect())
}

/// The member's row and address; the row stays locked.
async fn locked(transaction: &DatabaseTransaction, project: ProjectId, user: UserId) -> Result<(Model, String)> {
    let row = Entity::find_by_id((project.uuid(), user.uuid())).lock_exclusive().one(transaction).await?;
    let row = row.ok_or(Error::NotFound)?;
    let person = users::by_id(transaction, user).await?.ok_or(Error::NotFound)?;
    Ok((row, person.email))
}

/// `Conflict` when `user` is the only owner. The rows stay locked, so that two owners cannot each take the other's
/// role at the same time; it is called before any other row is locked, so that they do not wait for each other either.
async fn refuse_without_owner(transaction: &DatabaseTransaction, project: ProjectId, user: UserId) -> Result<()> {
    let owners = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Role.eq(Role::Owner.as_str()))
        .order_by_asc(Column::UserId)
        .lock_exclusive()
        .all(transaction)
        .await?;
    if owners.len() == 1 && owners[0].user_id == user.uuid() {
        return Err(Error::conflict("This is the project's last owner; make another member owner first"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
