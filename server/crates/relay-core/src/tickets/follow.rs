//! What a change of a name does to the ticket that led to it; called by `name_changes` inside its transactions.

use super::{Entity, Model, locked, mail::Mailing, moves, state, update};
use crate::{Actor, Core, Result, tables::name_change};
use relay_types::ticket::TicketState;
use sea_orm::{DatabaseTransaction, EntityTrait};
use uuid::Uuid;

/// The ticket that follows a change, with the mails that may be written; prepared before the transaction begins.
pub(crate) struct Follower {
    ticket: Uuid,
    mail: Mailing,
}

/// The follower of a change; none when no ticket led to it.
pub(crate) async fn follower(core: &Core, change: &name_change::Model) -> Result<Option<Follower>> {
    let Some(ticket) = change.ticket_id else { return Ok(None) };
    let Some(row) = Entity::find_by_id(ticket).one(core.db.read()).await? else { return Ok(None) };
    Ok(Some(Follower { ticket, mail: Mailing::prepare(core, &row).await? }))
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    /// It waits for somebody to apply it.
    ByHand,
    /// The zone holds the name.
    Written,
    /// Every resolver agrees.
    Done,
    /// It will not be tried again, for this reason.
    Failed(&'a str),
}

impl Outcome<'_> {
    /// The states the ticket goes through, and what its history says of the last.
    fn way(&self) -> (&'static [TicketState], &str) {
        use TicketState::{Applying, Done, Failed, Verifying};
        match self {
            Self::ByHand => (&[Applying], "Somebody of the desk has to apply it to the zone by hand"),
            Self::Written => (&[Applying, Verifying], "Written to DNS; read back until everyone sees it"),
            Self::Done => (&[Done], "Seen by every server and resolver"),
            Self::Failed(why) => (&[Applying, Failed], why),
        }
    }
}

/// Moves the ticket along. One that is somewhere else by now (its change is being rolled back) stays there.
pub(crate) async fn follow(
    core: &Core,
    transaction: &DatabaseTransaction,
    follower: Option<Follower>,
    outcome: Outcome<'_>,
) -> Result<()> {
    let Some(Follower { ticket, mail }) = follower else { return Ok(()) };
    let mut row: Model = locked(transaction, ticket).await?;
    let before = row.state.clone();
    let (way, text) = outcome.way();
    for &to in way {
        if state(&row)?.may_move_to(to) {
            let text = if way.last() == Some(&to) { text } else { "" };
            moves::advance(core, transaction, &Actor::System, &mut row, to, text).await?;
        }
    }
    if row.state == before {
        return Ok(());
    }
    if let Outcome::Failed(why) = outcome {
        row.reason = Some(why.to_owned());
    }
    update(transaction, &row).await?;
    mail.tell_of_move(core, transaction, &Actor::System, &row).await
}
