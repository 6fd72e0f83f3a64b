//! The last report of a domain or egress address, and how its checks came out over time.
//!
//! Owns the tables `report` and `finding_change`. It judges nothing, and asks no DNS; authorization is its callers'.

use crate::{
    Actor, Core, Error, Result,
    dns_health::Told,
    projects, prune,
    tables::{finding_change, report},
};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use relay_types::{
    Timestamp,
    domain::DomainId,
    egress::EgressId,
    finding::{Finding, History, HistoryChange, Report, Severity},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, sea_query::OnConflict,
};
use std::{collections::BTreeMap, io::BufReader, time::Duration};
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
    Egress(EgressId),
}

impl Owner {
    fn id(self) -> Uuid {
        match self {
            Self::Domain(id) => id.uuid(),
            Self::Egress(id) => id.uuid(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Domain(_) => "domain",
            Self::Egress(_) => "egress",
        }
    }
}

/// The last report.
pub(crate) async fn latest(connection: &impl ConnectionTrait, owner: Owner) -> Result<Option<Report>> {
    let row = report::Entity::find_by_id(owner.id()).one(connection).await?;
    row.and_then(|row| row.packed).map(|packed| unpacked(&packed)).transpose()
}

/// The report as it is stored: a fifth as long, for what DNS said stands in it word for word.
fn packed(report: &Report) -> Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut packed, report).map_err(Error::internal)?;
    packed.finish().map_err(Error::internal)
}

fn unpacked(packed: &[u8]) -> Result<Report> {
    serde_json::from_reader(BufReader::new(DeflateDecoder::new(packed))).map_err(Error::internal)
}

/// Whether a check is worse than the last time, as far as was known then.
pub(crate) fn is_worse(before: Option<&Report>, after: &Report) -> bool {
    let Some(before) = before else { return false };
    let was = |check: &str| before.findings.iter().find(|finding| finding.check == check).map(|one| one.severity);
    let bad = after.findings.iter().filter(|finding| finding.severity.is_bad());
    bad.into_iter().any(|finding| was(&finding.check).is_none_or(|before| before < finding.severity))
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

/// Stores a report: it becomes the last one, and what came out in another way than before begins a change.
pub(crate) async fn store(
    core: &Core,
    transaction: &DatabaseTransaction,
    owner: Owner,
    report: &Report,
    told: &Told,
) -> Result<()> {
    let row = report::ActiveModel {
        owner_id: Set(owner.id()),
        packed: Set(Some(packed(report)?)),
        told: Set(serde_json::to_string(told).map_err(Error::internal)?),
    };
    let put = OnConflict::column(report::Column::OwnerId)
        .update_columns([report::Column::Packed, report::Column::Told])
        .to_owned();
    report::Entity::insert(row).on_conflict(put).exec_without_returning(transaction).await?;
    change(core, transaction, owner, report).await
}

async fn change(core: &Core, transaction: &DatabaseTransaction, owner: Owner, report: &Report) -> Result<()> {
    use finding_change::{ActiveModel, Column, Entity};
    let now = core.now().0;
    let open = Entity::find().filter(Column::OwnerId.eq(owner.id())).filter(Column::Until.is_null());
    let open = open.all(transaction).await?;
    let same = |row: &finding_change::Model, finding: &Finding| {
        row.check_name == finding.check && row.severity == finding.severity.as_str() && row.title == finding.title
    };
    let ended: Vec<Uuid> =
        open.iter().filter(|row| !report.findings.iter().any(|finding| same(row, finding))).map(|row| row.id).collect();
    if !ended.is_empty() {
        let until = ActiveModel { until: Set(Some(now)), ..Default::default() };
        Entity::update_many().set(until).filter(Column::Id.is_in(ended)).exec(transaction).await?;
    }
    let begun: Vec<ActiveModel> = report
        .findings
        .iter()
        .filter(|finding| !open.iter().any(|row| same(row, finding)))
        .map(|finding| ActiveModel {
            id: Set(core.new_id::<()>().uuid()),
            owner_kind: Set(owner.kind().to_owned()),
            owner_id: Set(owner.id()),
            check_name: Set(finding.check.clone()),
            at: Set(now),
            severity: Set(finding.severity.as_str().to_owned()),
            title: Set(finding.title.clone()),
            until: Set(None),
        })
        .collect();
    if !begun.is_empty() {
        Entity::insert_many(begun).exec_without_returning(transaction).await?;
    }
    Ok(())
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

/// What the contacts were told; none before the first report.
pub(crate) async fn told(connection: &impl ConnectionTrait, owner: Owner) -> Result<Option<Told>> {
    let row = report::Entity::find_by_id(owner.id()).one(connection).await?;
    row.map(|row| serde_json::from_str(&row.told)).transpose().map_err(Error::internal)
}
