//! How an account stands, for policy: whether it may send now, from where, as whom, how much.

use super::{live, view};
use crate::{
    Core, Result, projects,
    tables::{project, service_account, service_account_secret},
};
use relay_types::{
    Cidr,
    limit::Limits,
    project::ProjectId,
    service_account::{AllowedSenders, SecretId, ServiceAccountId},
};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait};

/// What policy needs to know of an account.
pub(crate) struct Standing {
    /// Why it may not send now, when it may not.
    pub(crate) barred: Option<&'static str>,
    /// From where it may send; from anywhere when none is listed.
    pub(crate) allowed_cidrs: Vec<Cidr>,
    pub(crate) allowed_senders: AllowedSenders,
    pub(crate) may_notify: bool,
    pub(crate) cut_through: bool,
    pub(crate) limits: Limits,
}

/// How an account and its project stand now, in one read: this is asked at every MAIL. `None` when the account is
/// removed, or has not this secret any more.
pub(crate) async fn standing(
    core: &Core,
    project: ProjectId,
    id: ServiceAccountId,
    secret: SecretId,
) -> Result<Option<(projects::Standing, Standing)>> {
    let owner = service_account_secret::Entity::find_by_id(secret.uuid())
        .select_only()
        .column(service_account_secret::Column::ServiceAccountId)
        .into_query();
    let with_project = service_account::Entity::belongs_to(project::Entity)
        .from(service_account::Column::ProjectId)
        .to(project::Column::Id);
    let found = live(project)
        .filter(service_account::Column::Id.eq(id.uuid()))
        .filter(service_account::Column::Id.in_subquery(owner))
        .join(JoinType::InnerJoin, with_project.into())
        .select_also(project::Entity)
        .one(core.db.read())
        .await?;
    let Some((row, Some(of))) = found else { return Ok(None) };
    let account = Standing {
        barred: view::barred(&row, core.now()),
        allowed_cidrs: view::allowed_cidrs(&row)?,
        allowed_senders: view::allowed_senders(&row)?,
        may_notify: row.may_notify,
        cut_through: row.cut_through,
        limits: view::limits(&row),
    };
    Ok(Some((projects::standing_of(core, &of), account)))
}
