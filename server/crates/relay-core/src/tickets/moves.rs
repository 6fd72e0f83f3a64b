//! The one place where a ticket changes its state, and where its history is written.

use super::{number_of, state};
use crate::{
    Actor, Core, Error, Result,
    tables::{ticket::Model, ticket_entry},
};
use relay_types::ticket::{TicketEntryKind, TicketState};
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};

/// Moves a ticket and notes it; the caller stores the row. `Conflict` when the move is not a legal one.
pub(super) async fn advance(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    row: &mut Model,
    to: TicketState,
    text: &str,
) -> Result<()> {
    if !state(row)?.may_move_to(to) {
        return Err(refusal(row, to)?);
    }
    row.state = to.as_str().to_owned();
    row.moved_at = core.now().0;
    row.due_at = match to {
        // The desk has to answer.
        TicketState::Submitted | TicketState::Reopened | TicketState::Ready => {
            Some(core.now().plus(core.config.reverse_dns.answer_within).0)
        }
        _ => None,
    };
    // Who watches sets the next look after the move.
    row.next_at = None;
    note(core, transaction, actor, row, TicketEntryKind::Move, Some(to), text).await
}

/// What is said when a ticket cannot move to `to`.
pub(super) fn refusal(row: &Model, to: TicketState) -> Result<Error> {
    let (number, from) = (number_of(row), state(row)?.words().to_lowercase());
    Ok(Error::conflict(format!("{number} is “{from}”: it cannot become “{}”", to.words().to_lowercase())))
}

/// Adds a line to the ticket's history.
pub(super) async fn note(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    row: &Model,
    kind: TicketEntryKind,
    to: Option<TicketState>,
    text: &str,
) -> Result<()> {
    let entry = ticket_entry::Model {
        id: core.new_id::<()>().uuid(),
        ticket_id: row.id,
        kind: kind.as_str().to_owned(),
        at: core.now().0,
        actor: actor.name(),
        actor_id: actor.id(),
        to_state: to.map(|to| to.as_str().to_owned()),
        text: text.to_owned(),
    };
    ticket_entry::Entity::insert(entry.into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{
        names::{NAME, Names},
        word,
    };
    use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};

    #[tokio::test]
    async fn every_pair_of_states_is_a_move_that_is_noted_or_one_that_is_refused_and_changes_nothing() {
        let names = Names::new().await;
        let core = &names.test.core;
        let number = names.ask(NAME).await.expect("a ticket");
        let stored = super::super::by_number(core.db.read(), number).await.expect("the ticket");
        for (from, to) in TicketState::ALL.into_iter().flat_map(|from| TicketState::ALL.map(|to| (from, to))) {
            let transaction = core.db.begin().await.expect("a transaction");
            let noted = || ticket_entry::Entity::find().filter(ticket_entry::Column::TicketId.eq(stored.id));
            let before = noted().count(&transaction).await.expect("entries");
            let mut row = Model { state: from.as_str().to_owned(), ..stored.clone() };
            let moved = advance(core, &transaction, &names.cast.member, &mut row, to, "why").await;
            let after = noted().count(&transaction).await.expect("entries");
            let seen = (word(&moved), state(&row).expect("a state"), after - before);
            let expected = if from.may_move_to(to) { ("Ok", to, 1) } else { ("Conflict", from, 0) };
            assert_eq!(seen, expected, "{from:?} to {to:?}");
            if let Err(error) = moved {
                let words = [from, to].map(|state| format!("“{}”", state.words().to_lowercase()));
                let told = error.to_string();
                assert!(words.iter().all(|word| told.contains(word)), "{told}");
            }
        }
    }
}
