//! Warnings of delay: whoever sent a message hears once that it waits.

use crate::{
    Actor, Core, Error, Result, bounce,
    dsn::{Action, Fate},
    projects,
    queue::state,
    submission::kept::{self, event_row},
    tables::{
        message,
        recipient::{Column, Entity, Model},
    },
};
use relay_types::{
    EmailAddress, Timestamp,
    message::{EventKind, MessageId, RecipientState},
    reply::{EnhancedCode, Reply},
    terms::{RecipientTerms, Report},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Recipients of one call; the schedule calls again.
const MOST: u64 = 1_000;

/// See [`super::warn_of_delays`].
pub(crate) async fn warn(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let late = core.now().minus(core.config.delay_warning);
    // By the index of what waits, not by that of all messages there ever were.
    let messages: BTreeSet<Uuid> = Entity::find()
        .select_only()
        .column(Column::MessageId)
        .filter(Column::DueAt.gt(0))
        .filter(Column::AcceptedAt.lte(late.0))
        .filter(Column::Attempts.gt(0))
        .filter(Column::DelayNotified.eq(false))
        .limit(MOST)
        .into_tuple()
        .all(core.db.read())
        .await?
        .into_iter()
        .collect();
    let mut told = 0;
    for id in messages {
        // One message of which nobody can be told does not keep the others from hearing.
        match warn_of(core, id, late).await {
            Ok(one) => told += u64::from(one),
            Err(error @ (Error::Unavailable { .. } | Error::Full { .. })) => return Err(error),
            Err(error) => tracing::error!(message.id = %MessageId::from_uuid(id), %error, "no warning of delay"),
        }
    }
    if told > 0 {
        core.queue_wake.notify_one();
    }
    Ok(told)
}

/// Marks the late recipients of a message and tells of them, in one transaction; whether anyone was told.
async fn warn_of(core: &Core, id: Uuid, late: Timestamp) -> Result<bool> {
    let material = bounce::material(core, MessageId::from_uuid(id)).await?;
    let now = core.now();
    let transaction = core.db.begin_aside().await?;
    // As everyone does who changes recipients, so that no two wait for each other.
    state::lock(&transaction, std::iter::once(id)).await?;
    // Marked first: of two nodes that find the same message, one finds no recipients left.
    let recipients: Vec<Model> = Entity::update_many()
        .col_expr(Column::DelayNotified, Expr::value(true))
        .filter(Column::MessageId.eq(id))
        .filter(Column::State.eq(RecipientState::Due.as_str()))
        .filter(Column::AcceptedAt.lte(late.0))
        .filter(Column::Attempts.gt(0))
        .filter(Column::DelayNotified.eq(false))
        .exec_with_returning(&transaction)
        .await?;
    let original = message::Entity::find_by_id(id).one(&transaction).await?;
    let mut told = false;
    if let (Some(original), Some(material), false) = (original, material.as_ref(), recipients.is_empty())
        && let Ok(to) = bounce::recipient(&original)
    {
        let wanted = |recipient: &&Model| terms(recipient).wants(Report::Delay);
        let fates: Vec<Fate> = recipients.iter().filter(wanted).filter_map(|recipient| fate(recipient, now)).collect();
        if fates.is_empty() {
            // They are marked, so that nobody looks at them again.
            transaction.commit().await?;
            return Ok(false);
        }
        let notification =
            bounce::tell(core, &transaction, &original, Action::Delayed, &to, &fates, material, now).await?;
        let event = event_row(core, id, now, &EventKind::DelayNotified { notification })?;
        kept::insert_events(&transaction, vec![event]).await?;
        told = true;
    }
    transaction.commit().await?;
    Ok(told)
}

fn terms(recipient: &Model) -> RecipientTerms {
    kept::terms(recipient.terms.as_deref())
}

fn fate(recipient: &Model, now: Timestamp) -> Option<Fate> {
    Some(Fate {
        address: EmailAddress::parse(&recipient.address).ok()?,
        original: terms(recipient).orcpt,
        reply: stored_reply(recipient.last_reply.as_deref().unwrap_or_default()),
        theirs: false,
        host: None,
        at: now,
        until: Timestamp(recipient.expires_at),
    })
}

/// A reply from its line: `451 4.7.1 text`.
pub(crate) fn stored_reply(line: &str) -> Reply {
    let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (enhanced, text) = match rest.split_once(' ') {
        Some((first, text)) if EnhancedCode::parse(first).is_some() => (EnhancedCode::parse(first), text),
        _ => (None, rest),
    };
    Reply { code: code.parse().unwrap_or(451), enhanced, lines: vec![text.to_owned()] }
}
