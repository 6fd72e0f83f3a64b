//! The last report of a domain or egress address, and how its checks came out over time.
//!
//! Owns the tables `report` and `finding_change`. It judges nothing, and asks no DNS; authorization is its callers'.

use crate::{
    Actor, Core, Error, Result, projects, prune,
    tables::{finding_change, report},
};
use relay_types::{
    Timestamp,
    domain::DomainId,
    egress::EgressId,
    finding::{History, HistoryChange, Report, Severity},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// How far histories go back.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// A check that changes to and fro fills no page: older changes are left out.
const MOST: usize = 60;

/// Whose report it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A sender domain.
    Domain(DomainId),
    /// An address the relay sends from.
    #[expect(dead_code, reason = "its checks come with the egress addresses")]
    Egress(EgressId),
}

impl Owner {
    fn id(self) -> Uuid {
        match self {
            Self::Domain(id) => id.uuid(),
            Self::Egress(id) => id.uuid(),
        }
    }
}

/// The last report.
pub(crate) async fn latest(connection: &impl ConnectionTrait, owner: Owner) -> Result<Option<Report>> {
    let row = report::Entity::find_by_id(owner.id()).one(connection).await?;
    row.map(|row| serde_json::from_str(&row.report)).transpose().map_err(Error::internal)
}

/// How its checks came out in the last 30 days; the first change of each is what held when they began.
pub(crate) async fn histories(connection: &impl ConnectionTrait, owner: Owner, now: Timestamp) -> Result<Vec<History>> {
    use finding_change::{Column, Entity};
    let since = now.minus(KEPT);
    let rows = Entity::find()
        .filter(Column::OwnerId.eq(owner.id()))
        .filter(Condition::any().add(Column::Until.is_null()).add(Column::Until.gt(since.0)))
        .order_by_asc(Column::CheckName)
        .order_by_asc(Column::At)
        .order_by_asc(Column::Id)
        .all(connection)
        .await?;
    let mut by_check: BTreeMap<String, Vec<HistoryChange>> = BTreeMap::new();
    for row in rows {
        let severity = Severity::parse(&row.severity);
        let severity = severity.ok_or_else(|| Error::internal(format!("{} is no severity", row.severity)))?;
        let change = HistoryChange { at: Timestamp(row.at), severity, title: row.title };
        by_check.entry(row.check_name).or_default().push(change);
    }
    let newest = |mut changes: Vec<HistoryChange>| changes.split_off(changes.len().saturating_sub(MOST));
    Ok(by_check.into_iter().map(|(check, changes)| History { check, changes: newest(changes) }).collect())
}

/// Forgets everything about an owner that is removed.
pub(crate) async fn forget(transaction: &DatabaseTransaction, owner: Owner) -> Result<()> {
    report::Entity::delete_by_id(owner.id()).exec(transaction).await?;
    let of_owner = finding_change::Column::OwnerId.eq(owner.id());
    finding_change::Entity::delete_many().filter(of_owner).exec(transaction).await?;
    Ok(())
}

/// Removes changes that ended before the histories begin; returns how many. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    prune::rows(core, "finding_change", "id", "until < $1", core.now().minus(KEPT)).await
}
