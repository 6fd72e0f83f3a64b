//! Asks DNS for all of a domain's records, judges them and stores what follows. No transaction is open while DNS is asked.

use super::{
    challenge, reach,
    schedule::{self, Answer, Health, Proof},
    state, subject, watched,
};
use crate::{
    Actor, Core, Result, audit,
    dkim_keys::{self, rotation},
    dns_health::{self, Mailed, Seen},
    due,
    findings::{self, Owner},
    portal_mail, projects,
    tables::{
        dkim_key,
        domain::{ActiveModel, Column, Entity, Model},
    },
};
use relay_dns::Ask;
use relay_types::{
    Timestamp,
    dns_record::Found,
    domain::{DkimKeyState, DomainId},
    finding::{Finding, Severity, Subject as About},
    project::ProjectId,
    sender::Verification,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::time::Duration;
use uuid::Uuid;

/// Domains that are looked at in one round, and at the same time.
const MOST: u64 = 100;
const TOGETHER: usize = 8;
/// A check that another node (or this one) began is not begun again for this long.
const CLAIM: Duration = Duration::from_secs(300);

/// Who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A person who waits for what authoritative servers have now.
    Person,
    /// The schedule: a resolver will do, until something became worse.
    Clock,
}

/// Rechecks all that are due (schedule), a bounded number at a time; returns how many. System only.
pub async fn check_due(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    let mut all = 0;
    loop {
        let due = due::rows(core, watched(), Column::NextCheckAt, MOST).await?;
        let round = due.len() as u64;
        let checked = due::each(due, TOGETHER, |row| async move {
            let (id, name) = (row.id, row.name.clone());
            let checked = claim_and_check(core, row).await;
            checked.inspect_err(
                |error| tracing::warn!(domain.id = %id, domain.name = name, %error, "domain is not checked"),
            )
        });
        all += checked.await;
        if round < MOST {
            return Ok(all);
        }
    }
}

/// Whether it was this node's to check.
async fn claim_and_check(core: &Core, row: Model) -> Result<bool> {
    let this = Entity::update_many().filter(Column::Id.eq(row.id));
    let Some(until) = due::claim(core, this, Column::NextCheckAt, row.next_check_at, CLAIM).await? else {
        return Ok(false);
    };
    check(core, Model { next_check_at: until, ..row }, Cause::Clock).await?;
    Ok(true)
}

/// Asks for everything a domain is judged by, and stores what follows.
pub(super) async fn check(core: &Core, row: Model, cause: Cause) -> Result<()> {
    let keys = dkim_keys::of(core.db.read(), &[row.id]).await?;
    let seen = look(core, &row, &keys, cause).await?;
    store(core, &row, seen).await
}

/// What there is to see. People and those who wait for a record, or are about to lose something, get what authoritative
/// servers say now; so does what looks worse than before, for a resolver may be wrong.
pub(super) async fn look(core: &Core, row: &Model, keys: &[dkim_key::Model], cause: Cause) -> Result<Seen> {
    let subject = subject(core, row, keys)?;
    let ours = dns_health::ours(core).await?;
    let waits = waiting_since(row, keys)?.is_some_and(|since| core.now().since(since) < schedule::SOON);
    if cause == Cause::Person {
        let watched = dns_health::Watched::new(core, row.id);
        return Ok(dns_health::look_watched(core, &subject, &ours, Ask::Authoritative, Some(&watched)).await);
    }
    if waits || row.missing_since.is_some() {
        return Ok(dns_health::look(core, &subject, &ours, Ask::Authoritative).await);
    }
    let before = findings::latest(core.db.read(), Owner::Domain(DomainId::from_uuid(row.id))).await?;
    let seen = dns_health::look(core, &subject, &ours, Ask::Resolver).await;
    if findings::is_worse(before.as_ref(), &seen.report) || is_gone(row, keys, &seen)? {
        return Ok(dns_health::look(core, &subject, &ours, Ask::Authoritative).await);
    }
    Ok(seen)
}

/// Whether the proof or the record of a key that signs is not there any more.
fn is_gone(row: &Model, keys: &[dkim_key::Model], seen: &Seen) -> Result<bool> {
    let (_, answer) = judged(row, seen, seen.report.checked_at)?;
    if state(row)? == Verification::Verified && answer == Answer::Absent {
        return Ok(true);
    }
    for key in keys {
        let name = dkim_keys::record_name(&key.selector, &row.name);
        let after = dkim_keys::judged(key.clone(), &seen.texts(&name), true, seen.report.checked_at)?;
        if dkim_keys::state(key)? == DkimKeyState::Active && dkim_keys::state(&after)? == DkimKeyState::Missing {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether texts prove a domain whose challenge has this value.
pub(super) fn proves(texts: &[String], value: &str) -> bool {
    texts.iter().any(|text| text.trim() == value)
}

/// The row after the answer for its challenge.
fn judged(row: &Model, seen: &Seen, now: Timestamp) -> Result<(Model, Answer)> {
    let (answer, found, trouble): (Answer, Option<Found>, Option<String>) = match challenge(row) {
        None => (Answer::Seen, None, None),
        Some((name, value)) => match seen.texts(&name) {
            Err(why) => (Answer::Unknown, None, Some(why)),
            Ok(found) if proves(&found.values, &value) => (Answer::Seen, Some(found), None),
            Ok(found) => (Answer::Absent, Some(found), None),
        },
    };
    let before = Proof { state: state(row)?, missing_since: row.missing_since.map(Timestamp) };
    let after = schedule::next(before, answer, now);
    let newly_verified = after.state == Verification::Verified && before.state != Verification::Verified;
    let problem = match (answer, trouble) {
        (_, Some(why)) => Some(format!("DNS does not answer: {why}. The state stays as it is.")),
        (Answer::Absent, _) => Some(absence(after, found.as_ref().is_some_and(|found| !found.values.is_empty()))),
        _ => None,
    };
    let found = match found {
        Some(found) => Some(serde_json::to_string(&found).map_err(crate::Error::internal)?),
        None => row.challenge_found.clone(),
    };
    let worst = seen.report.worst();
    let failing_since = (worst >= Severity::Unknown).then(|| row.failing_since.unwrap_or(now.0));
    let row = Model {
        state: after.state.as_str().to_owned(),
        missing_since: after.missing_since.map(|at| at.0),
        verified_at: if newly_verified { Some(now.0) } else { row.verified_at },
        checked_at: Some(now.0),
        problem,
        challenge_found: found,
        worst: Some(worst.as_str().to_owned()),
        to_mend: i32::try_from(seen.report.to_mend()).unwrap_or(i32::MAX),
        failing_since,
        ..row.clone()
    };
    Ok((row, answer))
}

fn absence(proof: Proof, another: bool) -> String {
    let what = if another { "The challenge record has another value" } else { "There is no challenge record" };
    match (proof.state, proof.missing_since) {
        (Verification::Pending, _) | (_, None) if !another => format!("{what} yet."),
        (Verification::Pending, _) | (_, None) => format!("{what}."),
        (Verification::Verified, Some(since)) => {
            let until = since.plus(schedule::GRACE).text();
            format!("{what} since {}. Without it the domain cannot be used after {until}.", since.text())
        }
        (Verification::Lost, Some(since)) => format!("{what} since {}. The domain cannot be used.", since.text()),
    }
}

/// The row with when DNS is asked again: by its proof, its keys and its findings, and when a key may go.
fn scheduled(row: Model, answer: Answer, keys: &[dkim_key::Model], now: Timestamp) -> Result<Model> {
    let proof = Proof { state: state(&row)?, missing_since: row.missing_since.map(Timestamp) };
    let health = Health {
        proof,
        answer,
        waiting_since: waiting_since(&row, keys)?,
        failing_since: row.failing_since.map(Timestamp),
    };
    let next = now.plus(due::spread(schedule::wait(health, now), row.id)).0;
    let retires = keys.iter().filter_map(|key| key.retires_at).min();
    Ok(Model { next_check_at: retires.map_or(next, |at| next.min(at)), ..row })
}

/// Since when a record is waited for that was never seen.
fn waiting_since(row: &Model, keys: &[dkim_key::Model]) -> Result<Option<Timestamp>> {
    let mut since = (state(row)? == Verification::Pending).then_some(row.created_at);
    for key in keys {
        if dkim_keys::state(key)? == DkimKeyState::Pending {
            since = since.max(Some(key.created_at));
        }
    }
    Ok(since.map(Timestamp))
}

/// What follows from a look.
struct Outcome {
    row: Model,
    keys: Vec<dkim_key::Model>,
    gone: Vec<Uuid>,
}

fn outcome(core: &Core, row: &Model, keys: Vec<dkim_key::Model>, seen: &Seen) -> Result<Outcome> {
    let now = core.now();
    let after = keys.into_iter().map(|key| {
        let name = dkim_keys::record_name(&key.selector, &row.name);
        dkim_keys::judged(key, &seen.texts(&name), seen.agreed(&name), now)
    });
    let (keys, gone) = rotation::settle(after.collect::<Result<_>>()?, now, core.config.queue_lifetime)?;
    let (after, answer) = judged(row, seen, now)?;
    let row = scheduled(after, answer, &keys, now)?;
    Ok(Outcome { row, keys, gone })
}

/// Stores what follows, unless the domain was removed or marked verified meanwhile, with the mail that tells of what
/// changed.
///
/// What follows is judged again under the lock, from the row and the keys as they are now: another check may have ended
/// or a rotation begun since DNS was asked. What was seen before what is stored was seen is old, and is dropped.
pub(super) async fn store(core: &Core, looked_at: &Model, mut seen: Seen) -> Result<()> {
    if let Some(reach) = reach::of(looked_at)? {
        seen.report.add(reach::finding(&reach));
    }
    let (id, now) = (DomainId::from_uuid(looked_at.id), core.now());
    let owner = Owner::Domain(id);
    let project = looked_at.project_id.map(ProjectId::from_uuid);
    let keys = dkim_keys::of(core.db.read(), &[looked_at.id]).await?;
    let Outcome { row: after, keys, .. } = outcome(core, looked_at, keys, &seen)?;
    let news = dns_health::is_news(core, owner, &seen.report, mailed(looked_at, &keys)?, now).await?;
    let mail = match (news, project) {
        (true, Some(project)) => Some(portal_mail::health::of_domain(core, project, &looked_at.name, id).await?),
        (true, None) => Some(portal_mail::health::of_default_domain(core, &looked_at.name).await?),
        (false, _) => None,
    };
    let unproven = match (project, newly_missing(looked_at, &after)?) {
        (Some(project), Some(until)) => {
            Some(portal_mail::domain_unproven(core, project, &looked_at.name, id, until).await?)
        }
        _ => None,
    };
    let tells = mail.is_some() || unproven.is_some();
    let transaction = core.db.begin().await?;
    let before = Entity::find_by_id(looked_at.id).lock_exclusive().one(&transaction).await?;
    let Some(before) = before.filter(|row| row.challenge == looked_at.challenge) else { return Ok(()) };
    if before.checked_at != looked_at.checked_at {
        let stored = findings::latest(&transaction, owner).await?;
        if stored.is_some_and(|stored| stored.checked_at > seen.report.checked_at) {
            return Ok(());
        }
    }
    let keys = dkim_keys::of(&transaction, &[before.id]).await?;
    let Outcome { row: after, keys, gone } = outcome(core, &before, keys, &seen)?;
    let missing = newly_missing(&before, &after)?.is_some();
    if missing && project.is_some() && unproven.is_none() {
        // The proof came back and went again while this check ran: whoever sees it next tells.
        return Ok(());
    }
    let mailed = mailed(&before, &keys)?;
    let report = seen.report;
    // Who made it due while this check ran, as new keys do, waits for the next one.
    let next_check_at = match before.next_check_at == looked_at.next_check_at {
        true => after.next_check_at,
        false => after.next_check_at.min(before.next_check_at),
    };
    let change = ActiveModel {
        id: Set(before.id),
        state: Set(after.state.clone()),
        verified_at: Set(after.verified_at),
        checked_at: Set(after.checked_at),
        next_check_at: Set(next_check_at),
        missing_since: Set(after.missing_since),
        problem: Set(after.problem.clone()),
        challenge_found: Set(after.challenge_found.clone()),
        worst: Set(after.worst.clone()),
        to_mend: Set(after.to_mend),
        failing_since: Set(after.failing_since),
        ..Default::default()
    };
    Entity::update(change).exec(&transaction).await?;
    for key in &keys {
        dkim_keys::store(&transaction, key).await?;
    }
    dkim_keys::remove_some(&transaction, gone).await?;
    dns_health::keep(core, &transaction, (owner, &report), &mailed, mail, now).await?;
    if before.state != after.state {
        let action = if after.state == Verification::Lost.as_str() { "domain.lose" } else { "domain.verify" };
        let changes = vec![audit::field("state", Some(&before.state), Some(&after.state))];
        audit::record(core, &transaction, &Actor::System, project, action, &before.name, changes).await?;
    }
    if let Some(mail) = unproven.filter(|_| missing) {
        mail.keep(core, &transaction).await?;
    }
    transaction.commit().await?;
    if tells {
        core.queue_wake.notify_one();
    }
    Ok(())
}

/// How what became worse is mailed: not while the domain is being set up, nor of keys whose records somebody is about to
/// publish; the proof has a mail of its own.
fn mailed(row: &Model, keys: &[dkim_key::Model]) -> Result<impl Fn(&Finding) -> Mailed + use<>> {
    let setting_up = state(row)? == Verification::Pending;
    let mut waiting = Vec::new();
    for key in keys {
        if matches!(dkim_keys::state(key)?, DkimKeyState::Pending | DkimKeyState::Retiring) {
            waiting.push(format!("dkim.{}", key.selector));
        }
    }
    Ok(move |finding: &Finding| match finding.subject {
        _ if setting_up || waiting.contains(&finding.check) => Mailed::Never,
        About::Proof => Mailed::Elsewhere,
        _ => Mailed::Here,
    })
}

/// Until when a domain may still be used whose proof was there at the check before, and is not any more.
fn newly_missing(before: &Model, after: &Model) -> Result<Option<Timestamp>> {
    let since = after.missing_since.filter(|_| before.missing_since.is_none());
    let in_use = state(after)? == Verification::Verified;
    Ok(since.filter(|_| in_use).map(|since| Timestamp(since).plus(schedule::GRACE)))
}
