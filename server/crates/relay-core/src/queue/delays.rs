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
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, sea_query::Expr};
use std::collections::BTreeSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Of a recipient that nobody has tried yet.
const NOT_TRIED: &str = "451 4.4.7 Not tried yet";
/// Recipients that are looked at together. Then new mail has the database for as long as that took.
const TOGETHER: u64 = if cfg!(test) { 3 } else { 1_000 };

/// Written out as the index `recipient_untold` has it, so that both databases see that it fits.
const UNTOLD: &str = "due_at IS NOT NULL AND NOT delay_notified";

/// See [`super::warn_of_delays`].
pub(crate) async fn warn(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let late = core.now().minus(core.config.delay_warning);
    let mut told = 0;
    loop {
        let began = Instant::now();
        let recipients = late_recipients(core, late).await?;
        let more = recipients.len() as u64 == TOGETHER;
        let (mut marked, mut told_now) = (false, 0);
        for id in recipients.into_iter().collect::<BTreeSet<_>>() {
            // One message of which nobody can be told does not keep the others from hearing.
            match warn_of(core, id, late).await {
                Ok(Warned::Nothing) => {}
                Ok(Warned::Marked) => marked = true,
                Ok(Warned::Told) => (marked, told_now) = (true, told_now + 1),
                Err(error @ (Error::Unavailable { .. } | Error::Full { .. })) => return Err(error),
                Err(error) => tracing::error!(message.id = %MessageId::from_uuid(id), %error, "no warning of delay"),
            }
        }
        if told_now > 0 {
            core.queue_wake.notify_one();
        }
        told += told_now;
        // The others would be found again and again.
        if !more || !marked {
            return Ok(told);
        }
        sleep(began.elapsed()).await;
    }
}

/// The messages of recipients that wait too long and of whom nobody was told.
async fn late_recipients(core: &Core, late: Timestamp) -> Result<Vec<Uuid>> {
    Ok(late_since(late).into_tuple().all(core.db.read()).await?)
}

fn late_since(late: Timestamp) -> Select<Entity> {
    let messages = Entity::find().select_only().column(Column::MessageId);
    messages.filter(Expr::cust(UNTOLD)).filter(Column::AcceptedAt.lte(late.0)).limit(TOGETHER)
}

/// What became of a message with late recipients.
enum Warned {
    /// They are late no more.
    Nothing,
    /// Nobody is to be told.
    Marked,
    /// Its sender was told.
    Told,
}

/// Marks the late recipients of a message and tells of them, in one transaction.
async fn warn_of(core: &Core, id: Uuid, late: Timestamp) -> Result<Warned> {
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
        .filter(Column::DelayNotified.eq(false))
        .exec_with_returning(&transaction)
        .await?;
    let original = message::Entity::find_by_id(id).one(&transaction).await?;
    let mut warned = if recipients.is_empty() { Warned::Nothing } else { Warned::Marked };
    if let (Some(original), Some(material), false) = (original, material.as_ref(), recipients.is_empty())
        && let Ok(to) = bounce::recipient(&original)
    {
        let wanted = |recipient: &&Model| terms(recipient).wants(Report::Delay);
        let fates: Vec<Fate> = recipients.iter().filter(wanted).filter_map(|recipient| fate(recipient, now)).collect();
        if fates.is_empty() {
            transaction.commit().await?;
            return Ok(Warned::Marked);
        }
        let notification =
            bounce::tell(core, &transaction, &original, Action::Delayed, &to, &fates, material, now).await?;
        let event = event_row(core, id, now, &EventKind::DelayNotified { notification })?;
        kept::insert_events(&transaction, vec![event]).await?;
        warned = Warned::Told;
    }
    transaction.commit().await?;
    Ok(warned)
}

fn terms(recipient: &Model) -> RecipientTerms {
    kept::terms(recipient.terms.as_deref())
}

fn fate(recipient: &Model, now: Timestamp) -> Option<Fate> {
    Some(Fate {
        address: EmailAddress::parse(&recipient.address).ok()?,
        original: terms(recipient).orcpt,
        reply: stored_reply(recipient.last_reply.as_deref().unwrap_or(NOT_TRIED)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::Test;
    use sea_orm::{ConnectionTrait, DbBackend, QueryTrait};

    #[tokio::test]
    async fn what_is_late_is_read_from_its_index() {
        let test = Test::new().await;
        // PostgreSQL chooses by statistics, and reads a table of nothing as it is.
        if test.core.db.backend() != DbBackend::Sqlite {
            return;
        }
        let mut plan = late_since(test.core.now()).build(DbBackend::Sqlite);
        plan.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let step = test.core.db.read().query_one_raw(plan).await.expect("a plan").expect("a step");
        let step: String = step.try_get("", "detail").expect("words");
        assert!(step.contains("INDEX recipient_untold (accepted_at<?)"), "{step}");
    }
}
