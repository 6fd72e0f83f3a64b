//! What a message costs when much waits in the queue, and much lies in the history: kept, handed over and recorded, as
//! new mail is; and claimed and put off, as old mail is.
//!
//! A machine is not equally fast all the time. So new mail is measured in turns with a relay beside that begins empty
//! at each depth, and what is compared is the two middles of the same minutes.

use super::{
    Bench, Outcome,
    figures::Figures,
    messages::fill,
    queue::{attempt, submission},
};
use relay_core::{Actor, projects, queue, submission as door};
use relay_dns::{Resolver, fixed::FixedAnswers};
use relay_types::{
    Timestamp,
    message::{Cause, Outcome as Fate},
    reply::Reply,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

/// How often new mail is measured at each depth, after one measurement that is not counted.
const TURNS: usize = 9;
/// Messages of one measurement.
const MESSAGES: u32 = 6_000;
const SESSIONS: u32 = 20;
/// Claims of one measurement, each of so many recipients.
const CLAIMS: usize = 20;
const CLAIMED: usize = 100;

/// Measures at each depth in turn, in one database that fills: nothing, a tenth of `count` waiting, `count` waiting,
/// and ten times `count` in the history beside them.
pub(super) async fn measure(bench: &Bench, count: u32, figures: &mut Figures) -> Outcome<()> {
    let project = projects::frame(&bench.core, &Actor::System, &bench.project).await?.project.id;
    let project = project.uuid().simple().to_string();
    let database = sea_orm::Database::connect(&bench.url).await?;
    figures.say(&format!("new mail: ms a message, best, middle and worst of {TURNS}; claimed: ms a recipient"));
    let heads = ["waiting", "history", "empty, beside", "new", "of empty", "claimed"];
    let [waiting, history, beside, new, of_empty, claimed] = heads;
    figures.say(&format!("{waiting:>9} {history:>9} {beside:>20} {new:>20} {of_empty:>9} {claimed:>8}"));
    let (mut waiting, mut history) = (0, 0);
    for (more_waiting, more_history) in [(0, 0), (count / 10, 0), (count - count / 10, 0), (0, count * 10)] {
        // Half of them are due.
        let rows = Rows { project: &project, now: bench.core.now(), due_in: -3_600_000 };
        rows.write(&database, waiting, more_waiting, more_history).await?;
        (waiting, history) = (waiting + more_waiting, history + more_history);
        let empty = Bench::with(Resolver::fixed(FixedAnswers::new())).await?;
        let (beside, new) = in_turns(&empty, bench).await?;
        let old = if waiting == 0 { None } else { Some(old_mail(bench).await?) };
        let claimed = old.map_or("-".to_owned(), |cost| format!("{cost:.3}"));
        let of_empty = new.middle() / beside.middle();
        let words = format!("{waiting:>9} {history:>9} {beside:>20} {new:>20} {of_empty:>9.2} {claimed:>8}");
        let row = json!({
            "waiting": waiting,
            "history": history,
            "empty_ms": beside.told(),
            "new_ms": new.told(),
            "of_empty": of_empty,
            "claimed_ms": old,
        });
        figures.tell(&words, row);
    }
    Ok(())
}

/// What new mail costs, in order.
struct Costs(Vec<f64>);

impl Costs {
    fn middle(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    /// Best, middle and worst.
    fn told(&self) -> [f64; 3] {
        [self.0[0], self.middle(), self.0[self.0.len() - 1]]
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [best, middle, worst] = self.told();
        f.pad(&format!("{best:.3} {middle:.3} {worst:.3}"))
    }
}

/// Measures new mail in both, in turns.
async fn in_turns(one: &Bench, other: &Bench) -> Outcome<(Costs, Costs)> {
    let mut costs = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let measured = (new_mail(one).await?, new_mail(other).await?);
        if turn > 0 {
            costs.0.push(measured.0);
            costs.1.push(measured.1);
        }
    }
    costs.0.sort_unstable_by(f64::total_cmp);
    costs.1.sort_unstable_by(f64::total_cmp);
    Ok((Costs(costs.0), Costs(costs.1)))
}

/// Writes into the database of a relay that does not run, for the project of the rigs: mail that is due in some hours.
pub(super) async fn fill_stopped(url: &str, from: u32, waiting: u32, history: u32) -> Outcome<()> {
    let database = sea_orm::Database::connect(url).await?;
    let project =
        Statement::from_string(DbBackend::Sqlite, "SELECT lower(hex(id)) AS id FROM project WHERE slug = 'bench'");
    let project: String = database.query_one_raw(project).await?.ok_or("no project")?.try_get("", "id")?;
    let now = Timestamp(i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?);
    let rows = Rows { project: &project, now, due_in: 4 * 3_600_000 };
    rows.write(&database, from, waiting, history).await
}

/// Mail as it lies in a database.
struct Rows<'a> {
    /// Whose it is, in hexadecimal.
    project: &'a str,
    now: Timestamp,
    /// When the first that waits is due, milliseconds from now; the last of them two hours later.
    due_in: i64,
}

impl Rows<'_> {
    /// So many that wait, numbered on, and so many of the history.
    async fn write(&self, database: &DatabaseConnection, from: u32, waiting: u32, history: u32) -> Outcome<()> {
        if waiting > 0 {
            for sql in self.waiting(waiting, from) {
                database.execute_unprepared(&sql).await?;
            }
        }
        if history > 0 {
            let started = self.now.minus(Duration::from_secs(2 * u64::from(history) + 86_400));
            for sql in fill::fill(self.project, history, started.0) {
                database.execute_unprepared(&sql).await?;
            }
        }
        database.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        Ok(())
    }

    /// One recipient each, of a thousand domains; accepted four days ago.
    fn waiting(&self, messages: u32, from: u32) -> [String; 2] {
        let Self { project, now: Timestamp(now), due_in } = self;
        let started = now - 4 * 86_400_000;
        let id = format!("unhex(printf('%012x7000b%015x', {started} + i, i))");
        let (first, end) = (from, from + messages);
        let rows = format!("WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {end} - 1)");
        [
            format!(
                "INSERT INTO message (id, project_id, accepted_at, source, source_label, reverse_path, header_from, \
                 subject, message_id, first_recipient, recipients, size, eight_bit, smtputf8, prefix, state, captured) \
                 {rows} SELECT {id}, x'{project}', {started} + i, 'network', 'cluster', 'app@sender.example', \
                 'app@sender.example', 'Waits', '<w' || i || '@d.example>', 'u' || i || '@w' || (i % 1000) || '.example', \
                 1, 5000, 0, 0, x'', 'deferred', 0 FROM n"
            ),
            format!(
                "INSERT INTO recipient (id, message_id, project_id, address, address_key, destination, state, due_at, \
                 attempts, accepted_at, expires_at, delay_notified) {rows} SELECT {id}, {id}, x'{project}', \
                 'u' || i || '@w' || (i % 1000) || '.example', 'u' || i || '@w' || (i % 1000) || '.example', \
                 'w' || (i % 1000) || '.example', 'due', {now} + {due_in} + (i % 7200) * 1000, 1, {started} + i, \
                 {now} + 432000000, 1 FROM n"
            ),
        ]
    }
}

/// Milliseconds for each message that is kept, handed to a worker and recorded as delivered.
async fn new_mail(bench: &Bench) -> Outcome<f64> {
    let body = "x".repeat(5_000);
    let mut new = queue::new_mail(&bench.core, 10_000);
    let core = bench.core.clone();
    let example = attempt(bench);
    let worker = tokio::spawn(async move {
        let mut records = tokio::task::JoinSet::new();
        for _ in 0..MESSAGES {
            let claims = new.next().await;
            let (core, attempt) = (core.clone(), example.clone());
            records.spawn(async move {
                let Some(claim) = claims.first().cloned() else { return Ok(()) };
                let delivered = Fate::Delivered(Reply::new(250, (2, 0, 0), "Ok"));
                queue::record(&core, claim.message_id, attempt, vec![(claim, delivered)]).await
            });
        }
        while let Some(recorded) = records.join_next().await {
            recorded.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        }
        Ok::<(), String>(())
    });
    let started = Instant::now();
    let mut sessions = tokio::task::JoinSet::new();
    for session in 0..SESSIONS {
        let (core, network, body) = (bench.core.clone(), bench.network.clone(), body.clone());
        sessions.spawn(async move {
            for n in 0..MESSAGES / SESSIONS {
                let made = submission(&format!("u{n}@d{session}.example"), &body).map_err(|error| error.to_string())?;
                let verdict = door::accept(&core, &network, made).await.map_err(|error| error.to_string())?;
                verdict.map_err(|rejection| format!("{rejection:?}"))?;
            }
            Ok::<(), String>(())
        });
    }
    while let Some(session) = sessions.join_next().await {
        session??;
    }
    worker.await??;
    Ok(started.elapsed().as_secs_f64() * 1_000.0 / f64::from(MESSAGES))
}

/// Milliseconds for each recipient that is claimed and put off.
async fn old_mail(bench: &Bench) -> Outcome<f64> {
    let (started, mut recorded) = (Instant::now(), 0_u32);
    for _ in 0..CLAIMS {
        let claims = queue::claim(&bench.core, CLAIMED, 10, &[]).await?;
        let records = claims.into_iter().map(|claim| {
            let put_off = Fate::TempFail(Cause::Reply(Reply::new(451, (4, 7, 1), "Later")));
            recorded += 1;
            queue::record(&bench.core, claim.message_id, attempt(bench), vec![(claim, put_off)])
        });
        for result in futures_util::future::join_all(records).await {
            result?;
        }
    }
    Ok(started.elapsed().as_secs_f64() * 1_000.0 / f64::from(recorded.max(1)))
}
