//! Many addresses taken off the list at once: those that were chosen, or all that a search finds.

use super::find::{Sought, found};
use crate::{
    Access, Actor, Core, Error, Result, audit,
    projects::authorize_for,
    tables::suppression::{Column, Entity, Model},
};
use relay_types::{
    api_token::ApiScope::SuppressionsWrite,
    project::Slug,
    suppression::{SuppressionFilter, SuppressionId},
};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

/// Addresses that can be chosen at once.
const CHOSEN: usize = 100;
/// Addresses of one transaction when all that match are removed.
const TOGETHER: u64 = 1_000;

/// Takes those off the list, each with an entry in the audit trail; those that are gone already are left out. Returns how
/// many. Member. Field: `ids`.
pub async fn remove_chosen(core: &Core, actor: &Actor, project: &Slug, ids: &[SuppressionId]) -> Result<u64> {
    let project = authorize_for(core, actor, project, Access::Manage, SuppressionsWrite).await?;
    if ids.is_empty() {
        return Err(Error::invalid("ids", "Choose at least one address"));
    }
    if ids.len() > CHOSEN {
        return Err(Error::invalid("ids", format!("Choose at most {CHOSEN} addresses at once")));
    }
    let transaction = core.db.begin().await?;
    let own = Column::ProjectId.eq(project.uuid()).and(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    let rows: Vec<Model> = Entity::find().filter(own.clone()).all(&transaction).await?;
    for row in &rows {
        let changes = vec![audit::field("reason", Some(&row.reason), None::<&str>)];
        audit::record(core, &transaction, actor, Some(project), "suppression.remove", &row.address, changes).await?;
    }
    Entity::delete_many().filter(own).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(rows.len() as u64)
}

/// Takes all that a search finds off the list, or the whole list, a thousand a transaction, each with an entry in the
/// audit trail that says how many. Returns how many. Member. Field: `search`, of which something must be left to look for.
pub async fn remove_matching(core: &Core, actor: &Actor, slug: &Slug, filter: &SuppressionFilter) -> Result<u64> {
    let project = authorize_for(core, actor, slug, Access::Manage, SuppressionsWrite).await?;
    let sought = Sought::read(filter.search.as_deref());
    if sought.is_none() && filter.search.as_deref().is_some_and(|typed| !typed.is_empty()) {
        // The whole list goes only when nothing was typed at all.
        return Err(Error::invalid("search", "Type the beginning of an address, or @ and a domain"));
    }
    let subject = match &sought {
        None => "all".to_owned(),
        Some(Sought::Domain(domain)) => format!("@{domain}"),
        Some(Sought::Beginning(text)) => format!("{text}…"),
    };
    let mut removed = 0;
    loop {
        let transaction = core.db.begin().await?;
        let some = found(core, project, sought.as_ref()).select_only().column(Column::Id).limit(TOGETHER);
        let ids: Vec<Uuid> = some.into_tuple().all(&transaction).await?;
        let last = (ids.len() as u64) < TOGETHER;
        if !ids.is_empty() {
            removed += ids.len() as u64;
            Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(&transaction).await?;
            let changes = vec![audit::field("addresses", Some(ids.len()), None::<usize>)];
            let action = "suppression.remove_many";
            audit::record(core, &transaction, actor, Some(project), action, &subject, changes).await?;
        }
        transaction.commit().await?;
        if last {
            return Ok(removed);
        }
        // Who waits to write comes first.
        tokio::task::yield_now().await;
    }
}
