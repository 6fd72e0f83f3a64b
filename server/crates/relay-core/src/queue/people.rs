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
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

/// Messages of one transaction when a whole destination is moved.
const AT_ONCE: u64 = 500;

/// Messages that a person can choose at once.
const CHOSEN: usize = 100;

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Stop it until it is released.
    Hold,
    /// Let what is held go on.
    Release,
    /// Make what waits due now.
    RetryNow,
    /// Never send it.
    Cancel,
}

impl Wish {
    /// Reads the word of the audit trail's verb: `hold`, `release`, `retry`, `cancel`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Hold, Self::Release, Self::RetryNow, Self::Cancel].into_iter().find(|wish| wish.verb() == text)
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::RetryNow => "retry",
            Self::Cancel => "cancel",
        }
    }

    pub(super) fn action(self, of: &str) -> String {
        format!("{of}.{}", self.verb())
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
    Ok(to_messages(core, actor, slug, &[id], wish).await?.1)
}

/// Does it to messages of a project, all in one transaction. Returns how many messages and recipients were moved. With
/// one that is not the project's, nothing is done.
pub(crate) async fn to_messages(
    core: &Core,
    actor: &Actor,
    slug: &Slug,
    ids: &[MessageId],
    wish: Wish,
) -> Result<(u64, u64)> {
    let project = projects::authorize(core, actor, slug, Access::Manage).await?;
    let mut ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(Error::invalid("ids", "Choose at least one message"));
    }
    if ids.len() > CHOSEN {
        return Err(Error::invalid("ids", format!("Choose at most {CHOSEN} messages at once")));
    }
    let found = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::Id.is_in(ids.iter().copied()))
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .into_tuple::<Uuid>()
        .all(core.db.read())
        .await?;
    if found.len() != ids.len() {
        return Err(Error::NotFound);
    }
    let (now, mut messages, mut recipients) = (core.now(), 0, 0);
    let transaction = core.db.begin_aside().await?;
    for id in ids {
        let of_message = Condition::all().add(Column::MessageId.eq(id));
        let due = (now, Early::Too);
        let moved = move_recipients(core, &transaction, actor, wish, due, of_message, &[id]).await?;
        if moved > 0 {
            let changes = vec![audit::field("recipients", None::<u64>, Some(moved))];
            let subject = MessageId::from_uuid(id).to_string();
            audit_of(core, &transaction, actor, Some(project), &wish.action("message"), &subject, changes).await?;
            (messages, recipients) = (messages + 1, recipients + moved);
        }
    }
    transaction.commit().await?;
    woken(core, wish, recipients);
    Ok((messages, recipients))
}

/// Does it to everything that waits for a destination, some hundred messages at a time.
pub(crate) async fn to_destination(core: &Core, actor: &Actor, destination: &str, wish: Wish) -> Result<u64> {
    projects::authorize_operator(actor)?;
    let mut moved = 0;
    // Recipients that become due here have this very due time, so that each is moved once.
    let now = core.now();
    loop {
        let transaction = core.db.begin_aside().await?;
        let mut waiting =
            Condition::all().add(Column::Destination.eq(destination)).add(Column::State.is_in(wish.from()));
        if wish == Wish::RetryNow {
            // What its program holds for later stays held: its life in the queue has not begun.
            let begun = Condition::any().add(Column::AcceptedAt.lte(now.0)).add(Column::Attempts.gt(0));
            waiting = waiting.add(Column::DueAt.gt(now.0)).add(begun);
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
        let due = (now, Early::Not);
        let more = move_recipients(core, &transaction, actor, wish, due, some, &messages).await?;
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

/// Whether what its program holds for later (FUTURERELEASE) is due at once, too: where a person chose the message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Early {
    Too,
    Not,
}

/// Moves the recipients of `messages` that meet `condition`, and writes it into the stories of those that had any.
async fn move_recipients(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    wish: Wish,
    (now, early): (Timestamp, Early),
    condition: Condition,
    messages: &[Uuid],
) -> Result<u64> {
    if messages.is_empty() {
        return Ok(0);
    }
    state::lock(transaction, messages.iter().copied()).await?;
    let due_at = match (wish.to(), early) {
        (RecipientState::Due, Early::Too) => Expr::value(now.0),
        (RecipientState::Due, Early::Not) => {
            let begins_at = Expr::col(Column::AcceptedAt);
            let held = begins_at.clone().gt(now.0).and(Expr::col(Column::Attempts).eq(0));
            Expr::case(held, begins_at).finally(now.0).into()
        }
        _ => Expr::value(None::<i64>),
    };
    let updated = Entity::update_many()
        .col_expr(Column::State, Expr::value(wish.to().as_str()))
        .col_expr(Column::DueAt, due_at)
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
