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

/// Puts those onto the list of whose message it was whom [`says_nobody`] is about; inside the transaction that records the
/// failure. Gives a line for the message's story of each that was not there. Those that are there keep their date and
/// reason. Relaykeep's own mail (notifications, links) counts for nobody, so it adds to no list; and simulated recipients
/// are on none.
///
/// These have no entry in the audit trail, which says what people and programs decided: the list and the story have all of
/// it, and a mailing to a thousand dead addresses would bury everything else.
pub(crate) async fn record(
    core: &Core,
    transaction: &DatabaseTransaction,
    original: &message::Model,
    refused: &[(EmailAddress, SuppressionKind, Reply)],
    now: Timestamp,
) -> Result<Vec<EventKind>> {
    let Some(project) = original.project_id.filter(|_| original.source != kept::Origin::system().source) else {
        return Ok(Vec::new());
    };
    let refused = refused.iter().filter(|(address, ..)| address.domain() != &core.config.simulator_domain);
    // By address, so that two nodes wait for each other's rows in one order; a statement takes an address once.
    let refused: BTreeMap<String, _> = refused.map(|one| (one.0.key(), one)).collect();
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    let rows = refused.into_iter().map(|(key, (address, kind, reply))| Model {
        id: core.new_id::<()>().uuid(),
        project_id: project,
        address: key,
        domain: address.domain().to_string(),
        kind: kind.as_str().to_owned(),
        since: now.0,
        expires_at: core.config.suppressions.life(*kind).map(|life| now.plus(life).0),
        reason: kept::line(&reply.to_string(), REASON),
        message_id: Some(original.id),
    });
    let rows: Vec<Model> = rows.collect();
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    if insert(transaction, now, rows).await? == 0 {
        return Ok(Vec::new());
    }
    let new = Entity::find().filter(Column::Id.is_in(ids)).all(transaction).await?;
    let told = |row: Model| {
        let address = EmailAddress::parse(&row.address).map_err(crate::Error::internal)?;
        Ok(EventKind::Suppressed { address, until: row.expires_at.map(Timestamp) })
    };
    new.into_iter().map(told).collect()
}
