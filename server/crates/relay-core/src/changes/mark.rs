//! Marks: digests of a few rows found by indexes, one for each topic. Equal digests mean that a page shows the same.

use super::Subject;
use crate::{
    Core, Result, jobs, limits, listeners, nodes,
    tables::{audit, event, message, name_change, recipient, refusal, ticket, ticket_entry},
};
use relay_types::change::Topic;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use std::{
    collections::BTreeMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};
use uuid::Uuid;

/// What the first page of a list shows.
const PAGE: u64 = 50;
/// Counts of the running hour and of the one before.
const COUNTED: Duration = Duration::from_secs(3_600);

/// What the topics of a subject looked like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Mark(BTreeMap<Topic, u64>);

impl Mark {
    /// From its text; what cannot be read is as if it had never been seen.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('.').filter_map(|pair| pair.split_once('-'));
        Self(pairs.filter_map(|(word, hex)| Some((Topic::parse(word)?, u64::from_str_radix(hex, 16).ok()?))).collect())
    }

    /// Topics that look different here.
    pub(super) fn different_from(&self, seen: &Self) -> Vec<Topic> {
        self.0.iter().filter(|(topic, digest)| seen.0.get(topic) != Some(digest)).map(|(topic, _)| *topic).collect()
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (topic, digest)) in self.0.iter().enumerate() {
            write!(f, "{}{}-{digest:x}", if place > 0 { "." } else { "" }, topic.as_str())?;
        }
        Ok(())
    }
}

/// Reads the mark of a subject as it is now.
pub(super) async fn read(core: &Core, subject: Subject) -> Result<Mark> {
    let mut mark = BTreeMap::new();
    match subject {
        Subject::Project(project) => of_project(core, project, &mut mark).await?,
        Subject::Message { project, message } => {
            of_project(core, project, &mut mark).await?;
            mark.insert(Topic::Message, one_message(core, message).await?);
        }
        Subject::Platform => {
            let portal_mail = newest_messages(core, None).await?;
            let since = core.now().minus(COUNTED);
            let queue = (portal_mail, limits::sum_since(core, since).await?, last_act(core, None).await?);
            mark.insert(Topic::Messages, portal_mail);
            mark.insert(Topic::Queue, digest(queue));
            mark.insert(Topic::Refusals, newest_refusals(core, None).await?);
            mark.insert(Topic::Listeners, listeners::digest(core));
            mark.insert(Topic::Nodes, nodes::digest(core).await?);
            mark.insert(Topic::Names, names(core, None).await?);
        }
        Subject::Desk => {
            mark.insert(Topic::Names, names(core, None).await?);
        }
    }
    Ok(Mark(mark))
}

async fn of_project(core: &Core, project: Uuid, mark: &mut BTreeMap<Topic, u64>) -> Result<()> {
    let counts: Vec<_> = limits::hours(core, project, core.now().minus(COUNTED)).await?;
    let counts: Vec<_> = counts
        .iter()
        .map(|(at, counts)| (at.0, counts.accepted, counts.delivered, counts.deferred, counts.bounced))
        .collect();
    let newest = newest_messages(core, Some(project)).await?;
    // Holding and cancelling are counted nowhere, but they are in the audit trail.
    mark.insert(Topic::Messages, digest((counts, newest, last_act(core, Some(project)).await?)));
    mark.insert(Topic::Refusals, newest_refusals(core, Some(project)).await?);
    mark.insert(Topic::Names, names(core, Some(project)).await?);
    Ok(())
}

/// Tickets with the length of their stories, changes of names, and long work.
async fn names(core: &Core, project: Option<Uuid>) -> Result<u64> {
    let mut newest = ticket::Entity::find();
    let mut changes = name_change::Entity::find();
    if let Some(project) = project {
        newest = newest.filter(ticket::Column::ProjectId.eq(project));
        changes = changes.filter(name_change::Column::ProjectId.eq(project));
    }
    let newest = newest.order_by_desc(ticket::Column::MovedAt).limit(PAGE).all(core.db.read()).await?;
    let changes = changes.order_by_desc(name_change::Column::Id).limit(PAGE).all(core.db.read()).await?;
    let told: Option<Uuid> = ticket_entry::Entity::find()
        .select_only()
        .column(ticket_entry::Column::Id)
        .filter(ticket_entry::Column::TicketId.is_in(newest.iter().map(|row| row.id)))
        .order_by_desc(ticket_entry::Column::Id)
        .into_tuple()
        .one(core.db.read())
        .await?;
    let jobs = jobs::newest_marks(core, project).await?;
    let newest: Vec<_> = newest.into_iter().map(|row| (row.id, row.state, row.looks, row.assignee_id)).collect();
    let changes: Vec<_> = changes.into_iter().map(|row| (row.id, row.state, row.next_at, row.attempts)).collect();
    Ok(digest((newest, changes, told, jobs, last_act(core, project).await?)))
}

async fn newest_messages(core: &Core, project: Option<Uuid>) -> Result<u64> {
    let rows: Vec<(Uuid, String)> = message::Entity::find()
        .select_only()
        .columns([message::Column::Id, message::Column::State])
        .filter(belongs(message::Column::ProjectId, project))
        .order_by_desc(message::Column::Id)
        .limit(PAGE)
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(digest(rows))
}

async fn newest_refusals(core: &Core, project: Option<Uuid>) -> Result<u64> {
    let rows: Vec<(Uuid, i32)> = refusal::Entity::find()
        .select_only()
        .columns([refusal::Column::Id, refusal::Column::Count])
        .filter(belongs(refusal::Column::ProjectId, project))
        .order_by_desc(refusal::Column::Id)
        .limit(PAGE)
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(digest(rows))
}

/// The newest entry of the audit trail.
async fn last_act(core: &Core, project: Option<Uuid>) -> Result<Option<Uuid>> {
    Ok(audit::Entity::find()
        .select_only()
        .column(audit::Column::Id)
        .filter(belongs(audit::Column::ProjectId, project))
        .order_by_desc(audit::Column::Id)
        .into_tuple()
        .one(core.db.read())
        .await?)
}

/// The length of its story, and where its recipients stand.
async fn one_message(core: &Core, id: Uuid) -> Result<u64> {
    let events = event::Entity::find().filter(event::Column::MessageId.eq(id)).count(core.db.read()).await?;
    let mut standing: Vec<(String, i32, i64)> = recipient::Entity::find()
        .select_only()
        .columns([recipient::Column::State, recipient::Column::Attempts])
        .column_as(recipient::Column::Id.count(), "number")
        .filter(recipient::Column::MessageId.eq(id))
        .group_by(recipient::Column::State)
        .group_by(recipient::Column::Attempts)
        .into_tuple()
        .all(core.db.read())
        .await?;
    standing.sort_unstable();
    Ok(digest((events, standing)))
}

fn belongs(column: impl ColumnTrait, project: Option<Uuid>) -> Expr {
    match project {
        Some(project) => column.eq(project),
        None => column.is_null(),
    }
}

/// The same on every node that runs the same binary.
pub(crate) fn digest(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written_and_nonsense_is_nothing_seen() {
        let mark = Mark([(Topic::Messages, 0xab), (Topic::Refusals, u64::MAX)].into());
        assert_eq!(mark.to_string(), "messages-ab.refusals-ffffffffffffffff");
        assert_eq!(Mark::parse(&mark.to_string()), mark);
        for nonsense in ["", "x", "messages", "messages-", "messages-zz", "none-1", "\u{0}"] {
            assert_eq!(Mark::parse(nonsense), Mark::default(), "{nonsense:?}");
        }
        let later = Mark([(Topic::Messages, 0xab), (Topic::Refusals, 1), (Topic::Message, 2)].into());
        assert_eq!(later.different_from(&mark), [Topic::Message, Topic::Refusals]);
        assert_eq!(mark.different_from(&mark), []);
    }
}
