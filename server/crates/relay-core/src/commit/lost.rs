//! What a round had done although it failed: its connection broke when COMMIT was on its way, or had been carried out.
//!
//! The database alone knows. Of a message its row says so, for nobody else has its identifier; of a claim its lease.

use super::{Done, ROUND, Work};
use crate::{Core, Error, Result, tables::message};
use sea_orm::{EntityTrait, QuerySelect};
use tokio::time::timeout;
use uuid::Uuid;

/// What became of the work; none when nothing did, or not yet. Parts and results are not asked for: what comes of doing
/// them again tells their owner that they are there.
pub(super) async fn done(core: &Core, work: &Work) -> Result<Option<Done>> {
    let silent = |_| Error::Unavailable { cause: "the database does not answer".to_owned() };
    timeout(ROUND, look(core, work)).await.map_err(silent)?
}

async fn look(core: &Core, work: &Work) -> Result<Option<Done>> {
    match work {
        Work::Accept(new, _) => {
            let row = message::Entity::find_by_id(new.id.uuid()).select_only().column(message::Column::Id);
            let found = row.into_tuple::<Uuid>().one(core.db.read()).await?;
            Ok(found.map(|_| Done::Kept))
        }
        Work::Claim(request) => {
            let rows = request.leased(core).await?;
            Ok((!rows.is_empty()).then_some(Done::Claimed(rows)))
        }
        Work::Store(_) | Work::Record(_) => Ok(None),
    }
}
