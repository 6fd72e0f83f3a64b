//! The queue: claims by lease, results, and what people do to waiting mail. Legal moves of states are here alone.

use crate::{Actor, Core, Result};
use relay_types::{
    EmailAddress, ReversePath, Timestamp,
    message::{Attempt, MessageId, Outcome, RecipientId},
    project::{ProjectId, Slug},
    queue::{QueueDestination, QueueTotals},
};

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
}

/// What is needed to send a message, the same for all of its recipients.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Reverse-path.
    pub reverse_path: ReversePath,
    /// Our header prefix, then the content as submitted; CRLF line ends, not dot-stuffed.
    pub content: std::sync::Arc<[u8]>,
    /// Has octets above 127.
    pub eight_bit: bool,
    /// Needs SMTPUTF8.
    pub smtputf8: bool,
}

/// Claims at most `most` recipients that are due (or whose lease ran out), at most `per_destination` of each destination, leaving out the `busy` destinations; oldest first, no project starving another. The attempt is counted before it begins.
pub async fn claim(core: &Core, most: usize, per_destination: usize, busy: &[String]) -> Result<Vec<Claimed>> {
    todo!()
}
/// What to send. `NotFound` when the content is gone.
pub async fn outgoing(core: &Core, message: MessageId) -> Result<Outgoing> {
    todo!()
}
/// Records an attempt and each recipient's outcome in one durable commit: next due time, bounce (DSN by `bounce`), timeline, counts. Outcomes with a stale lease are ignored.
pub async fn record(
    core: &Core,
    message: MessageId,
    attempt: Attempt,
    outcomes: Vec<(Claimed, Outcome)>,
) -> Result<()> {
    todo!()
}
/// Gives claims back untouched (shutdown).
pub async fn give_back(core: &Core, claims: &[Claimed]) -> Result<()> {
    todo!()
}
/// Waits until something may be due: woken by `accept`, release and retry, or at `latest`.
pub async fn wait_until_due(core: &Core, latest: std::time::Duration) {
    todo!()
}
/// Sends delay warnings that are due; returns how many. System only.
pub async fn warn_of_delays(core: &Core, actor: &Actor) -> Result<u64> {
    todo!()
}
/// Holds the waiting recipients of a message. Member. Returns how many.
pub async fn hold(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    todo!()
}
/// Releases the held recipients of a message. Member.
pub async fn release(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    todo!()
}
/// Makes the waiting recipients of a message due now. Member.
pub async fn retry_now(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    todo!()
}
/// Cancels the waiting and held recipients of a message. Member.
pub async fn cancel(core: &Core, actor: &Actor, project: &Slug, message: MessageId) -> Result<u64> {
    todo!()
}
/// What waits, by destination, most first, 200 at most. Operator only.
pub async fn destinations(core: &Core, actor: &Actor) -> Result<(QueueTotals, Vec<QueueDestination>)> {
    todo!()
}
/// Makes everything that waits for a destination due now. Operator only.
pub async fn retry_destination(core: &Core, actor: &Actor, destination: &str) -> Result<u64> {
    todo!()
}
/// Holds everything that waits for a destination. Operator only.
pub async fn hold_destination(core: &Core, actor: &Actor, destination: &str) -> Result<u64> {
    todo!()
}
/// Releases everything held for a destination. Operator only.
pub async fn release_destination(core: &Core, actor: &Actor, destination: &str) -> Result<u64> {
    todo!()
}
/// Totals, for metrics.
pub async fn totals(core: &Core) -> Result<QueueTotals> {
    todo!()
}
