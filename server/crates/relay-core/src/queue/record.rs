//! What came of an attempt, written in one commit: recipients, timeline, message state, counts, the project's
//! suppression list, and the notification of a failure. So no failure is without its DSN, and none has two.

use crate::{
    Core, Error, Result, bounce,
    commit::{Done, Written},
    db,
    dsn::{Action, Fate},
    queue::{Claimed, state},
    retry,
    submission::kept::{self, event_row},
    suppressions,
    tables::message,
};
use relay_types::{
    Timestamp,
    message::{Attempt, AttemptOutcome, Cause, EventKind, MessageId, Outcome, RecipientState},
    overview::Counts,
    reply::Reply,
    simulator::Simulated,
    terms::Report,
};
use sea_orm::{DatabaseTransaction, EntityTrait};
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
    /// A session waits for what came of it.
    pub(crate) awaited: bool,
    /// A session waits for this failure: its program is told, and nobody else.
    pub(crate) in_session: bool,
}

/// What becomes of a recipient.
struct Judged<'a> {
    claimed: &'a Claimed,
    outcome: Outcome,
    next_at: Option<Timestamp>,
}

/// What a message's row shows of its attempts in this commit.
#[derive(Default)]
struct Shown {
    last_reply: Option<String>,
    captured: bool,
    counts: Counts,
}

/// Writes all of `records`; outcomes of a stale lease are left out, and a record that has no others is `Stale`. What is
/// written once for a whole round goes to `written`.
pub(crate) async fn apply(
    core: &Core,
    transaction: &DatabaseTransaction,
    records: &[&Record],
    written: &mut Written,
) -> Result<Vec<Done>> {
    let judged: Vec<Vec<Judged<'_>>> = records.iter().map(|record| record.judged(core)).collect();
    let live = write_fates(transaction, judged.iter().flatten().collect()).await?;
    // One message may have been tried at two destinations.
    let mut shown: BTreeMap<Uuid, Shown> = BTreeMap::new();
    let mut done = Vec::with_capacity(records.len());
    for (record, mut judged) in records.iter().zip(judged) {
        judged.retain(|one| live.contains(&one.claimed.recipient_id.uuid()));
        if judged.is_empty() {
            done.push(Done::Stale);
            continue;
        }
        let shown = shown.entry(record.message.uuid()).or_default();
        record.tell(core, transaction, judged, shown, written).await?;
        done.push(Done::Kept);
    }
    let rows = shown.iter().map(|(&message, shown)| (message, shown.last_reply.clone(), shown.captured)).collect();
    for (message, subjects) in state::refresh_after_attempts(transaction, rows).await? {
        if let Some(shown) = shown.get(&message) {
            written.tally.add(subjects, shown.counts);
        }
    }
    Ok(done)
}

/// Why nobody is notified of a failure that a session waited for.
const TOLD: &str = "The program was told in its session, which waited for the next hop";

/// Gives those whose lease was still the same.
async fn write_fates(transaction: &DatabaseTransaction, judged: Vec<&Judged<'_>>) -> Result<HashSet<Uuid>> {
    let columns = [("key", "uuid"), ("held_by", "uuid"), ("state", "text"), ("due_at", "bigint"), ("reply", "text")];
    let sql = |table: &str| {
        format!(
            "WITH fate{table} UPDATE recipient SET state = fate.state, due_at = fate.due_at, lease = NULL, \
             lease_until = NULL, last_reply = fate.reply FROM fate \
             WHERE recipient.id = fate.key AND recipient.lease = fate.held_by AND recipient.state = 'in_flight' \
             RETURNING id"
        )
    };
    let rows = judged.into_iter().map(|Judged { claimed, outcome, next_at }| {
        let state = match outcome {
            Outcome::Delivered(_) | Outcome::Captured => RecipientState::Delivered,
            Outcome::TempFail(_) => RecipientState::Due,
            Outcome::PermFail(_) => RecipientState::Bounced,
        };
        [
            claimed.recipient_id.uuid().into(),
            claimed.lease.0.into(),
            state.as_str().into(),
            next_at.map(|at| at.0).into(),
            words(outcome).into(),
        ]
    });
    let written = db::with_rows(transaction, columns, rows.collect(), sql).await?;
    written.iter().map(|row| Ok(row.try_get("", "id")?)).collect()
}

impl Record {
    fn judged(&self, core: &Core) -> Vec<Judged<'_>> {
        let schedule = &core.config.retry_schedule;
        let all = self.outcomes.iter().map(|(claimed, outcome)| {
            let (outcome, next_at) = judged(schedule, claimed, outcome, self.chance, self.now);
            Judged { claimed, outcome, next_at }
        });
        all.collect()
    }

    /// The lines of the message's story, who hears of a failure, and whom the project does not write to any more.
    async fn tell(
        &self,
        core: &Core,
        transaction: &DatabaseTransaction,
        judged: Vec<Judged<'_>>,
        shown: &mut Shown,
        written: &mut Written,
    ) -> Result<()> {
        let mut attempt = self.attempt.clone();
        attempt.outcomes.clear();
        let (mut failed, mut refused, mut complaints) = (Vec::new(), Vec::new(), Vec::new());
        let (mut succeeded, mut unwanted) = (Vec::new(), false);
        for Judged { claimed, outcome, next_at } in judged {
            match &outcome {
                Outcome::Delivered(_) | Outcome::Captured => {
                    shown.counts.delivered += 1;
                    let simulated = Simulated::of(&claimed.address, &core.config.simulator_domain);
                    if simulated == Some(Simulated::Complaint) {
                        complaints.push(EventKind::Complained { address: claimed.address.clone() });
                    }
                }
                Outcome::TempFail(_) => shown.counts.deferred += 1,
                Outcome::PermFail(cause) => {
                    shown.counts.bounced += 1;
                    if claimed.terms.wants(Report::Failure) {
                        failed.push(bounce::fate(claimed, cause, &attempt, self.now));
                    } else {
                        unwanted = true;
                    }
                    let nobody = suppressions::says_nobody(cause);
                    refused.extend(nobody.map(|(kind, reply)| (claimed.address.clone(), kind, reply.clone())));
                }
            }
            succeeded.extend(bounce::success(claimed, &outcome, &attempt, self.now));
            attempt.outcomes.push(AttemptOutcome { address: claimed.address.clone(), outcome, next_at });
        }
        shown.captured |= attempt.outcomes.iter().any(|one| one.outcome == Outcome::Captured);
        shown.last_reply = last_reply(&attempt.outcomes);
        written.events.push(event_row(core, self.message.uuid(), self.now, &EventKind::Attempt(attempt))?);
        for complaint in complaints {
            written.events.push(event_row(core, self.message.uuid(), self.now, &complaint)?);
        }
        if failed.is_empty() && !unwanted && succeeded.is_empty() {
            return Ok(());
        }
        let original = message::Entity::find_by_id(self.message.uuid()).one(transaction).await?;
        let original = original.ok_or_else(|| Error::internal("a recipient without its message"))?;
        for told in self.report(core, transaction, &original, &failed, succeeded, unwanted).await? {
            written.events.push(event_row(core, original.id, self.now, &told)?);
        }
        written.suppressed.extend(suppressions::of_refused(core, &original, refused, self.now));
        Ok(())
    }

    /// Tells the sender of what it wants to hear (RFC 3461 §4.1); gives the lines for the story.
    async fn report(
        &self,
        core: &Core,
        transaction: &DatabaseTransaction,
        original: &message::Model,
        failed: &[Fate],
        succeeded: Vec<(Action, Fate)>,
        unwanted: bool,
    ) -> Result<Vec<EventKind>> {
        if self.in_session {
            return Ok(vec![EventKind::NotNotified { reason: TOLD.to_owned() }]);
        }
        let (material, now, mut told) = (self.material.as_ref(), self.now, Vec::new());
        for action in [Action::Delivered, Action::Relayed] {
            let of_action = succeeded.iter().filter(|(of, _)| *of == action);
            let fates: Vec<Fate> = of_action.map(|(_, fate)| fate.clone()).collect();
            if !fates.is_empty() {
                told.extend(bounce::of_success(core, transaction, original, action, &fates, material, now).await?);
            }
        }
        if unwanted {
            told.push(EventKind::NotNotified { reason: UNWANTED.to_owned() });
        }
        if !failed.is_empty() {
            told.push(bounce::of_failure(core, transaction, original, failed, material, now).await?);
        }
        Ok(told)
    }
}

/// RFC 3461 §4.1.
const UNWANTED: &str = "The sender asked not to be told of failures (NOTIFY)";

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
