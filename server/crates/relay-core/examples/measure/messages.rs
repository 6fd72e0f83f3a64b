//! What a page of the list of messages costs with many behind it.

#[path = "../../src/messages/fill.rs"]
pub(super) mod fill;

use super::{Bench, Outcome, figures::Figures};
use fill::{RARE, fill};
use relay_core::{Actor, messages, projects};
use relay_types::{
    Id,
    message::{MessageFilter, MessageId, MessageState},
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::{Duration, Instant};

pub(super) async fn measure(bench: &Bench, count: u32, figures: &mut Figures) -> Outcome<()> {
    let seconds = |seconds: u64| Duration::from_secs(seconds);
    let started = bench.core.now().minus(seconds(2 * u64::from(count)));
    let id = projects::frame(&bench.core, &Actor::System, &bench.project).await?.project.id;
    let begin = Instant::now();
    let database = sea_orm::Database::connect(&bench.url).await?;
    for sql in fill(&id.uuid().simple().to_string(), count, started.0) {
        database.execute_unprepared(&sql).await?;
    }
    figures.say(&format!("filled in {:?}", begin.elapsed()));
    let account = |hex: &str| -> Outcome<_> { Ok(Some(Id::from_uuid(hex.parse()?))) };
    let middle = u128::from(started.plus(seconds(u64::from(count))).0.unsigned_abs()) << 80;
    let middle = MessageId::from_uuid(uuid::Uuid::from_u128(middle)).to_string();
    let hour = bench.core.now().minus(seconds(3_600));
    let first = MessageFilter::default;
    let by = |text: &str| MessageFilter { search: Some(text.to_owned()), ..first() };
    let state = |state| MessageFilter { state: Some(state), ..first() };
    for (what, filter) in [
        ("first page", first()),
        ("a page in the middle", MessageFilter { after: Some(middle), ..first() }),
        ("held", state(MessageState::Held)),
        ("queued, of which there are none", state(MessageState::Queued)),
        ("last hour", MessageFilter { since: Some(hour), ..first() }),
        ("an account of a quarter", MessageFilter { service_account: account(&"0".repeat(32))?, ..first() }),
        ("an account of one in a thousand", MessageFilter { service_account: account(RARE)?, ..first() }),
        ("Message-ID", by("<77@d.example>")),
        ("recipient", by("u77@e.example")),
        ("a word in every subject", by("report")),
        ("a word in no subject", by("zebra")),
    ] {
        page(bench, what, &filter, figures).await?;
    }
    Ok(())
}

/// The best and the middle of some runs of a page, its rows, and what stands on the first tab.
async fn page(bench: &Bench, what: &str, filter: &MessageFilter, figures: &mut Figures) -> Outcome<()> {
    let (mut took, mut seen) = (Vec::new(), (0, None));
    for _ in 0..9 {
        let begin = Instant::now();
        let page = messages::overview(&bench.core, &Actor::System, &bench.project, filter).await?;
        took.push(begin.elapsed());
        seen = (page.rows.items.len(), page.counts.map(|counts| counts.all));
    }
    took.sort_unstable();
    let (rows, all) = seen;
    let (best, middle) = (took[0], took[4]);
    let words = format!("{what:35} {middle:>12.1?} (best {best:.1?}), {rows} rows, counted {all:?}");
    let row = json!({
        "page": what,
        "middle_ms": 1e3 * middle.as_secs_f64(),
        "best_ms": 1e3 * best.as_secs_f64(),
        "rows": rows,
        "counted": all,
    });
    figures.tell(&words, row);
    Ok(())
}
