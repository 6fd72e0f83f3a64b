//! Sender domains, verified by `_relaykeep-challenge` TXT, rechecked; and the operator's default domain.
//!
//! Owns the table `domain`. A verified domain covers the addresses at exactly its name, not below it. One that an
//! operator marked verified, and the default domain, have no challenge: an empty one is stored.

mod check;
mod default_domain;
mod health;
mod keys;
mod reach;
pub(crate) mod schedule;
mod view;

use crate::{
    Access, Actor, Core, Error, Result, audit, dkim_keys, dns_health,
    findings::{self, Owner},
    projects,
    secrets::random_base32,
    tables::domain::{ActiveModel, Column, Entity, Model},
};
use relay_dns::DnsError;
use relay_types::{
    DomainName,
    domain::{Domain, DomainDetail, DomainId},
    finding::Step,
    project::{ProjectId, Slug},
    sender::Verification,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use uuid::Uuid;

use self::{
    check::Cause,
    default_domain::{default_row, default_row_of},
    view::{detail, view},
};
pub use self::{
    check::check_due,
    default_domain::{check_default, default_domain, replace_default_domain, set_default_domain},
    keys::{delegated_zone, rotate_default_keys, rotate_keys},
    reach::{Reach, Unreached, claim_unreached, record_reach},
};
pub(crate) use self::{
    health::{delegated_to, known, nearest, predictions, signing, subject, to_mend},
    view::found,
};

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
    refuse_simulator(core, "name", &name)?;
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
    refuse_simulator(core, "name", name)?;
    judge_reachable(core, "name", name).await
}

/// Marks it verified without the record (adds it when missing). Operator only.
pub async fn mark_verified(core: &Core, actor: &Actor, project: &Slug, name: DomainName) -> Result<DomainId> {
    let project = projects::authorize(core, actor, project, Access::Operate).await?;
    refuse_simulator(core, "name", &name)?;
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
    let _turn = dns_health::turn(core, actor).await?;
    check::check(core, row, Cause::Person).await?;
    detail(core, self::row(core.db.read(), project, id).await?).await
}

/// How far a check of it is that somebody waits for on this node; none when none goes on. Any member.
pub async fn progress(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<Option<Vec<Step>>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let row = row(core.db.read(), project, id).await?;
    Ok(core.progress.of(row.id))
}

/// Removes a domain with its keys; the next MAIL with it fails. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: DomainId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    // Under its lock, so that a check that goes on keeps nothing of it.
    let this = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(project.uuid()));
    let row = this.lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    let changes = vec![audit::field("state", Some(&row.state), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "domain.remove", &row.name, changes).await?;
    dkim_keys::remove(&transaction, id).await?;
    findings::forget(&transaction, Owner::Domain(id)).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Refuses the domain of simulated recipients, and what is below it: it is everybody's, so nobody may send from it.
pub(crate) fn refuse_simulator(core: &Core, field: &'static str, name: &DomainName) -> Result<()> {
    let simulator = core.config.simulator_domain.as_str();
    let below = name.as_str().strip_suffix(simulator).is_some_and(|front| front.is_empty() || front.ends_with('.'));
    if below {
        return Err(Error::invalid(
            field,
            format!("{simulator} is the domain of simulated recipients; it is no one's"),
        ));
    }
    Ok(())
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
        reach: None,
        reach_next_at: now,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    dkim_keys::insert(core, transaction, id, name, keys).await?;
    Ok(id)
}

/// Those that the clock looks after: not of closed projects, which send nothing and whose people need not hear of them.
fn watched() -> Select<Entity> {
    let open = Condition::any().add(Column::ProjectId.is_null());
    Entity::find().filter(open.add(Column::ProjectId.not_in_subquery(projects::closed())))
}

/// Name and value of the record that proves a domain; none when no proof is asked for.
fn challenge(row: &Model) -> Option<(String, String)> {
    let value = || format!("relaykeep-challenge={}", row.challenge);
    (!row.challenge.is_empty()).then(|| (format!("_relaykeep-challenge.{}", row.name), value()))
}

fn state(row: &Model) -> Result<Verification> {
    Verification::parse(&row.state).ok_or_else(|| Error::internal(format!("domain {} has no known state", row.id)))
}

#[cfg(test)]
mod tests;
