//! Which recipients a worker gets: who is due, fairly, within bounds.
//!
//! Candidates are read without a lock, chosen by a pure function, and leased by one statement that takes only those
//! still free (SQLite: one `UPDATE … RETURNING` under the write lock; PostgreSQL: `FOR UPDATE SKIP LOCKED`), so two
//! workers never hold the same one.
//!
//! However long the queue is, only a window is read: the [`WINDOW`] oldest that are due. When that is full there is a
//! backlog, and old mail of one project or to one slow destination must not hide the rest; then the window also gets
//! the newest, a share of the portal's own mail, and one of each of a few projects and destinations in turn. Every query goes by an index.

use crate::{
    Core, Result,
    commit::{self, Done, Work},
    nodes,
    queue::LeftOut,
    tables::recipient::{self, Column, Entity},
};
use relay_types::{Timestamp, message::RecipientState};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QuerySelect, QueryTrait, Statement, Value,
    sea_query::{Expr, LockBehavior, LockType},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// The oldest that are due.
const WINDOW: usize = 500;
/// In a backlog: the newest that are due.
const NEWEST: usize = 100;
/// In a backlog: how many projects and destinations are looked at in one claim, and how many recipients of each.
const SHARES: usize = 32;
const SHARE: usize = 20;
/// In a backlog: how often others get their turn in one claim that would else take nothing.
const TURNS: usize = 64;
/// Leases that ran out, taken in one claim.
const EXPIRED: usize = 100;
/// Written out as the index `recipient_waiting` has it, so that both databases see that it fits.
pub(super) const WAITING: &str = "state IN ('due', 'in_flight', 'held')";

/// A recipient that could be claimed.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
struct Candidate {
    id: Uuid,
    project_id: Option<Uuid>,
    destination: String,
    due_at: i64,
}

/// Whose turn it is next in a backlog.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Turn>);

#[derive(Clone, Default)]
struct Turn {
    project: Uuid,
    destination: String,
}

/// Recipients to lease.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) lease: Uuid,
    /// The run of this node.
    pub(crate) by: Uuid,
    /// By the clock that nodes have in common, as `until`.
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

impl Request {
    /// Leases those of the recipients that are still free, and counts the attempt.
    pub(crate) async fn apply(&self, transaction: &DatabaseTransaction) -> Result<Vec<recipient::Model>> {
        let ran_out = Condition::all()
            .add(Column::State.eq(RecipientState::InFlight.as_str()))
            .add(Column::LeaseUntil.lte(self.now.0));
        let free = Condition::any().add(Column::State.eq(RecipientState::Due.as_str())).add(ran_out);
        let still_free = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(self.ids.iter().copied()))
            .filter(free)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_query();
        Ok(Entity::update_many()
            .col_expr(Column::State, Expr::value(RecipientState::InFlight.as_str()))
            .col_expr(Column::DueAt, Expr::value(None::<i64>))
            .col_expr(Column::Lease, Expr::value(self.lease))
            .col_expr(Column::LeaseUntil, Expr::value(self.until.0))
            .col_expr(Column::LeasedBy, Expr::value(self.by))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.in_subquery(still_free))
            .exec_with_returning(transaction)
            .await?)
    }

    /// Those that it has leased.
    pub(crate) async fn leased(&self, core: &Core) -> Result<Vec<recipient::Model>> {
        let ours =
            Entity::find().filter(Column::Id.is_in(self.ids.iter().copied())).filter(Column::Lease.eq(self.lease));
        Ok(ours.all(core.db.read()).await?)
    }
}

/// Claims at most `most` recipients, at most `per_destination` of each destination and nothing of `left_out`.
pub(crate) async fn claim(
    core: &Core,
    most: usize,
    per_destination: usize,
    left_out: &[LeftOut],
) -> Result<(Uuid, Vec<recipient::Model>)> {
    let now = core.now();
    let lease = core.new_id::<()>().uuid();
    let mut window = window(core, now).await?;
    let ran_out = ran_out(core).await?;
    let lost: HashSet<Uuid> = ran_out.iter().map(|candidate| candidate.id).collect();
    let backlog = window.len() >= WINDOW;
    window.extend(ran_out);
    if backlog {
        window.extend(read(core, &select("due_at", "due_at <= $1", "due_at DESC", NEWEST), [now.0.into()]).await?);
        window.extend(shares(core, now).await?.0);
    }
    let mut ids = choose(window, most, per_destination, left_out);
    // Nothing among those whose turn it was: others may have something. One round, within bounds.
    let mut ends = 0;
    for _ in 0..TURNS {
        // A round may begin anywhere; at the second end, all had their turn.
        if !backlog || !ids.is_empty() || ends == 2 {
            break;
        }
        let (share, last) = shares(core, now).await?;
        ids = choose(share, most, per_destination, left_out);
        ends += u8::from(last);
    }
    if ids.is_empty() {
        return Ok((lease, Vec::new()));
    }
    let order: HashMap<Uuid, usize> = ids.iter().enumerate().map(|(place, &id)| (id, place)).collect();
    let leased_at = nodes::common_now(core);
    let until = leased_at.plus(core.config.lease);
    let request = Request { ids, lease, by: core.node.run, now: leased_at, until };
    match commit::commit(core, Work::Claim(request)).await? {
        Done::Claimed(mut rows) => {
            let recovered = rows.iter().filter(|row| lost.contains(&row.id)).count();
            if recovered > 0 {
                core.node.figures.recovered(recovered as u64);
            }
            rows.sort_by_key(|row| order.get(&row.id).copied());
            Ok((lease, rows))
        }
        Done::Kept | Done::Over(_) | Done::Stale => Ok((lease, Vec::new())),
    }
}

/// Takes from each project in turn, oldest first.
fn choose(candidates: Vec<Candidate>, most: usize, per_destination: usize, left_out: &[LeftOut]) -> Vec<Uuid> {
    // By destination, and the projects it is left out for: all when there is none.
    let left_out: HashSet<(&str, Option<Option<Uuid>>)> = left_out
        .iter()
        .map(|one| match one {
            LeftOut::Destination(destination) => (destination.as_str(), None),
            LeftOut::OfProject(project, destination) => {
                (destination.as_str(), Some(project.map(|project| project.uuid())))
            }
        })
        .collect();
    let left = |candidate: &Candidate| {
        let destination = candidate.destination.as_str();
        left_out.contains(&(destination, None)) || left_out.contains(&(destination, Some(candidate.project_id)))
    };
    let mut seen = HashSet::new();
    let mut projects: BTreeMap<Option<Uuid>, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        if !left(&candidate) && seen.insert(candidate.id) {
            projects.entry(candidate.project_id).or_default().push(candidate);
        }
    }
    let mut queues: VecDeque<std::vec::IntoIter<Candidate>> = projects
        .into_values()
        .map(|mut queue| {
            queue.sort_by_key(|candidate| (candidate.due_at, candidate.id));
            queue.into_iter()
        })
        .collect();
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut chosen = Vec::new();
    while let Some(mut queue) = queues.pop_front() {
        if chosen.len() >= most {
            break;
        }
        let free = |candidate: &Candidate| taken.get(&candidate.destination).copied().unwrap_or(0) < per_destination;
        if let Some(candidate) = queue.find(free) {
            *taken.entry(candidate.destination).or_default() += 1;
            chosen.push(candidate.id);
            queues.push_back(queue);
        }
    }
    chosen
}

/// The oldest that are due.
async fn window(core: &Core, now: Timestamp) -> Result<Vec<Candidate>> {
    read(core, &select("due_at", "due_at <= $1", "due_at", WINDOW), [now.0.into()]).await
}

/// Leases that ran out: who had them never said how it went.
async fn ran_out(core: &Core) -> Result<Vec<Candidate>> {
    let expired = select("lease_until AS due_at", "lease_until <= $1", "lease_until", EXPIRED);
    read(core, &expired, [nodes::common_now(core).0.into()]).await
}

/// A share for some projects and some destinations, others each time; and whether these were the last destinations.
async fn shares(core: &Core, now: Timestamp) -> Result<(Vec<Candidate>, bool)> {
    let turn = core.turns.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let projects: Vec<Uuid> = distinct(core, "project_id", "due_at IS NOT NULL", turn.project.into())
        .await?
        .into_iter()
        .map(|row| row.0)
        .collect();
    let destinations: Vec<String> =
        distinct(core, "destination", WAITING, turn.destination.into()).await?.into_iter().map(|row| row.0).collect();
    let next = Turn {
        project: projects.get(SHARES - 1).copied().unwrap_or_default(),
        destination: destinations.get(SHARES - 1).cloned().unwrap_or_default(),
    };
    let last = next.destination.is_empty();
    *core.turns.0.lock().unwrap_or_else(PoisonError::into_inner) = next;
    // Mail of no project is the portal's own: someone waits for a link, so it has a share each time.
    let of_portal = select("due_at", "due_at <= $1 AND project_id IS NULL", "due_at", SHARE);
    let mut found = read(core, &of_portal, [now.0.into()]).await?;
    let of_project = select("due_at", "due_at <= $1 AND project_id = $2", "due_at", SHARE);
    for project in projects {
        found.extend(read(core, &of_project, [now.0.into(), project.into()]).await?);
    }
    let to_destination = select("due_at", &format!("{WAITING} AND destination = $2 AND due_at <= $1"), "due_at", SHARE);
    for destination in destinations {
        found.extend(read(core, &to_destination, [now.0.into(), destination.into()]).await?);
    }
    Ok((found, last))
}

/// The next values of a column after `from`, each found by one step in an index (a loose index scan).
async fn distinct<T: sea_orm::TryGetable>(
    core: &Core,
    column: &str,
    condition: &str,
    from: Value,
) -> Result<Vec<One<T>>> {
    let next = |after: &str| {
        format!("(SELECT {column} FROM recipient WHERE {condition} AND {column} > {after} ORDER BY {column} LIMIT 1)")
    };
    let sql = format!(
        "WITH RECURSIVE steps(value) AS (SELECT {} UNION ALL SELECT {} FROM steps WHERE value IS NOT NULL) \
         SELECT value FROM steps WHERE value IS NOT NULL LIMIT {SHARES}",
        next("$1"),
        next("steps.value"),
    );
    let backend = core.db.backend();
    let rows = core.db.read().query_all_raw(Statement::from_sql_and_values(backend, sql, [from])).await?;
    Ok(rows.iter().map(|row| row.try_get("", "value").map(One)).collect::<std::result::Result<_, _>>()?)
}

struct One<T>(T);

fn select(due: &str, condition: &str, order: &str, limit: usize) -> String {
    format!("SELECT id, project_id, destination, {due} FROM recipient WHERE {condition} ORDER BY {order} LIMIT {limit}")
}

async fn read(core: &Core, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<Candidate>> {
    let statement = Statement::from_sql_and_values(core.db.backend(), sql, values);
    Ok(Candidate::find_by_statement(statement).all(core.db.read()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::project::ProjectId;

    fn candidate(id: u128, project: u128, destination: &str, due_at: i64) -> Candidate {
        Candidate {
            id: Uuid::from_u128(id),
            project_id: (project > 0).then(|| Uuid::from_u128(project)),
            destination: destination.to_owned(),
            due_at,
        }
    }

    fn check(candidates: &[Candidate], most: usize, per_destination: usize, left_out: &[LeftOut], expected: &[u128]) {
        let chosen = choose(candidates.to_vec(), most, per_destination, left_out);
        assert_eq!(chosen.iter().map(|id| id.as_u128()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn projects_take_turns_and_each_gives_its_oldest_first() {
        let waiting = [
            candidate(1, 1, "a.example", 10),
            candidate(2, 1, "a.example", 5),
            candidate(3, 1, "b.example", 7),
            candidate(4, 2, "a.example", 100),
            candidate(5, 0, "c.example", 200),
        ];
        check(&waiting, 10, 10, &[], &[5, 2, 4, 3, 1]);
        check(&waiting, 3, 10, &[], &[5, 2, 4]);
        check(&waiting, 10, 1, &[], &[5, 2, 3]);
        check(&waiting, 10, 10, &[LeftOut::Destination("a.example".to_owned())], &[5, 3]);
        let of = |project: Option<u128>| {
            let project = project.map(|number| ProjectId::from_uuid(Uuid::from_u128(number)));
            LeftOut::OfProject(project, "a.example".to_owned())
        };
        check(&waiting, 10, 10, &[of(Some(1))], &[5, 3, 4]);
        check(&waiting, 10, 10, &[of(None)], &[5, 2, 4, 3, 1]);
        check(&waiting, 0, 10, &[], &[]);
        check(&waiting, 10, 0, &[], &[]);
        check(&[], 10, 10, &[], &[]);
    }

    #[test]
    fn a_candidate_seen_twice_is_taken_once() {
        let one = candidate(1, 1, "a.example", 10);
        check(&[one.clone(), one], 10, 10, &[], &[1]);
    }
}
