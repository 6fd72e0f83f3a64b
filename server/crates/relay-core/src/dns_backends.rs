//! DNS back ends: what writes reverse zones, with their sealed secrets.
//!
//! Owns the table `dns_backend`. A secret comes in once and is never shown again.

mod dry_run;
mod judge;

pub use self::{dry_run::dry_run, judge::DnsBackendInput};

use crate::{
    Actor, Core, Error, Result,
    audit::{self, field},
    name_changes, projects, ranges, sign_in,
    tables::dns_backend::{ActiveModel, Column, Entity, Model},
};
use judge::Judged;
use relay_dns::{BackEnd, PowerDnsApi, UpdateServer};
use relay_types::{
    Timestamp,
    audit::FieldChange,
    dns_backend::{BackendSettings, BackendTest, DnsBackend, DnsBackendId},
    range::BackendName,
    reverse_name::ZoneName,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a sealed secret is bound to.
const PURPOSE: &str = "dns_backend";

/// All DNS back ends, by label. The service desk, operators.
pub async fn list(core: &Core, actor: &Actor) -> Result<Vec<DnsBackend>> {
    projects::authorize_desk(actor)?;
    let mut shown = Vec::new();
    for row in Entity::find().order_by_asc(Column::Label).all(core.db.read()).await? {
        shown.push(view(core.db.read(), row).await?);
    }
    Ok(shown)
}

/// A DNS back end. Operator only.
pub async fn get(core: &Core, actor: &Actor, id: DnsBackendId) -> Result<DnsBackend> {
    projects::authorize_operator(actor)?;
    view(core.db.read(), row(core.db.read(), id.uuid()).await?).await
}

/// Adds a DNS back end. Operator only, one who has just typed the password (`sign_in::recent`). Fields: those of
/// [`DnsBackendInput`], `password`.
pub async fn add(core: &Core, actor: &Actor, input: DnsBackendInput) -> Result<DnsBackendId> {
    projects::authorize_operator(actor)?;
    sign_in::recent(core, actor)?;
    let judged = judge::judge(core, input, None)?;
    let transaction = core.db.begin().await?;
    refuse_label(&transaction, &judged.label, None).await?;
    let id: DnsBackendId = core.new_id();
    let changes = fields(None, &judged)?;
    let row = Model {
        id: id.uuid(),
        label: judged.label.clone(),
        settings: stored(&judged.settings)?,
        secret_sealed: judged.secret,
        tested: None,
        created_at: core.now().0,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
    audit::record(core, &transaction, actor, None, "dns_backend.add", &judged.label, changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Changes a DNS back end; gives whether anything is different. An empty secret keeps the one there is, while the key
/// (update) or the place (PowerDNS) is the same. Operator only, one who has just typed the password (`sign_in::recent`). Fields: those of
/// [`DnsBackendInput`], `password`.
pub async fn edit(core: &Core, actor: &Actor, id: DnsBackendId, input: DnsBackendInput) -> Result<bool> {
    projects::authorize_operator(actor)?;
    sign_in::recent(core, actor)?;
    let transaction = core.db.begin().await?;
    let before = Entity::find_by_id(id.uuid()).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    let judged = judge::judge(core, input, Some(&before))?;
    refuse_label(&transaction, &judged.label, Some(before.id)).await?;
    let mut changes = fields(Some(&before), &judged)?;
    changes.retain(|change| change.before != change.after);
    if changes.is_empty() {
        return Ok(false);
    }
    let mut row = before.into_active_model();
    row.label = Set(judged.label.clone());
    row.settings = Set(stored(&judged.settings)?);
    row.secret_sealed = Set(judged.secret);
    // What was tested is not this any more.
    row.tested = Set(None);
    row.update(&transaction).await?;
    audit::record(core, &transaction, actor, None, "dns_backend.edit", &judged.label, changes).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Removes a DNS back end. Operator only. `Conflict` while a range uses it or a change waits for it.
pub async fn remove(core: &Core, actor: &Actor, id: DnsBackendId) -> Result<()> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    let row = Entity::find_by_id(id.uuid()).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    let users = ranges::of_backend(&transaction, row.id).await?;
    if let Some((label, _)) = users.first() {
        let more = if users.len() > 1 { format!(" and {} more", users.len() - 1) } else { String::new() };
        return Err(Error::conflict(format!("{label}{more} is written by it; choose another for it first")));
    }
    if name_changes::wait_for(&transaction, row.id).await? {
        return Err(Error::conflict("Changes of names wait for it; they must end first"));
    }
    let changes = vec![field("settings", Some(judge::words(&settings(&row)?)), None::<&str>)];
    audit::record(core, &transaction, actor, None, "dns_backend.remove", &row.label, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Proves that the back end is reached, takes our key and serves the zone, and keeps what was seen. Changes nothing in
/// DNS. Operator only. Field: `zone`.
pub async fn test(core: &Core, actor: &Actor, id: DnsBackendId, zone: &str) -> Result<BackendTest> {
    projects::authorize_operator(actor)?;
    let zone = ZoneName::parse(zone).map_err(|error| Error::invalid("zone", error.to_string()))?;
    let (good, said) = match open(core, id.uuid()).await?.test(&zone).await {
        Ok(said) => (true, said),
        Err(error) => (false, error.to_string()),
    };
    let test = BackendTest { zone: zone.to_string(), good, said, at: core.now() };
    let tested = Set(Some(serde_json::to_string(&test).map_err(Error::internal)?));
    let transaction = core.db.begin().await?;
    let change = ActiveModel { tested, ..Default::default() };
    Entity::update_many().set(change).filter(Column::Id.eq(id.uuid())).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(test)
}

/// The back end, ready to write, with its secret opened.
pub(crate) async fn open(core: &Core, id: Uuid) -> Result<BackEnd> {
    let row = row(core.db.read(), id).await?;
    let secret = || -> Result<Zeroizing<Vec<u8>>> {
        let sealed = row.secret_sealed.as_deref().ok_or_else(|| Error::internal("a DNS back end without secret"))?;
        core.sealing.open(PURPOSE, sealed)
    };
    Ok(match settings(&row)? {
        BackendSettings::Update { server, key_name, algorithm } => {
            BackEnd::Update(UpdateServer { server, key_name, algorithm, key: secret()? })
        }
        BackendSettings::PowerDns { url, server_id } => {
            let key = secret()?;
            let api_key = Zeroizing::new(std::str::from_utf8(&key).map_err(Error::internal)?.to_owned());
            BackEnd::PowerDns(PowerDnsApi { url, server_id, api_key })
        }
        BackendSettings::Snippet => BackEnd::Snippet,
    })
}

/// All of them as others name them, by label.
pub(crate) async fn names(connection: &impl ConnectionTrait) -> Result<Vec<BackendName>> {
    let rows = Entity::find().order_by_asc(Column::Label).all(connection).await?;
    Ok(rows.into_iter().map(|row| BackendName { id: DnsBackendId::from_uuid(row.id), label: row.label }).collect())
}

async fn row(connection: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
    Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
}

async fn refuse_label(connection: &impl ConnectionTrait, label: &str, own: Option<Uuid>) -> Result<()> {
    let same = Entity::find().filter(Column::Label.eq(label)).one(connection).await?;
    if same.is_some_and(|row| Some(row.id) != own) {
        return Err(Error::invalid("label", format!("There is a DNS back end {label} already")));
    }
    Ok(())
}

/// For the audit trail, which is told that a secret is another one, never which.
fn fields(before: Option<&Model>, after: &Judged) -> Result<Vec<FieldChange>> {
    let was = before.map(settings).transpose()?;
    let mut changes = vec![
        field("label", before.map(|row| &row.label), Some(&after.label)),
        field("settings", was.as_ref().map(judge::words), Some(judge::words(&after.settings))),
    ];
    let sealed = before.and_then(|row| row.secret_sealed.as_ref());
    if sealed != after.secret.as_ref() {
        let after = after.secret.as_ref().map(|_| if sealed.is_some() { "(new secret)" } else { "(secret)" });
        changes.push(field("secret", sealed.map(|_| "(secret)"), after));
    }
    Ok(changes)
}

fn settings(row: &Model) -> Result<BackendSettings> {
    serde_json::from_str(&row.settings).map_err(Error::internal)
}

fn stored(settings: &BackendSettings) -> Result<String> {
    serde_json::to_string(settings).map_err(Error::internal)
}

async fn view(connection: &impl ConnectionTrait, row: Model) -> Result<DnsBackend> {
    Ok(DnsBackend {
        id: DnsBackendId::from_uuid(row.id),
        settings: settings(&row)?,
        ranges: ranges::of_backend(connection, row.id).await?,
        tested: row.tested.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?,
        created_at: Timestamp(row.created_at),
        label: row.label,
    })
}

#[cfg(test)]
mod tests;
