//! Domains as DNS health sees them: how one is judged, which one is known, and which are to be mended.

use super::{Model, challenge, default_row, of_name, state};
use crate::{
    Access, Actor, Core, Error, Result, dkim_keys,
    findings::{self, Owner},
    projects,
    tables::{
        dkim_key,
        domain::{Column, Entity},
    },
};
use relay_dns::judge::{OurKey, Subject};
use relay_types::{
    DomainName,
    domain::{DkimAlgorithm, DomainId},
    finding::{Report, Severity},
    overview::DomainToMend,
    prediction::Prediction,
    project::ProjectId,
    sender::Verification,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Domains to be mended that an overview shows.
const TO_MEND: u64 = 5;
/// Domains whose mail a ticket predicts.
const PREDICTED: u64 = 20;

/// The domain as it is judged.
pub(crate) fn subject(core: &Core, row: &Model, keys: &[dkim_key::Model]) -> Result<Subject> {
    // Keys wait for the proof, too.
    let proven = state(row)? == Verification::Verified;
    let key = |key| dkim_keys::ours(key).map(|key| OurKey { signs: key.signs && proven, ..key });
    let delegated_to = delegated_to(core, &row.name);
    // While keys are exchanged both places are taken, and the next ones have that of the old.
    let next = delegated_to.is_some() && keys.len() <= DkimAlgorithm::ALL.len();
    Ok(Subject {
        domain: DomainName::parse(&row.name).map_err(Error::internal)?,
        keys: keys.iter().map(key).collect::<Result<_>>()?,
        proof: challenge(row),
        next_selectors: if next { dkim_keys::next_delegated(keys) } else { Vec::new() },
        delegated_to,
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

/// The domain of this name that the one who asks may see, as it is judged: of a project of theirs (or of the token), a
/// verified one first, or for operators the default domain. None when there is none, or it is somebody else's.
pub(crate) async fn known(core: &Core, actor: &Actor, name: &DomainName) -> Result<Option<Subject>> {
    let rows = Entity::find().filter(Column::Name.eq(name.as_str())).order_by_asc(Column::Id);
    let mut rows = rows.all(core.db.read()).await?;
    rows.sort_by_key(|row| row.state != Verification::Verified.as_str());
    for row in rows {
        let seen = match (row.project_id, actor) {
            // That it may read DNS health was judged before.
            (Some(project), Actor::ApiToken { project_id, .. }) => project_id.uuid() == project,
            (Some(project), _) => {
                let slug = projects::slug(core, ProjectId::from_uuid(project)).await?;
                projects::authorize(core, actor, &slug, Access::View).await.is_ok()
            }
            (None, _) => projects::authorize_operator(actor).is_ok(),
        };
        if seen {
            return of_row(core, &row).await.map(Some);
        }
    }
    Ok(None)
}

/// The domain whose keys sign for a header From in `name`, with its last report: the project's own, else the operator's.
pub(crate) async fn signing(
    core: &Core,
    project: ProjectId,
    name: &DomainName,
) -> Result<Option<(Subject, Option<Report>)>> {
    let row = match of_name(core.db.read(), Some(project), name).await? {
        Some(row) => Some(row),
        None => default_row(core.db.read()).await?.filter(|row| row.name == name.as_str()),
    };
    let Some(row) = row else { return Ok(None) };
    let report = findings::latest(core.db.read(), Owner::Domain(DomainId::from_uuid(row.id))).await?;
    Ok(Some((of_row(core, &row).await?, report)))
}

/// The project's domain of this name, or the nearest above it, with its last report.
pub(crate) async fn nearest(
    core: &Core,
    project: ProjectId,
    name: &DomainName,
) -> Result<Option<(DomainId, Option<Report>)>> {
    let above = std::iter::successors(Some(name.as_str()), |name| name.split_once('.').map(|(_, parent)| parent));
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Name.is_in(above.filter(|name| name.contains('.'))))
        .all(core.db.read())
        .await?;
    let Some(nearest) = rows.into_iter().max_by_key(|row| row.name.len()) else { return Ok(None) };
    let id = DomainId::from_uuid(nearest.id);
    Ok(Some((id, findings::latest(core.db.read(), Owner::Domain(id)).await?)))
}

/// What would become of mail of the project's verified domains, by their last reports; of the first twenty.
pub(crate) async fn predictions(core: &Core, project: ProjectId) -> Result<Vec<Prediction>> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::State.eq(Verification::Verified.as_str()))
        .order_by_asc(Column::Name)
        .limit(PREDICTED);
    let mut all = Vec::new();
    for row in rows.all(core.db.read()).await? {
        let report = findings::latest(core.db.read(), Owner::Domain(DomainId::from_uuid(row.id))).await?;
        all.extend(report.into_iter().flat_map(|report| report.predictions));
    }
    Ok(all)
}

async fn of_row(core: &Core, row: &Model) -> Result<Subject> {
    subject(core, row, &dkim_keys::of(core.db.read(), &[row.id]).await?)
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
