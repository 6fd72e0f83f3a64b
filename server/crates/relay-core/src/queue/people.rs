//! What people do to waiting mail: hold, release, retry now, cancel; of a message by members of its project, of a
//! destination by operators. Each is in the audit trail and in the message's story. What is in flight is left alone.

use crate::{
    Access, Actor, Core, Error, Result, audit, projects,
    queue::state,
    submission::kept::{self, event_row},
    tables::{
        message,
        recipient::{Column, Entity},
    },
};
use relay_types::{
    Timestamp,
    message::{EventKind, MessageId, RecipientState},
    project::{ProjectId, Slug},
};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

/// Messages of one transaction when a whole destination is moved.
const AT_ONCE: u64 = 500;

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Hold,
    Release,
    RetryNow,
    Cancel,
}

impl Wish {
    fn action(self, of: &str) -> String {
        let verb = match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::RetryNow => "retry",
            Self::Cancel => "cancel",
        };
        format!("{of}.{verb}")
    }

    fn event(self, by: String) -> EventKind {
        match self {
            Self::Hold => EventKind::Held { by },
            Self::Release => EventKind::Released { by },
            Self::RetryNow => EventKind::RetryAsked { by },
            Self::Cancel => EventKind::Cancelled { by },
        }
    }

    /// The state it moves to.
    fn to(self) -> RecipientState {
        match self {
            Self::Hold => RecipientState::Held,
            Self::Release | Self::RetryNow => RecipientState::Due,
            Self::Cancel => RecipientState::Cancelled,
        }
    }

    /// The states it moves from: those from which the move is legal, without what is in flight.
    fn from(self) -> Vec<&'static str> {
        match self {
            // A new due time is no move of state.
            Self::RetryNow => vec![RecipientState::Due.as_str()],
            _ => state::sources(self.to()).filter(|&from| from != RecipientState::InFlight.as_str()).collect(),
        }
    }

    fn wakes(self) -> bool {
        matches!(self, Self::Release | Self::RetryNow)
    }
}

/// Does it to one message of a project. Returns how many recipients were moved.
pub(crate) async fn to_message(core: &Core, actor: &Actor, slug: &Slug, id: MessageId, wish: Wish) -> Result<u64> {
    let project = projects::authorize(core, actor, slug, Access::Manage).await?;
    let found = message::Entity::find_by_id(id.uuid())
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .into_tuple::<Uuid>()
        .one(core.db.read())
        .await?;
    found.ok_or(Error::NotFound)?;
    let transaction = core.db.begin().await?;
    let of_message = Condition::all().add(Column::MessageId.eq(id.uuid()));
    let moved = move_recipients(core, &transaction, actor, wish, core.now(), of_message, &[id.uuid()]).await?;
    if moved > 0 {
        let changes = vec![audit::field("recipients", None::<u64>, Some(moved))];
        audit_of(core, &transaction, actor, Some(project), &wish.action("message"), &id.to_string(), changes).await?;
    }
    transaction.commit().await?;
    woken(core, wish, moved);
    Ok(moved)
}

/// Does it to everything that waits for a destination, some hundred messages at a time.
pub(crate) async fn to_destination(core: &Core, actor: &Actor, destination: &str, wish: Wish) -> Result<u64> {
    projects::authorize_operator(actor)?;
    let mut moved = 0;
    // Recipients that become due here have this very due time, so that each is moved once.
    let now = core.now();
    loop {
        let transaction = core.db.begin().await?;
        let mut waiting =
            Condition::all().add(Column::Destination.eq(destination)).add(Column::State.is_in(wish.from()));
        if wish == Wish::RetryNow {
            waiting = waiting.add(Column::DueAt.gt(now.0));
        }
        let messages: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::MessageId)
            .distinct()
            .filter(waiting.clone())
            .order_by_asc(Column::MessageId)
            .limit(AT_ONCE)
            .into_tuple()
            .all(&transaction)
            .await?;
        let some = waiting.add(Column::MessageId.is_in(messages.iter().copied()));
        let more = move_recipients(core, &transaction, actor, wish, now, some, &messages).await?;
        moved += more;
        if more == 0 {
            if moved > 0 {
                let changes = vec![audit::field("recipients", None::<u64>, Some(moved))];
                audit_of(core, &transaction, actor, None, &wish.action("destination"), destination, changes).await?;
            }
            transaction.commit().await?;
            woken(core, wish, moved);
            return Ok(moved);
        }
        transaction.commit().await?;
    }
}

async fn audit_of(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    project: Option<ProjectId>,
    action: &str,
    subject: &str,
    changes: Vec<relay_types::audit::FieldChange>,
) -> Result<()> {
    audit::record(core, transaction, actor, project, action, subject, changes).await
}

/// Moves the recipients of `messages` that meet `condition`, and writes it into the stories of those that had any.
async fn move_recipients(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    wish: Wish,
    now: Timestamp,
    condition: Condition,
    messages: &[Uuid],
) -> Result<u64> {
    if messages.is_empty() {
        return Ok(0);
    }
    state::lock(transaction, messages.iter().copied()).await?;
    let due_at = (wish.to() == RecipientState::Due).then_some(now.0);
    let updated = Entity::update_many()
        .col_expr(Column::State, Expr::value(wish.to().as_str()))
        .col_expr(Column::DueAt, Expr::value(due_at))
        .filter(condition)
        .filter(Column::State.is_in(wish.from()))
        .exec(transaction)
        .await?;
    if updated.rows_affected == 0 {
        return Ok(0);
    }
    state::refresh(transaction, messages).await?;
    let event = wish.event(actor.name());
    let rows: Result<Vec<_>> = messages.iter().map(|&id| event_row(core, id, now, &event)).collect();
    kept::insert_events(transaction, rows?).await?;
    Ok(updated.rows_affected)
}

fn woken(core: &Core, wish: Wish, moved: u64) {
    core.changes.committed();
    if wish.wakes() && moved > 0 {
        core.queue_wake.notify_one();
    }
}
