//! MTA-STS policies of recipient domains (RFC 8461): fetched, kept in the database for as long as they say, and asked
//! again when DNS names another one.
//!
//! Owns the table `mta_sts`, so that a policy outlives a restart and holds on every node. It never decides about mail:
//! delivery does (`relay-mta`). A policy that is kept holds until it ends, whatever DNS or the policy host say or do not
//! say meanwhile (§5.1): whoever can silence them must not be able to switch it off.

use crate::{
    Actor, Core, Error, Result, projects, prune,
    tables::mta_sts::{ActiveModel, Column, Entity, Model},
    tls_sessions,
};
use moka::sync::Cache;
use relay_dns::mta_sts::{FetchError, Policy, Record, fetch};
use relay_types::{
    DomainName, Timestamp,
    tls::{StsMode, TlsOutcome},
};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use std::{sync::Arc, time::Duration};

/// How long DNS is not asked again.
const BELIEVED: Duration = Duration::from_secs(60);
/// How long a policy host that failed is left alone (§3.3).
const AGAIN: Duration = Duration::from_secs(300);
/// A policy is fetched anew this long after it was, so that it never ends while it is in use (§3.3).
const REFRESH: Duration = Duration::from_secs(86_400);

/// What was found out a short time ago.
pub(crate) struct Policies(Cache<DomainName, Seen>);

impl Default for Policies {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).build())
    }
}

/// Of one domain.
#[derive(Clone)]
pub(crate) struct Seen {
    at: Timestamp,
    policy: Option<Kept>,
    /// When the policy host failed last.
    failed_at: Option<Timestamp>,
}

#[derive(Clone)]
struct Kept {
    id: String,
    policy: Arc<Policy>,
    fetched_at: Timestamp,
    expires_at: Timestamp,
}

impl Kept {
    fn wants_refresh(&self, now: Timestamp) -> bool {
        now.since(self.fetched_at) >= REFRESH.min(self.policy.max_age / 2)
    }
}

/// The policy that holds for mail to a domain now; none when it has none.
///
/// Asks DNS once a minute at most, and the policy host when the id there is another one. Takes 20 seconds and a look-up
/// at most.
pub async fn policy(core: &Core, domain: &DomainName) -> Result<Option<Arc<Policy>>> {
    let now = core.now();
    let seen = core.policies.0.get(domain);
    if let Some(seen) = seen.as_ref().filter(|seen| seen.at <= now && now.since(seen.at) < BELIEVED) {
        return Ok(holding(seen.policy.as_ref(), now));
    }
    let kept = read(core, domain).await?.filter(|kept| kept.expires_at > now);
    // Whether there is a policy is unknown when DNS does not answer, and then what is kept holds.
    let record = match core.resolver.txt(&format!("_mta-sts.{domain}")).await {
        Ok(answer) => Record::read(&answer.texts),
        Err(_) => Record::Missing,
    };
    let failed_at = seen.and_then(|seen| seen.failed_at).filter(|at| now.since(*at) < AGAIN);
    let wanted = match record {
        Record::Id(id) if failed_at.is_some() => {
            tracing::debug!(%domain, id, "the policy host failed a moment ago");
            None
        }
        Record::Id(id) => {
            Some(id).filter(|id| kept.as_ref().is_none_or(|kept| kept.id != *id || kept.wants_refresh(now)))
        }
        Record::Missing | Record::Unreadable => None,
    };
    let seen = match wanted {
        None => Seen { at: now, policy: kept, failed_at },
        Some(id) => match fetch(&core.resolver, domain, &core.config.tls.mta_sts).await {
            Ok(policy) => Seen { at: now, policy: Some(keep(core, domain, id, policy).await?), failed_at: None },
            Err(error) => {
                tracing::warn!(%domain, %error, kept = kept.is_some(), "an MTA-STS policy cannot be fetched");
                tls_sessions::note(core, domain, true, outcome(&error));
                Seen { at: now, policy: kept, failed_at: Some(now) }
            }
        },
    };
    core.policies.0.insert(domain.clone(), seen.clone());
    Ok(holding(seen.policy.as_ref(), now))
}

/// A mode of none says that there is no policy any more (§5).
fn holding(kept: Option<&Kept>, now: Timestamp) -> Option<Arc<Policy>> {
    let kept =
        kept.filter(|kept| kept.policy.mode != StsMode::None && (kept.expires_at > now || kept.fetched_at == now))?;
    Some(kept.policy.clone())
}

fn outcome(error: &FetchError) -> TlsOutcome {
    match error {
        FetchError::Away(_) => TlsOutcome::StsPolicyFetchError,
        FetchError::Certificate(_) => TlsOutcome::StsWebpkiInvalid,
        FetchError::Invalid(_) => TlsOutcome::StsPolicyInvalid,
    }
}

async fn read(core: &Core, domain: &DomainName) -> Result<Option<Kept>> {
    let row = Entity::find_by_id(domain.as_str()).one(core.db.read()).await?;
    row.map(|row| {
        let mode = StsMode::parse(&row.mode).ok_or_else(|| Error::internal("a mode that is none"))?;
        let Model { policy_id, mx, fetched_at, expires_at, .. } = row;
        let (fetched_at, expires_at) = (Timestamp(fetched_at), Timestamp(expires_at));
        let mx = serde_json::from_str(&mx).map_err(Error::internal)?;
        let policy = Arc::new(Policy { mode, max_age: expires_at.since(fetched_at), mx });
        Ok(Kept { id: policy_id, policy, fetched_at, expires_at })
    })
    .transpose()
}

async fn keep(core: &Core, domain: &DomainName, id: String, policy: Policy) -> Result<Kept> {
    let fetched_at = core.now();
    let expires_at = fetched_at.plus(policy.max_age);
    let row = ActiveModel {
        domain: Set(domain.to_string()),
        policy_id: Set(id.clone()),
        mode: Set(policy.mode.as_str().to_owned()),
        mx: Set(serde_json::to_string(&policy.mx).map_err(Error::internal)?),
        fetched_at: Set(fetched_at.0),
        expires_at: Set(expires_at.0),
    };
    let mut again = OnConflict::column(Column::Domain);
    again.update_columns([Column::PolicyId, Column::Mode, Column::Mx, Column::FetchedAt, Column::ExpiresAt]);
    let transaction = core.db.begin_aside().await?;
    Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    transaction.commit().await?;
    Ok(Kept { id, policy: Arc::new(policy), fetched_at, expires_at })
}

/// Removes policies that have ended. Returns how many. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    prune::rows(core, "mta_sts", "domain", "expires_at < $1", core.now()).await
}

#[cfg(test)]
mod tests;
