//! Rows that are due at a time: found, begun by one node, worked on together, and due again later.
//!
//! A row is found without a lock and begun by putting it off, where it still is due as it was read. So no lock is held
//! while its work is done, a node that dies only delays it, and of nodes that find the same row one goes on. (The queue,
//! whose work must not begin twice, leases its rows: `queue/claim.rs`.)

use crate::{Core, Result};
use futures_util::{StreamExt, stream};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany, Value, sea_query::Expr,
};
use std::time::Duration;
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(86_400);

/// Those of the rows that are due by this column, the longest due first.
pub(crate) async fn rows<E: EntityTrait>(
    core: &Core,
    of: Select<E>,
    at: E::Column,
    most: u64,
) -> Result<Vec<E::Model>> {
    let due = of.filter(at.lte(core.now().0)).order_by_asc(at).limit(most);
    Ok(due.all(core.db.read()).await?)
}

/// Puts this row off for so long, if it is due when it was as it was read; gives until when, or nothing when another was
/// quicker.
pub(crate) async fn claim<E: EntityTrait>(
    core: &Core,
    this: UpdateMany<E>,
    at: E::Column,
    was: impl Into<Value>,
    put_off: Duration,
) -> Result<Option<i64>> {
    let until = core.now().plus(put_off).0;
    let transaction = core.db.begin_aside().await?;
    let claimed = this.col_expr(at, Expr::value(until)).filter(at.eq(was)).exec(&transaction).await?;
    transaction.commit().await?;
    Ok((claimed.rows_affected == 1).then_some(until))
}

/// Does something with each row, so many at the same time; gives how many were this node's. Who fails has told the log,
/// and does not stop the others.
pub(crate) async fn each<R, F>(rows: Vec<R>, together: usize, work: impl Fn(R) -> F) -> u64
where
    F: Future<Output = Result<bool>>,
{
    let done = stream::iter(rows.into_iter().map(work)).buffer_unordered(together);
    done.fold(0, |sum, one| async move { sum + u64::from(one.unwrap_or_default()) }).await
}

/// When it is due again: waits of a day are up to a tenth shorter or longer, always the same for one row, so that what
/// was added together is not asked about in the same minute for ever.
pub(crate) fn spread(wait: Duration, row: Uuid) -> Duration {
    if wait < DAY {
        return wait;
    }
    // The lower half of an identifier is chance.
    let place = (row.as_u128() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let seconds = wait.as_secs();
    Duration::from_secs(seconds - seconds / 10 + place * (seconds / 5) / u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Actor, egress,
        tables::egress::{Column, Entity},
        test_support::Test,
    };

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn of_two_who_find_a_row_one_begins_and_it_is_due_again_when_the_work_was_lost() {
        let test = Test::new().await;
        let core = &test.core;
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            egress::add(core, &Actor::System, address, "").await.expect("listed");
            test.clock.advance(MINUTE);
        }
        let due = async |most| rows(core, Entity::find(), Column::NextCheckAt, most).await.expect("rows");
        let addresses = |rows: &[crate::tables::egress::Model]| -> Vec<String> {
            rows.iter().map(|row| row.address.clone()).collect()
        };
        let found = due(2).await;
        assert_eq!(addresses(&found), ["192.0.2.1", "192.0.2.2"], "the longest due first");
        let begin = async || {
            let this = Entity::update_many().filter(Column::Id.eq(found[0].id));
            claim(core, this, Column::NextCheckAt, found[0].next_check_at, MINUTE).await.expect("asked")
        };
        let (one, two, three) = tokio::join!(begin(), begin(), begin());
        let until = core.now().plus(MINUTE).0;
        let won: Vec<_> = [one, two, three].into_iter().flatten().collect();
        assert_eq!(won, [until], "one of three");
        assert_eq!(addresses(&due(9).await), ["192.0.2.2", "192.0.2.3"]);
        test.clock.advance(MINUTE);
        assert_eq!(addresses(&due(9).await), ["192.0.2.2", "192.0.2.3", "192.0.2.1"]);
        assert_eq!(begin().await, None, "who read it before knows nothing of it");
    }

    #[test]
    fn waits_of_a_day_lie_apart_and_at_the_same_place_each_time() {
        let id = |number: u128| Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        let waits: Vec<u64> = (0..1_000).map(|number| spread(DAY, id(number)).as_secs()).collect();
        assert!(waits.iter().all(|wait| (77_760..=95_040).contains(wait)), "{waits:?}");
        for tenth in 0..10 {
            let begin = 77_760 + tenth * 1_728;
            let here = waits.iter().filter(|&&wait| (begin..begin + 1_728).contains(&wait)).count();
            assert!((60..150).contains(&here), "{here} of 1,000 between {begin} and a tenth later");
        }
        assert_eq!(spread(DAY, id(7)), spread(DAY, id(7)));
        assert_eq!(spread(HOUR, id(7)), HOUR);
    }
}
