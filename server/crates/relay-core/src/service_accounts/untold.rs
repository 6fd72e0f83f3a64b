//! Secrets for a report that is yet to be written. `relaykeep apply` tells in the end what it issued; should it die before,
//! the next run finds which accounts have a secret that nobody knows, and issues another in its place.
//!
//! For the system alone: a person in the portal sees a secret at once.

use super::{
    judge_new, live, locked, make,
    secrets::{insert_secret, issue, secrets_of},
    subject_of,
};
use crate::{
    Access, Actor, Core, Error, IssuedSecret, Result, audit, projects,
    tables::{service_account, service_account_secret},
};
use relay_types::{
    project::Slug,
    service_account::{ServiceAccountId, ServiceAccountSettings},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::Expr};
use uuid::Uuid;

/// As [`create`](super::create), with a secret that counts as untold until [`told`]. System.
pub async fn create_untold(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    settings: ServiceAccountSettings,
) -> Result<(ServiceAccountId, IssuedSecret)> {
    projects::authorize_system(actor)?;
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    make(core, actor, project, judge_new(core, settings)?, false).await
}

/// The accounts of a project with a secret that nobody was told. System.
pub async fn untold(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<ServiceAccountId>> {
    projects::authorize_system(actor)?;
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let owners = service_account_secret::Entity::find()
        .select_only()
        .column(service_account_secret::Column::ServiceAccountId)
        .filter(service_account_secret::Column::Told.eq(false))
        .into_query();
    let found: Vec<Uuid> = live(project)
        .select_only()
        .column(service_account::Column::Id)
        .filter(service_account::Column::Id.in_subquery(owners))
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(found.into_iter().map(ServiceAccountId::from_uuid).collect())
}

/// Another secret, untold too, in the place of those of an account that nobody was told; `NotFound` when there are none.
/// System.
pub async fn issue_untold(core: &Core, actor: &Actor, project: &Slug, id: ServiceAccountId) -> Result<IssuedSecret> {
    projects::authorize_system(actor)?;
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let (issued, hash) = issue(core).await?;
    let transaction = core.db.begin().await?;
    let row = locked(&transaction, project, id).await?;
    let secrets = secrets_of(id).all(&transaction).await?;
    let hints: Vec<_> = secrets.iter().filter(|one| !one.told).map(|one| format!("…{}", one.hint)).collect();
    if hints.is_empty() {
        return Err(Error::NotFound);
    }
    service_account_secret::Entity::delete_many()
        .filter(service_account_secret::Column::ServiceAccountId.eq(id.uuid()))
        .filter(service_account_secret::Column::Told.eq(false))
        .exec(&transaction)
        .await?;
    insert_secret(core, &transaction, id, (&issued, hash), false).await?;
    let changes = vec![audit::field("secret", Some(hints.join(", ")), Some(format!("…{}", issued.hint())))];
    audit::record(core, &transaction, actor, Some(project), "secret.issue", &subject_of(&row), changes).await?;
    transaction.commit().await?;
    Ok(issued)
}

/// The report with the secrets of these accounts was written. System.
pub async fn told(core: &Core, actor: &Actor, accounts: &[ServiceAccountId]) -> Result<()> {
    projects::authorize_system(actor)?;
    let transaction = core.db.begin().await?;
    service_account_secret::Entity::update_many()
        .col_expr(service_account_secret::Column::Told, Expr::value(true))
        .filter(service_account_secret::Column::ServiceAccountId.is_in(accounts.iter().map(|id| id.uuid())))
        .exec(&transaction)
        .await?;
    Ok(transaction.commit().await?)
}
