//! Recipients with an address, among all mail there ever was.
//!
//! An index by address alone would have each new message change a page of its own, somewhere among ten million: that was
//! a tenth of what a message costs. So the index begins with a period of some hours: new mail changes the few pages of
//! the present, and whoever looks for an address looks into each period.

use crate::tables::recipient::Column;
use relay_types::Timestamp;
use sea_orm::{ColumnTrait, Condition, DbBackend, sea_query::Expr};

/// The period of a recipient, as the index `recipient_address` has it: the first three octets of its message's
/// identifier, which begins with milliseconds since the epoch. 2²⁴ of them are 4 hours and 40 minutes.
fn period(backend: DbBackend, table: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!("substr({table}.message_id, 1, 3)"),
        _ => format!("substring(uuid_send({table}.message_id) FROM 1 FOR 3)"),
    }
}

/// That a row of `recipient` is of some period, back to that of `since`: what makes the index of use. Without `since`
/// each row is. Each period is found from the one after it by one step in the index (a loose index scan).
pub(crate) fn in_a_period(backend: DbBackend, since: Option<Timestamp>) -> String {
    let (own, other) = (period(backend, "recipient"), period(backend, "other"));
    let since = u64::try_from(since.map_or(0, |since| since.0)).unwrap_or(0) >> 24;
    let since = match backend {
        DbBackend::Sqlite => format!("x'{since:06x}'"),
        _ => format!("'\\x{since:06x}'::bytea"),
    };
    format!(
        "{own} IN (WITH RECURSIVE period(value) AS (\
         SELECT (SELECT {other} FROM recipient AS other ORDER BY {other} DESC LIMIT 1) UNION ALL \
         SELECT (SELECT {other} FROM recipient AS other WHERE {other} < period.value ORDER BY {other} DESC LIMIT 1) \
         FROM period WHERE period.value > {since}) SELECT value FROM period WHERE value >= {since})"
    )
}

/// That a row of `recipient` has this key of an address.
pub(crate) fn address(backend: DbBackend, key: &str) -> Condition {
    Condition::all().add(Expr::cust(in_a_period(backend, None))).add(Column::AddressKey.eq(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commit::{self, Work},
        tables::recipient::Entity,
        test_support::Test,
    };
    use relay_types::EmailAddress;
    use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
    use std::time::Duration;
    use uuid::Uuid;

    fn messages_to(backend: DbBackend, key: &str) -> Select<Entity> {
        let messages = Entity::find().select_only().column(Column::MessageId).filter(address(backend, key));
        messages.order_by_desc(Column::MessageId)
    }

    #[tokio::test]
    async fn an_address_is_found_in_all_periods_newest_first() {
        let test = Test::new().await;
        let core = &test.core;
        let mut expected = Vec::new();
        for (hours, to) in [(0, "b"), (1, "c"), (100, "b"), (1, "b"), (10_000, "c"), (1, "b")] {
            test.clock.advance(Duration::from_secs(hours * 3_600));
            let mut new = commit::tests::message(core, core.new_id(), 10);
            new.recipients[0].0 = EmailAddress::parse(&format!("{to}@e.example")).expect("an address");
            if to == "b" {
                expected.insert(0, new.id.uuid());
            }
            commit::commit(core, Work::Accept(Box::new(new), None)).await.expect("kept");
        }
        let backend = core.db.backend();
        let found = messages_to(backend, "b@e.example").into_tuple::<Uuid>().all(core.db.read()).await;
        assert_eq!(found.expect("rows"), expected);
        // Of the last days.
        let since = in_a_period(backend, Some(core.now().minus(Duration::from_secs(86_400))));
        let found = messages_to(backend, "b@e.example").filter(Expr::cust(since));
        let found = found.into_tuple::<Uuid>().all(core.db.read()).await;
        assert_eq!(found.expect("rows"), expected[..1]);
    }

    #[tokio::test]
    async fn periods_and_addresses_are_read_from_the_index_alone() {
        let test = Test::new().await;
        // PostgreSQL chooses by statistics, and reads a table of nothing as it is.
        if test.core.db.backend() != DbBackend::Sqlite {
            return;
        }
        let mut plan = messages_to(DbBackend::Sqlite, "b@e.example").build(DbBackend::Sqlite);
        plan.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let steps = test.core.db.read().query_all_raw(plan).await.expect("a plan");
        let steps: Vec<String> = steps.iter().map(|step| step.try_get("", "detail").expect("words")).collect();
        let of_tables: Vec<&String> =
            steps.iter().filter(|step| step.contains("INDEX") || step.contains("recipient")).collect();
        assert!(of_tables.iter().all(|step| step.contains("INDEX recipient_address")), "{steps:#?}");
        assert!(of_tables[0].contains("(<expr>=? AND address_key=?)"), "{steps:#?}");
    }
}
