//! Sender addresses, verified by a signed one-time link.
//!
//! Owns the table `sender`. A link proves that who asked reads mail at the address; whoever holds it may confirm.

use crate::{
    Access, Actor, Core, Error, Result, audit, domains,
    one_time_links::{self, Link, Purpose},
    portal_mail, projects,
    tables::sender::{ActiveModel, Column, Entity, Model},
    throttle,
};
use relay_types::{
    EmailAddress, Timestamp,
    project::{ProjectId, Slug},
    sender::{Sender, SenderId, SenderOffer, Verification},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, Set,
};
use std::time::Duration;
use uuid::Uuid;

/// A link is mailed again after this, not before.
const RESEND: Duration = Duration::from_secs(60);
/// Most addresses of a project that wait for their link to be followed.
const MOST_PENDING: u64 = 100;

/// All of the project's, by address. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<Sender>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let rows = Entity::find().filter(Column::ProjectId.eq(project.uuid())).order_by_asc(Column::AddressKey);
    rows.all(core.db.read()).await?.into_iter().map(view).collect()
}

/// The verified address that was added first: what a new program most likely sends as. Any member.
pub async fn first_verified(core: &Core, actor: &Actor, project: &Slug) -> Result<Option<EmailAddress>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let verified = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::State.eq(Verification::Verified.as_str()))
        .order_by_asc(Column::Id);
    let row = verified.one(core.db.read()).await?;
    row.map(|row| EmailAddress::parse(&row.address).map_err(Error::internal)).transpose()
}

/// Adds an address and mails its link. Member. Field: `address`. Refused when its domain has a null MX or neither MX, A nor AAAA. Already covered by a verified domain: `Conflict` that says so.
pub async fn add(core: &Core, actor: &Actor, project: &Slug, address: &str) -> Result<SenderId> {
    let id = projects::authorize(core, actor, project, Access::Manage).await?;
    let address = parsed(address)?;
    refuse_known(core.db.read(), id, &address).await?;
    domains::refuse_simulator(core, "address", address.domain())?;
    domains::judge_reachable(core, "address", address.domain()).await?;
    throttle_mail(core, actor, id, &address).await?;
    let transaction = core.db.begin().await?;
    refuse_known(&transaction, id, &address).await?;
    refuse_crowd(&transaction, actor, id).await?;
    let sender = insert(core, &transaction, id, &address, Verification::Pending, None).await?;
    let link = one_time_links::issue(core, &transaction, Purpose::SenderVerify, sender.uuid()).await?;
    audit::record(core, &transaction, actor, Some(id), "sender.add", &address.to_string(), vec![]).await?;
    transaction.commit().await?;
    mail(core, actor, id, &address, &link).await?;
    Ok(sender)
}

/// Mails a new link (throttled); the old one dies. Member.
pub async fn resend(core: &Core, actor: &Actor, project: &Slug, id: SenderId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let address = resendable(core, &row(core.db.read(), project, id).await?)?;
    // Before the transaction: a throttle has one of its own, and SQLite one writer.
    throttle_mail(core, actor, project, &address).await?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    resendable(core, &row)?;
    let link = one_time_links::issue(core, &transaction, Purpose::SenderVerify, row.id).await?;
    let change = ActiveModel { id: Set(row.id), link_sent_at: Set(Some(core.now().0)), ..Default::default() };
    Entity::update(change).exec(&transaction).await?;
    audit::record(core, &transaction, actor, Some(project), "sender.resend", &row.address, vec![]).await?;
    transaction.commit().await?;
    mail(core, actor, project, &address, &link).await
}

/// The address, when its link may be mailed again now.
fn resendable(core: &Core, row: &Model) -> Result<EmailAddress> {
    if row.state == Verification::Verified.as_str() {
        return Err(Error::conflict(format!("{} is verified already", row.address)));
    }
    let next = Timestamp(row.link_sent_at.unwrap_or_default()).plus(RESEND);
    let left = next.since(core.now());
    if !left.is_zero() {
        return Err(Error::TooMany { seconds: left.as_millis().div_ceil(1_000) as u64 });
    }
    EmailAddress::parse(&row.address).map_err(Error::internal)
}

/// Marks an address verified without a link (adds it when missing). Operator only.
pub async fn mark_verified(core: &Core, actor: &Actor, project: &Slug, address: &str) -> Result<SenderId> {
    let project = projects::authorize(core, actor, project, Access::Operate).await?;
    let address = parsed(address)?;
    domains::refuse_simulator(core, "address", address.domain())?;
    let transaction = core.db.begin().await?;
    let known = of_address(&transaction, project, &address).await?;
    let before = known.as_ref().map(|row| row.state.clone());
    let id = match known {
        Some(row) if row.state == Verification::Verified.as_str() => return Ok(SenderId::from_uuid(row.id)),
        Some(row) => {
            set_verified(core, &transaction, row.id, Some(actor.name())).await?;
            one_time_links::revoke(&transaction, Purpose::SenderVerify, row.id).await?;
            SenderId::from_uuid(row.id)
        }
        None => insert(core, &transaction, project, &address, Verification::Verified, Some(actor.name())).await?,
    };
    let changes = vec![audit::field("state", before, Some(Verification::Verified.as_str()))];
    let subject = address.to_string();
    audit::record(core, &transaction, actor, Some(project), "sender.mark_verified", &subject, changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Removes an address; the next MAIL with it fails. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: SenderId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    one_time_links::revoke(&transaction, Purpose::SenderVerify, row.id).await?;
    let changes = vec![audit::field("state", Some(&row.state), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "sender.remove", &row.address, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// What a link would verify; `NotFound` when used, replaced or too old.
pub async fn offer(core: &Core, token: &str) -> Result<SenderOffer> {
    let id = one_time_links::find(core, core.db.read(), Purpose::SenderVerify, token).await?;
    let row = Entity::find_by_id(id).one(core.db.read()).await?.ok_or(Error::NotFound)?;
    offered(core, &row).await
}

/// Verifies by link. Anyone who holds it.
pub async fn verify(core: &Core, token: &str) -> Result<SenderOffer> {
    let transaction = core.db.begin().await?;
    let id = one_time_links::redeem(core, &transaction, Purpose::SenderVerify, token).await?;
    let row = Entity::find_by_id(id).one(&transaction).await?.ok_or(Error::NotFound)?;
    set_verified(core, &transaction, row.id, None).await?;
    let changes = vec![audit::field("state", Some(&row.state), Some(Verification::Verified.as_str()))];
    let project = ProjectId::from_uuid(row.project_id);
    let holder = Actor::Anonymous { client: None };
    audit::record(core, &transaction, &holder, Some(project), "sender.verify", &row.address, changes).await?;
    transaction.commit().await?;
    offered(core, &row).await
}

/// Number of the project's addresses and domains.
pub(crate) async fn count(core: &Core, project: ProjectId) -> Result<u64> {
    let addresses = Entity::find().filter(Column::ProjectId.eq(project.uuid())).count(core.db.read()).await?;
    Ok(addresses + domains::count(core, project).await?)
}

fn parsed(typed: &str) -> Result<EmailAddress> {
    EmailAddress::parse(typed.trim()).map_err(|error| Error::invalid("address", error.to_string()))
}

async fn refuse_known(connection: &impl ConnectionTrait, project: ProjectId, address: &EmailAddress) -> Result<()> {
    if of_address(connection, project, address).await?.is_some() {
        return Err(Error::conflict(format!("{address} is listed already")));
    }
    if domains::is_verified(connection, project, address.domain()).await? {
        let domain = address.domain();
        return Err(Error::conflict(format!("{address} can be used already: its domain {domain} is verified")));
    }
    Ok(())
}

/// See [`throttle::link`].
async fn throttle_mail(core: &Core, actor: &Actor, project: ProjectId, to: &EmailAddress) -> Result<()> {
    if let Actor::System = actor {
        return Ok(());
    }
    match throttle::link(core, actor, project, &to.key()).await? {
        Some(seconds) => Err(Error::TooMany { seconds }),
        None => Ok(()),
    }
}

/// Addresses nobody answers for must not pile up. The machine's administrator may list more.
async fn refuse_crowd(transaction: &DatabaseTransaction, actor: &Actor, project: ProjectId) -> Result<()> {
    let pending = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::State.eq(Verification::Pending.as_str()))
        .count(transaction)
        .await?;
    if pending < MOST_PENDING || matches!(actor, Actor::System) {
        return Ok(());
    }
    let words = "addresses wait for their link already. Remove those that are not needed, or verify their domain";
    Err(Error::conflict(format!("{pending} {words}")))
}

async fn mail(core: &Core, actor: &Actor, project: ProjectId, to: &EmailAddress, link: &Link) -> Result<()> {
    portal_mail::sender_link(core, to, actor, &projects::name(core, project).await?, link).await
}

async fn row(connection: &impl ConnectionTrait, project: ProjectId, id: SenderId) -> Result<Model> {
    let found = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(project.uuid())).one(connection).await?;
    found.ok_or(Error::NotFound)
}

async fn of_address(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    address: &EmailAddress,
) -> Result<Option<Model>> {
    let found =
        Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(Column::AddressKey.eq(address.key()));
    Ok(found.one(connection).await?)
}

async fn insert(
    core: &Core,
    transaction: &DatabaseTransaction,
    project: ProjectId,
    address: &EmailAddress,
    state: Verification,
    verified_by: Option<String>,
) -> Result<SenderId> {
    let id: SenderId = core.new_id();
    let now = core.now().0;
    let verified = state == Verification::Verified;
    let row = Model {
        id: id.uuid(),
        project_id: project.uuid(),
        address: address.to_string(),
        address_key: address.key(),
        state: state.as_str().to_owned(),
        link_sent_at: (!verified).then_some(now),
        verified_at: verified.then_some(now),
        verified_by,
        created_at: now,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(id)
}

async fn set_verified(core: &Core, transaction: &DatabaseTransaction, id: Uuid, by: Option<String>) -> Result<()> {
    let change = ActiveModel {
        id: Set(id),
        state: Set(Verification::Verified.as_str().to_owned()),
        verified_at: Set(Some(core.now().0)),
        verified_by: Set(by),
        ..Default::default()
    };
    Entity::update(change).exec(transaction).await?;
    Ok(())
}

async fn offered(core: &Core, row: &Model) -> Result<SenderOffer> {
    Ok(SenderOffer {
        address: EmailAddress::parse(&row.address).map_err(Error::internal)?,
        project: projects::name(core, ProjectId::from_uuid(row.project_id)).await?,
    })
}

fn view(row: Model) -> Result<Sender> {
    Ok(Sender {
        id: SenderId::from_uuid(row.id),
        address: EmailAddress::parse(&row.address).map_err(Error::internal)?,
        state: Verification::parse(&row.state)
            .ok_or_else(|| Error::internal(format!("sender {} has no known state", row.id)))?,
        link_sent_at: row.link_sent_at.map(Timestamp),
        verified_at: row.verified_at.map(Timestamp),
        verified_by: row.verified_by,
        created_at: Timestamp(row.created_at),
    })
}

#[cfg(test)]
mod tests;
