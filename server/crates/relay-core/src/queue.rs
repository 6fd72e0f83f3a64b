//! The queue: claims by lease, results, and what people do to waiting mail. Legal moves of states are here alone.

pub(crate) mod claim;
mod content;
pub(crate) mod cut_through;
mod delays;
pub(crate) mod handover;
pub(crate) mod outgoing;
mod people;
pub(crate) mod record;
pub(crate) mod state;
mod view;

pub use self::{
    content::{Content, ContentReader},
    cut_through::Heard,
    handover::{NewMail, new_mail},
    people::Wish,
};
pub(crate) use self::{delays::stored_reply, record::LAST_REASON};

use crate::{
    Actor, Core, Error, Result, bounce,
    commit::{self, Done, Work},
    routes::Way,
    tables::recipient::{self, Column, Entity},
};
use relay_types::{
    DomainName, EmailAddress, ReversePath, Timestamp,
    message::{Attempt, MessageId, Outcome, RecipientId, RecipientState},
    project::{ProjectId, Slug},
    queue::{QueueDestination, QueueTotals},
    terms::{MessageTerms, RecipientTerms, Report},
};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use std::time::Duration;
use tokio::time::Instant;

/// Identifies a claim; a result with another claim's lease is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease(pub(crate) uuid::Uuid);

/// A recipient a worker may deliver to now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which claim.
    pub lease: Lease,
    /// The recipient.
    pub recipient_id: RecipientId,
    /// Its message.
    pub message_id: MessageId,
    /// The project, none for portal mail.
    pub project_id: Option<ProjectId>,
    /// Forward-path.
    pub address: EmailAddress,
    /// What deliveries are grouped by.
    pub destination: String,
    /// Attempts before this one.
    pub attempts: u32,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// After this it bounces.
    pub expires_at: Timestamp,
    /// What was asked about it.
    pub terms: RecipientTerms,
    /// When it was claimed, by this process's clock: its lease began then or later.
    pub claimed_at: Instant,
}

/// Mail that a claim leaves where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// All mail to this destination.
    Destination(String),
    /// Mail of a project (none: the portal's own) to this destination: others may have another way to it.
    OfProject(Option<ProjectId>, String),
}

/// What is needed to send a message, the same for all of its recipients.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Reverse-path.
    pub reverse_path: ReversePath,
    /// What goes over the wire, before dots are stuffed.
    pub content: Content,
    /// Has octets above 127.
    pub eight_bit: bool,
    /// Needs SMTPUTF8.
    pub smtputf8: bool,
    /// What was asked about it.
    pub terms: MessageTerms,
}

/// Claims at most `most` recipients that are due (or whose lease ran out), at most `per_destination` of each
/// destination and nothing of `left_out`; oldest first, no project starving another. The attempt is counted before it
/// begins.
pub async fn claim(core: &Core, most: usize, per_destination: usize, left_out: &[LeftOut]) -> Result<Vec<Claimed>> {
    // Before the lease is written: this process may stand still before it hears of it.
    let claimed_at = Instant::now();
    let (lease, rows) = claim::claim(core, most, per_destination, left_out).await?;
    let claimed = rows.into_iter().filter_map(|row| match claimed(Lease(lease), claimed_at, &row) {
        Ok(claimed) => Some(claimed),
        Err(error) => {
            tracing::error!(recipient.id = %row.id, %error, "a stored recipient cannot be read");
            None
        }
    });
    Ok(claimed.collect())
}

fn claimed(lease: Lease, claimed_at: Instant, row: &recipient::Model) -> Result<Claimed> {
    Ok(Claimed {
        lease,
        recipient_id: RecipientId::from_uuid(row.id),
        message_id: MessageId::from_uuid(row.message_id),
        project_id: row.project_id.map(ProjectId::from_uuid),
        address: EmailAddress::parse(&row.address).map_err(Error::internal)?,
        destination: row.destination.clone(),
        attempts: u32::try_from(row.attempts - 1).unwrap_or(0),
        accepted_at: Timestamp(row.accepted_at),
        expires_at: Timestamp(row.expires_at),
        terms: crate::submission::kept::terms(row.terms.as_deref()),
        claimed_at,
    })
}

/// What to send. `NotFound` when the content is gone.
pub async fn outgoing(core: &Core, message: MessageId) -> Result<Outgoing> {
    outgoing::outgoing(core, message).await
}

/// Records an attempt and each recipient's outcome in one durable commit: next due time, bounce (DSN by `bounce`),
/// timeline, counts. Outcomes with a stale lease are ignored. The attempt's own list of outcomes is written here.
pub async fn record(
    core: &Core,
    message: MessageId,
    attempt: Attempt,
    outcomes: Vec<(Claimed, Outcome)>,
) -> Result<()> {
    let now = core.now();
    let may_be_told = outcomes.iter().any(|(claimed, outcome)| match outcome {
        Outcome::PermFail(_) => true,
        Outcome::TempFail(_) => now >= claimed.expires_at,
        Outcome::Delivered(_) | Outcome::Captured => claimed.terms.wants(Report::Success),
    });
    // From here on a session that waits hears of it, whatever its clock says; one that has given up is gone.
    let waiting = core.awaited.take(message);
    let heard = waiting.as_ref().map(|slot| slot.hears(outcomes.iter().map(|(_, outcome)| outcome)));
    let (awaited, in_session) = (heard.is_some(), matches!(heard, Some(Heard::Refused(_))));
    let written = async {
        let material = if may_be_told && !in_session { material(core, message).await? } else { None };
        let told = material.is_some();
        let chance = chance()?;
        let record = record::Record { message, attempt, outcomes, chance, now, material, awaited, in_session };
        let done = commit::commit(core, Work::Record(Box::new(record))).await?;
        Ok((told, done))
    };
    let written: Result<(bool, Done)> = written.await;
    if let (Some(slot), Some(heard)) = (waiting, heard) {
        match &written {
            Ok((_, Done::Stale)) if in_session => slot.tell(Heard::Unknown),
            Ok(_) => slot.tell(heard),
            Err(_) => core.awaited.put_back(message, slot),
        }
    }
    if written?.0 {
        core.queue_wake.notify_one();
    }
    Ok(())
}

/// What a notification needs. What happened is recorded also when that cannot be had, or it would happen again; a
/// store that is away is waited for.
async fn material(core: &Core, message: MessageId) -> Result<Option<bounce::Material>> {
    match bounce::material(core, message).await {
        Err(error @ (Error::Unavailable { .. } | Error::Full { .. })) => Err(error),
        Err(error) => {
            tracing::error!(message.id = %message, %error, "nobody can be told of a failure");
            Ok(None)
        }
        material => material,
    }
}

/// 0 to 1.
fn chance() -> Result<f64> {
    let mut octets = [0u8; 4];
    aws_lc_rs::rand::fill(&mut octets).map_err(Error::internal)?;
    Ok(f64::from(u32::from_le_bytes(octets)) / f64::from(u32::MAX))
}

/// Gives claims back untouched (shutdown): due now, as if the attempt had not been counted.
pub async fn give_back(core: &Core, claims: &[Claimed]) -> Result<()> {
    let now = core.now();
    let transaction = core.db.begin_aside().await?;
    for claims in claims.chunks(200) {
        let mine = claims.iter().fold(Condition::any(), |any, claim| {
            any.add(Column::Id.eq(claim.recipient_id.uuid()).and(Column::Lease.eq(claim.lease.0)))
        });
        Entity::update_many()
            .col_expr(Column::State, Expr::value(RecipientState::Due.as_str()))
            .col_expr(Column::DueAt, Expr::value(now.0))
            .col_expr(Column::Lease, Expr::value(None::<uuid::Uuid>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
            .filter(mine)
            .filter(Column::State.eq(RecipientState::InFlight.as_str()))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Makes due at once what a process that is gone had claimed; returns how many recipients.
///
/// Only for a database that one process owns (SQLite, at start). Of several nodes the leader does it for those that are
/// missing ([`crate::nodes`]).
pub async fn recover(core: &Core, actor: &Actor) -> Result<u64> {
    crate::projects::authorize_system(actor)?;
    if core.db.backend() != DbBackend::Sqlite {
        return Ok(0);
    }
    let transaction = core.db.begin_aside().await?;
    let freed = Entity::update_many()
        .col_expr(Column::State, Expr::value(RecipientState::Due.as_str()))
        .col_expr(Column::DueAt, Expr::value(core.now().0))
        .col_expr(Column::Lease, Expr::value(None::<uuid::Uuid>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
        .filter(Column::LeaseUntil.is_not_null())
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    core.node.figures.recovered(freed.rows_affected);
    Ok(freed.rows_affected)
}

/// How long the database is asked for the next due time.
const LOOK: Duration = Duration::from_secs(5);

/// Waits until something may be due: woken by `accept`, release and retry, by the next due time, or at `latest`.
///
/// What is due already does not end the wait: the caller has just asked for it and could not take it.
pub async fn wait_until_due(core: &Core, latest: Duration) {
    let now = core.now();
    let next = Entity::find()
        .select_only()
        .column(Column::DueAt)
        .filter(Column::DueAt.gt(now.0))
        .order_by_asc(Column::DueAt)
        .limit(1)
        .into_tuple::<i64>()
        .one(core.db.read());
    let wait = match tokio::time::timeout(latest.max(LOOK), next).await.unwrap_or(Ok(None)) {
        Ok(Some(at)) => Timestamp(at).since(now).min(latest),
        // A database that does not answer is asked again by the next claim, not more often than `latest`.
        Ok(None) | Err(_) => latest,
    };
    let _ = tokio::time::timeout(wait, core.queue_wake.notified()).await;
}

/// What deliveries to a domain are grouped by when its mail goes this way.
pub(crate) fn destination(way: &Way, domain: &DomainName) -> String {
    match way {
        Way::Mx(_) | Way::Simulator => domain.to_string(),
        Way::Smarthost(access) => format!("{}:{}", access.host, access.port),
        Way::Capture => "capture".to_owned(),
    }
}

/// Sends delay warnings that are due; returns how many messages were warned of. System only.
pub async fn warn_of_delays(core: &Core, actor: &Actor) -> Result<u64> {
    delays::warn(core, actor).await
}

/// Holds the waiting recipients of a message. Member. Returns how many; what is in flight is left alone.
pub async fn hold(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    people::to_message(core, actor, project, message, Wish::Hold).await
}

/// Releases the held recipients of a message. Member.
pub async fn release(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    people::to_message(core, actor, project, message, Wish::Release).await
}

/// Makes the waiting recipients of a message due now. Member.
pub async fn retry_now(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    people::to_message(core, actor, project, message, Wish::RetryNow).await
}

/// Cancels the waiting and held recipients of a message. Member. What is in flight is left alone.
pub async fn cancel(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    people::to_message(core, actor, project, message, Wish::Cancel).await
}

/// Does what a person wishes to messages they chose, at most 100, in one transaction. Member. Returns how many messages
/// were moved; what is in flight or final is left alone. With an id of another project nothing is done: `NotFound`.
/// Field: `ids`.
pub async fn change(core: &Core, actor: &Actor, project: &Slug, messages: &[MessageId], wish: Wish) -> Result<u64> {
    Ok(people::to_messages(core, actor, project, messages, wish).await?.0)
}

/// What waits, by destination, most first, 200 at most. Operator only.
pub async fn destinations(core: &Core, actor: &Actor) -> Result<(QueueTotals, Vec<QueueDestination>)> {
    view::destinations(core, actor).await
}

/// Makes everything that waits for a destination due now. Operator only.
pub async fn retry_destination(core: &Core, actor: &Actor, destination: &str) -> Result<u64> {
    people::to_destination(core, actor, destination, Wish::RetryNow).await
}

/// Holds everything that waits for a destination. Operator only.
pub async fn hold_destination(core: &Core, actor: &Actor, destination: &str) -> Result<u64> {
    people::to_destination(core, actor, destination, Wish::Hold).await
}

/// Releases everything held for a destination. Operator only.
pub async fn release_destination(core: &Core, actor: &Actor, destination: &str) -> Result<u64> {
    people::to_destination(core, actor, destination, Wish::Release).await
}

/// Totals, for metrics.
pub async fn totals(core: &Core) -> Result<QueueTotals> {
    view::totals(core).await
}

#[cfg(test)]
pub(crate) mod tests;
