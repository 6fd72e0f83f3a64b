//! What came of an attempt, written in one commit: recipients, timeline, message state, counts, the project's
//! suppression list, and the notification of a failure. So no failure is without its DSN, and none has two.

use crate::{
    Core, Error, Result, bounce,
    commit::Written,
    queue::{Claimed, state},
    retry,
    submission::kept::{self, event_row},
    suppressions,
    tables::{
        message,
        recipient::{Column, Entity},
    },
};
use relay_types::{
    Timestamp,
    message::{Attempt, AttemptOutcome, Cause, EventKind, MessageId, Outcome, RecipientState},
    overview::Counts,
    reply::Reply,
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, sea_query::Expr};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use uuid::Uuid;

/// An attempt and its outcomes, with everything else that is needed inside the commit.
pub(crate) struct Record {
    pub(crate) message: MessageId,
    pub(crate) attempt: Attempt,
    pub(crate) outcomes: Vec<(Claimed, Outcome)>,
    /// 0 to 1, for the jitter of the next due time; one for all, so that they are tried together again.
    pub(crate) chance: f64,
    pub(crate) now: Timestamp,
    /// What a notification needs, when one may be due.
    pub(crate) material: Option<bounce::Material>,
}

/// What becomes of recipients that fared alike; they are written together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fate {
    state: &'static str,
    due_at: Option<i64>,
    last_reply: String,
}

impl Record {
    /// Writes it all; outcomes of a stale lease are left out. Lines of the story go to `written`.
    pub(crate) async fn apply(
        &self,
        core: &Core,
        transaction: &DatabaseTransaction,
        written: &mut Written,
    ) -> Result<()> {
        let judged: Vec<_> = self
            .outcomes
            .iter()
            .map(|(claimed, outcome)| {
                let (outcome, next_at) = judged(&core.config.retry_schedule, claimed, outcome, self.chance, self.now);
                (claimed, outcome, next_at)
            })
            .collect();
        let mut groups: BTreeMap<(Uuid, Fate), Vec<Uuid>> = BTreeMap::new();
        for (claimed, outcome, next_at) in &judged {
            let fate = (claimed.lease.0, Fate::of(outcome, *next_at));
            groups.entry(fate).or_default().push(claimed.recipient_id.uuid());
        }
        let mut live = HashSet::new();
        for ((lease, fate), ids) in groups {
            live.extend(fate.write(transaction, self.message.uuid(), lease, ids).await?);
        }
        if live.is_empty() {
            return Ok(());
        }
        let mut attempt = self.attempt.clone();
        attempt.outcomes.clear();
        let mut counts = Counts::default();
        let (mut failed, mut refused) = (Vec::new(), Vec::new());
        for (claimed, outcome, next_at) in judged {
            if !live.contains(&claimed.recipient_id.uuid()) {
                continue;
            }
            match &outcome {
                Outcome::Delivered(_) | Outcome::Captured => counts.delivered += 1,
                Outcome::TempFail(_) => counts.deferred += 1,
                Outcome::PermFail(cause) => {
                    counts.bounced += 1;
                    failed.push(bounce::fate(claimed, cause, &attempt, self.now));
                    refused
                        .extend(suppressions::says_nobody(cause).map(|reply| (claimed.address.clone(), reply.clone())));
                }
            }
            attempt.outcomes.push(AttemptOutcome { address: claimed.address.clone(), outcome, next_at });
        }
        let captured = attempt.outcomes.iter().any(|one| one.outcome == Outcome::Captured);
        let last_reply = last_reply(&attempt.outcomes);
        written.events.push(event_row(core, self.message.uuid(), self.now, &EventKind::Attempt(attempt))?);
        if !failed.is_empty() {
            let original = message::Entity::find_by_id(self.message.uuid()).one(transaction).await?;
            let original = original.ok_or_else(|| Error::internal("a recipient without its message"))?;
            let told =
                bounce::of_failure(core, transaction, &original, &failed, self.material.as_ref(), self.now).await?;
            written.events.push(event_row(core, original.id, self.now, &told)?);
            suppressions::record(core, transaction, &original, &refused, self.now).await?;
        }
        let subjects = state::refresh_after_attempt(transaction, self.message.uuid(), last_reply, captured).await?;
        written.tally.add(subjects, counts);
        Ok(())
    }
}

impl Fate {
    fn of(outcome: &Outcome, next_at: Option<Timestamp>) -> Self {
        let state = match outcome {
            Outcome::Delivered(_) | Outcome::Captured => RecipientState::Delivered,
            Outcome::TempFail(_) => RecipientState::Due,
            Outcome::PermFail(_) => RecipientState::Bounced,
        };
        Self { state: state.as_str(), due_at: next_at.map(|at| at.0), last_reply: words(outcome) }
    }

    /// Writes it to those whose lease is still this one; gives these.
    async fn write(
        &self,
        transaction: &DatabaseTransaction,
        message: Uuid,
        lease: Uuid,
        ids: Vec<Uuid>,
    ) -> Result<Vec<Uuid>> {
        let alone = if let [id] = ids[..] { Some(id) } else { None };
        let change = Entity::update_many()
            .col_expr(Column::State, Expr::value(self.state))
            .col_expr(Column::DueAt, Expr::value(self.due_at))
            .col_expr(Column::Lease, Expr::value(None::<Uuid>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(Column::LastReply, Expr::value(self.last_reply.as_str()))
            .filter(Column::Id.is_in(ids))
            .filter(Column::MessageId.eq(message))
            .filter(Column::Lease.eq(lease))
            .filter(Column::State.eq(RecipientState::InFlight.as_str()));
        if let Some(id) = alone {
            return Ok(if change.exec(transaction).await?.rows_affected > 0 { vec![id] } else { Vec::new() });
        }
        Ok(change.exec_with_returning(transaction).await?.into_iter().map(|row| row.id).collect())
    }
}

/// A TempFail is tried again, or has been tried long enough and is a PermFail.
fn judged(
    schedule: &[Duration],
    claimed: &Claimed,
    outcome: &Outcome,
    chance: f64,
    now: Timestamp,
) -> (Outcome, Option<Timestamp>) {
    let Outcome::TempFail(cause) = outcome else {
        return (outcome.clone(), None);
    };
    match retry::next(schedule, claimed.attempts + 1, chance, now, claimed.expires_at) {
        Some(at) => (outcome.clone(), Some(at)),
        None => (Outcome::PermFail(expired(claimed, cause)), None),
    }
}

/// Before the reply of the last attempt, in the reply about a message that grew too old.
pub(crate) const LAST_REASON: &str = "the last reason was: ";

/// RFC 3463: X.4.7 delivery time expired.
fn expired(claimed: &Claimed, cause: &Cause) -> Cause {
    let life = claimed.expires_at.since(claimed.accepted_at).as_secs();
    let life = if life >= 2 * 86_400 { format!("{} days", life / 86_400) } else { format!("{} hours", life / 3_600) };
    let text = format!("Message expired: it could not be delivered in {life}; {LAST_REASON}{}", cause.reply());
    Cause::Local(Reply::new(554, (5, 4, 7), text))
}

/// For a line of a list.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Captured => "Captured; nothing left this machine".to_owned(),
        Outcome::Delivered(reply) => kept::line(&reply.to_string(), 1000),
        Outcome::TempFail(cause) | Outcome::PermFail(cause) => kept::line(&cause.reply().to_string(), 1000),
    }
}

/// The reply that matters most of a whole attempt: a failure before a delay before a success.
fn last_reply(outcomes: &[AttemptOutcome]) -> Option<String> {
    let weight = |outcome: &Outcome| match outcome {
        Outcome::PermFail(_) => 0,
        Outcome::TempFail(_) => 1,
        Outcome::Delivered(_) | Outcome::Captured => 2,
    };
    outcomes.iter().min_by_key(|one| weight(&one.outcome)).map(|one| words(&one.outcome))
}
