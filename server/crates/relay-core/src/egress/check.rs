//! Checks of egress addresses: on demand within seconds, else daily, hourly while something is to be mended.
//!
//! Who runs the relay claims what is due, finds out what only it can (whether port 25 of others is open), and hands that
//! in; DNS is asked here, by nobody who holds a transaction.

use super::{ehlo, judge, locked};
use crate::{
    Actor, Core, Error, Result,
    dns_health::{self, Mailed},
    due,
    findings::{self, Owner},
    portal_mail, projects,
    tables::egress::{Column, Entity, Model},
};
use relay_dns::{Ask, Facts, gather};
use relay_types::{
    Timestamp,
    egress::EgressId,
    finding::{Report, Severity},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use std::{net::IpAddr, time::Duration};

/// A check that somebody began is not begun again for this long.
const CLAIM: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Checks begun in one round.
const MOST: u64 = 16;

/// A check that was begun.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Of which address.
    pub id: EgressId,
    /// The address itself.
    pub address: IpAddr,
}

/// What the relay found out about port 25 of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port25 {
    /// It did not try, and why, in words.
    NotTried(String),
    /// It could not find out, and why, in words.
    Unknown(String),
    /// This host greeted.
    Open(String),
    /// None of these hosts was reached, and what the last one's failure was.
    Closed(Vec<String>, String),
}

/// Asks for a check now; it ends within seconds, and the page shows it. Operator only.
pub async fn check_now(core: &Core, actor: &Actor, id: EgressId) -> Result<()> {
    projects::authorize_operator(actor)?;
    let now = core.now().0;
    let transaction = core.db.begin().await?;
    let mut row = locked(&transaction, id).await?.into_active_model();
    (row.asked_at, row.next_check_at) = (Set(Some(now)), Set(now));
    row.update(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Begins those that are due. System only.
pub async fn claim_due(core: &Core, actor: &Actor) -> Result<Vec<Claimed>> {
    projects::authorize_operator(actor)?;
    let mut claimed = Vec::new();
    for row in due::rows(core, Entity::find(), Column::NextCheckAt, MOST).await? {
        let this = Entity::update_many().filter(Column::Id.eq(row.id));
        if due::claim(core, this, Column::NextCheckAt, row.next_check_at, CLAIM).await?.is_some() {
            let address = row.address.parse().map_err(Error::internal)?;
            claimed.push(Claimed { id: EgressId::from_uuid(row.id), address });
        }
    }
    Ok(claimed)
}

/// Ends a check: asks DNS, judges all, and keeps the report. System only.
pub async fn record(core: &Core, actor: &Actor, claimed: &Claimed, port: Port25) -> Result<()> {
    projects::authorize_operator(actor)?;
    let Some(before) = Entity::find_by_id(claimed.id.uuid()).one(core.db.read()).await? else { return Ok(()) };
    let owner = Owner::Egress(claimed.id);
    let report = report(core, &before, claimed, &port).await?;
    let now = core.now();
    let mailed = |_: &_| Mailed::Here;
    let mail = match dns_health::is_news(core, owner, &report, mailed, now).await? {
        true => Some(portal_mail::health::of_egress(core, claimed.id, claimed.address).await?),
        false => None,
    };
    let tells = mail.is_some();
    let transaction = core.db.begin().await?;
    let Some(row) = Entity::find_by_id(claimed.id.uuid()).lock_exclusive().one(&transaction).await? else {
        return Ok(());
    };
    // Who made it due while DNS was asked, by asking or by another EHLO name, waits for the next one.
    let answered = row.next_check_at == before.next_check_at;
    let mut row = row.into_active_model();
    row.worst = Set(Some(report.worst().as_str().to_owned()));
    row.to_mend = Set(i32::try_from(report.to_mend()).unwrap_or(i32::MAX));
    row.checked_at = Set(Some(now.0));
    if answered {
        row.next_check_at = Set(next(claimed.id, report.worst(), now).0);
        row.asked_at = Set(None);
    }
    row.update(&transaction).await?;
    dns_health::keep(core, &transaction, (owner, &report), mailed, mail, now).await?;
    transaction.commit().await?;
    if tells {
        core.queue_wake.notify_one();
    }
    Ok(())
}

/// What there is to see. Who asked gets what authoritative servers say now; so does what looks worse than before, for a
/// resolver may be wrong.
async fn report(core: &Core, row: &Model, claimed: &Claimed, port: &Port25) -> Result<Report> {
    let (ehlo, lists) = (ehlo(core, row)?, judge::blocklists(&core.config.egress.blocklists));
    let judge = |facts: &Facts| relay_dns::judge::egress::judge(facts, claimed.address, ehlo.as_str(), &lists);
    let look = async |ask: Ask| {
        let now = core.now();
        let (findings, facts) = gather(core.resolver(), ask, now, judge).await;
        let mut report = relay_dns::judge::report(&facts, &claimed.address.to_string(), findings, now);
        report.add(judge::port(port));
        report
    };
    if row.asked_at.is_some() {
        return Ok(look(Ask::Authoritative).await);
    }
    let before = findings::latest(core.db.read(), Owner::Egress(claimed.id)).await?;
    let seen = look(Ask::Resolver).await;
    if findings::is_worse(before.as_ref(), &seen) { Ok(look(Ask::Authoritative).await) } else { Ok(seen) }
}

/// Daily, hourly while something is bad or unknown.
fn next(id: EgressId, worst: Severity, now: Timestamp) -> Timestamp {
    let period = if worst == Severity::Good || worst == Severity::Note { DAY } else { HOUR };
    now.plus(due::spread(period, id.uuid()))
}
