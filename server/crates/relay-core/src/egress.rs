//! Egress addresses: where mail leaves from, as the world sees it, and whether the world takes mail from there.
//!
//! Owns the table `egress`. The inventory shows which of its addresses are among them; an operator may list others, for
//! a relay need not hold a range.

mod check;
mod judge;
#[cfg(test)]
mod tests;

pub use self::check::{Claimed, Port25, check_now, claim_due, record};

use crate::{
    Actor, Core, Error, Result,
    audit::{self, field},
    findings::{self, Owner},
    projects,
    tables::{
        address,
        egress::{Column, Entity, Model},
    },
};
use relay_types::{
    DomainName, Timestamp,
    egress::{Egress, EgressDetail, EgressId, EgressList},
    finding::Severity,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, ModelTrait, QueryFilter, QuerySelect,
};
use std::{collections::HashSet, net::IpAddr};

/// All of them, and the certificates of this node. Operator only.
pub async fn list(core: &Core, actor: &Actor) -> Result<EgressList> {
    projects::authorize_operator(actor)?;
    let rows = Entity::find().all(core.db.read()).await?;
    let mut addresses = rows.into_iter().map(|row| view(core, &row)).collect::<Result<Vec<_>>>()?;
    addresses.sort_by_key(|egress| egress.address);
    Ok(EgressList { addresses, certificates: judge::certificates(&core.listeners().all(), core.now()) })
}

/// One, with its last report. Operator only.
pub async fn get(core: &Core, actor: &Actor, id: EgressId) -> Result<EgressDetail> {
    projects::authorize_operator(actor)?;
    let row = Entity::find_by_id(id.uuid()).one(core.db.read()).await?.ok_or(Error::NotFound)?;
    let report = findings::latest(core.db.read(), Owner::Egress(id)).await?;
    let history = findings::histories(core.db.read(), Owner::Egress(id), core.now()).await?;
    Ok(EgressDetail { egress: view(core, &row)?, report, history })
}

/// Lists an address; an empty EHLO name is that of the relay. It is checked within seconds. Operator only. Fields:
/// `address`, `ehlo`.
pub async fn add(core: &Core, actor: &Actor, address: &str, ehlo: &str) -> Result<EgressId> {
    projects::authorize_operator(actor)?;
    let address = address_of(address)?;
    let ehlo = ehlo_of(ehlo)?;
    let transaction = core.db.begin().await?;
    if row_of(&transaction, address).await?.is_some() {
        return Err(Error::invalid("address", format!("{address} is listed already")));
    }
    let row = new(core, address, ehlo);
    let id = EgressId::from_uuid(row.id);
    let changes = vec![field("ehlo", None::<&str>, row.ehlo.as_deref())];
    Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
    audit::record(core, &transaction, actor, None, "egress.add", &address.to_string(), changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Changes the name it says in EHLO; an empty one is that of the relay. It is checked again. Operator only. Field: `ehlo`.
pub async fn set_ehlo(core: &Core, actor: &Actor, id: EgressId, ehlo: &str) -> Result<()> {
    projects::authorize_operator(actor)?;
    let ehlo = ehlo_of(ehlo)?;
    let transaction = core.db.begin().await?;
    let before = locked(&transaction, id).await?;
    if before.ehlo == ehlo {
        return Ok(());
    }
    let changes = vec![field("ehlo", before.ehlo.as_deref(), ehlo.as_deref())];
    let subject = before.address.clone();
    let mut row = before.into_active_model();
    (row.ehlo, row.next_check_at) = (Set(ehlo), Set(core.now().0));
    row.update(&transaction).await?;
    audit::record(core, &transaction, actor, None, "egress.edit", &subject, changes).await?;
    Ok(transaction.commit().await?)
}

/// Takes an address from the list: domains are not judged by it any more. Operator only.
pub async fn remove(core: &Core, actor: &Actor, id: EgressId) -> Result<()> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    let row = locked(&transaction, id).await?;
    audit::record(core, &transaction, actor, None, "egress.remove", &row.address, Vec::new()).await?;
    findings::forget(&transaction, Owner::Egress(id)).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Calls an address ready in spite of its findings, and says why; an empty reason takes that back. Operator only. Field:
/// `reason`.
pub async fn override_ready(core: &Core, actor: &Actor, id: EgressId, reason: &str) -> Result<()> {
    projects::authorize_operator(actor)?;
    let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 500 || reason.chars().any(char::is_control)) {
        return Err(Error::invalid("reason", "Use one line of at most 500 characters"));
    }
    let transaction = core.db.begin().await?;
    let before = locked(&transaction, id).await?;
    if before.override_reason == reason {
        return Ok(());
    }
    let changes = vec![field("override", before.override_reason.as_deref(), reason.as_deref())];
    let subject = before.address.clone();
    let mut row = before.into_active_model();
    row.override_reason = Set(reason);
    row.update(&transaction).await?;
    audit::record(core, &transaction, actor, None, "egress.override", &subject, changes).await?;
    Ok(transaction.commit().await?)
}

/// The addresses, for whoever judges domains by them.
pub(crate) async fn addresses(connection: &impl ConnectionTrait) -> Result<Vec<IpAddr>> {
    let mut all: Vec<IpAddr> = texts(connection).await?.iter().filter_map(|text| text.parse().ok()).collect();
    all.sort();
    Ok(all)
}

/// The addresses as they are stored, which is how the inventory stores single ones.
pub(crate) async fn texts(connection: &impl ConnectionTrait) -> Result<HashSet<String>> {
    let texts: Vec<String> = Entity::find().select_only().column(Column::Address).into_tuple().all(connection).await?;
    Ok(texts.into_iter().collect())
}

/// Whether the relay sends from an address of the inventory.
pub(crate) async fn sends_from(connection: &impl ConnectionTrait, row: &address::Model) -> Result<bool> {
    let listed = Entity::find().filter(Column::Address.eq(row.text.as_str())).one(connection).await?;
    Ok(listed.is_some())
}

/// Lists an address or takes it from the list, as the inventory says; whoever calls writes the audit trail.
pub(crate) async fn put(core: &Core, transaction: &DatabaseTransaction, address: IpAddr, sends: bool) -> Result<()> {
    match (row_of(transaction, address).await?, sends) {
        (Some(row), false) => {
            let owner = Owner::Egress(EgressId::from_uuid(row.id));
            // First the row: it waits for a check that goes on, which keeps a report.
            row.delete(transaction).await?;
            findings::forget(transaction, owner).await?;
        }
        (None, true) => {
            let row = new(core, address, None);
            Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Those that speak against going live: certainly not ready, and nobody said otherwise. As text.
pub(crate) async fn not_ready(connection: &impl ConnectionTrait) -> Result<Vec<String>> {
    let rows = Entity::find()
        .filter(Column::Worst.eq(Severity::Error.as_str()))
        .filter(Column::OverrideReason.is_null())
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.address).collect())
}

async fn row_of(connection: &impl ConnectionTrait, address: IpAddr) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::Address.eq(address.to_string())).one(connection).await?)
}

async fn locked(transaction: &DatabaseTransaction, id: EgressId) -> Result<Model> {
    Entity::find_by_id(id.uuid()).lock_exclusive().one(transaction).await?.ok_or(Error::NotFound)
}

fn new(core: &Core, address: IpAddr, ehlo: Option<String>) -> Model {
    Model {
        id: core.new_id::<()>().uuid(),
        address: address.to_string(),
        ehlo,
        worst: None,
        to_mend: 0,
        override_reason: None,
        checked_at: None,
        next_check_at: core.now().0,
        asked_at: None,
        created_at: core.now().0,
    }
}

fn address_of(typed: &str) -> Result<IpAddr> {
    let invalid = |reason: &str| Error::invalid("address", reason);
    let address: IpAddr =
        typed.trim().parse().map_err(|_| invalid("Enter an IPv4 or IPv6 address, for example 192.0.2.25"))?;
    let address = address.to_canonical();
    if address.is_unspecified() || address.is_multicast() {
        return Err(invalid("No mail leaves from such an address"));
    }
    Ok(address)
}

fn ehlo_of(typed: &str) -> Result<Option<String>> {
    match typed.trim() {
        "" => Ok(None),
        name => {
            let name = DomainName::parse(name).map_err(|error| Error::invalid("ehlo", error.to_string()))?;
            Ok(Some(name.to_string()))
        }
    }
}

/// The name it says in EHLO.
fn ehlo(core: &Core, row: &Model) -> Result<DomainName> {
    match &row.ehlo {
        Some(name) => DomainName::parse(name).map_err(Error::internal),
        None => Ok(core.config.hostname.clone()),
    }
}

fn view(core: &Core, row: &Model) -> Result<Egress> {
    Ok(Egress {
        id: EgressId::from_uuid(row.id),
        address: row.address.parse().map_err(Error::internal)?,
        ehlo: ehlo(core, row)?,
        worst: row.worst.as_deref().and_then(Severity::parse),
        to_mend: u32::try_from(row.to_mend).unwrap_or_default(),
        override_reason: row.override_reason.clone(),
        checked_at: row.checked_at.map(Timestamp),
        checking: row.asked_at.is_some() || row.checked_at.is_none(),
    })
}
