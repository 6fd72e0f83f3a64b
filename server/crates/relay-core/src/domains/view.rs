//! Domains as pages show them.

use super::{Model, challenge, check, delegated_to, state};
use crate::{
    Core, Error, Result, audit, dkim_keys,
    findings::{self, Owner},
    tables::dkim_key,
};
use relay_types::{
    DomainName, Timestamp,
    dns_record::{DnsRecord, Found},
    domain::{DkimKey, DkimKeyState, Domain, DomainDetail, DomainId},
    finding::Severity,
    project::ProjectId,
    sender::Verification,
};

/// What was stored of the last look-up, as a check stores it.
pub(crate) fn found(stored: Option<&str>) -> Result<Option<Found>> {
    stored.map(serde_json::from_str).transpose().map_err(Error::internal)
}

pub(super) async fn detail(core: &Core, row: Model) -> Result<DomainDetail> {
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

pub(super) fn view<'a>(row: &Model, keys: impl Iterator<Item = &'a dkim_key::Model>) -> Result<Domain> {
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
