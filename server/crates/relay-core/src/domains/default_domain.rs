//! The operator's default domain: it has no project and no challenge, and signs mail whose header From is in it.

use super::{Cause, Model, check, detail, insert, of_name, refuse_simulator};
use crate::{
    Actor, Core, Error, Result, audit, dkim_keys,
    findings::{self, Owner},
    projects,
    tables::domain::{Column, Entity},
};
use relay_types::{
    DomainName,
    domain::{DomainDetail, DomainId},
    sender::Verification,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter, QuerySelect};

/// The operator's default domain: it signs mail whose header From is in it. `None` when not set. Operator only.
pub async fn default_domain(core: &Core, actor: &Actor) -> Result<Option<DomainDetail>> {
    projects::authorize_operator(actor)?;
    match default_row(core.db.read()).await? {
        Some(row) => Ok(Some(detail(core, row).await?)),
        None => Ok(None),
    }
}

/// Sets the operator's default domain and makes its keys; the one before is forgotten with its keys. Operator only.
pub async fn set_default_domain(core: &Core, actor: &Actor, name: DomainName) -> Result<()> {
    put_default_domain(core, actor, name, None).await
}

/// As [`set_default_domain`] for a person who sees `replaced` as the default domain (none when there is none): `Conflict`
/// when it is another one by now, so that nobody's keys are destroyed unseen. Operator only.
pub async fn replace_default_domain(
    core: &Core,
    actor: &Actor,
    name: DomainName,
    replaced: Option<&DomainName>,
) -> Result<()> {
    put_default_domain(core, actor, name, Some(replaced)).await
}

async fn put_default_domain(
    core: &Core,
    actor: &Actor,
    name: DomainName,
    seen: Option<Option<&DomainName>>,
) -> Result<()> {
    projects::authorize_operator(actor)?;
    refuse_simulator(core, "name", &name)?;
    let is_set = async |connection: &_| Ok::<_, Error>(of_name(connection, None, &name).await?.is_some());
    if is_set(core.db.read()).await? {
        return Ok(());
    }
    let keys = dkim_keys::generate(core).await?;
    let transaction = core.db.begin().await?;
    // Under its lock, so that a check that goes on keeps nothing of it.
    let before = Entity::find().filter(Column::ProjectId.is_null()).lock_exclusive().one(&transaction).await?;
    if seen.is_some_and(|seen| seen.map(DomainName::as_str) != before.as_ref().map(|row| row.name.as_str())) {
        return Err(Error::conflict("The default domain was changed meanwhile. Reload the page"));
    }
    let changes = vec![audit::field("name", before.as_ref().map(|row| &row.name), Some(&name))];
    if let Some(row) = before {
        dkim_keys::remove(&transaction, DomainId::from_uuid(row.id)).await?;
        findings::forget(&transaction, Owner::Domain(DomainId::from_uuid(row.id))).await?;
        row.delete(&transaction).await?;
    }
    insert(core, &transaction, None, &name, String::new(), Verification::Verified, keys).await?;
    audit::record(core, &transaction, actor, None, "default_domain.set", name.as_str(), changes).await?;
    Ok(transaction.commit().await?)
}

/// Asks DNS for the default domain's DKIM records now. `NotFound` when no default domain is set. Operator only.
pub async fn check_default(core: &Core, actor: &Actor) -> Result<DomainDetail> {
    let row = default_row_of(core, actor).await?;
    check::check(core, row, Cause::Person).await?;
    detail(core, default_row_of(core, actor).await?).await
}

pub(super) async fn default_row_of(core: &Core, actor: &Actor) -> Result<Model> {
    projects::authorize_operator(actor)?;
    default_row(core.db.read()).await?.ok_or(Error::NotFound)
}

pub(super) async fn default_row(connection: &impl ConnectionTrait) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::ProjectId.is_null()).one(connection).await?)
}
