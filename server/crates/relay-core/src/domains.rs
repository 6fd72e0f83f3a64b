//! Sender domains, verified by `_relaykeep-challenge` TXT, rechecked; and the operator's default domain.
//!
//! Owns the table `domain`. A verified domain covers the addresses at exactly its name, not below it. One that an
//! operator marked verified, and the default domain, have no challenge: an empty one is stored.

mod check;
mod keys;
pub(crate) mod schedule;

use crate::{
    Access, Actor, Core, Error, Result, audit, dkim_keys,
    findings::{self, Owner},
    projects,
    secrets::random_base32,
    tables::{
        dkim_key,
        domain::{ActiveModel, Column, Entity, Model},
    },
};
use relay_dns::{DnsError, judge::Subject};
use relay_types::{
    DomainName, Timestamp,
    dns_record::{DnsRecord, Found},
    domain::{DkimKey, DkimKeyState, Domain, DomainDetail, DomainId},
    finding::Severity,
    overview::DomainToMend,
    project::{ProjectId, Slug},
    sender::Verification,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use check::Cause;
pub use check::check_due;
pub use keys::{delegated_zone, rotate_default_keys, rotate_keys};

/// Domains to be mended that an overview shows.
const TO_MEND: u64 = 5;

/// All of the project's, by name. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<Domain>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let rows = Entity::find().filter(Column::ProjectId.eq(project.uuid())).order_by_asc(Column::Name);
    let rows = rows.all(core.db.read()).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let keys = dkim_keys::of(core.db.read(), &ids).await?;
    rows.into_iter()
        .map(|row| {
            let of_row = keys.iter().filter(|key| key.domain_id == row.id);
            view(&row, of_row)
        })
        .collect()
}

/// One domain with the records to publish. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<DomainDetail> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    detail(core, row(core.db.read(), project, id).await?).await
}

/// Adds a domain, makes its challenge and DKIM keys. Member. Field: `name`. Null-MX and unresolvable domains are refused.
pub async fn add(core: &Core, actor: &Actor, project: &Slug, name: DomainName) -> Result<DomainId> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    if of_name(core.db.read(), Some(project), &name).await?.is_some() {
        return Err(listed(&name));
    }
    judge_reachable(core, "name", &name).await?;
    let keys = dkim_keys::generate(core).await?;
    let transaction = core.db.begin().await?;
    if of_name(&transaction, Some(project), &name).await?.is_some() {
        return Err(listed(&name));
    }
    let challenge = random_base32(32)?;
    let id = insert(core, &transaction, Some(project), &name, challenge, Verification::Pending, keys).await?;
    audit::record(core, &transaction, actor, Some(project), "domain.add", name.as_str(), vec![]).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Refuses what [`add`] would refuse of a domain, or `senders::add` of an address in it, and changes nothing. Operator
/// only. Field: `name`.
pub async fn judge(core: &Core, actor: &Actor, name: &DomainName) -> Result<()> {
    projects::authorize_operator(actor)?;
    judge_reachable(core, "name", name).await
}

/// Marks it verified without the record (adds it when missing). Operator only.
pub async fn mark_verified(core: &Core, actor: &Actor, project: &Slug, name: DomainName) -> Result<DomainId> {
    let project = projects::authorize(core, actor, project, Access::Operate).await?;
    let known = of_name(core.db.read(), Some(project), &name).await?;
    let keys = if known.is_some() { Vec::new() } else { dkim_keys::generate(core).await? };
    let transaction = core.db.begin().await?;
    let id = match of_name(&transaction, Some(project), &name).await? {
        Some(row) if row.state == Verification::Verified.as_str() => return Ok(DomainId::from_uuid(row.id)),
        Some(row) => {
            let change = ActiveModel {
                id: Set(row.id),
                state: Set(Verification::Verified.as_str().to_owned()),
                challenge: Set(String::new()),
                challenge_found: Set(None),
                verified_at: Set(Some(core.now().0)),
                missing_since: Set(None),
                problem: Set(None),
                next_check_at: Set(core.now().0),
                ..Default::default()
            };
            Entity::update(change).exec(&transaction).await?;
            DomainId::from_uuid(row.id)
        }
        None => {
            let state = Verification::Verified;
            insert(core, &transaction, Some(project), &name, String::new(), state, keys).await?
        }
    };
    let changes = vec![audit::field("state", None::<&str>, Some(Verification::Verified.as_str()))];
    audit::record(core, &transaction, actor, Some(project), "domain.mark_verified", name.as_str(), changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Asks the authoritative servers now for everything the domain is judged by. Member.
pub async fn check(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<DomainDetail> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let row = row(core.db.read(), project, id).await?;
    check::check(core, row, Cause::Person).await?;
    detail(core, self::row(core.db.read(), project, id).await?).await
}

/// Removes a domain with its keys; the next MAIL with it fails. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    let changes = vec![audit::field("state", Some(&row.state), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "domain.remove", &row.name, changes).await?;
    dkim_keys::remove(&transaction, id).await?;
    findings::forget(&transaction, Owner::Domain(id)).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

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
    let is_set = async |connection: &_| Ok::<_, Error>(of_name(connection, None, &name).await?.is_some());
    if is_set(core.db.read()).await? {
        return Ok(());
    }
    let keys = dkim_keys::generate(core).await?;
    let transaction = core.db.begin().await?;
    let before = default_row(&transaction).await?;
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

async fn default_row_of(core: &Core, actor: &Actor) -> Result<Model> {
    projects::authorize_operator(actor)?;
    default_row(core.db.read()).await?.ok_or(Error::NotFound)
}

/// Refuses a domain that cannot take mail, so that answers and bounces would be lost: a null MX (RFC 7505), or neither
/// MX, A nor AAAA. While DNS does not answer nothing is decided.
pub(crate) async fn judge_reachable(core: &Core, field: &'static str, name: &DomainName) -> Result<()> {
    let later = |cause: String| {
        tracing::info!(domain = %name, cause, "DNS does not answer");
        Error::invalid(field, format!("DNS does not answer for {name} at the moment. Try again in a few minutes"))
    };
    match core.resolver().mx(name).await {
        Ok(records) if records.iter().all(|record| record.exchange.is_none()) => Err(Error::invalid(
            field,
            format!("{name} takes no mail (its MX record is the null MX), so answers and bounces would be lost"),
        )),
        Ok(_) => Ok(()),
        Err(DnsError::Temporary(cause)) => Err(later(cause)),
        Err(DnsError::NoRecord) => match core.resolver().addresses(name.as_str()).await {
            Ok(_) => Ok(()),
            Err(DnsError::Temporary(cause)) => Err(later(cause)),
            Err(DnsError::NoRecord) => Err(Error::invalid(
                field,
                format!("{name} has neither MX nor A nor AAAA record in DNS, so answers and bounces would be lost"),
            )),
        },
    }
}

/// Whether the project has verified the domain of exactly this name.
pub(crate) async fn is_verified(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    name: &DomainName,
) -> Result<bool> {
    let row = of_name(connection, Some(project), name).await?;
    Ok(row.is_some_and(|row| row.state == Verification::Verified.as_str()))
}

/// The project's domains whose DNS is to be mended, the worst first; the first five.
pub(crate) async fn to_mend(core: &Core, project: ProjectId) -> Result<Vec<DomainToMend>> {
    let mut all = Vec::new();
    // The words do not sort by their weight.
    for worst in [Severity::Error, Severity::Warning] {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.uuid()))
            .filter(Column::Worst.eq(worst.as_str()))
            .order_by_asc(Column::Name)
            .limit(TO_MEND - all.len() as u64);
        for row in rows.all(core.db.read()).await? {
            let id = DomainId::from_uuid(row.id);
            let report = findings::latest(core.db.read(), Owner::Domain(id)).await?;
            let finding = report.and_then(|report| report.findings.into_iter().find(|one| one.severity == worst));
            let name = DomainName::parse(&row.name).map_err(Error::internal)?;
            all.push(DomainToMend { id, name, worst, title: finding.map(|one| one.title).unwrap_or_default() });
        }
        if all.len() as u64 == TO_MEND {
            break;
        }
    }
    Ok(all)
}

/// Number of the project's domains.
pub(crate) async fn count(core: &Core, project: ProjectId) -> Result<u64> {
    Ok(Entity::find().filter(Column::ProjectId.eq(project.uuid())).count(core.db.read()).await?)
}

async fn row(connection: &impl ConnectionTrait, project: ProjectId, id: DomainId) -> Result<Model> {
    let found = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(project.uuid())).one(connection).await?;
    found.ok_or(Error::NotFound)
}

async fn of_name(
    connection: &impl ConnectionTrait,
    project: Option<ProjectId>,
    name: &DomainName,
) -> Result<Option<Model>> {
    let owner = match project {
        Some(project) => Column::ProjectId.eq(project.uuid()),
        None => Column::ProjectId.is_null(),
    };
    Ok(Entity::find().filter(Column::Name.eq(name.as_str())).filter(owner).one(connection).await?)
}

async fn default_row(connection: &impl ConnectionTrait) -> Result<Option<Model>> {
    Ok(Entity::find().filter(Column::ProjectId.is_null()).one(connection).await?)
}

fn listed(name: &DomainName) -> Error {
    Error::conflict(format!("{name} is listed already"))
}

async fn insert(
    core: &Core,
    transaction: &DatabaseTransaction,
    project: Option<ProjectId>,
    name: &DomainName,
    challenge: String,
    state: Verification,
    keys: Vec<dkim_keys::NewKey>,
) -> Result<DomainId> {
    let id: DomainId = core.new_id();
    let now = core.now().0;
    let row = Model {
        id: id.uuid(),
        project_id: project.map(ProjectId::uuid),
        name: name.to_string(),
        state: state.as_str().to_owned(),
        challenge,
        verified_at: (state == Verification::Verified).then_some(now),
        checked_at: None,
        next_check_at: now,
        missing_since: None,
        problem: None,
        challenge_found: None,
        created_at: now,
        worst: None,
        to_mend: 0,
        failing_since: None,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    dkim_keys::insert(core, transaction, id, name, keys).await?;
    Ok(id)
}

/// What was stored of the last look-up, as a check stores it.
pub(crate) fn found(stored: Option<&str>) -> Result<Option<Found>> {
    stored.map(serde_json::from_str).transpose().map_err(Error::internal)
}

/// Name and value of the record that proves a domain; none when no proof is asked for.
fn challenge(row: &Model) -> Option<(String, String)> {
    let value = || format!("relaykeep-challenge={}", row.challenge);
    (!row.challenge.is_empty()).then(|| (format!("_relaykeep-challenge.{}", row.name), value()))
}

async fn detail(core: &Core, row: Model) -> Result<DomainDetail> {
    let keys = dkim_keys::of(core.db.read(), &[row.id]).await?;
    let found = found(row.challenge_found.as_deref())?;
    let challenge = challenge(&row).map(|(name, value)| {
        let right = found.as_ref().is_some_and(|found| check::proves(&found.values, &value));
        DnsRecord { name, kind: "TXT".to_owned(), value, found, right }
    });
    let domain = view(&row, keys.iter())?;
    let history = match row.project_id {
        Some(project) => audit::about(core, ProjectId::from_uuid(project), &row.name).await?,
        None => Vec::new(),
    };
    let owner = Owner::Domain(domain.id);
    let report = findings::latest(core.db.read(), owner).await?;
    let below = delegated_to(core, &row.name);
    let keys = keys.into_iter().map(|key| {
        let alias = below.as_ref().map(|below| dkim_keys::alias(&key, &row.name, below, report.as_ref()));
        Ok(DkimKey { alias, ..dkim_keys::view(key, &row.name)? })
    });
    let keys = keys.collect::<Result<_>>()?;
    let histories = findings::histories(core.db.read(), owner, core.now()).await?;
    let next_check_at = Some(Timestamp(row.next_check_at));
    Ok(DomainDetail { domain, challenge, keys, history, report, histories, next_check_at })
}

fn view<'a>(row: &Model, keys: impl Iterator<Item = &'a dkim_key::Model>) -> Result<Domain> {
    let state = state(row)?;
    let mut active = keys.filter(|key| key.state == DkimKeyState::Active.as_str());
    Ok(Domain {
        id: DomainId::from_uuid(row.id),
        name: DomainName::parse(&row.name).map_err(Error::internal)?,
        state,
        verified_at: row.verified_at.map(Timestamp),
        checked_at: row.checked_at.map(Timestamp),
        problem: row.problem.clone(),
        signed: state == Verification::Verified && active.next().is_some(),
        worst: row.worst.as_deref().and_then(Severity::parse),
        to_mend: u32::try_from(row.to_mend).unwrap_or_default(),
        created_at: Timestamp(row.created_at),
    })
}

/// The domain as it is judged.
pub(crate) fn subject(core: &Core, row: &Model, keys: &[dkim_key::Model]) -> Result<Subject> {
    Ok(Subject {
        domain: DomainName::parse(&row.name).map_err(Error::internal)?,
        keys: keys.iter().map(dkim_keys::ours).collect::<Result<_>>()?,
        proof: challenge(row),
        delegated_to: delegated_to(core, &row.name),
    })
}

/// The name below which the keys of a domain are published by the operator; none where that is not offered, or the name
/// would be too long.
pub(crate) fn delegated_to(core: &Core, domain: &str) -> Option<String> {
    let below = core.config.dns_health.delegation_domain.as_ref()?;
    let name = format!("{domain}.{below}");
    // Room for the longest selector and its dot.
    (name.len() <= 253 - 16).then_some(name)
}

fn state(row: &Model) -> Result<Verification> {
    Verification::parse(&row.state).ok_or_else(|| Error::internal(format!("domain {} has no known state", row.id)))
}

#[cfg(test)]
mod tests;
