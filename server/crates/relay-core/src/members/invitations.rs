//! Invitations: by mail, accepted by who holds the link and is (or becomes) the invited user.

use super::{insert, projects};
use crate::{
    Access, Actor, Core, Error, Result, audit,
    audit::field,
    one_time_links,
    one_time_links::Purpose,
    portal_mail,
    tables::{
        invitation::{ActiveModel, Column, Entity, Model},
        member, project,
    },
    throttle, users,
};
use relay_types::{
    EmailAddress,
    member::{InvitationId, InvitationOffer, Role},
    project::{ProjectId, Slug},
    user::UserId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use std::net::IpAddr;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Mails an invitation (again, with the role given now, when one is open; the older link dies). Owner. Field: `email`.
/// `Conflict` when a member already; `TooMany` when the address was mailed, or the person or the project mails, too
/// often. When the mail cannot be sent the error is returned and the invitation stays open, to be sent again.
pub async fn invite(core: &Core, actor: &Actor, project: &Slug, email: &str, role: Role) -> Result<()> {
    let id = projects::authorize(core, actor, project, Access::Administer).await?;
    let email = EmailAddress::parse(email.trim()).map_err(|why| Error::invalid("email", why.to_string()))?;
    if let Some(person) = users::by_email(core.db.read(), &email).await?
        && membership(core.db.read(), id, UserId::from_uuid(person.id)).await?.is_some()
    {
        return Err(Error::conflict(format!("{email} is a member already")));
    }
    let recipient = format!("invitation {}", email.key());
    if let Some(seconds) = throttle::link(core, actor, id, &recipient).await? {
        return Err(Error::TooMany { seconds });
    }
    let transaction = core.db.begin().await?;
    let (invitation, before) = store(core, &transaction, id, &email, role).await?;
    let link = one_time_links::issue(core, &transaction, Purpose::Invitation, invitation).await?;
    let changes = vec![field("role", before, Some(role.as_str()))];
    audit::record(core, &transaction, actor, Some(id), "member.invite", &email.to_string(), changes).await?;
    let name = project_row(&transaction, id.uuid()).await?.name;
    transaction.commit().await?;
    portal_mail::invitation(core, &email, actor, &name, role, &link).await
}

/// Mails an open invitation again, with its role; the older link dies. Owner. Errors as of [`invite`].
pub async fn resend(core: &Core, actor: &Actor, project: &Slug, id: InvitationId) -> Result<()> {
    let of = projects::authorize(core, actor, project, Access::Administer).await?;
    let row = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(of.uuid())).one(core.db.read()).await?;
    let row = row.ok_or(Error::NotFound)?;
    invite(core, actor, project, &row.email, projects::role(&row.role)?).await
}

/// Withdraws an invitation; its link is dead. Owner.
pub async fn withdraw_invitation(core: &Core, actor: &Actor, project: &Slug, id: InvitationId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Administer).await?;
    let transaction = core.db.begin().await?;
    let row = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(project.uuid())).one(&transaction).await?;
    let row = row.ok_or(Error::NotFound)?;
    one_time_links::revoke(&transaction, Purpose::Invitation, row.id).await?;
    Entity::delete_by_id(row.id).exec(&transaction).await?;
    let changes = vec![field("role", Some(row.role), None::<String>)];
    audit::record(core, &transaction, actor, Some(project), "member.withdraw_invitation", &row.email, changes).await?;
    transaction.commit().await?;
    Ok(())
}

/// What an invitation link offers; `NotFound` when it is used, withdrawn or too old.
pub async fn invitation_offer(core: &Core, token: &str) -> Result<InvitationOffer> {
    let id = one_time_links::find(core, core.db.read(), Purpose::Invitation, token).await?;
    let row = Entity::find_by_id(id).one(core.db.read()).await?.ok_or(Error::NotFound)?;
    let email = email_of(&row)?;
    Ok(InvitationOffer {
        project: project_row(core.db.read(), row.project_id).await?.name,
        role: projects::role(&row.role)?,
        known_user: users::by_email(core.db.read(), &email).await?.is_some(),
        email,
    })
}

/// Accepts an invitation. A known user must be signed in as the invited address (else `Forbidden`); a new one gives
/// `name` and `password` and is made. Returns who joined what. Fields: `name`, `password`.
pub async fn accept_invitation(
    core: &Core,
    actor: &Actor,
    client: Option<IpAddr>,
    token: &str,
    name: &str,
    password: Zeroizing<String>,
) -> Result<(UserId, Slug)> {
    if let Actor::ServiceAccount { .. } | Actor::TrustedNetwork { .. } | Actor::ApiToken { .. } | Actor::System = actor
    {
        return Err(Error::Forbidden);
    }
    let offer = invitation_offer(core, token).await?;
    let hash = match offer.known_user {
        true => None,
        false => Some(users::hash_new(core, "password", password, &offer.email).await?),
    };
    let transaction = core.db.begin().await?;
    let id = one_time_links::redeem(core, &transaction, Purpose::Invitation, token).await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    let email = email_of(&row)?;
    let (user, actor) = match users::by_email(&transaction, &email).await? {
        Some(person) if actor.id() == Some(person.id) => (UserId::from_uuid(person.id), actor.clone()),
        Some(_) => return Err(Error::Forbidden),
        None => {
            let user = users::insert(core, &transaction, &email, name, hash, false).await?;
            users::came_in(core, &transaction, user).await?;
            let actor =
                Actor::User { id: user, email: email.clone(), operator: false, desk: false, client, password_at: None };
            audit::record(core, &transaction, &actor, None, "user.create", &email.to_string(), Vec::new()).await?;
            (user, actor)
        }
    };
    let project = ProjectId::from_uuid(row.project_id);
    let role = projects::role(&row.role)?;
    match membership(&transaction, project, user).await? {
        None => insert(core, &transaction, &actor, project, user, &email, role).await?,
        Some(member) => raise(core, &transaction, &actor, member, &email, role).await?,
    }
    Entity::delete_by_id(row.id).exec(&transaction).await?;
    let slug = project_row(&transaction, row.project_id).await?.slug;
    transaction.commit().await?;
    Ok((user, Slug::parse(&slug).map_err(Error::internal)?))
}

/// Someone who became a member in another way meanwhile keeps the greater of the two roles.
async fn raise(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    member: member::Model,
    email: &EmailAddress,
    role: Role,
) -> Result<()> {
    let was = projects::role(&member.role)?;
    if role <= was {
        return Ok(());
    }
    let project = ProjectId::from_uuid(member.project_id);
    let mut row = member.into_active_model();
    row.role = Set(role.as_str().to_owned());
    row.update(transaction).await?;
    let changes = vec![field("role", Some(was.as_str()), Some(role.as_str()))];
    audit::record(core, transaction, actor, Some(project), "member.set_role", &email.to_string(), changes).await
}

/// Stores the invitation or renews the open one; gives its id and the role it had before.
async fn store(
    core: &Core,
    transaction: &DatabaseTransaction,
    project: ProjectId,
    email: &EmailAddress,
    role: Role,
) -> Result<(Uuid, Option<String>)> {
    let now = core.now();
    let open = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::EmailKey.eq(email.key()))
        .lock_exclusive()
        .one(transaction)
        .await?;
    let before = open.as_ref().map(|row| row.role.clone());
    let known = open.is_some();
    let id = open.map_or_else(|| core.new_id::<()>().uuid(), |row| row.id);
    let row = ActiveModel {
        id: Set(id),
        project_id: Set(project.uuid()),
        email: Set(email.to_string()),
        email_key: Set(email.key()),
        role: Set(role.as_str().to_owned()),
        created_at: Set(now.0),
        expires_at: Set(now.plus(Purpose::Invitation.lifetime()).0),
    };
    if known {
        row.update(transaction).await?;
    } else {
        let taken = || Error::conflict("This address is being invited just now");
        let inserted = Entity::insert(row).exec_without_returning(transaction).await;
        inserted.map_err(|error| projects::error_of_insert(error, taken))?;
    }
    Ok((id, before))
}

async fn membership(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    user: UserId,
) -> Result<Option<member::Model>> {
    Ok(member::Entity::find_by_id((project.uuid(), user.uuid())).one(connection).await?)
}

async fn project_row(connection: &impl ConnectionTrait, id: Uuid) -> Result<project::Model> {
    project::Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
}

fn email_of(row: &Model) -> Result<EmailAddress> {
    EmailAddress::parse(&row.email).map_err(Error::internal)
}
