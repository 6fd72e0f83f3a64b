//! The audit trail: written inside the transaction of the change it tells of.
//!
//! Owns the table `audit`. Entries are only added. Secrets are never in them; callers see to that.

use crate::{
    Access, Actor, Core, Error, Result, projects,
    search::{self, begins, contains, first_of},
    tables::audit::{ActiveModel, Column, Entity, Model},
};
use relay_types::{
    Timestamp,
    audit::{AuditEntry, AuditFilter, AuditId, FieldChange},
    page::Page,
    project::{ProjectId, Slug},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

/// Entries in the history of one thing.
const HISTORY: usize = 10;

/// Writes an entry. `action` is noun and verb, such as `sender.verify`; `subject` names what it was done to.
pub(crate) async fn record(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    project: Option<ProjectId>,
    action: &str,
    subject: &str,
    changes: Vec<FieldChange>,
) -> Result<()> {
    let row = ActiveModel {
        id: Set(core.new_id::<()>().uuid()),
        at: Set(core.now().0),
        project_id: Set(project.map(ProjectId::uuid)),
        actor: Set(actor.name()),
        actor_id: Set(actor.id()),
        client: Set(actor.client().map(|client| client.to_string())),
        action: Set(action.to_owned()),
        subject: Set(subject.to_owned()),
        changes: Set(serde_json::to_string(&changes).map_err(Error::internal)?),
    };
    Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// An entry of many that are written together.
pub(crate) struct Entry {
    pub(crate) project: Option<Uuid>,
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) changes: Vec<FieldChange>,
}

/// Writes the entries of work that somebody began and a job does, as [`record`]; `actor` is who began it.
pub(crate) async fn record_many(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &str,
    entries: Vec<Entry>,
) -> Result<()> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        rows.push(ActiveModel {
            id: Set(core.new_id::<()>().uuid()),
            at: Set(core.now().0),
            project_id: Set(entry.project),
            actor: Set(actor.to_owned()),
            actor_id: Set(None),
            client: Set(None),
            action: Set(entry.action.to_owned()),
            subject: Set(entry.subject),
            changes: Set(serde_json::to_string(&entry.changes).map_err(Error::internal)?),
        });
    }
    for rows in rows.chunks(250) {
        Entity::insert_many(rows.iter().cloned()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// A switch as the list of activity writes it.
pub(crate) fn yes_no(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

/// A field that changed, for [`record`].
pub(crate) fn field(name: &str, before: Option<impl ToString>, after: Option<impl ToString>) -> FieldChange {
    FieldChange {
        field: name.to_owned(),
        before: before.map(|value| value.to_string()),
        after: after.map(|value| value.to_string()),
    }
}

/// A project's entries, newest first. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &AuditFilter) -> Result<Page<AuditEntry>> {
    let id = projects::authorize(core, actor, project, Access::View).await?;
    page(core, Entity::find().filter(Column::ProjectId.eq(id.uuid())), filter).await
}

/// The last entries of a project about one thing, newest first: those whose subject is `name`, or ends in it (as that of
/// a service account, which keeps its user name but not its label).
pub(crate) async fn about(core: &Core, project: ProjectId, name: &str) -> Result<Vec<AuditEntry>> {
    let subject = Column::Subject.eq(name).or(Column::Subject.ends_with(format!(" ({name})")));
    let entries = Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(subject);
    Ok(page(core, entries, &AuditFilter::default()).await?.items.into_iter().take(HISTORY).collect())
}

/// All entries, newest first. Operator only. Field: `after`.
pub async fn list_all(core: &Core, actor: &Actor, filter: &AuditFilter) -> Result<Page<AuditEntry>> {
    projects::authorize_operator(actor)?;
    page(core, Entity::find(), filter).await
}

async fn page(core: &Core, mut entries: Select<Entity>, filter: &AuditFilter) -> Result<Page<AuditEntry>> {
    if let Some(text) = search::words(filter.actor.as_deref()) {
        entries = entries.filter(Condition::any().add(contains(Column::Actor, &text)).add(Column::Client.eq(&text)));
    }
    if let Some(action) = search::words(filter.action.as_deref()) {
        let of_noun = begins(Column::Action, &format!("{action}."));
        entries = entries.filter(Condition::any().add(Column::Action.eq(&action)).add(of_noun));
    }
    if let Some(since) = filter.since {
        // Identifiers begin with the moment they were made at, so that a time is a place in the list.
        entries = entries.filter(Column::Id.gte(first_of(since)));
    }
    if let Some(text) = &filter.after {
        let id: AuditId = text.parse().map_err(|_| Error::invalid("after", "This page of the list does not exist"))?;
        entries = entries.filter(Column::Id.lt(id.uuid()));
    }
    let size = filter.size.rows();
    let rows = entries.order_by_desc(Column::Id).limit(size as u64 + 1).all(core.db.read()).await?;
    let slugs = projects::slugs(core, rows.iter().filter_map(|row| row.project_id)).await?;
    let entry = |row: Model| -> Result<AuditEntry> {
        Ok(AuditEntry {
            id: AuditId::from_uuid(row.id),
            at: Timestamp(row.at),
            actor: row.actor,
            client: row.client,
            action: row.action,
            subject: row.subject,
            project: row.project_id.and_then(|id| slugs.get(&id).cloned()),
            changes: serde_json::from_str(&row.changes).map_err(Error::internal)?,
        })
    };
    let entries = rows.into_iter().map(entry).collect::<Result<_>>()?;
    Ok(Page::cut(entries, size, |entry: &AuditEntry| entry.id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{CLIENT, Test, word};
    use relay_types::page::PageSize;
    use std::time::Duration;

    #[tokio::test]
    async fn a_project_sees_its_own_entries_and_operators_all() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let cast = test.cast(id, &slug).await;
        for (actor, expected) in cast.refused(Access::View) {
            assert_eq!(word(&list(&test.core, actor, &slug, &AuditFilter::default()).await), expected, "{actor:?}");
        }
        for actor in [&cast.owner, &cast.service_account] {
            assert_eq!(word(&list_all(&test.core, actor, &AuditFilter::default()).await), "Forbidden");
        }
        assert_eq!(word(&list_all(&test.core, &cast.anonymous, &AuditFilter::default()).await), "SignedOut");
        let own = list(&test.core, &cast.viewer, &slug, &AuditFilter::default()).await.expect("entries").items;
        assert!(own.iter().all(|entry| entry.project.as_deref() == Some("acme")), "{own:?}");
        let all = list_all(&test.core, &cast.operator, &AuditFilter::default()).await.expect("entries").items;
        assert!(all.iter().any(|entry| entry.project.as_deref() == Some("acme-neighbour")));
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_gap() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let transaction = test.core.db.begin().await.expect("a transaction");
        for n in 0..120 {
            let subject = n.to_string();
            record(&test.core, &transaction, &Actor::System, Some(id), "x.y", &subject, Vec::new())
                .await
                .expect("kept");
        }
        transaction.commit().await.expect("commit");
        let (mut seen, mut filter) = (Vec::new(), AuditFilter::default());
        loop {
            let page = list(&test.core, &Actor::System, &slug, &filter).await.expect("a page");
            assert!(page.items.len() <= 50);
            seen.extend(page.items.into_iter().filter(|entry| entry.action == "x.y").map(|entry| entry.subject));
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..120).rev().map(|n| n.to_string()).collect::<Vec<_>>());
        filter.size = PageSize::Download;
        let whole = list(&test.core, &Actor::System, &slug, &filter).await.expect("a page");
        assert_eq!((whole.items.iter().filter(|entry| entry.action == "x.y").count(), whole.next), (120, None));
        filter.after = Some("x".to_owned());
        assert_eq!(word(&list(&test.core, &Actor::System, &slug, &filter).await), "after");
    }

    #[tokio::test]
    async fn entries_are_found_by_who_what_and_when() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let (anna, bo) = (test.user("Anna_A@one.example").await, test.user("bo@two.example").await);
        let write = async |actor: &Actor, action: &str| {
            let transaction = test.core.db.begin().await.expect("a transaction");
            record(&test.core, &transaction, actor, Some(id), action, "s", Vec::new()).await.expect("kept");
            transaction.commit().await.expect("commit");
            test.clock.advance(Duration::from_secs(60));
        };
        let begin = test.core.now();
        for (actor, action) in [(&anna, "sender.add"), (&bo, "sender.verify"), (&bo, "sender_x.add")] {
            write(actor, action).await;
        }
        let found = async |filter: AuditFilter| {
            let page = list(&test.core, &Actor::System, &slug, &filter).await.expect("a page");
            page.items.into_iter().map(|entry| entry.action).collect::<Vec<_>>()
        };
        let by = |actor: &str| AuditFilter { actor: Some(actor.to_owned()), ..Default::default() };
        assert_eq!(found(by(" anna_a@ ")).await, ["sender.add"]);
        assert_eq!(found(by("BO@two")).await, ["sender_x.add", "sender.verify"]);
        assert_eq!(found(by(&CLIENT.to_string())).await.len(), 3, "by the address they came from");
        assert!(found(by("annaXa")).await.is_empty(), "no wildcard");
        let did = |action: &str| AuditFilter { action: Some(action.to_owned()), ..Default::default() };
        assert_eq!(found(did("sender")).await, ["sender.verify", "sender.add"]);
        assert_eq!(found(did("sender.verify")).await, ["sender.verify"]);
        assert!(found(did("sende_")).await.is_empty(), "no wildcard");
        let since = AuditFilter { since: Some(begin.plus(Duration::from_secs(60))), ..Default::default() };
        assert_eq!(found(since).await, ["sender_x.add", "sender.verify"]);
    }

    #[tokio::test]
    async fn an_entry_of_a_change_that_is_taken_back_is_not_there() {
        let test = Test::new().await;
        let transaction = test.core.db.begin().await.expect("a transaction");
        record(&test.core, &transaction, &Actor::System, None, "x.y", "z", Vec::new()).await.expect("kept");
        drop(transaction);
        assert!(test.audited().await.is_empty());
    }
}
