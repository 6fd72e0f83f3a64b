//! Addresses as pages show them.

use super::{ip, row};
use crate::{
    Access, Actor, Core, Error, Result, audit, egress, name_changes, projects, ranges,
    tables::{address::Model, address_range},
    tickets,
};
use relay_types::{
    DomainName, Timestamp,
    address::{Address, AddressDetail, AddressId, AddressProject, RangeName},
    project::{ProjectId, Slug},
    range::RangeId,
    reverse::{Fcrdns, ForwardFound, ForwardState},
};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use uuid::Uuid;

/// Everything about an address of the project. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: AddressId) -> Result<AddressDetail> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let row = row(core.db.read(), id.uuid()).await?;
    if row.project_id != Some(project.uuid()) {
        return Err(Error::NotFound);
    }
    detail(core, row, Some(project)).await
}

/// Everything about an address, whosever it is. The service desk, operators.
pub async fn get_for_desk(core: &Core, actor: &Actor, id: AddressId) -> Result<AddressDetail> {
    projects::authorize_desk(actor)?;
    let row = row(core.db.read(), id.uuid()).await?;
    detail(core, row, None).await
}

/// `of` is the project that asks: it sees nothing of those who had the address before.
pub(super) async fn detail(core: &Core, row: Model, of: Option<ProjectId>) -> Result<AddressDetail> {
    let changes = name_changes::of_address(core, &row, of).await?;
    let history = match row.project_id.map(ProjectId::from_uuid) {
        Some(project) => audit::about(core, project, &row.text).await?,
        None => Vec::new(),
    };
    let forward: Option<ForwardFound> = read(row.forward.as_deref())?;
    let forward_record = match (&forward, ip(&row)) {
        (Some(forward), Ok(ip)) if forward.points_to(ip) != ForwardState::Matches => {
            DomainName::parse(&forward.name).ok().map(|name| tickets::forward_record(&name, ip))
        }
        _ => None,
    };
    Ok(AddressDetail {
        note: row.note.clone(),
        ptr: read(row.ptr.as_deref())?,
        forward,
        forward_record,
        changes,
        history,
        address: shown(core, vec![row]).await?.pop().ok_or(Error::NotFound)?,
    })
}

/// Rows with what other tables say of them, in their order.
pub(super) async fn shown(core: &Core, rows: Vec<Model>) -> Result<Vec<Address>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut owners: Vec<Uuid> = rows.iter().filter_map(|row| row.project_id).collect();
    owners.sort_unstable();
    owners.dedup();
    let projects = projects::named(core.db.read(), Some(owners)).await?;
    let ranges: HashMap<Uuid, address_range::Model> =
        ranges::rows(core.db.read()).await?.into_iter().map(|range| (range.id, range)).collect();
    let tickets = tickets::open_for(core.db.read(), &ids).await?;
    let egress = egress::texts(core.db.read()).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let range = ranges.get(&row.range_id).ok_or_else(|| Error::internal("an address without its range"))?;
        let project = row.project_id.and_then(|id| projects.get(&id));
        let closed_at = project.and_then(|project| project.closed_at);
        shown.push(Address {
            id: AddressId::from_uuid(row.id),
            project: match project {
                Some(project) => Some(AddressProject {
                    slug: Slug::parse(&project.slug).map_err(Error::internal)?,
                    name: project.name.clone(),
                }),
                None => None,
            },
            range: RangeName {
                id: RangeId::from_uuid(range.id),
                label: range.label.clone(),
                site: range.site.clone(),
                zone: range.zone.clone(),
            },
            default: if row.prefix { None } else { ranges::default_name(range, ip(&row)?) },
            found: row.ptr.as_ref().map(|_| names(&row)),
            fcrdns: row.fcrdns.as_deref().and_then(Fcrdns::parse),
            checked_at: row.ptr.as_ref().and(row.checked_at).map(Timestamp),
            loses_name_at: loses_name_at(core, &row, closed_at),
            ticket: tickets.get(&row.id).copied(),
            egress: egress.contains(&row.text),
            address: row.text,
            prefix: row.prefix,
            wanted: row.wanted,
        });
    }
    Ok(shown)
}

/// The PTR names that were found last.
pub(super) fn names(row: &Model) -> Vec<String> {
    row.names.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// When the name is taken: the forward record was missing for the whole grace, or the project was closed for its.
fn loses_name_at(core: &Core, row: &Model, closed_at: Option<i64>) -> Option<Timestamp> {
    row.wanted.as_ref()?;
    let config = &core.config.reverse_dns;
    let missing = row.missing_since.filter(|_| !row.kept).map(|at| Timestamp(at).plus(config.grace));
    let closed = closed_at.map(|at| Timestamp(at).plus(config.closed_grace));
    missing.into_iter().chain(closed).min()
}

fn read<T: DeserializeOwned>(stored: Option<&str>) -> Result<Option<T>> {
    stored.map(serde_json::from_str).transpose().map_err(Error::internal)
}
