//! Addresses that come onto the list by what their mail server said.

use super::insert;
use crate::{
    Core, Result,
    bounce::explain,
    submission::kept,
    tables::{
        message,
        suppression::{Column, Entity, Model},
    },
};
use relay_types::{
    EmailAddress, Timestamp,
    message::{Cause, EventKind},
    reply::Reply,
    suppression::SuppressionKind,
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a server's reply is cut to, as in the lists of messages.
const REASON: usize = 1_000;

/// The reply, when it says for good that there is no such mailbox, and what kind of saying that is. Nothing else puts an
/// address onto the list:
///
/// - Only what a next hop said at RCPT counts. A reply to anything else speaks of all recipients or of the message, and
///   failures of ours (DNS, connections, the queue's lifetime) say nothing about the mailbox.
/// - Only these enhanced codes count (RFC 3463 §3.2 and §3.3, RFC 7505 §4.2, RFC 5248): no such mailbox (5.1.1), an
///   address that cannot be one (5.1.3), moved without a trace (5.1.6), a null MX (5.1.10), a mailbox disabled (5.2.1).
///   Not 5.1.2: that no mail system was found is about a domain, and one faulty resolver would put all of it onto lists.
/// - A plain 550, 551 or 553 does not count. By RFC 5321 §4.2.2 a 550 is also "rejected for policy reasons", and many
///   servers say it of blocklists and PTR records; an address that is suppressed for that would be lost for no reason.
/// - Nor does a reply with such a code whose words speak of something else (a blocklist, a PTR record, the content, a
///   policy, the sender, a full mailbox) or of a moment. Some servers say 5.1.1 of everything.
pub(crate) fn says_nobody(cause: &Cause) -> Option<(SuppressionKind, &Reply)> {
    let Cause::Recipient(reply) = cause else { return None };
    let code = reply.enhanced.filter(|_| reply.is_permanent())?;
    let kind = match (code.class, code.subject, code.detail) {
        (5, 1, 1 | 3 | 6) => SuppressionKind::NoMailbox,
        (5, 1, 10) => SuppressionKind::NoMail,
        (5, 2, 1) => SuppressionKind::Disabled,
        _ => return None,
    };
    explain::is_of_recipient_alone(reply).then_some((kind, reply))
}

/// Rows for the list of the project whose message it was, of those whom [`says_nobody`] is about. Relaykeep's own mail
/// (notifications, links) counts for nobody, so it adds to no list; and simulated recipients are on none.
///
/// These have no entry in the audit trail, which says what people and programs decided: the list and the story have all of
/// it, and a mailing to a thousand dead addresses would bury everything else.
pub(crate) fn of_refused(
    core: &Core,
    original: &message::Model,
    refused: Vec<(EmailAddress, SuppressionKind, Reply)>,
    now: Timestamp,
) -> Vec<Model> {
    let Some(project) = original.project_id.filter(|_| original.source != kept::Origin::system().source) else {
        return Vec::new();
    };
    let real = |address: &EmailAddress| address.domain() != &core.config.simulator_domain;
    let rows = refused.into_iter().filter(|(address, ..)| real(address)).map(|(address, kind, reply)| Model {
        id: core.new_id::<()>().uuid(),
        project_id: project,
        address: address.key(),
        domain: address.domain().to_string(),
        kind: kind.as_str().to_owned(),
        since: now.0,
        expires_at: core.config.suppressions.life(kind).map(|life| now.plus(life).0),
        reason: kept::line(&reply.to_string(), REASON),
        message_id: Some(original.id),
    });
    rows.collect()
}

/// Puts all that a round has onto the lists, inside the transaction that records the failures. Gives a line for the
/// message's story of each that was not there. Those that are there keep their date and reason.
pub(crate) async fn add_all(
    transaction: &DatabaseTransaction,
    rows: Vec<Model>,
    now: Timestamp,
) -> Result<Vec<(Uuid, EventKind)>> {
    // By project and address, so that two nodes wait for each other's rows in one order; a statement takes an address once.
    let mut sorted: BTreeMap<(Uuid, String), Model> = BTreeMap::new();
    for row in rows {
        sorted.entry((row.project_id, row.address.clone())).or_insert(row);
    }
    let rows: Vec<Model> = sorted.into_values().collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    if rows.is_empty() || insert(transaction, now, rows).await? == 0 {
        return Ok(Vec::new());
    }
    let mut told = Vec::new();
    for ids in ids.chunks(500) {
        let new = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(transaction).await?;
        for row in new {
            let address = EmailAddress::parse(&row.address).map_err(crate::Error::internal)?;
            let line = EventKind::Suppressed { address, until: row.expires_at.map(Timestamp) };
            told.extend(row.message_id.map(|message| (message, line)));
        }
    }
    Ok(told)
}
