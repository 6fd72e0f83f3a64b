//! Asks DNS for a domain's records and stores what follows. No transaction is open while DNS is asked.

use super::{
    challenge,
    schedule::{self, Answer, Proof},
    state,
};
use crate::{
    Actor, Core, Result, audit, dkim_keys, due, portal_mail, projects,
    tables::domain::{ActiveModel, Column, Entity, Model},
};
use futures_util::{StreamExt, stream};
use relay_dns::DnsError;
use relay_types::{Timestamp, dns_record::Found, domain::DkimKeyState, project::ProjectId, sender::Verification};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::time::Duration;

/// Domains that are looked at in one round, and at the same time.
const MOST: u64 = 100;
const TOGETHER: usize = 8;
/// A check that another node (or this one) began is not begun again for this long.
const CLAIM: Duration = Duration::from_secs(300);

/// Rechecks all that are due (schedule), a bounded number at a time; returns how many. System only.
pub async fn check_due(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    let due = Entity::find()
        .filter(Column::NextCheckAt.lte(core.now().0))
        .order_by_asc(Column::NextCheckAt)
        .limit(MOST)
        .all(core.db.read())
        .await?;
    let checked = due::each(due, TOGETHER, |row| async move {
        let (id, name) = (row.id, row.name.clone());
        let checked = claim_and_check(core, row).await;
        checked
            .inspect_err(|error| tracing::warn!(domain.id = %id, domain.name = name, %error, "domain is not checked"))
    });
    Ok(checked.await)
}

/// Whether it was this node's to check.
async fn claim_and_check(core: &Core, row: Model) -> Result<bool> {
    let transaction = core.db.begin().await?;
    let later = ActiveModel { next_check_at: Set(core.now().plus(CLAIM).0), ..Default::default() };
    let claimed = Entity::update_many()
        .set(later)
        .filter(Column::Id.eq(row.id))
        .filter(Column::NextCheckAt.eq(row.next_check_at))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    if claimed.rows_affected == 0 {
        return Ok(false);
    }
    check(core, row).await?;
    Ok(true)
}

/// Asks for the challenge and for each key, and stores what follows.
pub(super) async fn check(core: &Core, row: Model) -> Result<()> {
    let keys = dkim_keys::of(core.db.read(), &[row.id]).await?;
    let proof = async {
        match challenge(&row) {
            Some((name, value)) => Some((ask(core, &name).await, value)),
            None => None,
        }
    };
    let names: Vec<String> = keys.iter().map(|key| dkim_keys::record_name(&key.selector, &row.name)).collect();
    let records = stream::iter(names.into_iter().map(|name| async move { ask(core, &name).await }))
        .buffered(TOGETHER)
        .collect::<Vec<_>>();
    let (proof, records) = tokio::join!(proof, records);

    let now = core.now();
    let keys = keys.into_iter().zip(&records).map(|(key, answer)| dkim_keys::judged(key, answer, now));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    let mut after = judged(&row, proof, now)?;
    let answer = after.1;
    let waiting = waiting_since(&after.0, &keys)?;
    let proof = Proof { state: state(&after.0)?, missing_since: after.0.missing_since.map(Timestamp) };
    after.0.next_check_at = now.plus(schedule::wait(proof, answer, waiting, now)).0;
    store(core, &row, after.0, &keys).await
}

/// The texts at a name now; none is an answer, the error says that nothing is known.
async fn ask(core: &Core, name: &str) -> std::result::Result<Found, DnsError> {
    let answer = core.resolver().txt(name).await?;
    let resolvers = core.resolver().servers().to_vec();
    Ok(Found { values: answer.texts, ttl: answer.ttl, resolvers, asked_at: core.now() })
}

/// Whether texts prove a domain whose challenge has this value.
pub(super) fn proves(texts: &[String], value: &str) -> bool {
    texts.iter().any(|text| text.trim() == value)
}

/// The row after the answer for its challenge.
fn judged(
    row: &Model,
    proof: Option<(std::result::Result<Found, DnsError>, String)>,
    now: Timestamp,
) -> Result<(Model, Answer)> {
    let (answer, found, trouble) = match proof {
        None => (Answer::Seen, None, None),
        Some((Err(error), _)) => (Answer::Unknown, None, Some(error)),
        Some((Ok(found), value)) => {
            let seen = proves(&found.values, &value);
            (if seen { Answer::Seen } else { Answer::Absent }, Some(found), None)
        }
    };
    let before = Proof { state: state(row)?, missing_since: row.missing_since.map(Timestamp) };
    let after = schedule::next(before, answer, now);
    let newly_verified = after.state == Verification::Verified && before.state != Verification::Verified;
    let problem = match (answer, trouble) {
        (_, Some(error)) => Some(format!("{error}. The state stays as it is.")),
        (Answer::Absent, _) => Some(absence(after, found.as_ref().is_some_and(|found| !found.values.is_empty()))),
        _ => None,
    };
    let found = match found {
        Some(found) => Some(serde_json::to_string(&found).map_err(crate::Error::internal)?),
        None => row.challenge_found.clone(),
    };
    let row = Model {
        state: after.state.as_str().to_owned(),
        missing_since: after.missing_since.map(|at| at.0),
        verified_at: if newly_verified { Some(now.0) } else { row.verified_at },
        checked_at: Some(now.0),
        problem,
        challenge_found: found,
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

/// Since when a record is waited for that was never seen.
fn waiting_since(row: &Model, keys: &[crate::tables::dkim_key::Model]) -> Result<Option<Timestamp>> {
    let mut since = (state(row)? == Verification::Pending).then_some(row.created_at);
    for key in keys {
        if dkim_keys::state(key)? == DkimKeyState::Pending {
            since = since.max(Some(key.created_at));
        }
    }
    Ok(since.map(Timestamp))
}

/// Stores a row and its keys, unless the domain was removed or marked verified meanwhile.
async fn store(core: &Core, before: &Model, after: Model, keys: &[crate::tables::dkim_key::Model]) -> Result<()> {
    let transaction = core.db.begin().await?;
    let change = ActiveModel {
        state: Set(after.state.clone()),
        verified_at: Set(after.verified_at),
        checked_at: Set(after.checked_at),
        next_check_at: Set(after.next_check_at),
        missing_since: Set(after.missing_since),
        problem: Set(after.problem.clone()),
        challenge_found: Set(after.challenge_found.clone()),
        ..Default::default()
    };
    let stored = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(before.id))
        .filter(Column::Challenge.eq(before.challenge.as_str()))
        .exec(&transaction)
        .await?;
    if stored.rows_affected == 0 {
        return Ok(());
    }
    for key in keys {
        dkim_keys::store(&transaction, key).await?;
    }
    if before.state != after.state {
        let action = if after.state == Verification::Lost.as_str() { "domain.lose" } else { "domain.verify" };
        let changes = vec![audit::field("state", Some(&before.state), Some(&after.state))];
        let project = before.project_id.map(ProjectId::from_uuid);
        audit::record(core, &transaction, &Actor::System, project, action, &before.name, changes).await?;
    }
    transaction.commit().await?;
    if let (Some(project), Some(until)) = (before.project_id, newly_missing(before, &after)?) {
        portal_mail::domain_unproven(core, ProjectId::from_uuid(project), &before.name, until).await;
    }
    Ok(())
}

/// Until when a domain may still be used whose proof was there at the check before, and is not any more.
fn newly_missing(before: &Model, after: &Model) -> Result<Option<Timestamp>> {
    let since = after.missing_since.filter(|_| before.missing_since.is_none());
    let in_use = state(after)? == Verification::Verified;
    Ok(since.filter(|_| in_use).map(|since| Timestamp(since).plus(schedule::GRACE)))
}
