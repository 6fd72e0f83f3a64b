//! New keys for a domain, and the zone of those that are delegated to the operator.

use super::{Model, default_row_of, delegated_to, detail, row};
use crate::{
    Access, Actor, Core, Error, Result, audit,
    dkim_keys::{self, rotation},
    projects,
    tables::domain::{ActiveModel, Column, Entity},
};
use relay_types::{
    DomainName,
    dns_record::DnsRecord,
    domain::{DomainDetail, DomainId},
    project::{ProjectId, Slug},
};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};
use std::fmt::Write;

/// Makes new keys that take the place of those that sign, each once its record is seen; until then nothing changes. The
/// records of the ones before are needed until the queue has nothing that they signed. `Conflict` while new keys wait
/// already, or none was used yet. Member.
pub async fn rotate_keys(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<DomainDetail> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    rotate(core, actor, row(core.db.read(), project, id).await?).await?;
    detail(core, row(core.db.read(), project, id).await?).await
}

/// As [`rotate_keys`] for the default domain. `NotFound` when none is set. Operator only.
pub async fn rotate_default_keys(core: &Core, actor: &Actor) -> Result<DomainDetail> {
    rotate(core, actor, default_row_of(core, actor).await?).await?;
    detail(core, default_row_of(core, actor).await?).await
}

async fn rotate(core: &Core, actor: &Actor, domain: Model) -> Result<()> {
    let id = DomainId::from_uuid(domain.id);
    let name = DomainName::parse(&domain.name).map_err(Error::internal)?;
    // Making keys takes a moment, which those who may not begin need not cost.
    replaced(core.db.read(), &domain).await?;
    let keys = dkim_keys::generate(core).await?;
    let transaction = core.db.begin().await?;
    // The row is locked by the change, so that of two who ask at once one begins.
    let soon = ActiveModel { id: Set(domain.id), next_check_at: Set(core.now().0), ..Default::default() };
    Entity::update(soon).exec(&transaction).await?;
    let replaced = replaced(&transaction, &domain).await?;
    dkim_keys::insert(core, &transaction, id, &name, keys).await?;
    dkim_keys::remove_some(&transaction, replaced).await?;
    let project = domain.project_id.map(ProjectId::from_uuid);
    audit::record(core, &transaction, actor, project, "domain.rotate_keys", &domain.name, vec![]).await?;
    Ok(transaction.commit().await?)
}

/// The keys that new ones replace at once, for they never signed.
async fn replaced(connection: &impl sea_orm::ConnectionTrait, domain: &Model) -> Result<Vec<uuid::Uuid>> {
    rotation::may_begin(&dkim_keys::of(connection, &[domain.id]).await?)?.map_err(Error::conflict)
}

/// All records that the operator publishes below `dkim.delegation_domain`, as a part of its zone file; empty when that is
/// not set. Operator only.
pub async fn delegated_zone(core: &Core, actor: &Actor) -> Result<String> {
    projects::authorize_operator(actor)?;
    let mut zone = String::new();
    let domains = Entity::find().order_by_asc(Column::Name).all(core.db.read()).await?;
    for domains in domains.chunks(500) {
        let ids: Vec<_> = domains.iter().map(|domain| domain.id).collect();
        let keys = dkim_keys::of(core.db.read(), &ids).await?;
        for domain in domains {
            let Some(below) = delegated_to(core, &domain.name) else { continue };
            for key in keys.iter().filter(|key| key.domain_id == domain.id) {
                let name = format!("{}.{below}", key.selector);
                let value = key.record_value.clone();
                let record = DnsRecord { name, kind: "TXT".to_owned(), value, found: None, right: false };
                let _ = writeln!(zone, "{}", record.zone_line());
            }
        }
    }
    Ok(zone)
}
