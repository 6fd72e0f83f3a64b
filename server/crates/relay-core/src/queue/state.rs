//! The legal moves of a recipient, and the state of a message that follows from its recipients. Here alone.

use crate::{
    Result, db,
    submission::kept,
    tables::message::{Column, Entity},
};
use relay_types::message::RecipientState;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, ExecResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value, sea_query::LockType,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Whether a recipient may move from one state to another.
///
/// ```text
/// due ⇄ in flight → delivered, bounced        due ⇄ held        due, held → cancelled
/// ```
/// `in flight` to itself is a lease that ran out and was taken anew. What is in flight is neither held nor cancelled:
/// nobody could say whether the next hop has it. A final state is never left.
pub(crate) const fn may(from: RecipientState, to: RecipientState) -> bool {
    use RecipientState::{Bounced, Cancelled, Delivered, Due, Held, InFlight};
    match from {
        Due => matches!(to, InFlight | Held | Cancelled),
        InFlight => matches!(to, Due | InFlight | Delivered | Bounced),
        Held => matches!(to, Due | Cancelled),
        Delivered | Bounced | Cancelled => false,
    }
}

/// States from which a recipient may move to `to`.
pub(crate) fn sources(to: RecipientState) -> impl Iterator<Item = &'static str> {
    RecipientState::ALL.into_iter().filter(move |&from| may(from, to)).map(RecipientState::as_str)
}

/// The worst open matter of a message's recipients, see `relay_types::message::MessageState`.
const STATE_OF_RECIPIENTS: &str = "(SELECT CASE \
     WHEN SUM(CASE WHEN r.state = 'held' THEN 1 ELSE 0 END) > 0 THEN 'held' \
     WHEN SUM(CASE WHEN r.state = 'due' AND r.attempts > 0 THEN 1 ELSE 0 END) > 0 THEN 'deferred' \
     WHEN SUM(CASE WHEN r.state IN ('due', 'in_flight') THEN 1 ELSE 0 END) > 0 THEN 'queued' \
     WHEN SUM(CASE WHEN r.state = 'bounced' THEN 1 ELSE 0 END) > 0 THEN 'bounced' \
     WHEN SUM(CASE WHEN r.state = 'delivered' THEN 1 ELSE 0 END) > 0 THEN 'delivered' \
     ELSE 'cancelled' END FROM recipient r WHERE r.message_id = message.id)";

/// Locks messages, the lowest first, until the transaction ends. Whoever changes recipients does this before, in a
/// statement of its own: of two that change recipients of one message, the second then reads what the first has
/// written, and the state that it sets is that of all recipients. (PostgreSQL at READ COMMITTED gives each statement
/// the snapshot of its beginning, also for the sub-select below. SQLite has one writer.)
pub(crate) async fn lock(transaction: &DatabaseTransaction, messages: impl Iterator<Item = Uuid>) -> Result<()> {
    if transaction.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let messages: Vec<Uuid> = messages.collect::<BTreeSet<_>>().into_iter().collect();
    for messages in messages.chunks(500) {
        Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(messages.iter().copied()))
            .order_by_asc(Column::Id)
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<Uuid>()
            .all(transaction)
            .await?;
    }
    Ok(())
}

/// Sets the state of messages from their recipients, which the caller has changed after [`lock`].
pub(crate) async fn refresh(transaction: &DatabaseTransaction, messages: &[Uuid]) -> Result<()> {
    for messages in messages.chunks(500) {
        let places: Vec<_> = (1..=messages.len()).map(|place| format!("${place}")).collect();
        let sql = format!("UPDATE message SET state = {STATE_OF_RECIPIENTS} WHERE id IN ({})", places.join(", "));
        execute(transaction, &sql, messages.iter().map(|&id| id.into())).await?;
    }
    Ok(())
}

/// Sets the state of messages from their recipients (after [`lock`]), and what their rows show of the last attempt (the
/// last reply, captured). Gives whose counts the attempts of each add to.
pub(crate) async fn refresh_after_attempts(
    transaction: &DatabaseTransaction,
    messages: Vec<(Uuid, Option<String>, bool)>,
) -> Result<Vec<(Uuid, Vec<Uuid>)>> {
    let columns = [("key", "uuid"), ("reply", "text"), ("now_captured", "boolean")];
    let sql = |table: &str| {
        format!(
            "WITH attempted{table} UPDATE message SET state = {STATE_OF_RECIPIENTS}, last_reply = attempted.reply, \
             captured = (message.captured OR attempted.now_captured) FROM attempted WHERE message.id = attempted.key \
             RETURNING id, source, source_id, project_id"
        )
    };
    let rows = messages.into_iter().map(|(id, reply, captured)| [id.into(), reply.into(), captured.into()]);
    let written = db::with_rows(transaction, columns, rows.collect(), sql).await?;
    let subjects = written.iter().map(|row| {
        let source: String = row.try_get("", "source")?;
        let of = kept::subjects(&source, row.try_get("", "source_id")?, row.try_get("", "project_id")?);
        Ok((row.try_get("", "id")?, of))
    });
    subjects.collect()
}

/// Runs a statement that both databases read alike (`$1` places).
pub(crate) async fn execute(
    transaction: &DatabaseTransaction,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<ExecResult> {
    let backend = transaction.get_database_backend();
    Ok(transaction.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legal_moves_are_allowed() {
        use RecipientState::{Bounced, Cancelled, Delivered, Due, Held, InFlight};
        let legal = [
            (Due, InFlight),
            (Due, Held),
            (Due, Cancelled),
            (InFlight, InFlight),
            (InFlight, Due),
            (InFlight, Delivered),
            (InFlight, Bounced),
            (Held, Due),
            (Held, Cancelled),
        ];
        for from in RecipientState::ALL {
            for to in RecipientState::ALL {
                assert_eq!(may(from, to), legal.contains(&(from, to)), "{from:?} to {to:?}");
                assert!(!(from.is_final() && may(from, to)));
            }
        }
    }
}
