//! Parts of a message's body in the store, before there is a message.

use crate::{
    Actor, Core, Error, Result,
    commit::{self, Work},
    db, nodes, projects,
    submission::kept::PART,
    tables::{arriving, message_content},
};
use relay_types::message::MessageId;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use std::time::Duration;

/// Parts of a stored body are counted from here; what is before is the header section.
pub(crate) const STORED_FROM: i32 = 16;
/// A message of which nothing was stored for so long will not come: a client may be so slow that the next part takes
/// it most of an hour.
pub(super) const ABANDONED: Duration = Duration::from_secs(86_400);

/// The parts that are in the store, removed with this when no message was made of them.
pub(crate) struct Parts {
    core: Core,
    message: MessageId,
    /// Where the next part goes.
    next: i32,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("message", &self.message).field("next", &self.next).finish()
    }
}

/// Octets for the store, part of a group commit.
pub(crate) struct NewParts {
    message: MessageId,
    first: i32,
    octets: Vec<u8>,
}

impl NewParts {
    /// How many octets it has.
    pub(crate) fn octets(&self) -> usize {
        self.octets.len()
    }
}

impl Parts {
    /// None yet, of a message with a new id.
    pub(super) fn new(core: &Core) -> Self {
        Self { core: core.clone(), message: core.new_id(), next: STORED_FROM }
    }

    /// The message's id.
    pub(super) fn message(&self) -> MessageId {
        self.message
    }

    /// Stores octets durably.
    pub(super) async fn store(&mut self, octets: Vec<u8>) -> Result<()> {
        if octets.is_empty() {
            return Ok(());
        }
        let count = i32::try_from(octets.len().div_ceil(PART)).map_err(Error::internal)?;
        let new = NewParts { message: self.message, first: self.next, octets };
        self.next += count;
        commit::commit(&self.core, Work::Store(new)).await.map(|_| ())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.next > STORED_FROM {
            let (core, message) = (self.core.clone(), self.message);
            runtime.spawn(async move {
                if let Err(error) = remove(&core, message).await {
                    tracing::warn!(%error, "parts of a message that was not kept are removed later");
                }
            });
        }
    }
}

/// Writes parts of messages that arrive.
pub(crate) async fn store(core: &Core, transaction: &DatabaseTransaction, works: &[&NewParts]) -> Result<()> {
    let now = core.now();
    let mut rows = Vec::new();
    for new in works {
        let row = arriving::ActiveModel { message_id: Set(new.message.uuid()), last_at: Set(now.0) };
        if new.first == STORED_FROM {
            arriving::Entity::insert(row).exec_without_returning(transaction).await?;
        } else {
            let known = arriving::Column::MessageId.eq(new.message.uuid());
            let update = arriving::Entity::update_many().set(row).filter(known);
            there(update.exec(transaction).await?.rows_affected)?;
        }
        for (part, bytes) in (new.first..).zip(new.octets.chunks(PART)) {
            let (message_id, bytes) = (Set(new.message.uuid()), Set(bytes.to_vec()));
            rows.push(message_content::ActiveModel { message_id, part: Set(part), bytes });
        }
    }
    for rows in db::pieces(rows) {
        message_content::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// The message is kept, in this transaction: its parts belong to it. An error when they are there no more.
pub(crate) async fn keep(transaction: &DatabaseTransaction, message: MessageId) -> Result<()> {
    there(arriving::Entity::delete_by_id(message.uuid()).exec(transaction).await?.rows_affected)
}

/// Whether the row of a message that arrives was there: else it was taken for abandoned.
fn there(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Error::Unavailable { cause: "a message was too long on its way".to_owned() }) }
}

/// Removes the parts of a message that was not kept; those of one that was stay.
async fn remove(core: &Core, message: MessageId) -> Result<()> {
    let transaction = core.db.begin_aside().await?;
    let not_kept = arriving::Entity::delete_by_id(message.uuid()).exec(&transaction).await?.rows_affected == 1;
    if not_kept {
        message_content::Entity::delete_many()
            .filter(message_content::Column::MessageId.eq(message.uuid()))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Removes the parts of messages that stopped arriving, because their node died: on SQLite as soon as it runs again, else
/// after [`ABANDONED`]. Returns how many messages.
pub async fn remove_abandoned(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    let silent = core.now().minus(ABANDONED);
    let before = nodes::alone_since(core).map_or(silent, |since| since.max(silent));
    let abandoned: Vec<uuid::Uuid> = arriving::Entity::find()
        .select_only()
        .column(arriving::Column::MessageId)
        .filter(arriving::Column::LastAt.lt(before.0))
        .limit(1_000)
        .into_tuple()
        .all(core.db.read())
        .await?;
    for message in &abandoned {
        remove(core, MessageId::from_uuid(*message)).await?;
    }
    Ok(abandoned.len() as u64)
}
