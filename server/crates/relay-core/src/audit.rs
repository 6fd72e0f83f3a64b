//! The audit trail: written inside the transaction of the change it tells of.
//!
//! Owns the table `audit`. Entries are only added. Secrets are never in them; callers see to that.

use crate::{
    Access, Actor, Core, Error, Result, projects,
    tables::audit::{ActiveModel, Column, Entity, Model},
};
use relay_types::{
    Timestamp,
    audit::{AuditEntry, AuditId, FieldChange},
    page::Page,
    project::{ProjectId, Slug},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};

/// Entries in the history of one thing.
const HISTORY: usize = 10;
/// Entries a page.
const PAGE: u64 = 50;

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

/// A project's entries, newest first, 50 a page. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, after: Option<&str>) -> Result<Page<AuditEntry>> {
    let id = projects::authorize(core, actor, project, Access::View).await?;
    page(core, Entity::find().filter(Column::ProjectId.eq(id.uuid())), after).await
}

/// The last entries of a project about one thing, newest first: those whose subject is `name`, or ends in it (as that of
/// a service account, which keeps its user name but not its label).
pub(crate) async fn about(core: &Core, project: ProjectId, name: &str) -> Result<Vec<AuditEntry>> {
    let subject = Column::Subject.eq(name).or(Column::Subject.ends_with(format!(" ({name})")));
    let entries = Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(subject);
    Ok(page(core, entries, None).await?.items.into_iter().take(HISTORY).collect())
}

/// All entries, newest first, 50 a page. Operator only. Field: `after`.
pub async fn list_all(core: &Core, actor: &Actor, after: Option<&str>) -> Result<Page<AuditEntry>> {
    projects::authorize_operator(actor)?;
    page(core, Entity::find(), after).await
}

async fn page(core: &Core, mut entries: Select<Entity>, after: Option<&str>) -> Result<Page<AuditEntry>> {
    if let Some(text) = after {
        let id: AuditId = text.parse().map_err(|_| Error::invalid("after", "This page of the list does not exist"))?;
        entries = entries.filter(Column::Id.lt(id.uuid()));
    }
    let rows = entries.order_by_desc(Column::Id).limit(PAGE + 1).all(core.db.read()).await?;
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
    Ok(Page::cut(entries, PAGE as usize, |entry: &AuditEntry| entry.id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{Test, word};

    #[tokio::test]
    async fn a_project_sees_its_own_entries_and_operators_all() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let cast = test.cast(id, &slug).await;
        for (actor, expected) in cast.refused(Access::View) {
            assert_eq!(word(&list(&test.core, actor, &slug, None).await), expected, "{actor:?}");
        }
        for actor in [&cast.owner, &cast.service_account] {
            assert_eq!(word(&list_all(&test.core, actor, None).await), "Forbidden");
        }
        assert_eq!(word(&list_all(&test.core, &cast.anonymous, None).await), "SignedOut");
        let own = list(&test.core, &cast.viewer, &slug, None).await.expect("entries").items;
        assert!(own.iter().all(|entry| entry.project.as_deref() == Some("acme")), "{own:?}");
        let all = list_all(&test.core, &cast.operator, None).await.expect("entries").items;
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
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = list(&test.core, &Actor::System, &slug, after.as_deref()).await.expect("a page");
            assert!(page.items.len() <= 50);
            seen.extend(page.items.into_iter().filter(|entry| entry.action == "x.y").map(|entry| entry.subject));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..120).rev().map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(word(&list(&test.core, &Actor::System, &slug, Some("x")).await), "after");
    }

    #[tokio::test]
    async fn an_entry_of_a_change_that_is_taken_back_is_not_there() {
        let test = Test::new().await;
        let transaction = test.core.db.begin().await.expect("a transaction");
        record(&test.core, &transaction, &Actor::System, None, "x.y", "z", Vec::new()).await.expect("kept");
        transaction.rollback().await.expect("rollback");
        assert!(test.audited().await.is_empty());
    }
}
