//! How TLS with other domains' mail servers came out, a day and a domain: what reports of RFC 8460 would say, and what
//! the operator sees.
//!
//! Owns the table `tls_session`. Counts are gathered in memory and written by the way: a process that dies takes those of
//! the last seconds with it. Nothing is sent to anybody.

use crate::{
    Actor, Core, Result, projects, prune,
    tables::{
        mta_sts,
        tls_session::{ActiveModel, Column, Entity, Model},
    },
};
use relay_types::{
    DomainName, Timestamp,
    tls::{StsMode, TlsOutcome, TlsOverview, TlsSessions},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

const DAY: Duration = Duration::from_secs(86_400);
/// Days on the page, and days that are kept.
const SHOWN: u32 = 7;
const KEPT: u32 = 31;
/// Domains on the page.
const MOST: usize = 100;
/// Domains of a day that are counted at most between two writes.
const GATHERED: usize = 10_000;
/// Rows of one statement.
const TOGETHER: usize = 500;
const STS: &str = "sts";
const NO_POLICY: &str = "no-policy-found";

/// Sessions by day, domain, kind of policy and outcome.
type Counts = HashMap<(i64, DomainName, &'static str, TlsOutcome), i64>;

/// Counts that wait to be written.
#[derive(Default)]
pub(crate) struct Gathered(Mutex<Counts>);

impl Gathered {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a session with a mail server of `domain`, or a policy that could not be had; `sts` says whether the domain has
/// an MTA-STS policy.
pub fn note(core: &Core, domain: &DomainName, sts: bool, outcome: TlsOutcome) {
    let mut gathered = core.tls_counts.lock();
    let key = (day(core.now()), domain.clone(), if sts { STS } else { NO_POLICY }, outcome);
    if gathered.len() < GATHERED || gathered.contains_key(&key) {
        *gathered.entry(key).or_default() += 1;
    }
}

/// Writes what was counted since the last call; what cannot be written waits for the next.
pub async fn write(core: &Core) -> Result<()> {
    let gathered = std::mem::take(&mut *core.tls_counts.lock());
    if gathered.is_empty() {
        return Ok(());
    }
    let written = insert(core, &gathered).await;
    if written.is_err() {
        let mut waiting = core.tls_counts.lock();
        for (key, count) in gathered {
            *waiting.entry(key).or_default() += count;
        }
    }
    written
}

async fn insert(core: &Core, gathered: &Counts) -> Result<()> {
    let mut rows: Vec<_> = gathered.iter().collect();
    // Two nodes that write the same rows never wait for each other.
    rows.sort_by(|(one, _), (other, _)| {
        (one.0, one.1.as_str(), one.2, one.3).cmp(&(other.0, other.1.as_str(), other.2, other.3))
    });
    let mut add = OnConflict::columns([Column::Day, Column::Domain, Column::Policy, Column::Outcome]);
    add.value(Column::Sessions, Expr::col((Entity, Column::Sessions)).add(Expr::col(("excluded", "sessions"))));
    let transaction = core.db.begin_aside().await?;
    for rows in rows.chunks(TOGETHER) {
        let rows = rows.iter().map(|((day, domain, policy, outcome), count)| ActiveModel {
            day: Set(*day),
            domain: Set(domain.to_string()),
            policy: Set((*policy).to_owned()),
            outcome: Set(outcome.as_str().to_owned()),
            sessions: Set(**count),
        });
        Entity::insert_many(rows).on_conflict(add.clone()).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The rules, and the sessions of the last seven days: domains with failures first, then those with most sessions.
/// Operator only.
pub async fn overview(core: &Core, actor: &Actor) -> Result<TlsOverview> {
    projects::authorize_operator(actor)?;
    let since = day(core.now().minus(DAY * (SHOWN - 1)));
    let rows = Entity::find().filter(Column::Day.gte(since)).all(core.db.read()).await?;
    let mut domains: BTreeMap<String, (u64, BTreeMap<TlsOutcome, u64>)> = BTreeMap::new();
    for Model { domain, outcome, sessions, .. } in rows {
        let Some(outcome) = TlsOutcome::parse(&outcome) else { continue };
        let (successes, failures) = domains.entry(domain).or_default();
        let count = match outcome {
            TlsOutcome::Success => successes,
            failure => failures.entry(failure).or_default(),
        };
        *count += u64::try_from(sessions).unwrap_or(0);
    }
    let mut sessions: Vec<TlsSessions> = domains
        .into_iter()
        .filter_map(|(domain, (successes, failures))| {
            let domain = DomainName::parse(&domain).ok()?;
            Some(TlsSessions { domain, policy: None, successes, failures: failures.into_iter().collect() })
        })
        .collect();
    let failed = |one: &TlsSessions| one.failures.iter().map(|(_, count)| count).sum::<u64>();
    sessions.sort_by_key(|one| std::cmp::Reverse((failed(one), one.successes)));
    sessions.truncate(MOST);
    let names: Vec<&str> = sessions.iter().map(|one| one.domain.as_str()).collect();
    let policies: Vec<(String, String, i64)> = mta_sts::Entity::find()
        .select_only()
        .columns([mta_sts::Column::Domain, mta_sts::Column::Mode, mta_sts::Column::ExpiresAt])
        .filter(mta_sts::Column::Domain.is_in(names))
        .filter(mta_sts::Column::ExpiresAt.gt(core.now().0))
        .into_tuple()
        .all(core.db.read())
        .await?;
    for one in &mut sessions {
        let found = policies.iter().find(|(domain, ..)| domain == one.domain.as_str());
        one.policy = found.and_then(|(_, mode, until)| Some((StsMode::parse(mode)?, Timestamp(*until))));
    }
    let tls = &core.config.tls;
    Ok(TlsOverview { rule: tls.rule, rules: tls.rules.clone(), sessions })
}

/// Removes counts of more than a month ago. Returns how many. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let key = "day, domain, policy, outcome";
    prune::rows(core, "tls_session", key, "day < $1", core.now().minus(DAY * KEPT)).await
}

fn day(at: Timestamp) -> i64 {
    let day = i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX);
    at.0 - at.0.rem_euclid(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Access,
        test_support::{Test, word},
    };

    fn name(text: &str) -> DomainName {
        DomainName::parse(text).expect("a name")
    }

    #[tokio::test]
    async fn sessions_are_added_up_a_day_and_shown_for_a_week() {
        let test = Test::new().await;
        let core = &test.core;
        let (good, bad) = (name("good.example"), name("bad.example"));
        for _ in 0..3 {
            note(core, &good, false, TlsOutcome::Success);
        }
        note(core, &bad, true, TlsOutcome::Success);
        write(core).await.expect("written");
        for outcome in [TlsOutcome::CertificateExpired, TlsOutcome::CertificateExpired, TlsOutcome::StsPolicyFetchError]
        {
            note(core, &bad, true, outcome);
        }
        write(core).await.expect("written");
        write(core).await.expect("nothing to write");
        let shown = overview(core, &Actor::System).await.expect("read").sessions;
        let failures = vec![(TlsOutcome::CertificateExpired, 2), (TlsOutcome::StsPolicyFetchError, 1)];
        assert_eq!(
            shown,
            [
                TlsSessions { domain: bad, policy: None, successes: 1, failures },
                TlsSessions { domain: good, policy: None, successes: 3, failures: vec![] }
            ]
        );
        test.clock.advance(DAY * SHOWN);
        assert!(overview(core, &Actor::System).await.expect("read").sessions.is_empty());
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), 0);
        test.clock.advance(DAY * KEPT);
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), 4);
    }

    #[tokio::test]
    async fn operators_alone_see_them_and_the_system_alone_removes_them() {
        let test = Test::new().await;
        let (id, slug) = test.project("bio").await;
        let cast = test.cast(id, &slug).await;
        for (actor, refusal) in cast.refused(Access::Operate) {
            let refusal = if refusal == "NotFound" { "Forbidden" } else { refusal };
            assert_eq!(word(&overview(&test.core, actor).await), refusal, "{actor:?}");
            assert_ne!(word(&prune(&test.core, actor).await), "Ok", "{actor:?}");
        }
    }
}
